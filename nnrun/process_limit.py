"""The limits that the system sets to a process, as `ulimit` shows them."""


def process_limit(name: str) -> int | None:
    """Return a limit of this process, or None where nothing limits it.

    Args:
        name: The name of the limit in Python's module `resource`, such as RLIMIT_AS.
    """
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    limit: int = resource.getrlimit(getattr(resource, name))[0]
    return None if limit == resource.RLIM_INFINITY else limit

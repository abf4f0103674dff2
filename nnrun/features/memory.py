"""How much memory is at hand."""

import re
from collections.abc import Iterator
from pathlib import Path

LARGEST = 64 << 30  # bytes, where no limit is known
MEMORY_INFO = Path("/proc/meminfo")
OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def memory_bytes() -> int:
    """Return how many bytes of memory this process may still use.

    The machine, the control group of the process, and its own limits each set a bound.
    """
    limits = [
        LARGEST,
        *_available_bytes(),
        *_group_limits(),
        *_resource_limits(),
    ]
    return min(limit for limit in limits if limit >= 0)  # no limit is -1 on Linux


def _available_bytes() -> Iterator[int]:
    available = re.findall(r"^MemAvailable: *(\d+)", _read(MEMORY_INFO), re.MULTILINE)
    for kibibytes in available:
        yield int(kibibytes) << 10


def _group_limits() -> Iterator[int]:
    """Yield the limits of the control groups of this process, of either version.

    A container sees its own group as the root.
    """
    own_groups = re.findall(r"^\d+:(.*?):/(.*)$", _read(OWN_GROUPS), re.MULTILINE)
    for kind, path in own_groups:
        for folder in (path, ""):
            for name in ("memory.max", "memory.limit_in_bytes"):
                file = Path(GROUPS, kind, folder, name)
                limit = _read(file).strip()
                if limit.isdecimal():  # "max" where there is none
                    yield int(limit)


def _resource_limits() -> Iterator[int]:
    """Yield the limits that the process has itself, as `ulimit -v` and `ulimit -d` set them."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        yield resource.getrlimit(kind)[0]


def _read(path: Path) -> str:
    """Return the text of a file that only Linux has, or an empty one."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""

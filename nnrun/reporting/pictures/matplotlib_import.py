"""matplotlib imported, on the command line without what its classes tell of themselves."""

_settings = {"has_docs": True}


def leave_out_docs() -> None:
    """Let a later import of matplotlib do without the docstrings of what its artists can be set to.

    They are written as each class is made, which takes a third of the import: 0.13 s of CPU. A
    notebook may show them; the command line does not.
    """
    _settings["has_docs"] = False


def import_matplotlib() -> None:
    """Import what figures are drawn with.

    Raises:
        Exception: matplotlib is missing or broken, in which case it raises anything.
    """
    import matplotlib.artist

    write_docs = matplotlib.artist.kwdoc
    if not _settings["has_docs"]:
        matplotlib.artist.kwdoc = lambda artist: ""  # noqa: ARG005
    try:
        import matplotlib.figure
    finally:
        matplotlib.artist.kwdoc = write_docs

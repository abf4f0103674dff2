"""Text for others' eyes: without the folders of the machine that a run was trained on."""

import re

ABSOLUTE_PATH = re.compile(
    r"""(?<![\w.:/\\-])            # not within a word, an address or a relative path
    (?:~|[A-Za-z]:)?[/\\]          # where a file system begins, or a home
    (?:[^\s/\\:'"<>|,;=]+[/\\])+   # folders
    (?=[^\s/\\])                   # before the name, which stays
    """,
    re.VERBOSE,
)


BEGINNING = re.compile(r"[/\\~]|[A-Za-z]:[/\\]")
"""How an absolute path begins, on this system or another."""


def without_folder(path: str) -> str:
    """Return the name of an absolute path, or a relative path as it is.

    Args:
        path: A path of this system or another, as run.json has it.
    """
    if not BEGINNING.match(path):
        return path
    parts = re.split(r"[/\\]", path.rstrip("/\\"))
    return parts[-1]


def without_folders(text: str, *folders: str) -> str:
    """Return the text in which absolute paths have lost all but the name of their file.

    Args:
        text: Any text, such as a message or a config.
        folders: Folders that are known: their names may hold spaces, which end other paths.
    """
    longest_first = sorted(filter(None, folders), key=len, reverse=True)
    for folder in longest_first:
        beginning = folder.rstrip("/\\")
        for end in ("/", "\\"):
            text = text.replace(beginning + end, "")
    return ABSOLUTE_PATH.sub("", text)


def without_folders_in(value: object) -> object:
    """Return the value of a setting, whose texts have lost the folders of absolute paths.

    Args:
        value: Any value of JSON; the texts of a list lose them too.
    """
    if isinstance(value, list):
        return [without_folders_in(item) for item in value]
    if isinstance(value, str):
        return without_folders(without_folder(value))
    return value

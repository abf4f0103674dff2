"""Names of runs, columns and labels as pictures show them."""

from collections.abc import Iterable

from nnrun.wording import printable


def shortened(name: str, most: int = 40) -> str:
    """Return the name in at most so many characters, its middle left out, and printable.

    Args:
        name: The name, which may come from a stranger's table.
        most: How many characters it may have before those that cannot be printed become escapes.
    """
    if len(name) > most:
        half = most // 2
        beginning = name[: half - 2]
        end = name[1 - half :]
        name = f"{beginning}...{end}"
    return printable(name)


def all_shortened(names: Iterable[str], most: int = 40) -> list[str]:
    """Return each name as `shortened` does.

    Args:
        names: The names.
        most: How many characters each may have.
    """
    return [shortened(name, most) for name in names]

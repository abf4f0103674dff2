"""The names of runs beside each other: as short as they can be told apart."""

from collections.abc import Sequence
from pathlib import Path


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the last part of each path, with so many folders before it as tell all apart.

    Args:
        paths: The run directories, absolute or relative.
    """
    parts = [Path(path).absolute().parts for path in paths]
    return [_shortest_own(own, parts) for own in parts]


def _shortest_own(own: tuple[str, ...], all_parts: Sequence[tuple[str, ...]]) -> str:
    """Return the shortest ending of a path that no other path has."""
    for length in range(1, len(own) + 1):
        ending = own[-length:]
        sharers = sum(parts[-length:] == ending for parts in all_parts)
        if sharers == 1:
            return "/".join(ending)
    return own[-1]  # the same path is there twice

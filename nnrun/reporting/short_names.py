"""The names of runs beside each other: as short as they can be told apart."""

from collections.abc import Sequence
from pathlib import Path


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the last part of each path, with so many folders before it as tell all apart.

    Args:
        paths: The run directories, absolute or relative.
    """
    parts = []
    for path in paths:
        absolute_path = Path(path).absolute()
        parts.append(absolute_path.parts)
    return [_shortest_own(own_parts, parts) for own_parts in parts]


def _shortest_own(own_parts: tuple[str, ...], all_parts: Sequence[tuple[str, ...]]) -> str:
    """Return the shortest ending of a path that no other path has."""
    for length in range(1, len(own_parts) + 1):
        ending = own_parts[-length:]
        endings = [parts[-length:] for parts in all_parts]
        if endings.count(ending) == 1:
            return "/".join(ending)
    return own_parts[-1]  # the same path is there twice

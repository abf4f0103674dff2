"""What to do first: what `nnrun` alone says on a terminal, by what the folder holds."""

import shlex
from pathlib import Path

from nnrun.near_files import CONFIG_ENDINGS, TABLE_ENDINGS

MOST_NAMES = 1_000  # names of a folder that are looked at


def first_steps(folder: Path) -> list[str]:
    """Return lines that lead from a table to predictions.

    Args:
        folder: The folder that the user is in; its first table and config stand in the commands.
    """
    names = _names(folder)
    table = _first(names, TABLE_ENDINGS, "DATA")
    config = _first(names, CONFIG_ENDINGS, "config.yaml")
    run = f"runs/{Path(config).stem}"
    steps = {
        f"nnrun init {_quoted(table)} --target COLUMN -o {_quoted(config)}": "writes a config",
        f"nnrun train {_quoted(config)}": "trains it, and says whether the network is any good",
        f"nnrun report {_quoted(run)}": "writes a page on what it learned, and where it fails",
        f"nnrun predict {_quoted(run)} {_quoted(table)}": "predicts the rows of a table",
    }
    if config in names:  # there is a config already
        steps.pop(next(iter(steps)))
    width = max(map(len, steps))
    lines = ["nnrun trains a Keras network on a table, from a YAML config. Do this first:"]
    for command, what in steps.items():
        lines.append(f"  {command:{width}}  {what}")
    return [
        *lines,
        "`nnrun --help` lists all commands, and `nnrun COMMAND --help` the options of one.",
    ]


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    for path in folder.iterdir():
        names.append(path.name)
        if len(names) == MOST_NAMES:
            break
    return sorted(names)


def _first(names: list[str], endings: tuple[str, ...], otherwise: str) -> str:
    return next((name for name in names if name.lower().endswith(endings)), otherwise)


def _quoted(name: str) -> str:
    return shlex.quote(name)

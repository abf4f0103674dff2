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
    table_name = _first(names, TABLE_ENDINGS, "DATA")
    config_name = _first(names, CONFIG_ENDINGS, "config.yaml")
    run_name = f"runs/{Path(config_name).stem}"
    table = shlex.quote(table_name)
    config = shlex.quote(config_name)
    run = shlex.quote(run_name)
    steps = {}
    if config_name not in names:  # there is no config yet
        steps[f"nnrun init {table} --target COLUMN -o {config}"] = "writes a config"
    steps[f"nnrun train {config}"] = "trains it, and says whether the network is any good"
    steps[f"nnrun report {run}"] = "writes a page on what it learned, and where it fails"
    steps[f"nnrun predict {run} {table}"] = "predicts the rows of a table"
    width = max(map(len, steps))
    lines = ["nnrun trains a Keras network on a table, from a YAML config. Do this first:"]
    for command, result in steps.items():
        lines.append(f"  {command:{width}}  {result}")
    lines.append(
        "`nnrun --help` lists all commands, and `nnrun COMMAND --help` the options of one."
    )
    return lines


def _names(folder: Path) -> list[str]:
    """Return the names in a folder in order, of a large one the first MOST_NAMES."""
    names: list[str] = []
    for path in folder.iterdir():
        names.append(path.name)
        if len(names) == MOST_NAMES:
            break
    return sorted(names)


def _first(names: list[str], endings: tuple[str, ...], otherwise: str) -> str:
    """Return the first name with one of the endings, or another text where there is none."""
    for name in names:
        if name.lower().endswith(endings):
            return name
    return otherwise

"""The commands that go on from a run."""

import shlex
from pathlib import Path

from nnrun.config.schema import Config
from nnrun.runs.info import RunInfo


def next_commands(path: Path, info: RunInfo, config: Config) -> list[tuple[str, str]]:
    """Return commands, each with what it does.

    Args:
        path: The run directory.
        info: Its run.json.
        config: Its config.
    """
    run = shlex.quote(_shown_run(path))
    if info.status != "finished":
        return [(f"nnrun resume {run}", "goes on with the training")]
    table = shlex.quote(Path(config.data.train).name)
    twice_as_many = 2 * max(1, info.epochs)
    return [
        *_measuring_commands(run, table, info),
        (f"nnrun predict {run} {table} -o predictions.csv", "predicts the rows of a table."),
        (f"nnrun plot {run} --data {table}", "draws what the network predicts for a table."),
        (f"nnrun resume {run} --epochs {twice_as_many}", "trains the network for longer."),
        (f"nnrun reproduce {run}", "tells whether training gives the same weights again."),
        (f"nnrun show {run} --code", "prints a plain Keras script that trains the same network."),
    ]


def _measuring_commands(run: str, table: str, info: RunInfo) -> list[tuple[str, str]]:
    """Return the commands that measure the rows held out, or a table where none were."""
    if "validation" in info.data or "test" in info.data:
        return [
            (f"nnrun evaluate {run}", "measures the network on the rows held out."),
            (f"nnrun importance {run}", "tells how important each column is."),
        ]
    return [
        (f"nnrun evaluate {run} {table}", "measures the network on a table that has the target.")
    ]


def _shown_run(path: Path) -> str:
    """Return the run as a command names it, without folders that another machine lacks."""
    leads_out = path.is_absolute() or ".." in path.parts
    if leads_out or path == Path():
        return path.resolve().name
    return str(path)

"""The rows that a run held out, read again: those of validation, then those of the test table."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.loading import KEPT
from nnrun.features.profile import profile_table
from nnrun.features.split import split_rows
from nnrun.results.trained_run import TrainedRun
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import ANOTHER_TABLE, was_changed
from nnrun.tables.dialect import Dialect
from nnrun.tables.table import Table, find_files, open_table
from nnrun.wording import short_path

Readers = dict[str, EncodedReader]
"""The rows of each part that was held out, `validation` before `test`."""


def held_out_rows(run: Run, trained: TrainedRun) -> Readers:
    """Return the rows that a run held out, as it drew them, to be read with its encoder.

    Args:
        run: The run directory.
        trained: The same run.

    Raises:
        RunError: The run held none out, or a table is gone or is another.
        TableError: A table cannot be read.
    """
    config = trained.config
    info = run.read_info()
    parts = parts_held_out(run)
    if not parts:
        raise RunError(f"{run.path}: the run held out no rows; {_advice(run)}")
    problems = list(_problems(config, info, parts))
    if problems:
        problems[-1] += f"; {_advice(run)}"
        raise RunError(problems)
    return {part: _reader(run, trained, info, part) for part in parts}


def parts_held_out(run: Run) -> list[str]:
    """Return the names of the parts that a run held out, in the order they are measured in.

    Args:
        run: The run, whose info tells what it was trained and measured on.
    """
    data = run.read_info().data
    return [part for part in ("validation", "test") if part in data]


def _advice(run: Run) -> str:
    return f"give a table with the target: nnrun evaluate {shlex.quote(str(run.path))} DATA"


def _problems(config: Config, info: RunInfo, parts: Sequence[str]) -> Iterator[str]:
    """Yield a line for each table that is not as it was when the run started."""
    parts_of_tables = [_part_of_table(config, part) for part in parts]
    for part in dict.fromkeys(parts_of_tables):  # two parts may be of one table
        table = str(getattr(config.data, part))
        if not find_files(Path(table)):
            yield f"{table}: no longer exists, and the rows held out come from it"
        elif was_changed(table, info.data.get(part, {})):
            yield f"{table}: {ANOTHER_TABLE}: which rows were held out cannot be told"


def _part_of_table(config: Config, part: str) -> str:
    """Return the part whose table has the rows: `train` where they were split from it."""
    return part if getattr(config.data, part) else "train"


def _reader(run: Run, trained: TrainedRun, info: RunInfo, part: str) -> EncodedReader:
    """Return the rows of a part, read with the run's encoder."""
    table = _open(trained.config, _part_of_table(trained.config, part))
    if getattr(trained.config.data, part):
        return trained.reader(table, target=True)
    profile = profile_table(table, trained.config)
    drawn = split_rows(profile).get(part)
    rows_then = info.data[part].get("rows")
    if drawn is None or drawn.sum() != rows_then:
        raise RunError(
            f"{run.path}: this version of nnrun holds out other rows than version {info.nnrun}, "
            f"which trained the run; {_advice(run)}"
        )
    return trained.reader(table, target=True).only(drawn)


def _open(config: Config, part: str) -> Table:
    """Return the table of a part, of which a first reading keeps what is not large."""
    path = str(getattr(config.data, part))
    dialect = Dialect.of(config.data)
    nulls = config.data.null_values
    return open_table(Path(path), nulls, short_path(path), keep=KEPT, dialect=dialect)

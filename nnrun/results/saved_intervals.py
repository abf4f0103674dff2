"""intervals.json: the errors on the rows held out, from which intervals of any level are made.

The file may come from strangers: it is bounded before it is read. It is of the weights whose
checksum it has: for others, the rows held out are read again.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, cast

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from nnrun.config.strict_model import problem
from nnrun.errors import InputError, RunError
from nnrun.files import to_json, write_text
from nnrun.json_mistakes import json_mistakes
from nnrun.ordinary_files import read_small
from nnrun.results.array_types import Floats
from nnrun.results.held_out import held_out_rows, parts_held_out
from nnrun.results.interval import Interval, error_at, kept_errors, prediction_errors
from nnrun.results.trained_run import NOT_FINITE, TrainedRun
from nnrun.runs.directory import Run
from nnrun.wording import first_line

MOST_ERRORS = 1_000
"""Of a target: an interval is as wide as one of at most 0.1 points more."""

MOST_NUMBERS = 20_000
"""Of all targets together, so that the file stays below half a megabyte."""

Part = Literal["validation", "test"]


def _ascend(errors: list[float]) -> list[float]:
    if any(before > after for before, after in pairwise(errors)):
        raise problem("must ascend")
    return errors


Errors = Annotated[
    list[Annotated[float, Field(ge=0, allow_inf_nan=False)]],
    Field(min_length=1, max_length=MOST_ERRORS),
    AfterValidator(_ascend),
]


class SavedIntervals(BaseModel, extra="forbid"):
    """The content of intervals.json."""

    format: Literal[1] = 1
    weights: str
    """The SHA-256 of the weights.npz that predicted."""
    part: Part
    """The part of the rows."""
    rows: Annotated[int, Field(ge=1)]
    """How many they are."""
    errors: list[Errors]
    """Of each target, or of the label, some of the errors in ascending order."""


class _OfPart(NamedTuple):
    part: Part
    errors: Floats


def write_intervals(run: Run, part: Part, errors: Iterable[Floats]) -> None:
    """Write intervals.json, unless a prediction is not finite.

    Args:
        run: The run directory.
        part: The part of the rows.
        errors: What `prediction_errors` gives, (rows, targets), in blocks.
    """
    saved = _summed_up(run, _OfPart(part, np.concatenate(list(errors))))
    if saved:
        write_text(run.intervals, to_json(saved.model_dump()))


def interval_of(path: Path, trained: TrainedRun, level: float | None) -> Interval | None:
    """Return the interval of a level, from intervals.json or else from the rows held out.

    Args:
        path: The run directory.
        trained: The same run.
        level: The share of the rows whose interval has the truth in it; None for no interval.

    Raises:
        InputError: The level is none, or the run held too few rows out for it, or none.
        RunError: intervals.json was altered, or the rows are needed and cannot be read.
    """
    if level is None:
        return None
    if not 0 < level < 1:  # NaN is not
        raise InputError("an interval needs a share of the rows between 0 and 1, such as 0.9")
    run = Run(path)
    saved = _read(run) or _from_rows(run, trained)
    if len(saved.errors) != (1 if trained.encoder.labels else len(trained.encoder.targets)):
        raise RunError(f"{run.intervals}: its targets are not those of the run; was it altered?")
    widest = tuple(error_at(errors, saved.rows, level) for errors in saved.errors)
    note = (
        f"intervals contain the truth in {100 * level:g} of 100 rows, by the errors on the "
        f"{saved.rows:,} rows of {saved.part}"
    )
    return Interval(level, widest, note, are_of_logs=bool(trained.config.data.target_transform))


def _read(run: Run) -> SavedIntervals | None:
    """Return what was saved of the run's weights, or None.

    Raises:
        RunError: intervals.json cannot be read, or was altered.
    """
    if not run.intervals.is_file():
        return None
    try:
        saved = SavedIntervals.model_validate_json(read_small(run.intervals))
    except ValidationError as error:
        reason = f"cannot be read: {json_mistakes(error)}; was it altered?"
        raise RunError(f"{run.intervals}: {reason}") from None
    except OSError as error:
        reason = f"cannot be read: {first_line(error)}; was it altered?"
        raise RunError(f"{run.intervals}: {reason}") from None
    return saved if saved.weights == _checksum(run) else None


def _from_rows(run: Run, trained: TrainedRun) -> SavedIntervals:
    """Return what the rows held out give now, as runs of former versions have it nowhere."""
    if not parts_held_out(run):
        raise RunError(
            f"{run.path}: an interval needs rows held out, and the run has none; "
            "train with data.validation_split, data.validation or data.test"
        )
    part, reader = list(held_out_rows(run, trained).items())[-1]
    errors = []
    for computed in trained.outputs(reader):
        predictions = trained.probabilities(computed.outputs.predictions)
        errors.append(prediction_errors(trained.config, trained.encoder, computed.y, predictions))
    saved = _summed_up(run, _OfPart(cast("Part", part), np.concatenate(errors)))
    if saved is None:
        raise InputError(NOT_FINITE)
    return saved


def _summed_up(run: Run, found: _OfPart) -> SavedIntervals | None:
    """Return the errors of a part as they are saved, or None where one is not finite."""
    if not np.isfinite(found.errors).all():
        return None
    targets = found.errors.shape[1]
    most = min(MOST_ERRORS, max(1, MOST_NUMBERS // targets))
    return SavedIntervals(
        weights=_checksum(run),
        part=found.part,
        rows=len(found.errors),
        errors=[kept_errors(column, most) for column in found.errors.T],
    )


def _checksum(run: Run) -> str:
    return run.read_info().checksums.get(run.weights.name, "")

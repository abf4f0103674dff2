"""intervals.json: the errors on the rows held out, from which intervals of any level are made.

The file may come from strangers: it is bounded before it is read. It is of the weights whose
checksum it has: for others, the rows held out are read again.
"""

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
from nnrun.results.array_types import Floats, RowWeights
from nnrun.results.effective_rows import EffectiveRows
from nnrun.results.held_out import held_out_rows, parts_held_out
from nnrun.results.interval import (
    Interval,
    error_at,
    kept_errors,
    kept_weighted_errors,
    prediction_errors,
)
from nnrun.results.trained_run import NOT_FINITE, TrainedRun
from nnrun.results.weighted_outputs import weight_column, weighted_outputs
from nnrun.runs.directory import Run
from nnrun.wording import first_line

MOST_ERRORS = 1_000
"""Of a target: an interval is as wide as one of at most 0.1 points more."""

MOST_NUMBERS = 20_000
"""Of all targets together, so that the file stays below half a megabyte."""

Part = Literal["validation", "test"]


def _ascend(errors: list[float]) -> list[float]:
    """Refuse errors that are not in ascending order."""
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
    """How many they are; of weighted rows, how many of equal weight tell as much."""
    errors: list[Errors]
    """Of each target, or of the label, some of the errors in ascending order."""
    sample_weight: str = ""
    """The column of weights by which the rows count, or "" where all count alike."""


class ErrorsOfPart(NamedTuple):
    """The errors on the rows of a part.

    Attributes:
        part: The part.
        errors: What `prediction_errors` gives, (rows, targets).
        weights: The weights of the rows, (rows,); None where all count alike.
        column: The column that holds them, or "".
    """

    part: Part
    errors: Floats
    weights: RowWeights = None
    column: str = ""


def write_intervals(run: Run, held_out: ErrorsOfPart) -> None:
    """Write intervals.json, unless a prediction is not finite.

    Args:
        run: The run directory.
        held_out: The errors of the rows that were held out.

    Raises:
        OSError: The file cannot be written.
    """
    saved = _summed_up(run, held_out)
    if saved is None:
        return
    content = saved.model_dump()
    if not saved.sample_weight:  # versions that know no weights read the file of other rows
        del content["sample_weight"]
    write_text(run.intervals, to_json(content))


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
        rule = "an interval needs a share of the rows between 0 and 1, such as 0.9"
        raise InputError(f"{rule}; received {level:g}")
    run = Run(path)
    saved = _read(run) or _from_rows(run, trained)
    _check_fits(run, saved, trained)
    are_weighted = bool(saved.sample_weight)
    widest = []
    for errors in saved.errors:
        error = error_at(errors, saved.rows, level, are_weighted=are_weighted)
        widest.append(error)
    are_of_logs = bool(trained.config.data.target_transform)
    return Interval(level, tuple(widest), _note(saved, level), are_of_logs=are_of_logs)


def _check_fits(run: Run, saved: SavedIntervals, trained: TrainedRun) -> None:
    """Raise RunError where the targets or the column of weights are not those of the run."""
    targets = 1 if trained.encoder.labels else len(trained.encoder.targets)
    if len(saved.errors) != targets:
        raise RunError(f"{run.intervals}: its targets are not those of the run; was it altered?")
    if saved.sample_weight not in ("", trained.config.data.sample_weight):
        raise RunError(f"{run.intervals}: its weights are not those of the run; was it altered?")


def _note(saved: SavedIntervals, level: float) -> str:
    """Return the line that says which rows the intervals come from."""
    rows = f"{saved.rows:,} rows of {saved.part}"
    if saved.sample_weight:
        rows = (
            f"rows of {saved.part} by column {saved.sample_weight!r} of weights, "
            f"which count as {saved.rows:,} rows"
        )
    return (
        f"intervals contain the truth in {100 * level:g} of 100 rows, by the errors on the {rows}"
    )


def _read(run: Run) -> SavedIntervals | None:
    """Return what was saved of the run's weights, or None.

    Raises:
        RunError: intervals.json cannot be read, or was altered.
    """
    if not run.intervals.is_file():
        return None
    try:
        content = read_small(run.intervals)
        saved = SavedIntervals.model_validate_json(content)
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
    trained = trained.before_refit()
    readers = held_out_rows(run, trained)
    part, reader = list(readers.items())[-1]
    errors = []
    weights = []
    for computed, of_rows in weighted_outputs(trained, reader):
        predictions = trained.probabilities(computed.outputs.predictions)
        of_block = prediction_errors(trained.config, trained.encoder, computed.y, predictions)
        errors.append(of_block)
        if of_rows is not None:
            weights.append(of_rows)
    held_out = ErrorsOfPart(
        cast("Part", part),
        np.concatenate(errors),
        np.concatenate(weights) if weights else None,
        weight_column(trained, reader),
    )
    saved = _summed_up(run, held_out)
    if saved is None:
        raise InputError(NOT_FINITE)
    return saved


def _summed_up(run: Run, held_out: ErrorsOfPart) -> SavedIntervals | None:
    """Return the errors of a part as they are saved, or None where one is not finite."""
    if not np.isfinite(held_out.errors).all():
        return None
    rows, targets = held_out.errors.shape
    most = min(MOST_ERRORS, max(1, MOST_NUMBERS // targets))
    counter = EffectiveRows()
    counter.add(rows, held_out.weights)
    effective_rows = counter.count()
    errors = []
    for of_target in held_out.errors.T:
        kept = _kept(of_target, held_out.weights, effective_rows, most)
        errors.append(kept)
    return SavedIntervals(
        weights=_checksum(run),
        part=held_out.part,
        rows=effective_rows,
        errors=errors,
        sample_weight=held_out.column,
    )


def _kept(errors: Floats, weights: RowWeights, rows: int, most: int) -> list[float]:
    """Return the errors that are kept of a target."""
    if weights is None:
        return kept_errors(errors, most)
    return kept_weighted_errors(errors, weights, rows, most)


def _checksum(run: Run) -> str:
    """Return the SHA-256 of the run's weights.npz, or "" where run.json has none."""
    checksums = run.read_info().checksums
    return checksums.get(run.weights.name, "")

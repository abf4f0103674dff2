"""Prediction intervals by split conformal prediction, from the errors on the rows held out.

Of n rows that the network was not fitted on, the k-th smallest error, k = ceil((n + 1) level), is
not exceeded by that of another such row with a probability of `level` at least, whatever the
network is: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), chapter 2;
Lei et al., Distribution-Free Predictive Inference for Regression (2018). The error of a number is
its distance from the prediction; that of a label is 1 minus its probability (Sadinle, Lei and
Wasserman, Least Ambiguous Set-Valued Classifiers, 2019).

Where rows have weights, so do their errors: the share is that of the weights, as in Tibshirani et
al., Conformal Prediction Under Covariate Shift (2019). The weight of the row to predict is unknown,
so that n is Kish's effective number of rows, of which each weighs alike.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import InputError
from nnrun.features.encoder import Encoder
from nnrun.results.array_types import Floats, Integers, Numbers
from nnrun.results.losses import LEAST_PREDICTION
from nnrun.results.predicted import target_columns
from nnrun.results.row_losses import true_probability

BETWEEN_LABELS = "|"
"""Stands between the labels of a set."""

ROUNDING = 1e-9
"""(n + 1) level is a whole number where the decimals of the level say so: 10 * 0.9 is 9."""

ROUNDING_OF_PROBABILITIES = 1e-6
"""The probabilities of equal rows differ by as much from batch to batch, and from NumPy to Keras.
In tables of categories many rows equal the one whose error is the bound."""

Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Interval:
    """How far the truth may be from predictions.

    Attributes:
        level: The share of the rows whose interval has the truth in it.
        errors: The largest error of each target.
        note: A line that says where these come from.
        are_of_logs: Whether the errors are those of log(1 + number).
    """

    level: float
    errors: tuple[float, ...]
    note: str = ""
    are_of_logs: bool = False

    def columns(self, encoder: Encoder, outputs: Numbers) -> dict[str, Column]:
        """Return the columns that tell the intervals of rows, by their names.

        Args:
            encoder: The run's encoder.
            outputs: Numbers, float32 (rows, targets), or probabilities, (rows, 1) or (rows,
                labels).

        Returns:
            Of numbers `prediction_low` and `prediction_high`, float32 (rows,), with the target's
            name before the ending where there are several. Of labels `prediction_set`: those that
            may be true, of which there may be none; one for each of several targets.
        """
        if encoder.labels:
            return {"prediction_set": _sets(encoder.labels, outputs, self.errors[0])}
        if encoder.is_multilabel:
            return self._sets_of_targets(encoder, outputs)
        columns: dict[str, Column] = {}
        names = target_columns("prediction", encoder)
        for name, error, of_target in zip(names, self.errors, outputs.T, strict=True):
            values = of_target.astype(np.float64)
            low, high = self._ends(values, error)
            columns[f"{name}_low"] = low.astype(np.float32)
            columns[f"{name}_high"] = high.astype(np.float32)
        return columns

    def _sets_of_targets(self, encoder: Encoder, outputs: Numbers) -> dict[str, Column]:
        """Return the column of the labels of each target that may be true."""
        columns: dict[str, Column] = {}
        for number, target in enumerate(encoder.targets):
            probability = outputs[:, [number]]
            sets = _sets(target.labels, probability, self.errors[number])
            columns[f"prediction_{target.name}_set"] = sets
        return columns

    def _ends(self, values: Floats, error: float) -> tuple[Floats, Floats]:
        """Return the ends of the intervals around numbers; logarithms make them factors."""
        if not self.are_of_logs:
            return values - error, values + error
        middle = logs(values)
        low = np.expm1(middle - error)
        high = np.expm1(middle + error)
        return low, high


def _sets(labels: Sequence[str], outputs: Numbers, largest: float) -> Column:
    """Return the labels of each row whose error would be small enough, as text."""
    errors = []
    for code in range(len(labels)):
        of_all = np.full(len(outputs), code)
        errors.append(label_errors(of_all, outputs))
    may_be = np.column_stack(errors) <= largest + ROUNDING_OF_PROBABILITIES
    sets = [_joined(labels, row) for row in may_be]
    return np.array(sets, dtype=object)


def label_errors(actual: Numbers, outputs: Numbers) -> Floats:
    """Return 1 minus the probability of a label for each row, shape (rows,).

    Args:
        actual: The number of the label, shape (rows,).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels).
    """
    return 1 - true_probability(actual.astype(np.int64), outputs)


def logs(numbers: Numbers) -> Floats:
    """Return log(1 + number), of numbers from LEAST_PREDICTION on.

    Args:
        numbers: Any shape; those below LEAST_PREDICTION are taken for it.
    """
    bounded = np.maximum(numbers.astype(np.float64), LEAST_PREDICTION)
    return np.asarray(np.log1p(bounded))


def prediction_errors(config: Config, encoder: Encoder, y: Numbers, outputs: Numbers) -> Floats:
    """Return the errors of rows, (rows, targets).

    Args:
        config: The run's config, which says whether errors are those of logarithms.
        encoder: The run's encoder.
        y: What is true, float32 (rows, targets).
        outputs: What was predicted, as for `Interval.columns`.
    """
    if encoder.labels:
        errors_of_rows = label_errors(y[:, 0], outputs)
        return errors_of_rows[:, None]
    if encoder.is_multilabel:
        errors = []
        for number, actual in enumerate(y.T):
            probability = outputs[:, [number]]
            errors.append(label_errors(actual, probability))
        return np.column_stack(errors)
    if config.data.target_transform:
        return np.abs(logs(y) - logs(outputs))
    return np.abs(y.astype(np.float64) - outputs)


def error_at(
    errors: Sequence[float], rows: int, level: float, *, are_weighted: bool = False
) -> float:
    """Return the error that a share of rows does not exceed.

    Args:
        errors: Some of the errors of rows held out in ascending order, as `kept_errors` keeps them.
        rows: How many rows there were; of weighted ones, the effective number.
        level: The share, between 0 and 1.
        are_weighted: Whether the rows had weights, as a message then says.

    Raises:
        InputError: There are too few rows for this level.
    """
    rank = max(1, math.ceil((rows + 1) * level - ROUNDING))
    if rank > rows:
        needed = math.ceil(level / (1 - level) - ROUNDING)
        held_out = f"the run held out {rows:,}"
        if are_weighted:
            held_out = f"the weighted rows of the run count as {rows:,}"
        possible = math.floor(1000 * rows / (rows + 1)) / 1000
        raise InputError(
            f"an interval of {level:g} needs {needed:,} rows held out; {held_out}; "
            f"ask for at most {possible:g}"
        )
    place = (rank - 1) * len(errors) // rows
    return errors[place]


def kept_errors(errors: Floats, most: int) -> list[float]:
    """Return at most so many of the errors (rows,) in ascending order, evenly by their ranks.

    Of each group the largest is kept, so that an interval may be wider, and never narrower.

    Args:
        errors: The sizes of errors, (rows,), in any order.
        most: The largest number of errors that is returned, at least 1.
    """
    ascending = np.sort(errors)
    ranks = _kept_ranks(len(ascending), most)
    return ascending[ranks - 1].tolist()


def kept_weighted_errors(errors: Floats, weights: Floats, rows: int, most: int) -> list[float]:
    """Return at most so many of the errors in ascending order, evenly by the weights up to them.

    With weights that are all alike, they are those of `kept_errors`.

    Args:
        errors: The errors, shape (rows,).
        weights: The weights of the same rows, of which one at least is above 0.
        rows: The effective number of rows.
        most: How many errors are kept.
    """
    order = np.argsort(errors, kind="stable")
    counts = weights[order] > 0
    ascending = errors[order[counts]]
    up_to = weights[order[counts]].cumsum()
    shares_up_to = up_to / up_to[-1]
    shares = _kept_ranks(rows, most) / rows
    places = np.searchsorted(shares_up_to, shares - ROUNDING)
    return ascending[places].tolist()


def _kept_ranks(rows: int, most: int) -> Integers:
    """Return the rank of the largest of each group of rows; there are at most so many groups."""
    count = min(rows, most)
    groups = np.arange(1, count + 1)
    below = -groups * rows // count  # rounded down, so that the rank is rounded up
    return np.asarray(-below)


def _joined(labels: Sequence[str], is_in: Iterator[bool] | Column) -> str:
    return BETWEEN_LABELS.join(compress(labels, is_in))

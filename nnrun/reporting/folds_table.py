"""The table of `nnrun cv`: a line a training, then mean and standard deviation of each metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nnrun.reporting.aligned_table import lines_with_rest
from nnrun.reporting.metrics_text import shown_number
from nnrun.wording import printable

if TYPE_CHECKING:
    from nnrun.workflows.cross_validation import CrossValidation, TrainedFold

FACTS = ("repeat", "fold", "seed", "rows", "epochs")
"""The columns that are always there."""


def describe_folds(result: CrossValidation, width: int) -> str:
    """Return the table, and a line that names the metrics for which there is no room.

    Args:
        result: The cross-validation.
        width: How many characters a line may have.
    """
    names = _in_order(list(result.mean))
    titles = [*FACTS, *map(printable, names)]
    table: list[Sequence[str]] = [titles]
    for fold in result.trained:
        table.append(_cells(fold, names))
    table.append(_summary_cells("mean", result.mean, names))
    table.append(_summary_cells("sd", result.sd, names))
    lines = lines_with_rest(table, names, width)
    return "\n".join(lines)


def _in_order(names: list[str]) -> list[str]:
    """Return the metrics: those of the rows held out, of validation, then of training."""

    def rank(name: str) -> tuple[bool, bool]:
        return not name.startswith("test_"), not name.startswith("val_")

    return sorted(names, key=rank)


def _cells(fold: TrainedFold, names: list[str]) -> list[str]:
    """Return the cells of a training: FACTS, then its metrics."""
    facts = [*fold.place, fold.rows, fold.epochs]
    metrics = _numbers(fold.metrics, names)
    return [*map(str, facts), *metrics]


def _summary_cells(title: str, values: Mapping[str, float], names: list[str]) -> list[str]:
    """Return the cells of a line under all trainings: a title in place of FACTS, then numbers."""
    blanks = [""] * (len(FACTS) - 1)
    metrics = _numbers(values, names)
    return [title, *blanks, *metrics]


def _numbers(values: Mapping[str, float], names: list[str]) -> list[str]:
    return [shown_number(values[name]) for name in names]

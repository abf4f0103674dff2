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
    table: list[Sequence[str]] = [[*FACTS, *map(printable, names)]]
    table += [_cells(fold, names) for fold in result.trained]
    for title, values in (("mean", result.mean), ("sd", result.sd)):
        blanks = [""] * (len(FACTS) - 1)
        table.append([title, *blanks, *_numbers(values, names)])
    return "\n".join(lines_with_rest(table, names, width))


def _in_order(names: list[str]) -> list[str]:
    """Return the metrics: those of the rows held out, of validation, then of training."""

    def rank(name: str) -> tuple[bool, bool]:
        return not name.startswith("test_"), not name.startswith("val_")

    return sorted(names, key=rank)


def _cells(fold: TrainedFold, names: list[str]) -> list[str]:
    """Return the cells of a training: FACTS, then its metrics."""
    facts = [*fold.place, fold.rows, fold.epochs]
    return [*map(str, facts), *_numbers(fold.metrics, names)]


def _numbers(values: Mapping[str, float], names: list[str]) -> list[str]:
    return [shown_number(values[name]) for name in names]

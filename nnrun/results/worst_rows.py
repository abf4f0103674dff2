"""The rows on which a network is most wrong, kept as rows stream by."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers

MOST_ROWS = 10  # as many as a person reads


@dataclass(frozen=True)
class WorstRows:
    """The rows of the largest losses, the largest first.

    Attributes:
        numbers: Which rows they are, from 0 on, in the order in which they came, shape (rows,).
        losses: The loss of each, shape (rows,).
        y: Their targets, shape (rows, targets).
        outputs: What the network made of them, shape (rows, outputs).
    """

    numbers: Integers
    losses: Floats
    y: Numbers
    outputs: Numbers


class WorstRowKeeper:
    """Keeps the rows of the largest losses; of equal ones, those that came first.

    Args:
        most: The number of rows that are kept.
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._rows = 0
        self._worst: WorstRows | None = None

    def add(self, losses: Floats, y: Numbers, outputs: Numbers) -> None:
        """Take rows into account.

        Args:
            losses: The loss of each, (rows,).
            y: Their targets, (rows, targets).
            outputs: What the network made of them, (rows, outputs).
        """
        first = self._rows
        self._rows += len(losses)
        numbers = np.arange(first, self._rows)
        rows = WorstRows(numbers, losses, y, outputs)
        if self._worst is not None:
            rows = _joined(self._worst, rows)
        by_falling_loss = np.argsort(-rows.losses, kind="stable")
        worst = by_falling_loss[: self._most]
        self._worst = WorstRows(
            rows.numbers[worst],
            rows.losses[worst],
            rows.y[worst],
            rows.outputs[worst],
        )

    def result(self) -> WorstRows:
        """Return the worst of all rows that were added, at least one.

        Raises:
            ValueError: No row was added.
        """
        if self._worst is None:
            raise ValueError("no row was added")
        return self._worst


def _joined(first: WorstRows, second: WorstRows) -> WorstRows:
    """Return the rows of both, those of the first before the others."""
    return WorstRows(
        np.concatenate([first.numbers, second.numbers]),
        np.concatenate([first.losses, second.losses]),
        np.concatenate([first.y, second.y]),
        np.concatenate([first.outputs, second.outputs]),
    )

"""Where the matrices of a part are filled, block by block: in memory, in files, or nowhere."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import AnyFloats, Matrix, Store
from nnrun.features.statistics import Values


class Keeping(NamedTuple):
    """What becomes of the matrices.

    Attributes:
        folder: Where they are kept in files, or None for memory.
        has_inputs: Whether x is kept at all: to check a table, its statistics are enough. Without
            it, x has no rows.
    """

    folder: Path | None = None
    has_inputs: bool = True


IN_MEMORY = Keeping()


class PartStore(NamedTuple):
    """Where the matrices of a part are filled.

    Attributes:
        x: Takes the inputs; None where nobody wants them.
        y: Takes the targets.
    """

    x: Store | None
    y: Store

    def append(self, x: Values, y: Values) -> None:
        """Add rows.

        Args:
            x: The inputs of the rows, float64 (rows, inputs), NaN where a number is missing.
            y: Their targets, float64 (rows, targets).
        """
        if self.x:
            self.x.append(x)
        self.y.append(y)

    def finish_inputs(self, width: int, means: AnyFloats | None = None) -> Matrix:
        """Return the inputs of the rows that were added; without rows where nobody wants them.

        Args:
            width: How many inputs a row has.
            means: What stands in place of NaN, shape (inputs,); by default NaN stays.

        Returns:
            A float32 matrix of shape (rows, inputs).
        """
        if self.x is None:
            return np.empty((0, width), np.float32)
        return self.x.finish(means)


def new_store(
    encoder: Encoder,
    rows: int,
    key: str,
    keeping: Keeping,
) -> PartStore:
    """Return where the matrices of a part are filled.

    Args:
        encoder: Says how many inputs and targets a row has.
        rows: How many rows may come.
        key: The part: `train`, `validation` or `test`.
        keeping: What becomes of the matrices.
    """
    x_path = None
    y_path = None
    if keeping.folder is not None:
        x_path = keeping.folder / f"{key}-x.f32"
        y_path = keeping.folder / f"{key}-y.f32"
    x = None
    if keeping.has_inputs:
        x = Store(rows, len(encoder.inputs), x_path)
    y = Store(rows, len(encoder.targets), y_path)
    return PartStore(x, y)

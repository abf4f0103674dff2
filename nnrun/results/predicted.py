"""The columns that predictions have, made of the network's outputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.results.row_losses import called_labels

Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Predicted:
    """What is predicted of rows.

    Attributes:
        numbers: Columns of float32 (rows,) by their names: of two labels `probability`, of the
            second; of several a probability of each; of numbers `prediction`, or one of each
            target.
        codes: The places of the predicted labels, (rows,), or None where numbers are predicted.
        labels: The labels as the table spells them.
    """

    numbers: dict[str, Column]
    codes: Column | None
    labels: list[str]

    def columns(self) -> list[pl.Series]:
        """Return the columns, `prediction` last where it is a label."""
        columns = [pl.Series(name, cells) for name, cells in self.numbers.items()]
        if self.codes is not None:
            labels = pl.Series("prediction", self.labels, dtype=pl.String)
            columns.append(labels.gather(self.codes))
        return columns

    def first_row(self) -> dict[str, Any]:
        """Return the first row for JSON, numbers with the digits that their float32 needs."""
        row: dict[str, Any] = {name: float(str(cells[0])) for name, cells in self.numbers.items()}
        if self.codes is not None:
            row["prediction"] = self.labels[self.codes[0]]
        return row


def interpret_outputs(
    config: Config, encoder: Encoder, outputs: Matrix, threshold: float | None = None
) -> Predicted:
    """Return what the network's outputs mean.

    Args:
        config: The run's config.
        encoder: Its encoder.
        outputs: What the network gives, float32 (rows, outputs).
        threshold: The probability from which the second of two labels is predicted, by default 0.5,
            or of two outputs the larger.
    """
    if config.is_binary:
        codes = called_labels(outputs, threshold)
        return Predicted({"probability": outputs[:, 0]}, codes, encoder.labels)
    if config.is_classes:
        names = [f"probability_{label}" for label in encoder.labels]
        codes = called_labels(outputs, threshold)
        return Predicted(_by_name(names, outputs), codes, encoder.labels)
    names = [f"prediction_{target.name}" for target in encoder.targets]
    if len(names) == 1:
        names = ["prediction"]
    return Predicted(_by_name(names, outputs), None, [])


def spread_columns(predicted: Predicted, spread: Matrix) -> list[pl.Series]:
    """Return the column `spread`, or one for each target where these are several numbers.

    Args:
        predicted: What is predicted of rows.
        spread: The standard deviation of the members' predictions, float32 (rows, outputs). Of
            several labels, that of the predicted label's probability is told.
    """
    if predicted.codes is not None and spread.shape[1] > 1:
        spread = np.take_along_axis(spread, predicted.codes[:, None], axis=1)
    names = ["spread"]
    if spread.shape[1] > 1:
        names = [name.replace("prediction_", "spread_", 1) for name in predicted.numbers]
    return [pl.Series(name, column) for name, column in zip(names, spread.T, strict=True)]


def _by_name(names: list[str], outputs: Matrix) -> dict[str, Column]:
    return dict(zip(names, outputs.T, strict=True))

"""The columns that predictions have, made of the network's outputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.results.row_losses import AnyThreshold, called_labels, threshold_of

Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class CalledLabels:
    """The labels that rows are called.

    Attributes:
        codes: The places of these labels, (rows,).
        labels: All labels of the target as the table spells them.
    """

    codes: Column
    labels: list[str]

    def column(self, name: str) -> pl.Series:
        """Return a column of the labels.

        Args:
            name: The column's name.
        """
        return pl.Series(name, self.labels, dtype=pl.String).gather(self.codes)


@dataclass(frozen=True)
class Predicted:
    """What is predicted of rows.

    Attributes:
        numbers: Columns of float32 (rows,) by their names: of two labels `probability`, of the
            second, or one of each target; of more labels a probability of each; of numbers
            `prediction`, or one of each target.
        called: The predicted labels by the names of their columns; empty where numbers are
            predicted.
    """

    numbers: dict[str, Column]
    called: dict[str, CalledLabels]

    def columns(self) -> list[pl.Series]:
        """Return the columns, those of labels last."""
        columns = []
        for name, cells in self.numbers.items():
            columns.append(pl.Series(name, cells))
        for name, called in self.called.items():
            columns.append(called.column(name))
        return columns

    def first_row(self) -> dict[str, Any]:
        """Return the first row for JSON, numbers with the digits that their float32 needs."""
        row: dict[str, Any] = {}
        for name, cells in self.numbers.items():
            row[name] = float(str(cells[0]))
        for name, called in self.called.items():
            first = called.codes[0]
            row[name] = called.labels[first]
        return row


def interpret_outputs(
    config: Config, encoder: Encoder, outputs: Matrix, threshold: AnyThreshold = None
) -> Predicted:
    """Return what the network's outputs mean.

    Args:
        config: The run's config.
        encoder: Its encoder.
        outputs: What the network gives, float32 (rows, outputs).
        threshold: The probability from which the second of two labels is predicted, or that of each
            target; by default 0.5, or of two outputs the larger.
    """
    if config.is_multilabel:
        return _labels_of_targets(encoder, outputs, threshold)
    if config.is_classes:
        names = ["probability"]
        if not config.is_binary:
            names = [f"probability_{label}" for label in encoder.labels]
        codes = called_labels(outputs, threshold_of(threshold, 0))
        called = {"prediction": CalledLabels(codes, encoder.labels)}
        return Predicted(_by_name(names, outputs), called)
    names = target_columns("prediction", encoder)
    return Predicted(_by_name(names, outputs), {})


def _labels_of_targets(encoder: Encoder, outputs: Matrix, threshold: AnyThreshold) -> Predicted:
    """Return the probability of the second label of each target, and the label that is called."""
    called = {}
    for number, target in enumerate(encoder.targets):
        probability = outputs[:, [number]]
        codes = called_labels(probability, threshold_of(threshold, number))
        called[f"prediction_{target.name}"] = CalledLabels(codes, target.labels)
    names = target_columns("probability", encoder)
    return Predicted(_by_name(names, outputs), called)


def target_columns(content: str, encoder: Encoder) -> list[str]:
    """Return the name of a column for each target, which names it where there are several.

    Args:
        content: What the columns hold, such as `prediction`.
        encoder: The encoder of the run.
    """
    if len(encoder.targets) == 1:
        return [content]
    return [f"{content}_{name}" for name in encoder.target_names]


def spread_columns(predicted: Predicted, spread: Matrix) -> list[pl.Series]:
    """Return the column `spread`, or one for each of several targets.

    Args:
        predicted: What is predicted of rows.
        spread: The standard deviation of the members' predictions, float32 (rows, outputs). Of
            more labels than two, that of the predicted label's probability is told.
    """
    if len(predicted.called) == 1 and spread.shape[1] > 1:
        (called,) = predicted.called.values()
        spread = np.take_along_axis(spread, called.codes[:, None], axis=1)
    names = ["spread"]
    if spread.shape[1] > 1:
        names = [f"spread_{name.partition('_')[2]}" for name in predicted.numbers]
    return list(map(pl.Series, names, spread.T))


def _by_name(names: list[str], outputs: Matrix) -> dict[str, Column]:
    return dict(zip(names, outputs.T, strict=True))

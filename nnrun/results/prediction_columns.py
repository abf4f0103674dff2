"""The columns that predictions have, made of the network's outputs."""

from typing import Any

import numpy as np
import polars as pl

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix

Columns = dict[str, Any]  # a name, and what polars makes a column of
DEFAULT_THRESHOLD = 0.5


def prediction_columns(
    config: Config, encoder: Encoder, outputs: Matrix, threshold: float | None = None
) -> Columns:
    """Return the columns of predictions, by their names.

    Args:
        config: The run's config.
        encoder: Its encoder, which has the labels as the table spells them.
        outputs: What the network gives, float32 (rows, outputs).
        threshold: The probability from which the second of two labels is predicted.

    Returns:
        Of two labels `probability`, of the second, and `prediction`; of several a probability of each and
        `prediction`; of numbers `prediction`, or one of each target.
    """
    if config.is_binary:
        return _of_two_labels(encoder, outputs, threshold)
    if config.is_classes:
        return _of_several_labels(encoder, outputs)
    return _of_numbers(encoder, outputs)


def _of_two_labels(encoder: Encoder, outputs: Matrix, threshold: float | None) -> Columns:
    bound = np.float32(DEFAULT_THRESHOLD if threshold is None else threshold)
    codes = (outputs[:, 0] >= bound).astype(np.uint32)
    return {"probability": outputs[:, 0], "prediction": _labels(encoder).gather(codes)}


def _of_several_labels(encoder: Encoder, outputs: Matrix) -> Columns:
    columns: Columns = {}
    for label, probability in zip(encoder.labels, outputs.T, strict=True):
        columns[f"probability_{label}"] = probability
    columns["prediction"] = _labels(encoder).gather(outputs.argmax(axis=1))
    return columns


def _of_numbers(encoder: Encoder, outputs: Matrix) -> Columns:
    names = [f"prediction_{target.name}" for target in encoder.targets]
    if len(names) == 1:
        names = ["prediction"]
    return dict(zip(names, outputs.T, strict=True))


def _labels(encoder: Encoder) -> pl.Series:
    return pl.Series(encoder.labels, dtype=pl.String)

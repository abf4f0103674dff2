"""A run directory applied to a table: predict and evaluate.

The model is built from the run's validated config; of `model.keras` only the weights are read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nnrun.config import Config
from nnrun.data import Table, read_table
from nnrun.dataset import Arrays
from nnrun.encoding import Encoder, Matrix, require_columns
from nnrun.engine import Logs, evaluate, predict
from nnrun.errors import RunError, TableError
from nnrun.loading import load_config
from nnrun.model import Model, build_network, compile_model, serving_model
from nnrun.network import oversize
from nnrun.runs import Run


@dataclass(frozen=True)
class TrainedRun:
    """A finished run, ready to predict.

    `model` is compiled and gives logits where the loss is from logits; `serving` gives probabilities.
    """

    config: Config
    encoder: Encoder
    model: Model
    serving: Model

    def read(self, source: Path | bytes, name: str | None = None) -> Table:
        """Read a table as the training table was read."""
        return read_table(source, self.config.data.null_values, name)

    def ignored(self, table: Table) -> list[str]:
        """Return the table's columns that are neither features nor targets."""
        used = {f.name for f in self.encoder.features} | {t.name for t in self.encoder.targets}
        used |= {*self.config.data.drop}
        return [name for name in table.frame.columns if name not in used]

    def outputs(self, table: Table) -> Matrix:
        """Return the network's output for each row: float32 (rows, targets), probabilities for classes."""
        outputs = predict(self.serving, self.encoder.matrix(self.encoder.read_features(table)))
        wrong = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if len(wrong):
            line = table.lines([int(wrong[0])])[0]
            raise TableError(f"{table.file.name}:{line}: the network's output is not finite; are all cells plausible?")
        return outputs

    def predict(self, table: Table, *, keep: tuple[str, ...] = (), threshold: float = 0.5) -> pl.DataFrame:
        """Return a prediction for each row, in order, or raise a TableError.

        The columns of `keep` are copied before the predictions: for classes `probability` and `prediction`
        (the table's own label, the positive one from `threshold` on), for numbers `prediction`, or
        `prediction_NAME` for each of several targets.
        """
        require_columns(table, keep)
        predictions = self._predictions(self.outputs(table), threshold)
        if clash := [name for name in keep if name in predictions.columns]:
            raise TableError(f"{table.file.name}: {clash[0]!r} cannot be kept: predict writes a column of that name")
        return pl.DataFrame([*(table.frame[name] for name in keep), *predictions])

    def _predictions(self, outputs: Matrix, threshold: float) -> pl.DataFrame:
        if self.encoder.labels:
            probability = pl.Series("probability", outputs[:, 0])
            codes = (probability >= np.float32(threshold)).cast(pl.Int32)
            return pl.DataFrame([probability, pl.Series("prediction", self.encoder.labels)[codes]])
        several = len(self.encoder.targets) > 1
        names = [f"prediction_{target.name}" if several else "prediction" for target in self.encoder.targets]
        return pl.DataFrame([pl.Series(n, column) for n, column in zip(names, outputs.T, strict=True)])

    def evaluate(self, table: Table) -> dict[str, Any]:
        """Return the loss and metrics of the run's config, and what is usual for its kind.

        For classes `auc`, `precision`, `recall` and `confusion_matrix` at probability 0.5; for numbers `rmse`,
        `mean_absolute_error` and `r2` in the target's units. What is undefined is None. Raises a TableError.
        """
        target = self.encoder.read_target(table)
        x = self.encoder.matrix(self.encoder.read_features(table))
        y = self.encoder.target_matrix(target)
        arrays = Arrays(x, y)
        logs: Logs = evaluate(self.model, arrays, self.config.batch_size)
        outputs = predict(self.serving, x)
        of_kind = class_metrics if self.encoder.labels else number_metrics
        more = of_kind(y.astype(np.float64), outputs.astype(np.float64))
        metrics: dict[str, Any] = {"loss": logs["loss"], **logs, **more, **logs}  # first, and winning
        if self.encoder.labels:
            metrics["labels"] = self.encoder.labels
        return metrics


def load_run(path: Path) -> TrainedRun:
    """Load a finished run; raise a RunError where there is none, or its files were altered."""
    run = Run(path)
    run.verify()
    config = load_config(run.config)
    encoder = Encoder.read(run.encoding)
    if too_large := oversize(config, len(encoder.features)):
        raise RunError(f"{run.config}: {too_large}")
    if [target.name for target in encoder.targets] != config.data.target or bool(encoder.labels) != config.is_binary:
        raise RunError(f"{run.encoding}: its targets are not those of {run.config}; the file was altered")
    try:
        model = build_network(config, encoder)
        serving = serving_model(model, config)
        serving.load_weights(run.model)
    except Exception as error:  # Keras, h5py and zipfile raise what they like at a bad file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"{run.model}: its weights do not fit {run.config}: {reason}") from None
    compile_model(model, config, rows=0)
    return TrainedRun(config, encoder, model, serving)


def class_metrics(y: np.ndarray[Any, Any], probability: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return AUC, precision, recall and the confusion matrix of one yes/no target.

    `y` is 0 or 1, `probability` of 1, both (rows, 1). AUC is the share of pairs of a positive and a negative
    row that are ranked rightly, ties counting half (Mann and Whitney, 1947); the confusion matrix is
    [[TN, FP], [FN, TP]], a row per true label, at probability 0.5.
    """
    positive = y[:, 0] == 1
    called = probability[:, 0] >= 0.5
    table = [[int(((positive == t) & (called == c)).sum()) for c in (False, True)] for t in (False, True)]
    (_, false_positive), (false_negative, true_positive) = table
    return {
        "auc": _auc(positive, probability[:, 0]),
        "precision": _ratio(true_positive, true_positive + false_positive),
        "recall": _ratio(true_positive, true_positive + false_negative),
        "confusion_matrix": table,
    }


def number_metrics(y: np.ndarray[Any, Any], prediction: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return root mean squared error, mean absolute error and R2; `y` and `prediction` are (rows, targets).

    Each is the average over the targets, as in scikit-learn; R2 is 1 - (squared errors) / (squared deviations
    from the mean), None where a target is constant.
    """
    error = prediction - y
    deviations = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    r2 = 1 - (error**2).sum(axis=0) / deviations if deviations.all() else None
    return {
        "rmse": float(np.sqrt((error**2).mean(axis=0)).mean()),
        "mean_absolute_error": float(np.abs(error).mean()),
        "r2": None if r2 is None else float(r2.mean()),
    }


def _auc(positive: np.ndarray[Any, Any], scores: np.ndarray[Any, Any]) -> float | None:
    ranks = pl.Series(scores).rank("average").to_numpy()
    count = int(positive.sum())
    above = float(ranks[positive].sum()) - count * (count + 1) / 2
    return _ratio(above, count * (len(positive) - count))


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None

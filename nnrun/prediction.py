"""A run directory applied to a table: predict and evaluate."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nnrun import engine
from nnrun.arrays import read_arrays
from nnrun.columns import Moments, Values
from nnrun.config import Config, load_config
from nnrun.csv_file import Source
from nnrun.data import Block, Table, open_table
from nnrun.dataset import Arrays
from nnrun.encoding import Encoder, Reading
from nnrun.engine import Loop, Rows, build_variables, predictor
from nnrun.errors import InputError, RunError, TableError, first_line
from nnrun.model import Model, build_network, compile_model, serving_model
from nnrun.network import summarize, weight_shapes
from nnrun.runs import Run
from nnrun.storage import Matrix

SCORE_BITS = 9  # of float32's 24 that AUC leaves out: ties are scores that agree to 2^-14 of p, or of 1 - p beyond 0.5
COARSE_BITS = 16  # the same where each of several labels has scores: half a megabyte each
SCORED = 12  # labels up to which each has scores, for a ROC curve: more cannot be told apart
SAMPLE = 4_000  # rows of numbers that are kept for a picture


@dataclass(frozen=True)
class TrainedRun:
    """A finished run: `model` is compiled, its outputs logits where the loss is from logits, `serving`'s never."""

    config: Config
    encoder: Encoder
    model: Model
    serving: Model

    def open(self, source: Source, name: str | None = None) -> Table:
        """Open a table as the training table was read."""
        return open_table(source, self.config.data.null_values, name)

    def ignored(self, table: Table) -> list[str]:
        """Return the table's columns that are neither features nor targets."""
        used = {f.name for f in self.encoder.features} | {
            *self.config.data.target,
            *self.config.data.drop,
        }
        return [name for name in table.columns if name not in used]

    def predictions(
        self, reading: Reading, keep: Sequence[str] = (), threshold: float | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the columns of `keep` and of predictions for each row of the table, or raise an InputError."""
        if threshold is not None and not (
            self.config.is_binary and 0 <= threshold <= 1
        ):  # NaN is neither
            raise InputError(
                "--threshold is a probability from 0 to 1, for a run with BinaryCrossentropy"
            )
        reading.table.require(keep)
        for block, _, _, outputs in self._outputs(reading):
            columns = self._columns(outputs, 0.5 if threshold is None else threshold)
            if clash := [name for name in keep if name in columns]:
                raise TableError(
                    f"{clash[0]!r} cannot be kept: predictions have a column of that name"
                )
            yield pl.DataFrame(
                [block.cells(name) for name in keep] + [pl.Series(n, c) for n, c in columns.items()]
            )

    def evaluate(self, reading: Reading) -> tuple[int, dict[str, Any]]:
        """Return the number of rows, and the run's loss and metrics with the usual ones, or raise a TableError."""
        labels, measure = self.encoder.labels, self._new_measure()
        rows: list[int] = []

        def blocks() -> Iterator[engine.Block]:
            for _, x, y, outputs in self._outputs(reading):
                arrays = Arrays(x, y.astype(np.float32))
                measure.add(arrays.y, outputs)
                rows.append(len(x))
                yield from Rows(arrays, self.config.batch_size).in_order()

        build_variables(self.model, len(self.encoder.targets))
        logs = Loop(self.model, self.config.batch_size, training=False).run(blocks())
        own = {"labels": labels, **logs} if labels else logs  # the config's own metrics win
        return sum(rows), {**logs, **measure.metrics(), **own}

    def measure(
        self, blocks: Iterable[tuple[Values | Matrix, Values | Matrix]]
    ) -> "ClassMeasure | NumberMeasure":
        """Return what pictures are drawn from, given x (rows, inputs) and y (rows, targets), or raise a TableError."""
        measure, predict = self._new_measure(), predictor(self.serving)
        for x, y in blocks:
            outputs = predict(x.astype(np.float32, copy=False))
            if not np.isfinite(outputs).all():
                raise TableError("the network's output is not finite; are all cells plausible?")
            measure.add(y.astype(np.float32, copy=False), outputs)
        return measure

    def _new_measure(self) -> "ClassMeasure | NumberMeasure":
        labels, targets = len(self.encoder.labels), len(self.encoder.targets)
        return ClassMeasure(labels) if labels else NumberMeasure(targets)

    def _outputs(self, reading: Reading) -> Iterator[tuple[Block, Matrix, Values, Matrix]]:
        """Yield each block with x, y and the network's outputs, or raise a TableError where one is not finite."""
        predict = predictor(self.serving)
        for block, features, y in reading:
            x = features.astype(np.float32)
            outputs = predict(x)
            if len(wrong := np.flatnonzero(~np.isfinite(outputs).all(axis=1))):
                place = f"{block.name}:{block.places([int(wrong[0])])[0]}"
                raise TableError(
                    f"{place}: the network's output is not finite; are all cells plausible?"
                )
            yield block, x, y, outputs

    def _columns(self, outputs: Matrix, threshold: float) -> dict[str, Any]:
        labels = pl.Series(self.encoder.labels, dtype=pl.String)
        if self.config.is_binary:
            codes = (outputs[:, 0] >= np.float32(threshold)).astype(np.uint32)
            return {"probability": outputs[:, 0], "prediction": labels.gather(codes)}
        if self.config.is_classes:
            columns = {
                f"probability_{label}": p for label, p in zip(labels, outputs.T, strict=True)
            }
            return {**columns, "prediction": labels.gather(outputs.argmax(axis=1))}
        names = [f"prediction_{target.name}" for target in self.encoder.targets]
        return dict(zip(names if len(names) > 1 else ["prediction"], outputs.T, strict=True))


def load_run(path: Path) -> TrainedRun:
    """Load a run that has a model; raise a RunError where there is none, or its files were altered.

    Files may come from anybody: the network is built from the validated config, and takes only weights that fit it.
    """
    run = Run(path)
    run.verify()
    config, encoder = load_config(run.config), Encoder.load(run.encoding)
    shapes, outputs = weight_shapes(config, len(encoder.inputs)), summarize(config, 0)[-1].units
    several = config.is_classes and not config.is_binary
    if [target.name for target in encoder.targets] != config.data.target or bool(
        encoder.labels
    ) != config.is_classes:
        raise RunError(
            f"{run.encoding}: its targets are not those of {run.config}; the file was altered"
        )
    if outputs != len(encoder.labels if several else encoder.targets):
        raise RunError(
            f"{run.config}: the last layer's units do not fit {run.encoding}; one of them was altered"
        )
    weights = read_arrays(run.weights, shapes)[1]  # before anything is built
    try:
        model = build_network(config, encoder)
        model.set_weights(list(weights.values()))
        compile_model(model, config, rows=0)
    except Exception as error:  # Keras raises what it likes
        raise RunError(f"{run.config}: Keras refuses this network: {first_line(error)}") from None
    return TrainedRun(config, encoder, model, serving_model(model, config))


def open_run(run: Path, data: Path, **options: bool) -> tuple[TrainedRun, Reading]:
    """Load a run, and open a table, or standard input for -, to be read with its encoder."""
    trained = load_run(run)
    table = trained.open(
        (sys.stdin.buffer if sys.stdin else b"") if str(data) == "-" else data, str(data)
    )
    return trained, Reading(trained.encoder, table, **options)


class Scores:
    """The probabilities of rows without a label, and of those with it, as two histograms over the bits of float32."""

    def __init__(self, bits: int) -> None:
        self.bits, self.half = bits, int(np.float32(0.5).view(np.int32)) >> bits
        self.counts = np.zeros((2, 2 * self.half + 1), np.int64)

    def add(self, labelled: Any, probability: Any) -> None:
        """Count rows: whether they have the label (rows,), their probabilities of it (rows,)."""
        # the bits of a float32 from 0 to 1 are in its order
        p = np.clip(
            np.ascontiguousarray(probability, np.float32), 0, 1
        )  # a linear output may be beyond
        bits = np.minimum(p, 1 - p).view(np.int32) >> self.bits
        np.add.at(
            self.counts, (labelled.astype(int), np.where(p < 0.5, bits, 2 * self.half - bits)), 1
        )

    def auc(self) -> float | None:
        """Return the area under the ROC curve: the share of pairs ranked rightly, ties counting half, or None."""
        return float(np.trapezoid(*self.roc()[::-1])) if self.counts.any(axis=1).all() else None

    def roc(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Return the rates of false and of true positives (2, thresholds), as the threshold falls from above 1 to 0."""
        falling = self.counts[:, self.counts.any(axis=0)][:, ::-1]
        rates: Values = (
            np.cumsum(np.pad(falling, ((0, 0), (1, 0))), axis=1)
            / np.maximum(1, falling.sum(1))[:, None]
        )
        return rates


class ClassMeasure:
    """Confusion matrix of labels, and of two labels AUC, precision and recall of the second."""

    def __init__(self, labels: int) -> None:
        self.confusion = np.zeros((labels, labels), np.int64)
        scored = range(labels if labels <= SCORED else 0)
        self.scores = (
            {1: Scores(SCORE_BITS)}
            if labels == 2
            else {label: Scores(COARSE_BITS) for label in scored}
        )

    def add(self, y: Matrix, probability: Matrix) -> None:
        """Count rows: y (rows, 1) the label's number, probability (rows, 1) of the second of two, or (rows, labels)."""
        actual = y[:, 0].astype(int)
        called = (
            probability.argmax(axis=1)
            if probability.shape[1] > 1
            else (probability[:, 0] >= 0.5).astype(int)
        )
        np.add.at(self.confusion, (actual, called), 1)
        for label, scores in self.scores.items():
            scores.add(actual == label, probability[:, min(label, probability.shape[1] - 1)])

    def metrics(self) -> dict[str, Any]:
        """Return `confusion_matrix`, a row per true label, and of two labels `auc`, `precision`, `recall`, or None."""
        table = {"confusion_matrix": self.confusion.tolist()}
        if len(self.confusion) > 2:
            return table
        (_, false_positive), (false_negative, true_positive) = self.confusion.tolist()
        ratios = {
            "precision": (true_positive, true_positive + false_positive),
            "recall": (true_positive, true_positive + false_negative),
        }
        shares = {name: part / whole if whole else None for name, (part, whole) in ratios.items()}
        return {"auc": self.scores[1].auc(), **shares, **table}


class NumberMeasure:
    """Root mean squared error, mean absolute error and R2 of `targets` target columns; a sample (rows, 2, targets)."""

    def __init__(self, targets: int) -> None:
        self.actual = Moments(targets)
        self.squared, self.absolute = np.zeros(targets), np.zeros(targets)
        self.sample, self._draws, self._generator = (
            np.empty((0, 2, targets)),
            np.empty(0),
            np.random.default_rng(0),
        )

    def add(self, y: Matrix, prediction: Matrix) -> None:
        """Count rows; `y` and `prediction` are (rows, targets)."""
        error = prediction.astype(np.float64) - y
        self.actual.add(y.astype(np.float64))
        self.squared += (error**2).sum(axis=0)
        self.absolute += np.abs(error).sum(axis=0)
        draws = np.append(self._draws, self._generator.random(len(y)))
        chosen = np.argsort(draws)[
            :SAMPLE
        ]  # those that draw the least numbers: every row has the same chance
        self._draws = draws[chosen]
        self.sample = np.concatenate([self.sample, np.stack([y, prediction], axis=1)])[chosen]

    def metrics(self) -> dict[str, Any]:
        """Return `rmse`, `mean_absolute_error` and `r2` (None where a target is constant), means over the targets."""
        constant = (self.actual.minimum == self.actual.maximum).any()
        return {
            "rmse": float(np.sqrt(self.squared / self.actual.count).mean()),
            "mean_absolute_error": float((self.absolute / self.actual.count).mean()),
            "r2": None if constant else float((1 - self.squared / self.actual.squares).mean()),
        }

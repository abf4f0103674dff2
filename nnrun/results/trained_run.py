"""A run directory applied to a table: predict and evaluate."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nnrun.config.architecture import summarize, weight_shapes
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import InputError, RunError, TableError
from nnrun.features.dataset import Arrays
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.features.statistics import Values
from nnrun.results.measures import ClassMeasure, NumberMeasure
from nnrun.runs.arrays import read_arrays
from nnrun.runs.directory import Run
from nnrun.tables.block import Block
from nnrun.tables.table import Table, open_table
from nnrun.tables.table_file import TableSource
from nnrun.training.batches import RowBlocks, TensorBlock
from nnrun.training.build_model import (
    build_network,
    build_variables,
    compile_model,
    serving_model,
)
from nnrun.training.epoch_loop import EpochLoop
from nnrun.training.keras_types import Model
from nnrun.training.predictor import predictor
from nnrun.wording import first_line


@dataclass(frozen=True)
class TrainedRun:
    """A finished run: `model` is compiled, its outputs logits where the loss is from logits, `serving`'s never."""

    config: Config
    encoder: Encoder
    model: Model
    serving: Model

    def open(self, source: TableSource, name: str | None = None) -> Table:
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
        self, reading: EncodedReader, keep: Sequence[str] = (), threshold: float | None = None
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

    def evaluate(self, reading: EncodedReader) -> tuple[int, dict[str, Any]]:
        """Return the number of rows, and the run's loss and metrics with the usual ones, or raise a TableError."""
        labels, measure = self.encoder.labels, self._new_measure()
        rows: list[int] = []

        def blocks() -> Iterator[TensorBlock]:
            for _, x, y, outputs in self._outputs(reading):
                arrays = Arrays(x, y.astype(np.float32))
                measure.add(arrays.y, outputs)
                rows.append(len(x))
                yield from RowBlocks(arrays, self.config.batch_size).in_order()

        build_variables(self.model, len(self.encoder.targets))
        logs = EpochLoop(self.model, self.config.batch_size, training=False).run(blocks())
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

    def _outputs(self, reading: EncodedReader) -> Iterator[tuple[Block, Matrix, Values, Matrix]]:
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


def open_run(run: Path, data: Path, **options: bool) -> tuple[TrainedRun, EncodedReader]:
    """Load a run, and open a table, or standard input for -, to be read with its encoder."""
    trained = load_run(run)
    table = trained.open(
        (sys.stdin.buffer if sys.stdin else b"") if str(data) == "-" else data, str(data)
    )
    return trained, EncodedReader(trained.encoder, table, **options)

"""A run directory applied to tables: predict, evaluate and measure, without TensorFlow."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.errors import InputError, RunError, TableError
from nnrun.features.encoded_reader import BadCells, EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import AnyFloats, Matrix
from nnrun.results.class_measure import LABELS_WITH_CONFUSION, ClassMeasure, MultilabelMeasure
from nnrun.results.ensemble import AnyNetwork, make_any_network, spread_of
from nnrun.results.forward import Outputs
from nnrun.results.interval import Interval
from nnrun.results.number_measure import NumberMeasure
from nnrun.results.predicted import interpret_outputs, spread_columns
from nnrun.results.row_losses import AnyThreshold
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.tables.block import Block
from nnrun.tables.dialect import Dialect
from nnrun.tables.table import Table, open_table
from nnrun.tables.table_file import TableSource

AnyMeasure = ClassMeasure | MultilabelMeasure | NumberMeasure
Forward = Callable[[Matrix], Matrix]
NOT_FINITE = "the network's output is not finite; are all cells plausible?"
BLOCK_CELLS = 1 << 21
"""Of the inputs of a block, at most: 16 MB in float64."""
BLOCK_OUTPUTS = 1 << 20
"""Of the outputs of a block, at most: each takes more than 100 bytes as text."""
STDIN = "-"  # a table's path that means standard input


class ComputedBlock(NamedTuple):
    """A block of a table with the target, and what the network makes of it.

    Attributes:
        block: The block of the table.
        x: The encoded features, float32 (rows, inputs).
        y: The targets, float32 (rows, targets).
        outputs: What the network gives for the rows.
    """

    block: Block
    x: Matrix
    y: Matrix
    outputs: Outputs


@dataclass(frozen=True)
class TrainedRun:
    """A finished run, ready to predict.

    Attributes:
        config: Its config.
        encoder: Its encoder.
        weights: The arrays of the network, by the names of `weight_shapes`.
        network: The network in NumPy.
        forward: What predicts, from float32 (rows, inputs) to (rows, outputs): the network, or
            Keras as its oracle.
        weights_before_refit: The arrays of the network that never saw the rows held out, where
            another one predicts, which was trained again on all rows; else None.
    """

    config: Config
    encoder: Encoder
    weights: Mapping[str, Array]
    network: AnyNetwork
    forward: Forward
    weights_before_refit: Mapping[str, Array] | None = None

    def before_refit(self) -> "TrainedRun":
        """Return the run with the network that never saw the rows held out, to measure it there.

        It is the run itself, unless the network was trained again on all rows.
        """
        if self.weights_before_refit is None:
            return self
        weights = self.weights_before_refit
        network = make_any_network(self.config, self.encoder, weights)
        return TrainedRun(self.config, self.encoder, weights, network, network)

    def with_forward(self, forward: Forward) -> "TrainedRun":
        """Return the run predicting with another function.

        Args:
            forward: What predicts, from float32 (rows, inputs) to (rows, outputs).
        """
        return replace(self, forward=forward)

    def open(
        self, source: TableSource, name: str | None = None, null_values: Sequence[str] = ()
    ) -> Table:
        """Open a table as the training table was read.

        Args:
            source: The table.
            name: What messages call it; by default its source.
            null_values: What missing cells look like besides what the config says.
        """
        data = self.config.data
        nulls = [*data.null_values, *null_values]
        return open_table(source, nulls, name, dialect=Dialect.of(data))

    def reader(
        self,
        table: Table,
        *,
        target: bool,
        owed: bool = False,
        fill: bool = True,
        bad_cells: BadCells = "error",
    ) -> EncodedReader:
        """Return the table read with the run's encoder, in blocks that take little memory.

        Args:
            table: The table.
            target: Whether the targets are read too.
            owed: Whether every row is owed a prediction, so that none may be left out.
            fill: Whether missing numbers are replaced by the mean of the training rows; else they
                are NaN.
            bad_cells: What to do about cells that cannot be read.
        """
        inputs = max(1, len(self.encoder.inputs))
        most_rows = min(BLOCK_CELLS // inputs, BLOCK_OUTPUTS // self._outputs)
        return EncodedReader(
            self.encoder,
            table,
            target=target,
            owed=owed,
            fill=fill,
            most_rows=max(1, most_rows),
            bad_cells=bad_cells,
        )

    def ignored(self, table: Table) -> list[str]:
        """Return the table's columns that are neither features nor targets.

        Args:
            table: The table to predict.
        """
        used = set(self.encoder.column_names)
        used.update(self.config.data.target, self.config.data.drop)
        return [name for name in table.columns if name not in used]

    def predictions(
        self,
        reader: EncodedReader,
        keep: Sequence[str] = (),
        threshold: AnyThreshold = None,
        interval: Interval | None = None,
        *,
        spread: bool = False,
    ) -> Iterator[pl.DataFrame]:
        """Yield predictions for the rows of a table, block by block.

        Args:
            reader: The table.
            keep: Columns of the table to copy before those of predictions; text where the table is
                a CSV file.
            threshold: The probability from which the second of two labels is predicted, or that of
                each target; by default 0.5.
            interval: How far the truth may be from the predictions, whose columns follow.
            spread: Whether a column tells how far the members of an ensemble are apart.

        Raises:
            InputError: The threshold is none, there is no ensemble, a column cannot be kept, or the
                table has mistakes.
        """
        self.check_threshold(threshold)
        if spread:
            self.check_has_spread()
        reader.table.require(keep)
        reader.kept = keep
        for block, x, _ in reader:
            rows = x.astype(np.float32)
            outputs = self.forward(rows)
            _check_finite(block, outputs)
            predicted = interpret_outputs(self.config, self.encoder, outputs, threshold)
            columns = predicted.columns()
            if interval:
                probabilities = self.probabilities(outputs)
                ranges = interval.columns(self.encoder, probabilities)
                columns += map(pl.Series, ranges, ranges.values())
            if spread:
                deviations = spread_of(self.network, rows)
                columns += spread_columns(predicted, deviations)
            yield _with_kept(block, keep, columns)

    def check_has_spread(self) -> None:
        """Refuse a run that has no members whose predictions could be apart.

        Raises:
            InputError: The run is one network.
        """
        if self.config.ensemble == 1:
            raise InputError("--spread needs an ensemble, and the run is one network")

    def outputs(self, reader: EncodedReader) -> Iterator[ComputedBlock]:
        """Yield a table with the target block by block, with what the network makes of it.

        Args:
            reader: The table, read with its targets.

        Raises:
            TableError: The table has mistakes, or an output is not finite.
        """
        for block, x, y in _as_float32(reader):
            outputs = self.network.outputs(x)
            _check_finite(block, outputs.predictions)
            yield ComputedBlock(block, x, y, outputs)

    def probabilities(self, outputs: Matrix) -> Matrix:
        """Return predictions as measures take them: a linear output may be beyond 0 and 1.

        Args:
            outputs: What the network gives, float32 (rows, outputs).
        """
        if self.config.is_classes:
            return np.clip(outputs, 0, 1)
        return outputs

    def measure(self, blocks: Iterable[tuple[AnyFloats, AnyFloats]]) -> AnyMeasure:
        """Return what pictures are drawn from.

        Args:
            blocks: Inputs (rows, inputs) and targets (rows, targets).

        Raises:
            TableError: An output is not finite, or there are more labels than can be drawn.
        """
        if self.encoder.labels and not self._tells_labels:
            raise TableError(self.notes())
        measure = self.new_measure()
        for x, y in blocks:
            rows = x.astype(np.float32, copy=False)
            targets = y.astype(np.float32, copy=False)
            outputs = self.forward(rows)
            if not np.isfinite(outputs).all():
                raise TableError(NOT_FINITE)
            measure.add(targets, outputs)
        return measure

    def notes(self) -> list[str]:
        """Return a line on what `evaluate` leaves out, if it does."""
        labels = len(self.encoder.labels)
        if labels <= LABELS_WITH_CONFUSION:
            return []
        return [
            f"the confusion matrix is left out: it takes at most {LABELS_WITH_CONFUSION:,} labels; "
            f"the run has {labels:,}"
        ]

    def check_threshold(self, threshold: AnyThreshold) -> None:
        """Refuse a threshold that is not a probability, and any where a target has not two labels.

        Args:
            threshold: One threshold for all targets, one for each, or None for the default.

        Raises:
            InputError: It is refused.
        """
        if threshold is None:
            return
        self.require_two_labels()
        thresholds = threshold if isinstance(threshold, tuple) else (threshold,)
        for value in thresholds:
            if not 0 <= value <= 1:  # as NaN is not
                rule = "--threshold must be a probability from 0 to 1"
                raise InputError(f"{rule}; received {value:g}")

    def require_two_labels(self) -> None:
        """Do nothing if the run tells two labels apart.

        Raises:
            InputError: It has another number of labels, or predicts numbers.
        """
        if self.has_two_labels:
            return
        labels = len(self.encoder.labels)
        received = f"this run has {labels}" if labels else "this run predicts numbers"
        raise InputError(f"a threshold is for a run with two labels; {received}")

    @property
    def has_two_labels(self) -> bool:
        """Whether each target has two labels, which a threshold decides between."""
        return set(map(len, self.encoder.labels_of_targets)) == {2}

    def new_measure(self) -> AnyMeasure:
        """Return what sums up targets and outputs for pictures of the run."""
        if self.encoder.labels:
            return ClassMeasure(len(self.encoder.labels))
        if self.encoder.is_multilabel:
            return MultilabelMeasure(len(self.encoder.targets))
        return NumberMeasure(len(self.encoder.targets))

    @property
    def _outputs(self) -> int:
        last_layer = summarize(self.config, 0)[-1]
        return last_layer.units

    @property
    def _tells_labels(self) -> bool:
        return 0 < len(self.encoder.labels) <= LABELS_WITH_CONFUSION


def load_run(path: Path) -> TrainedRun:
    """Load a run that has a model.

    Files may come from anybody: the network is made of the validated config, and takes only weights
    that fit it.

    Args:
        path: The run directory.

    Raises:
        RunError: The run has no model, or its files were altered.
    """
    run = Run(path)
    saved = run.read_model()
    config = saved.config
    encoder = saved.encoder
    _check_fit(run, config, encoder)
    weights = saved.read_weights()
    network = make_any_network(config, encoder, weights)
    before_refit = saved.read_weights_before_refit()
    return TrainedRun(config, encoder, weights, network, network, before_refit)


def open_run(
    run: Path,
    data: Path,
    *,
    target: bool,
    owed: bool = False,
    null_values: Sequence[str] = (),
    bad_cells: BadCells = "error",
) -> tuple[TrainedRun, EncodedReader]:
    """Load a run, and open a table, or standard input for -, to be read with its encoder.

    Args:
        run: The run directory.
        data: The table's path.
        target: Whether to read the targets.
        owed: Whether every row is owed a prediction.
        null_values: What missing cells look like besides what the config says.
        bad_cells: Whether a cell that is not a number or date is a mistake, or is missing.

    Raises:
        RunError: The run has no model, or its files were altered.
        TableError: The table cannot be opened.
    """
    trained = load_run(run)
    table = open_data(trained, data, null_values)
    return trained, trained.reader(table, target=target, owed=owed, bad_cells=bad_cells)


def open_data(trained: TrainedRun, data: Path, null_values: Sequence[str] = ()) -> Table:
    """Open a table as the training table was read, or standard input for -.

    Args:
        trained: The run.
        data: The path of the table.
        null_values: Texts that stand for missing cells, besides those of the config.

    Raises:
        TableError: The table cannot be opened.
    """
    return trained.open(_source(data), str(data), null_values)


def _source(data: Path) -> TableSource:
    """Return the path of a table, or the stream of standard input."""
    if str(data) != STDIN:
        return data
    return sys.stdin.buffer if sys.stdin else b""


def _check_fit(run: Run, config: Config, encoder: Encoder) -> None:
    """Raise a RunError unless the config and the encoder are of one run."""
    targets = encoder.target_names
    has_labels = bool(encoder.labels) or encoder.is_multilabel
    if targets != config.data.target or has_labels != config.is_classes:
        raise RunError(
            f"{run.encoding}: its targets are not those of {run.config}; the file was altered"
        )
    has_output_for_each_label = config.is_classes and not config.is_binary
    wanted = encoder.labels if has_output_for_each_label else encoder.targets
    if summarize(config, 0)[-1].units != len(wanted):
        raise RunError(
            f"{run.config}: the last layer's units do not fit {run.encoding}; "
            "one of them was altered"
        )


def _as_float32(reader: EncodedReader) -> Iterator[tuple[Block, Matrix, Matrix]]:
    for block, x, y in reader:
        yield block, x.astype(np.float32), y.astype(np.float32)


def _check_finite(block: Block, outputs: Matrix) -> None:
    """Raise a TableError that names the first row with an output that is not finite."""
    is_finite = np.isfinite(outputs).all(axis=1)
    wrong = np.flatnonzero(~is_finite)
    if len(wrong):
        place = block.places([int(wrong[0])])[0]
        raise TableError(f"{block.name}:{place}: {NOT_FINITE}")


def _with_kept(block: Block, keep: Sequence[str], columns: list[pl.Series]) -> pl.DataFrame:
    """Return the kept columns of a block, and those of predictions."""
    predicted = {column.name for column in columns}
    if len(predicted) < len(columns):  # as of the targets `a` and `a_set`
        raise TableError(
            "two columns of predictions would have the same name, since a target is called as the "
            "interval of another one; leave out --interval"
        )
    kept = []
    for name in keep:
        if name in predicted:
            raise TableError(f"{name!r} cannot be kept: predictions have a column of that name")
        kept.append(block.cells(name).alias(name))
    return pl.DataFrame([*kept, *columns])

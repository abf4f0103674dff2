"""A run as a program holds it, whether finished or stopped."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl

from nnrun.api import arguments
from nnrun.api.boundary import nnrun_errors_alone
from nnrun.api.frames import AnyTable, like, source_of_table
from nnrun.api.warning import warn
from nnrun.errors import InputError
from nnrun.features.encoded_reader import BadCells, EncodedReader
from nnrun.reporting.metrics_text import describe_metrics
from nnrun.runs.directory import Run as Directory
from nnrun.runs.history import read_history
from nnrun.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnrun.features.matrix_store import Matrix
    from nnrun.results.held_out import Readers
    from nnrun.results.trained_run import TrainedRun
    from nnrun.training.keras_types import Model

MOST_REPEATS = 10_000
"""Shufflings of a column at the most, after which the mean of the loss changes no more."""

MOST_SEED = 2**64 - 1
"""The largest number that begins a series of random ones."""

MOST_ROWS = 2**40
"""More rows than any table has."""

MOST_EPOCHS = 10**9
"""Epochs of a run at the most, as in a config."""


class Run:
    """A run, which predicts once it has a model, and can be resumed if it was stopped.

    Args:
        path: The run directory.

    Raises:
        RunError: There is no run, or its files were altered.
        InputError: The path is not a path.

    Attributes:
        path: The run directory.
        metrics: The metrics of the epoch whose weights were kept.
        model: The keras.Sequential, from float32 (rows, inputs) to probabilities, or to numbers in
            the target's units.
    """

    @nnrun_errors_alone
    def __init__(self, path: str | Path) -> None:
        written_path = arguments.path_of("path", path)
        self.path = written_path.absolute()
        self._directory = Directory(self.path)
        info = Directory(written_path).read_info()  # whose error names the path as it was written
        self.metrics = self._directory.read_metrics()
        if info.checksums:  # it has a model, which is verified now
            _ = self._trained

    @nnrun_errors_alone
    def __repr__(self) -> str:
        metrics = describe_metrics(self.metrics) if self.metrics else self.status
        return f"<nnrun run {self.path}: {metrics}>"

    @nnrun_errors_alone
    def _repr_html_(self) -> str:
        """Return the verdict above the curves, as a notebook shows a run."""
        from nnrun.results.saved_verdict import read_verdict

        verdict = read_verdict(self._directory.verdict)
        lines = [f"{self.path.name}: {self.status}"]
        if verdict:
            lines.append(verdict.sentence)
        escaped_lines = [html.escape(printable(line)) for line in lines]
        text = "<br>".join(escaped_lines)
        paragraph = f"<p>{text}</p>"
        if self.history.is_empty():
            return paragraph
        return paragraph + _picture(self.plot())

    @property
    @nnrun_errors_alone
    def status(self) -> str:
        """`finished`, `running`, `stopped`, `interrupted` or `failed`."""
        return self._directory.status(self._directory.read_info())

    @property
    @nnrun_errors_alone
    def verdict(self) -> str | None:
        """`better`, `no better` or `worse` than guessing, or None if no rows were held out."""
        return self._directory.read_judgement()

    @property
    @nnrun_errors_alone
    def inputs(self) -> list[str]:
        """The names of the network's inputs, in order."""
        return self._trained.encoder.input_names

    @cached_property
    def _trained(self) -> TrainedRun:
        """The run's network and encoder, or a RunError if it has no model."""
        from nnrun.results.trained_run import load_run

        return load_run(self.path)

    @cached_property
    @nnrun_errors_alone
    def model(self) -> Model:
        """The keras.Sequential of the run. Reading it imports TensorFlow."""
        from nnrun.training.serving import build_serving_model

        return build_serving_model(self._trained)

    @property
    @nnrun_errors_alone
    def history(self) -> pl.DataFrame:
        """A row for each epoch, with its loss and metrics.

        Raises:
            RunError: history.csv was altered.
        """
        history = read_history(self._directory.history)
        return pl.DataFrame(history).cast({"epoch": pl.Int64})

    @nnrun_errors_alone
    def predict(
        self,
        data: object,
        *,
        keep: Sequence[str] = (),
        threshold: float | str | Mapping[str, float] | None = None,
        interval: float | None = None,
        bad_cells: BadCells = "error",
    ) -> AnyTable:
        """Return a row of predictions for each row of a table, and warn of unseen categories.

        Args:
            data: A path, a polars or pandas frame, a dict of one row, or a list of such dicts.
                Columns are found by name.
            keep: Columns to copy before those of predictions. Those of a CSV are text.
            threshold: For two labels, the probability from which the positive one is predicted,
                or `f1`, `balanced_accuracy` or `cost=FP:FN` for the best one on the rows held out.
                For several targets, a dict of such thresholds by name. Defaults to 0.5.
            interval: The share of rows whose interval contains the truth, such as 0.9. It adds
                `prediction_low` and `prediction_high`, or for labels `prediction_set`. Defaults
                to no interval.
            bad_cells: How a cell that is missing or not a number is treated: as an `error`, or as
                `missing`, which gives the row the mean of training or the category of missing
                cells. Defaults to `error`.

        Returns:
            The kind that was given: a pandas frame with its index for a pandas frame, a dict for
            a dict, a list for a list, and a polars frame for a polars frame or a path.

        Raises:
            TableError: The table is wrong, or does not fit the run. Its `problems` are all
                mistakes.
            InputError: The data is not a table, or the threshold does not fit the run.
        """
        from nnrun.results.saved_intervals import interval_of
        from nnrun.results.threshold_choice import threshold_for

        kept_columns = arguments.texts("keep", keep)
        goal = arguments.threshold_of(threshold)
        level = arguments.number_or_none("interval", interval)
        arguments.choice("bad_cells", bad_cells, get_args(BadCells))
        reader = self._read(data, target=False, owed=True, bad_cells=bad_cells)
        bound = threshold_for(self.path, self._trained, goal).value
        ranges = interval_of(self.path, self._trained, level)
        blocks = self._trained.predictions(reader, kept_columns, bound, ranges)
        predictions = pl.concat(list(blocks))
        warn(reader.notes())
        return like(data, predictions)

    @nnrun_errors_alone
    def evaluate(
        self,
        data: object = None,
        *,
        threshold: float | str | Mapping[str, float] | None = None,
    ) -> dict[str, Any]:
        """Return what `evaluate --json` prints, with the metrics beside the number of `rows`.

        Args:
            data: A path, or a polars or pandas frame, with the target. Defaults to the rows
                that the run held out: those of validation, then those of the test table.
            threshold: The threshold, as for `predict`.

        Returns:
            `rows`, the loss and the metrics, and `baseline`, `linear`, `interval` and `verdict`
            if they can be told. For rows held out, also their `part`, and `parts`.

        Raises:
            TableError: The table is wrong, or does not fit the run. Its `problems` are all
                mistakes.
            RunError: There are no rows held out, or their table is gone or has changed.
        """
        from nnrun.results.evaluated_rows import evaluate_rows, summarize
        from nnrun.results.threshold_choice import threshold_for

        goal = arguments.threshold_of(threshold)
        readers = self._readers(data)
        bound = threshold_for(self.path, self._trained, goal).value
        evaluated = {}
        notes = list(self._trained.notes())
        measured = self._measured(data)
        for part, reader in readers.items():
            evaluated[part] = evaluate_rows(measured, reader, self.path, bound)
            notes += reader.notes()
        warn(notes)
        summary = summarize(evaluated)
        metrics = summary.pop("metrics")
        return {**summary, **metrics}

    @nnrun_errors_alone
    def importance(
        self,
        data: object = None,
        *,
        repeats: int = 5,
        seed: int = 0,
        rows: int = 5_000,
    ) -> dict[str, Any]:
        """Return what `importance --json` prints: how much the loss grows by each column.

        Args:
            data: A path, or a polars or pandas frame, with the target. Defaults to the rows
                that the run held out: those of the test table, else those of validation.
            repeats: How often each column is shuffled.
            seed: The seed by which rows are drawn and shuffled.
            rows: The most rows to shuffle. If there are more, they are drawn at random.

        Returns:
            `importance` with `mean` and `sd` of each column, the most important first, the name
            of the `loss`, `rows`, `repeats`, and the groups of columns that are `correlated`;
            `sample_weight` where the table has the column of weights, by which rows count.

        Raises:
            TableError: The table is wrong, or does not fit the run. Its `problems` are all
                mistakes.
            RunError: There are no rows held out, or their table is gone or has changed.
        """
        from nnrun.results.run_importance import run_importance

        repeats = arguments.whole_number("repeats", repeats, 1, MOST_REPEATS)
        seed = arguments.whole_number("seed", seed, 0, MOST_SEED)
        most_rows = arguments.whole_number("rows", rows, 1, MOST_ROWS)
        readers = self._readers(data)
        part, reader = list(readers.items())[-1]
        result = run_importance(
            self._measured(data),
            reader,
            repeats=repeats,
            seed=seed,
            most_rows=most_rows,
        )
        warn(reader.notes())
        return result.as_json(part)

    @nnrun_errors_alone
    def encode(self, data: object) -> Matrix:
        """Return what the network takes: float32 (rows, inputs), not standardised.

        Args:
            data: A table, as for `predict`. Missing cells are filled as the run fills them.

        Raises:
            TableError: The table is wrong, or does not fit the run. Its `problems` are all
                mistakes.
            InputError: The data is not a table.
        """
        reader = self._read(data, target=False, owed=True)
        blocks = [x.astype(np.float32) for _, x, _ in reader]
        warn(reader.notes())
        return np.concatenate(blocks)

    @nnrun_errors_alone
    def plot(self, data: object = None) -> Figure:
        """Return a matplotlib figure of the curves, or of the predictions for a table.

        Args:
            data: A table with the target, whose confusion matrix or residuals are drawn. Defaults
                to the curves of training.

        Raises:
            RunError: The run has no epoch yet, or its files were altered.
            TableError: The table is wrong, or does not fit the run. Its `problems` are all
                mistakes.
        """
        from nnrun.reporting.pictures.curves import curve_panels
        from nnrun.reporting.pictures.figure import make_figure
        from nnrun.reporting.pictures.outcome import outcome_panels

        if data is None:
            panels = curve_panels([self.path])
            return make_figure(panels)
        reader = self._read(data, target=True)
        blocks = ((x, y) for _, x, y in reader)
        measure = self._trained.measure(blocks)
        warn(reader.notes())
        panels = outcome_panels(self._trained.encoder, measure)
        return make_figure(panels, columns=2)

    @nnrun_errors_alone
    def report(self, output: str | Path | None = None) -> Path:
        """Write the page that `nnrun report` writes, and return its path.

        Args:
            output: The page to write or replace. Defaults to the run's name with `.html` in the
                working directory.

        Raises:
            RunError: The run has no model, or its files were altered.
        """
        from nnrun.files import open_output
        from nnrun.reporting.page import make_page

        path = arguments.path_or_none("output", output)
        if path is None:
            path = Path(f"{self.path.name}.html")
        page = make_page(self.path)
        with open_output(path) as file:
            file.write(page.encode())
        return path

    @nnrun_errors_alone
    def export(
        self,
        output: str | Path,
        format: Literal["saved_model", "litert", "onnx"],  # noqa: A002
        *,
        bundle: bool = False,
    ) -> list[str]:
        """Write the network for another runtime, and return the names of its inputs in order.

        Args:
            output: The file to write, or for saved_model the folder. It must not exist.
            format: The format, as `nnrun export --format` takes it.
            bundle: Whether `output` is a folder that predicts without nnrun: the network,
                encoding.json and predict.py, whose names are then returned.

        Raises:
            RunError: The run has no model, or its files were altered.
            InputError: A package is missing, the format is unknown, or the output exists.
            NnrunError: The format lacks what the network needs.
        """
        from nnrun.reporting.bundle import export_bundle
        from nnrun.reporting.export import NETWORK_FORMATS, export

        arguments.choice("format", format, NETWORK_FORMATS)
        arguments.flags(bundle=bundle)
        path = arguments.path_of("output", output)
        if path.exists():
            raise InputError(f"output: {path} exists; choose another name, or remove it")
        write = export_bundle if bundle else export
        return write(self.path, format, path)

    @nnrun_errors_alone
    def resume(
        self,
        epochs: int | None = None,
        *,
        force: bool = False,
        quiet: bool = False,
    ) -> Run:
        """Resume a run that was stopped, or train it for longer, and return the new state.

        Args:
            epochs: The number of epochs at the end. Defaults to that of the config.
            force: Whether to resume although Python or a library has another version.
            quiet: Whether to show neither progress nor warnings.

        Raises:
            RunError: Config, versions or tables differ from what the run started with.
            TrainingError: The loss is not finite.
            Interrupted: A signal stopped the training.
            ExpectationError: The run is saved, and does not meet `expect`.
        """
        from nnrun.api.training import resume

        if epochs is not None:
            epochs = arguments.whole_number("epochs", epochs, 1, MOST_EPOCHS)
        arguments.flags(force=force, quiet=quiet)
        resume(self.path, epochs=epochs, force=force, quiet=quiet)
        return Run(self.path)

    def _readers(self, data: object) -> Readers:
        """Return the rows of a table with the target, or those held out, by their parts."""
        from nnrun.results.held_out import held_out_rows

        if data is None:
            return held_out_rows(self._directory, self._trained)
        return {"": self._read(data, target=True)}

    def _measured(self, data: object) -> TrainedRun:
        """Return what is measured on a table, or before a refit on the rows held out."""
        return self._trained if data is not None else self._trained.before_refit()

    def _read(
        self,
        data: object,
        *,
        target: bool,
        owed: bool = False,
        bad_cells: BadCells = "error",
    ) -> EncodedReader:
        """Return the rows of a table, encoded as they are read; see `TrainedRun.reader`."""
        name = str(data) if isinstance(data, str | Path) else "data"
        source = source_of_table(data, "data")
        table = self._trained.open(source, name)
        return self._trained.reader(
            table,
            target=target,
            owed=owed,
            bad_cells=bad_cells,
        )


def _picture(figure: Figure) -> str:
    """Return a figure as an image within a page."""
    from nnrun.reporting.pictures.figure import encode_figure

    png = encode_figure(figure, ".png")
    data = base64.b64encode(png).decode()
    return f'<img alt="curves" style="max-width: 100%" src="data:image/png;base64,{data}">'

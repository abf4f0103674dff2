"""The commands as functions, for notebooks and programs. `import nnrun` alone loads none of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nnrun.checks.loading import load_checked
from nnrun.config.loading import load_config
from nnrun.errors import InputError, NnrunError
from nnrun.features.cache_folder import CACHE
from nnrun.features.encoded_reader import EncodedReader
from nnrun.reporting.json import summarize_dataset
from nnrun.reporting.metrics_text import describe_metrics
from nnrun.runs.directory import Run
from nnrun.runs.history import read_history
from nnrun.wording import received

if TYPE_CHECKING:
    from nnrun.results.held_out import Readers
    from nnrun.results.trained_run import TrainedRun
    from nnrun.training.keras_types import Model

__all__ = ["FinishedRun", "NnrunError", "check", "load", "train"]

RUNS = Path("runs")  # the folder of run directories that have no other place
CALLER = 3  # frames from warnings.warn up to who called a method of FinishedRun
CALLER_OF_TRAIN = 5  # load_checked and the function that it calls stand between


class FinishedRun:
    """A finished run, to predict with.

    Attributes:
        path: The run directory.
        metrics: The metrics of the epoch whose weights were kept.
        model: The keras.Sequential, from float32 (rows, inputs) to probabilities, or to numbers in
            the target's units.
    """

    def __init__(self, path: str | Path) -> None:
        from nnrun.results.trained_run import load_run

        self.path = Path(path).absolute()
        self._trained: TrainedRun = load_run(Path(path))
        self.metrics = Run(self.path).read_metrics()

    def __repr__(self) -> str:
        return f"<nnrun run {self.path}: {describe_metrics(self.metrics)}>"

    @cached_property
    def model(self) -> Model:
        """The keras.Sequential of the run, for whom TensorFlow is imported."""
        from nnrun.training.serving import build_serving_model

        return build_serving_model(self._trained)

    @property
    def history(self) -> pl.DataFrame:
        """A row for each epoch, with its loss and metrics.

        Raises:
            RunError: history.csv was altered.
        """
        frame = pl.DataFrame(read_history(Run(self.path).history))
        return frame.cast({"epoch": pl.Int64})

    def predict(
        self, data: object, *, keep: Sequence[str] = (), threshold: float | str | None = None
    ) -> pl.DataFrame:
        """Return a row of predictions for each row of a table, and warn of unseen categories.

        Args:
            data: A path, or a frame of polars or pandas. Columns are found by name.
            keep: Columns to copy before those of predictions. Those of a CSV are text.
            threshold: Of two labels, the probability from which the positive one is predicted; or
                `f1`, `balanced_accuracy` or `cost=FP:FN` for the best on the rows held out.
                Defaults to 0.5.

        Raises:
            TableError: The table is wrong, or does not fit the run; it has every mistake.
            InputError: The data is no table, or the threshold is not for this run.
        """
        from nnrun.results.threshold_choice import threshold_for

        reader = self._read(data, target=False, owed=True)
        bound = threshold_for(self.path, self._trained, threshold).value
        predictions = pl.concat(list(self._trained.predictions(reader, keep, bound)))
        _warn(reader.notes(), CALLER)
        return predictions

    def evaluate(
        self, data: object = None, *, threshold: float | str | None = None
    ) -> dict[str, Any]:
        """Return what `evaluate --json` prints, with the metrics beside the number of `rows`.

        Args:
            data: A path, or a frame of polars or pandas, with the target. Defaults to the rows
                that the run held out: those of validation, then those of the test table.
            threshold: Of two labels, as for `predict`.

        Returns:
            `rows`, the loss and the metrics; `baseline`, `linear`, `interval` and `verdict`, where
            the run held rows out; of rows held out also their `part`, and `parts`.

        Raises:
            TableError: The table is wrong, or does not fit the run; it has every mistake.
            RunError: There are no rows held out, or their table is gone or is another.
        """
        from nnrun.results.evaluated_rows import evaluate_rows, summarize
        from nnrun.results.threshold_choice import threshold_for

        readers = self._readers(data)
        bound = threshold_for(self.path, self._trained, threshold).value
        evaluated = {
            part: evaluate_rows(self._trained, reader, self.path, bound)
            for part, reader in readers.items()
        }
        notes = [note for reader in readers.values() for note in reader.notes()]
        _warn([*self._trained.notes(), *notes], CALLER)
        summary = summarize(evaluated)
        metrics = summary.pop("metrics")
        return {**summary, **metrics}

    def importance(
        self, data: object = None, *, repeats: int = 5, seed: int = 0, rows: int = 5_000
    ) -> dict[str, Any]:
        """Return what `importance --json` prints: how much the loss grows by each column.

        Args:
            data: A path, or a frame of polars or pandas, with the target. Defaults to the rows
                that the run held out: those of the test table, else those of validation.
            repeats: How often each column is shuffled.
            seed: Draws the rows, and shuffles them.
            rows: How many rows are shuffled at most; of more, these many are drawn evenly.

        Returns:
            `importance`, which has `mean` and `sd` of each column, the most important first; the
            name of the `loss`, `rows`, `repeats` and the groups of columns that are `correlated`.

        Raises:
            TableError: The table is wrong, or does not fit the run; it has every mistake.
            RunError: There are no rows held out, or their table is gone or is another.
        """
        from nnrun.results.run_importance import run_importance

        part, reader = list(self._readers(data).items())[-1]
        found = run_importance(self._trained, reader, repeats=repeats, seed=seed, most_rows=rows)
        _warn(reader.notes(), CALLER)
        return found.as_json(part)

    def _readers(self, data: object) -> Readers:
        """Return the rows of a table with the target, or those held out, by their parts."""
        from nnrun.results.held_out import held_out_rows

        if data is None:
            return held_out_rows(Run(self.path), self._trained)
        return {"": self._read(data, target=True)}

    def _read(self, data: object, *, target: bool, owed: bool = False) -> EncodedReader:
        name = str(data) if isinstance(data, str | Path) else "the frame"
        table = self._trained.open(_source(data), name)
        return self._trained.reader(table, target=target, owed=owed)


def load(path: str | Path) -> FinishedRun:
    """Return the run in a directory, which may come from strangers.

    Raises:
        RunError: There is no run, it has no model, or its files were altered.
    """
    return FinishedRun(path)


def train(
    config: str | Path,
    output: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    overwrite: bool = False,
    engine: Literal["compiled", "keras"] = "compiled",
    quiet: bool = False,
) -> FinishedRun:
    """Train a config as `nnrun train` does, and return the run.

    Progress goes to stderr, and what the checks warn of to `warnings`. The seeds of Python, NumPy
    and TensorFlow are set.

    Args:
        config: The path of the YAML file.
        output: The run directory. Defaults to the next free one in runs.
        overrides: What --set takes, as in ["epochs=50"].
        overwrite: Whether to replace a run that stands there.
        engine: nnrun's compiled epoch, or Keras's own `fit` on the same batches.
        quiet: Whether to show neither progress nor warnings.

    Raises:
        ConfigError: The config is wrong. Like the next two, it has a list of `problems`.
        TableError: A table is wrong.
        RunError: Something stands where the run is to be written.
        TrainingError: The loss is not finite.
        Interrupted: A signal stopped it.
        ExpectationError: The run is saved, and does not meet `expect`.
    """
    if not isinstance(config, str | Path) or isinstance(overrides, str | dict):
        rule = 'a config is a path, and overrides a list as in ["epochs=50"]'
        raise InputError(f"{rule}; received {received(config)}")
    from nnrun.cli.progress import progress
    from nnrun.reporting.pictures.saved_curves import save_curves
    from nnrun.results.judged_run import judge_run
    from nnrun.training import trainer
    from nnrun.training.expectations import check_expectations

    path = Path(output) if output else None
    cache = (path.parent if path else RUNS) / CACHE
    warn = None if quiet else _warn_of_finding
    dataset = load_checked(load_config(Path(config), tuple(overrides)), cache, warn)
    with progress(dataset.config.epochs, quiet=quiet) as callbacks:
        result = trainer.train(
            dataset,
            stem=Path(config).stem,
            path=path,
            engine=engine,
            overwrite=overwrite,
            callbacks=callbacks,
        )
    not_drawn = save_curves(result.run)
    if not_drawn:
        _warn([not_drawn], CALLER)
    verdict = judge_run(result.run, dataset)
    if verdict and verdict.verdict != "better" and not quiet:
        _warn([f"{verdict.part}: {verdict.sentence}"], CALLER)
    check_expectations(dataset.config, result.metrics, verdict)
    return FinishedRun(result.run.path)


def check(config: str | Path, *, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `nnrun check --json` prints.

    Raises:
        ConfigError: The config is wrong; it has every mistake.
        TableError: A table is wrong; it has every mistake.
    """
    loaded = load_config(Path(config), tuple(overrides))
    return summarize_dataset(load_checked(loaded, RUNS / CACHE, has_matrices=False))


def _warn_of_finding(finding: str) -> None:
    _warn([finding], CALLER_OF_TRAIN)


def _warn(lines: Sequence[str], level: int) -> None:
    """Warn of each line, in the name of the function that is so many frames up."""
    for line in lines:
        warnings.warn(line.removeprefix("warning: "), stacklevel=level)


def _source(data: object) -> Path | bytes:
    """Return what a table is read from: its path, or the bytes of a frame."""
    if isinstance(data, str | Path):
        return Path(data)
    if hasattr(data, "write_parquet"):  # of polars; Parquet keeps the types
        file = BytesIO()
        data.write_parquet(file)
        return file.getvalue()
    if hasattr(data, "to_csv"):  # of pandas, which needs pyarrow for Parquet
        return str(data.to_csv(index=False)).encode()
    kinds = "a table is a path, or a frame of polars or pandas"
    raise InputError(f"{kinds}; received {received(data)}")

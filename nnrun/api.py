"""From Python: what the commands do, as functions for notebooks and programs; `import nnrun` alone loads none of it."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nnrun.checks.loading import load_checked
from nnrun.config.loading import load_config
from nnrun.errors import InputError, NnrunError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.files import read_small
from nnrun.reporting.json import summarize_dataset
from nnrun.reporting.text import describe_metrics
from nnrun.runs.directory import Run
from nnrun.wording import received

__all__ = ["FinishedRun", "NnrunError", "check", "load", "train"]


class FinishedRun:
    """A finished run, to predict with; `path` may come from strangers. Raises a RunError where there is none.

    `path` is the run directory; `metrics` are those of the epoch whose weights were kept; `model` is the
    keras.Sequential, from float32 (rows, inputs) to probabilities, or to numbers in the target's units.
    """

    def __init__(self, path: str | Path) -> None:
        from nnrun.results.trained_run import load_run

        self.path, self._trained = Path(path).absolute(), load_run(Path(path))
        self.metrics, self.model = Run(self.path).read_metrics(), self._trained.serving

    def __repr__(self) -> str:
        return f"<nnrun run {self.path}: {describe_metrics(self.metrics)}>"

    @property
    def history(self) -> pl.DataFrame:
        """What history.csv holds: a row per epoch with its loss and metrics."""
        return pl.read_csv(read_small(Run(self.path).history))

    def predict(
        self, data: Any, *, keep: Sequence[str] = (), threshold: float | None = None
    ) -> pl.DataFrame:
        """Return a row of predictions for each row of `data`, after its columns `keep`, which of a CSV are text.

        `data` is a path, or a frame of polars or pandas; columns are found by name.
        Of two labels, the positive one is predicted from the probability `threshold` on, by default 0.5.
        Warns of categories that training never saw. Raises a TableError with every mistake.
        """
        reading = self._read(data, target=False, owed=True)
        predictions = pl.concat(list(self._trained.predictions(reading, keep, threshold)))
        _warn(*reading.notes(), level=3)
        return predictions

    def evaluate(self, data: Any) -> dict[str, Any]:
        """Return `rows`, their number, loss and metrics on `data`, as in `predict` and with the target."""
        reading = self._read(data, target=True)
        rows, metrics = self._trained.evaluate(reading)
        _warn(*reading.notes(), level=3)
        return {"rows": rows, **metrics}

    def _read(self, data: Any, **options: bool) -> EncodedReader:
        table = self._trained.open(
            _source(data), str(data) if isinstance(data, str | Path) else "the frame"
        )
        return EncodedReader(self._trained.encoder, table, **options)


load = FinishedRun


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

    `output` is the run directory, by default the next free one in runs. `overrides` are what --set takes, as in
    ["epochs=50"]. Progress goes to stderr, what lint warns of to `warnings`; `quiet` silences both. It sets the seeds
    of Python, NumPy and TensorFlow.

    Raises NnrunErrors: a ConfigError, TableError or RunError (all have a list of `problems`), a TrainingError where
    the loss is not finite, Interrupted, and once the run is saved an ExpectationError where it falls short.
    """
    from nnrun.cli.progress import progress
    from nnrun.training import trainer as training

    if not isinstance(config, str | Path) or isinstance(overrides, str | dict):
        raise InputError(
            f'a config is a path, and overrides a list as in ["epochs=50"]; received {received(config)}'
        )
    path, stem = Path(output) if output else None, Path(config).stem
    cache = (path.parent if path else Path("runs")) / ".cache"
    dataset = load_checked(
        load_config(Path(config), tuple(overrides)), cache, None if quiet else _warn
    )
    with progress(dataset.config.epochs, quiet=quiet) as callbacks:
        result = training.train(
            dataset, stem=stem, path=path, engine=engine, overwrite=overwrite, callbacks=callbacks
        )
    training.check_expectations(dataset.config, result.metrics)
    return FinishedRun(result.run.path)


def check(config: str | Path, *, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `nnrun check --json` prints; raise a ConfigError or a TableError with every mistake."""
    return summarize_dataset(
        load_checked(load_config(Path(config), tuple(overrides)), Path("runs", ".cache"))
    )


def _warn(*lines: str, level: int = 4) -> None:
    for line in lines:
        warnings.warn(line.removeprefix("warning: "), stacklevel=level)


def _source(data: Any) -> Path | bytes:
    if isinstance(data, str | Path):
        return Path(data)
    if hasattr(data, "write_parquet"):  # of polars: it keeps types
        data.write_parquet(file := BytesIO())
        return file.getvalue()
    if hasattr(data, "to_csv"):  # of pandas, which needs pyarrow for Parquet
        return bytes(data.to_csv(index=False).encode())
    raise InputError(
        f"a table is a path, or a frame of polars or pandas; received {received(data)}"
    )

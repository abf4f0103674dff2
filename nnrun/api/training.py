"""Training for a program: progress on stderr or in the notebook, warnings of Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nnrun.api.warning import warn
from nnrun.checks.loading import load_checked
from nnrun.features.cache_folder import CACHE

if TYPE_CHECKING:
    from nnrun.config.schema import Config
    from nnrun.features.dataset import Dataset
    from nnrun.runs.directory import Run
    from nnrun.runs.warm_start import WarmStart
    from nnrun.training.finish import Result

Engine = Literal["compiled", "keras"]
Distribute = Literal["auto", "none", "mirrored"]


def train(
    config: Config,
    *,
    stem: str,
    path: Path | None,
    engine: Engine,
    overwrite: bool,
    distribute: Distribute,
    quiet: bool,
    from_run: Path | None = None,
) -> Run:
    """Train a config into a run directory, and return that.

    Args:
        config: The config.
        stem: The name of the run under `runs`, where no path is given.
        path: The run directory.
        engine: nnrun's compiled epochs, or Keras's own `fit` on the same batches.
        overwrite: Whether a run that stands there is replaced.
        distribute: The devices that train together.
        quiet: Whether neither progress nor warnings are shown.
        from_run: The run whose weights the training starts with; by default they are drawn.

    Raises:
        NnrunError: As `nnrun.train` does.
    """
    from nnrun.cli.progress import progress
    from nnrun.training import trainer

    folder = path.parent if path else Path("runs")
    dataset, start = _load(config, from_run, folder, quiet=quiet)
    with progress(config.total_epochs, quiet=quiet) as callbacks:
        result = trainer.train(
            dataset,
            stem=stem,
            path=path,
            engine=engine,
            overwrite=overwrite,
            callbacks=callbacks,
            distribute=distribute,
            start=start,
        )
    _finish(result, dataset, quiet=quiet)
    return result.run


def resume(
    path: Path,
    *,
    epochs: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Go on with a run from its last checkpoint.

    Args:
        path: The run directory.
        epochs: How many epochs there are to be; by default as many as the run was to have.
        force: Whether other versions than those of the run may go on with it.
        quiet: Whether neither progress nor warnings are shown.

    Raises:
        NnrunError: As `nnrun.Run.resume` does.
    """
    from nnrun.cli.progress import progress
    from nnrun.training import trainer
    from nnrun.training.resume import reopen

    with reopen(path, epochs=epochs, force=force) as (run, dataset):
        with progress(dataset.config.total_epochs, quiet=quiet) as callbacks:
            result = trainer.resume(run, dataset, callbacks)
        _finish(result, dataset, quiet=quiet)


def _load(
    config: Config,
    from_run: Path | None,
    folder: Path,
    *,
    quiet: bool,
) -> tuple[Dataset, WarmStart | None]:
    """Return the dataset of a config, and the run whose weights its training starts with."""
    warn_of = None if quiet else _warn_of_finding
    if from_run is None:
        return load_checked(config, folder / CACHE, warn_of), None
    from nnrun.workflows.warm_start import load_warm

    return load_warm(config, from_run, folder, warn_of)


def _finish(result: Result, dataset: Dataset, *, quiet: bool) -> None:
    """Draw the curves, judge the run on the rows held out, and check what is expected of it."""
    from nnrun.reporting.pictures.saved_curves import save_curves
    from nnrun.results.judged_run import judge_run
    from nnrun.training.expectations import check_expectations

    not_drawn = save_curves(result.run)
    if not_drawn:
        warn([not_drawn])
    verdict = judge_run(result.run, dataset)
    if verdict and verdict.verdict != "better" and not quiet:
        warn([f"{verdict.part}: {verdict.sentence}"])
    check_expectations(dataset.config, result.metrics, verdict)


def _warn_of_finding(finding: str) -> None:
    """Warn of a finding of the checks, as a warning of Python."""
    warn([finding])

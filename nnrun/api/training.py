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
    """Train a config into a run directory, and return that."""
    from nnrun.cli.progress import progress
    from nnrun.training import trainer

    warn_of = None if quiet else _warn_of_finding
    folder = path.parent if path else Path("runs")
    start = None
    if from_run is None:
        dataset = load_checked(config, folder / CACHE, warn_of)
    else:
        from nnrun.workflows.warm_start import load_warm

        dataset, start = load_warm(config, from_run, folder, warn_of)
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


def resume(path: Path, *, epochs: int | None, force: bool, quiet: bool) -> None:
    """Go on with a run from its last checkpoint."""
    from nnrun.cli.progress import progress
    from nnrun.training import trainer
    from nnrun.training.resume import reopen

    with reopen(path, epochs=epochs, force=force) as (run, dataset):
        with progress(dataset.config.total_epochs, quiet=quiet) as callbacks:
            result = trainer.resume(run, dataset, callbacks)
        _finish(result, dataset, quiet=quiet)


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
    warn([finding])

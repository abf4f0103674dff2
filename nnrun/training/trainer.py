"""Training: a dataset fitted, epoch by epoch, into a run directory."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from nnrun.config.schema import Config
from nnrun.errors import ConfigError, Interrupted
from nnrun.features.dataset import Dataset
from nnrun.features.encoding_size import TOO_LONG, encoding_text, is_too_long
from nnrun.files import to_json, write_texts
from nnrun.runs.directory import Run, create_run
from nnrun.runs.warm_start import WarmStart, needed_warm_start
from nnrun.training.advice import how_to_resume
from nnrun.training.agreement import check_agreement
from nnrun.training.backend import keras
from nnrun.training.build_model import make
from nnrun.training.checkpoint import CheckpointCallback
from nnrun.training.distributed.cluster import Distribute
from nnrun.training.distributed.team import Team, join
from nnrun.training.ensemble import fit_ensemble
from nnrun.training.facts import facts_of
from nnrun.training.finish import Result, finish, save_stopped
from nnrun.training.fit import fit_compiled
from nnrun.training.job import Job, prepare
from nnrun.training.keras_fit import fit_keras
from nnrun.training.keras_types import KerasObject
from nnrun.training.outcome import recorded_outcome, translated_errors
from nnrun.training.refit import check_refit, refit

Engine = Literal["compiled", "keras"]
Callbacks = Sequence[KerasObject]
"""Keras callbacks that follow nnrun's own, as those that show progress."""

Fit = Callable[..., None]


def train(
    dataset: Dataset,
    *,
    stem: str,
    path: Path | None = None,
    engine: Engine = "compiled",
    overwrite: bool = False,
    callbacks: Callbacks = (),
    distribute: Distribute = "none",
    start: WarmStart | None = None,
) -> Result:
    """Train the dataset's config into a new run directory.

    Args:
        dataset: The checked dataset.
        stem: The name of the run under `runs`, where no path is given.
        path: The run directory.
        engine: nnrun's compiled epochs, or Keras's own `fit` on the same batches.
        overwrite: Whether a run that stands there is replaced.
        callbacks: Keras callbacks that follow nnrun's own.
        distribute: The devices or workers that train together.
        start: The run whose weights the training starts with; by default they are drawn.

    Returns:
        The facts of the run, with the metrics of the kept epoch.

    Raises:
        ConfigError: The network cannot be trained so.
        RunError: The directory is taken.
        TrainingError: The loss is not finite.
        Interrupted: A signal stopped the training.
        NnrunError: Another worker is lost, or a file cannot be written.
    """
    team = join(distribute)
    if team.count > 1 and engine == "keras":
        raise ConfigError(
            "--engine keras trains on one device; leave it out, or give --distribute none"
        )
    job = prepare(dataset, team, start)
    check_refit(job)
    encoding = _encoding(job.dataset)
    fit = fit_compiled if engine == "compiled" else fit_keras
    with _own_path(path, team) as own_path, create_run(own_path, stem, overwrite=overwrite) as run:
        info = {
            "status": "running",
            **facts_of(job),
            "engine": engine,
        }
        texts = {
            run.config: job.config.to_yaml(),
            run.encoding: encoding,
            run.info: to_json(info),
        }
        write_texts(texts)
        return _fit_all(run, job, fit, callbacks)


def resume(
    run: Run,
    dataset: Dataset,
    callbacks: Callbacks = (),
    *,
    distribute: Distribute = "none",
) -> Result:
    """Train a run that was reopened from its checkpoint on, as if it had never stopped.

    Args:
        run: The run directory.
        dataset: The dataset that it was trained on, read again.
        callbacks: Keras callbacks that follow nnrun's own.
        distribute: The devices or workers that train together.

    Returns:
        The facts of the run, whose epochs are those before and after.

    Raises:
        NnrunError: As `train` does.
    """
    team = join(distribute)
    start = needed_warm_start(run, dataset.config)
    job = prepare(dataset, team, start)
    check_refit(job)
    if team.is_chief:
        return _fit_all(run, job, fit_compiled, callbacks)
    with TemporaryDirectory(prefix="nnrun-") as folder:
        own_run = run.elsewhere(Path(folder))
        return _fit(own_run, job, fit_compiled, callbacks)


@contextmanager
def _own_path(path: Path | None, team: Team) -> Iterator[Path | None]:
    """Yield the run directory of this process: the chief's is the real one."""
    if team.is_chief:
        yield path
        return
    with TemporaryDirectory(prefix="nnrun-") as folder:
        yield Path(folder, "run")


def _encoding(dataset: Dataset) -> str:
    """Return the text of encoding.json, or raise a ConfigError where nobody could read it again."""
    encoding = encoding_text(dataset.encoder)
    if is_too_long(encoding):
        place = dataset.config.where("data")
        raise ConfigError(f"{place}: {TOO_LONG}")
    return encoding


def _fit_all(
    run: Run,
    job: Job,
    fit: Fit,
    callbacks: Callbacks,
) -> Result:
    """Fit a job, or each member of its ensemble, into its run directory, and refit it."""

    def fit_member(member: Run, member_job: Job, *further: KerasObject) -> Result:
        return _fit(member, member_job, fit, [*further, *callbacks], whole=run)

    if job.config.ensemble == 1:
        result = _fit(run, job, fit, callbacks)
    else:
        result = fit_ensemble(run, job, fit_member)
    if job.config.refit:
        refit(run, job, result, fit_member)
    return result


def _fit(
    run: Run,
    job: Job,
    fit: Fit,
    callbacks: Callbacks,
    *,
    whole: Run | None = None,
) -> Result:
    """Fit a job into its run directory, from the checkpoint on where there is one.

    Args:
        run: The run directory.
        job: The job.
        fit: The engine.
        callbacks: Keras callbacks that follow nnrun's own.
        whole: The run that goes on where this one is stopped, by default itself.
    """
    config_callbacks = _callbacks_of(job.config, run)
    checkpoint = CheckpointCallback(
        run,
        job.config,
        job.model,
        config_callbacks,
        job.team,
    )
    checkpoint.advice = how_to_resume(whole or run, job.team)
    if run.checkpoint.exists():
        checkpoint.restore()
    else:
        checkpoint.history.discard()
    run.write_info(
        status="running",
        goal=job.config.epochs,
        patience=job.config.patience,
    )
    with (
        translated_errors(run, checkpoint),
        recorded_outcome(run, checkpoint),
        checkpoint.stop_request.watch(),
    ):
        if job.team.workers > 1:
            check_agreement(job, checkpoint.state, checkpoint.stop_request)
            job.team.copy_chief(job.model)
        all_callbacks = [*config_callbacks, checkpoint, *callbacks]
        try:
            fit(job, checkpoint.state, all_callbacks)
        except Interrupted:
            with checkpoint.stop_request.held():
                save_stopped(run, job, checkpoint)
            raise
        return finish(run, job, checkpoint)


def _callbacks_of(config: Config, run: Run) -> list[KerasObject]:
    """Return the Keras callbacks that the config names."""
    callbacks = []
    for spec in (config.early_stopping, config.reduce_lr_on_plateau):
        if spec:
            callbacks.append(make(keras.callbacks, spec))
    if config.tensorboard:
        folder = str(run.tensorboard)
        callbacks.append(keras.callbacks.TensorBoard(log_dir=folder))
    return callbacks

"""The end of a training: it is measured, and saved whole, or the directory stays as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnrun.config.architecture import weight_shapes
from nnrun.config.schema import Config
from nnrun.features.dataset import Part
from nnrun.files import atomic_paths, finite, sha256, to_json
from nnrun.runs.arrays import Array, write_arrays
from nnrun.runs.directory import Run
from nnrun.runs.history import Logs
from nnrun.runs.saved_model import BEFORE_REFIT, CHECKED
from nnrun.temporary_folder import temporary_files_in
from nnrun.training.backend import tf
from nnrun.training.batches import RowBlocks
from nnrun.training.build_model import network_weights, serving_model
from nnrun.training.callback_memory import find_kept_epoch
from nnrun.training.checkpoint import CheckpointCallback
from nnrun.training.distributed.team import Team
from nnrun.training.job import Job
from nnrun.training.keras_types import Model
from nnrun.training.zip_times import any_clock


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        run: Its run directory; where several workers trained together, the chief's alone lasts.
        is_chief: Whether this process wrote it.
        epochs: The number of epochs that were trained.
        best_epoch: The epoch, from 1, whose weights were kept.
        seconds: Seconds of fitting.
        metrics: The metrics of the kept epoch, and those of the test table.
    """

    run: Run
    is_chief: bool
    epochs: int
    best_epoch: int
    seconds: float
    metrics: Logs


@dataclass(frozen=True)
class TrainedNetwork:
    """What is saved of a training.

    Attributes:
        config: The config, with everything that was decided for it written down.
        model: The Keras model that predicts.
        weights: The weights of the config's layers, by the names of `weight_shapes`.
        before_refit: Those before the networks were trained again on all rows, or None.
        refit_epochs: For how many epochs each network was trained again.
    """

    config: Config
    model: Model
    weights: Mapping[str, Array]
    before_refit: Mapping[str, Array] | None = None
    refit_epochs: Sequence[int] = ()


def finish(run: Run, job: Job, checkpoint: CheckpointCallback) -> Result:
    """Measure a fitted job, and save it.

    Args:
        run: The run directory.
        job: The model with its config and dataset.
        checkpoint: The callback that kept its state.

    Returns:
        The facts of the run, with the metrics of the kept epoch.

    Raises:
        TrainingError: The weights are not finite.
    """
    if not checkpoint.has_finite_weights:
        raise checkpoint.diverged("weights are not finite")
    best_epoch = find_kept_epoch(checkpoint.callbacks, checkpoint.epochs)
    result = Result(
        run=run,
        is_chief=job.team.is_chief,
        epochs=checkpoint.epochs,
        best_epoch=best_epoch,
        seconds=checkpoint.state.seconds,
        metrics=final_metrics(job, checkpoint, best_epoch),
    )
    if result.is_chief:
        save_run(run, job, result)
    _wait_for_the_chief(job.team)
    return result


def save_stopped(run: Run, job: Job, checkpoint: CheckpointCallback) -> None:
    """Save the weights of the last checkpoint of a training that a signal stopped, as a model.

    The model of a training that finished stays, where this one was to train it for longer.

    Args:
        run: The run directory.
        job: The model with its config and dataset.
        checkpoint: The callback that kept its state.
    """
    info = run.read_info()
    has_finished_model = bool(info.checksums) and not info.stopped_at
    if not job.team.is_chief or has_finished_model or not checkpoint.has_finite_weights:
        return
    # With use_ema, those of a finished training are averaged too.
    job.model.optimizer.finalize_variable_values(job.model.trainable_variables)
    epochs = checkpoint.epochs
    metrics: Logs = {}
    if epochs:
        metrics = checkpoint.history.row(epochs)
    result = Result(
        run=run,
        is_chief=True,
        epochs=epochs,
        best_epoch=epochs,
        seconds=checkpoint.state.seconds,
        metrics=metrics,
    )
    save_run(run, job, result, stopped_at=checkpoint.epoch_begun)


def final_metrics(job: Job, checkpoint: CheckpointCallback, best_epoch: int) -> Logs:
    """Return the metrics of the kept epoch, and of the parts that only the end measures.

    Args:
        job: The model with its config and dataset.
        checkpoint: The callback that kept its state.
        best_epoch: The epoch whose weights are kept, from 1 on.
    """
    metrics = checkpoint.history.row(best_epoch)
    for prefix, part in _measured_at_the_end(job).items():
        logs = _measure(part, job, checkpoint, weighted=prefix == "")
        for name, value in logs.items():
            metrics[prefix + name] = value
    return metrics


def _measured_at_the_end(job: Job) -> dict[str, Part]:
    """Return the parts to measure, by the prefix of their metrics' names."""
    dataset = job.dataset
    parts = {}
    if dataset.test:
        parts["test_"] = dataset.test
    if not job.config.optimizer["use_ema"]:
        return parts
    # The epochs were measured with weights that are not averaged; those at the end are.
    parts[""] = dataset.train
    if dataset.validation:
        parts["val_"] = dataset.validation
    return parts


def _measure(
    part: Part,
    job: Job,
    checkpoint: CheckpointCallback,
    *,
    weighted: bool,
) -> Logs:
    """Return the loss and the metrics over the rows of a part; a signal stops it."""
    arrays = job.dataset.arrays(part, weighted=weighted)
    rows = RowBlocks(arrays, job.config.batch_size, job.team)
    loop = job.epoch_loop(rows, training=False)
    return loop.run(rows.in_order(), lambda _: checkpoint.poll())


def save_run(
    run: Run,
    job: Job,
    result: Result,
    stopped_at: int = 0,
) -> None:
    """Write the model of a job with everything that speaks of it, or nothing.

    Args:
        run: The run directory.
        job: What was trained.
        result: Its epochs and metrics.
        stopped_at: The epoch, from 1, at which a signal stopped it; 0 where it finished.
    """
    names = weight_shapes(job.config, job.dataset.encoder.width)
    values = [weight.numpy() for weight in network_weights(job.model)]
    network = TrainedNetwork(
        config=job.config,
        model=serving_model(job.model, job.config),
        weights=dict(zip(names, values, strict=True)),
    )
    save_network(run, network, result, stopped_at)


def save_network(
    run: Run,
    network: TrainedNetwork,
    result: Result,
    stopped_at: int = 0,
) -> None:
    """Write a network with everything that speaks of it, or nothing; see `save_run`.

    Args:
        run: The run directory.
        network: The model, its config and its weights.
        result: What the training came to.
        stopped_at: The epoch at which a signal stopped it, or 0.
    """
    files = [run.config, run.model, run.weights, run.metrics, run.info]
    if network.before_refit is not None:
        files.insert(0, run.before_refit)  # whoever finds the new weights finds these too
    with atomic_paths(*files) as temporaries:
        temporary_paths = dict(zip(files, temporaries, strict=True))
        _write_network(run, network, temporary_paths)
        metrics = {"epoch": result.best_epoch, **finite(result.metrics)}
        temporary_paths[run.metrics].write_text(to_json(metrics), encoding="utf-8")
        checksums = {}
        sizes = {}
        for name in _checked(network):
            final_path = run.path / name
            path = temporary_paths.get(final_path, final_path)
            checksums[name] = sha256(path)
            sizes[name] = path.stat().st_size
        # So that the former model or this one serves, wherever a kill comes.
        run.write_info(saving=checksums, saving_sizes=sizes)
        info = _saved_info(
            run,
            network,
            result,
            stopped_at,
            checksums=checksums,
            sizes=sizes,
        )
        temporary_paths[run.info].write_text(info, encoding="utf-8")
    if network.before_refit is None:
        run.before_refit.unlink(missing_ok=True)  # of the refit that a longer training replaces


def _write_network(run: Run, network: TrainedNetwork, temporary_paths: Mapping[Path, Path]) -> None:
    """Write config, model and weights to the temporary paths of their files."""
    temporary_paths[run.config].write_text(network.config.to_yaml(), encoding="utf-8", newline="\n")
    with any_clock(), temporary_files_in(run.path):
        network.model.save(temporary_paths[run.model])
    write_arrays(temporary_paths[run.weights], network.weights)
    if network.before_refit is not None:
        write_arrays(temporary_paths[run.before_refit], network.before_refit)


def _checked(network: TrainedNetwork) -> list[str]:
    """Return the names of the files whose sizes and checksums run.json gets."""
    names = list(CHECKED)
    if network.before_refit is not None:
        names.append(BEFORE_REFIT)
    return names


def _saved_info(
    run: Run,
    network: TrainedNetwork,
    result: Result,
    stopped_at: int,
    **checks: object,
) -> str:
    """Return run.json as it is once all files have their names."""
    return run.changed_info(
        status=_status(network, stopped_at),
        stopped_at=stopped_at,
        saving={},
        saving_sizes={},
        epochs=result.epochs,
        best_epoch=result.best_epoch,
        seconds=round(result.seconds, 3),
        **checks,
        config=network.config.model_dump(mode="json"),
        refit_epochs=list(network.refit_epochs),
    )


def _status(network: TrainedNetwork, stopped_at: int) -> str:
    """Return the status of a run whose network is saved: with a refit there is more to come."""
    if stopped_at:
        return "interrupted"
    is_refitted = network.before_refit is not None
    return "running" if network.config.refit and not is_refitted else "finished"


def _wait_for_the_chief(team: Team) -> None:
    """Wait until every worker is here, the chief once the run is saved.

    A worker that ended before that could not go on with the others, were the save to fail.
    """
    try:
        team.gather(0)
    except tf.errors.OpError:
        if not team.is_chief:
            raise

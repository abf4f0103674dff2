"""An ensemble: networks that differ by their seeds, trained in turn on the same rows and averaged.

Each member is a run of its own in the folder `members`, the very run that its seed alone would
give. Once all are finished, the run is made of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nnrun.config.architecture import member_prefix
from nnrun.config.schema import Config
from nnrun.errors import ConfigError, Interrupted, RunError, TrainingError
from nnrun.features.dataset import Part
from nnrun.features.encoding_size import encoding_text
from nnrun.files import atomic_path, remove_temporaries, to_json, write_texts
from nnrun.results.ensemble import make_any_network
from nnrun.results.evaluation import Evaluation
from nnrun.results.simpler_models import row_blocks
from nnrun.results.trained_run import TrainedRun
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.runs.history import MEMBER, Logs, append_history, read_history
from nnrun.training.advice import how_to_resume
from nnrun.training.facts import facts_of
from nnrun.training.finish import Result, TrainedNetwork, save_network
from nnrun.training.job import Job, prepare
from nnrun.training.serving import build_serving_model

if TYPE_CHECKING:
    from nnrun.results.ensemble import AnyNetwork

FitMember = Callable[[Run, Job], Result]
"""Fits a job into a run directory, from the checkpoint on where there is one."""


def fit_ensemble(run: Run, job: Job, fit: FitMember) -> Result:
    """Train the members that are not finished, and save the mean of all.

    Args:
        run: The run directory, which is that of the ensemble.
        job: What is trained; its config says how many members there are.
        fit: What trains a member.

    Returns:
        The facts of the ensemble, whose metrics are those of the mean of its members.

    Raises:
        ConfigError: Several devices or workers would train it.
        RunError: A member was altered.
        Interrupted: A signal stopped the training of a member.
        TrainingError: The loss of a member is not finite.
    """
    config = job.config
    if job.team.count > 1:
        place = config.where("ensemble")
        rule = "members are trained on one device"
        raise ConfigError(f"{place}: {rule}; leave it out, or say --distribute none")
    run.write_info(
        status="running",
        goal=config.epochs,
        patience=config.patience,
    )
    with _recorded_outcome(run, job):
        for number in range(1, config.ensemble + 1):
            _fit_member(run, job, number, fit)
        return _save_mean(run, job)


def _fit_member(
    run: Run,
    job: Job,
    number: int,
    fit: FitMember,
) -> None:
    """Train a member, counted from 1, unless it is finished."""
    config = job.config.member(number - 1)
    member = run.member(number)
    if _is_finished(member, config):
        return
    with _named_member(number, job.config.ensemble):
        member_job = _begin_member(member, job, config, number - 1)
        fit(member, member_job)


def _begin_member(
    member: Run,
    job: Job,
    config: Config,
    place: int,
) -> Job:
    """Return the job of a member, counted from 0, whose directory is ready for it."""
    member.path.mkdir(parents=True, exist_ok=True)
    remove_temporaries(member.path)
    dataset = replace(job.dataset, config=config)
    member_job = prepare(dataset, job.team, job.start, place)
    has_begun = member.checkpoint.exists() and member.info.exists()
    if not has_begun:
        member.checkpoint.unlink(missing_ok=True)
        _write_beginning(member, member_job)
    return member_job


def _write_beginning(member: Run, job: Job) -> None:
    """Write the files that the directory of a member has before its first epoch."""
    info = {"status": "running", **facts_of(job)}
    texts = {
        member.config: job.config.to_yaml(),
        member.encoding: encoding_text(job.dataset.encoder),
        member.info: to_json(info),
    }
    write_texts(texts)


def _is_finished(member: Run, config: Config) -> bool:
    """Return whether a member was trained to the end of the epochs that are wanted now."""
    if not member.info.exists():
        return False
    info = member.read_info()
    has_right_epochs = info.goal == config.epochs
    has_right_patience = info.patience == config.patience
    return info.status == "finished" and has_right_epochs and has_right_patience


def _save_mean(run: Run, job: Job) -> Result:
    """Save the mean of the members, with their histories one after the other."""
    config = job.config
    encoder = job.dataset.encoder
    members = []
    for number in range(1, config.ensemble + 1):
        members.append(run.member(number))
    weights = _weights_of_all(members, config)
    network = make_any_network(config, encoder, weights)
    trained = TrainedRun(config, encoder, weights, network, network)
    _write_history(run, members)
    infos = [member.read_info() for member in members]
    result = Result(
        run=run,
        is_chief=True,
        epochs=sum(info.epochs for info in infos),
        best_epoch=0,
        seconds=sum(info.seconds for info in infos),
        metrics=_measure_parts(job, network),
    )
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise TrainingError("weights are not finite")
    model = build_serving_model(trained)
    saved = TrainedNetwork(config, model, weights)
    save_network(run, saved, result)
    return result


def _weights_of_all(members: list[Run], config: Config) -> dict[str, Array]:
    """Return the weights of every member, by the names of `weight_shapes`."""
    weights: dict[str, Array] = {}
    for number, member in enumerate(members):
        prefix = member_prefix(config, number)
        weights_of_member = _weights_of(member, config.member(number))
        for name, array in weights_of_member.items():
            weights[prefix + name] = array
    return weights


def _weights_of(member: Run, config: Config) -> dict[str, Array]:
    """Return the weights of a finished member, or raise a RunError where it is another's."""
    saved = member.read_model()
    if saved.config.model_dump() != config.model_dump():
        raise RunError(f"{member.config}: is not the config of this member; it was altered")
    return saved.read_weights()


def _measure_parts(job: Job, network: "AnyNetwork") -> Logs:
    """Return the loss and the metrics of the mean on every part, as `evaluate` gives them."""
    prefixes = {
        "train": "",
        "validation": "val_",
        "test": "test_",
    }
    metrics: Logs = {}
    for name, part in job.dataset.parts.items():
        prefix = prefixes[name]
        logs = _measure(job.config, network, part)
        for key, value in logs.items():
            metrics[prefix + key] = value
    return metrics


def _measure(config: Config, network: "AnyNetwork", part: Part) -> Logs:
    """Return the loss and the metrics of the mean of the members on the rows of a part."""
    evaluation = Evaluation(config, network)
    start = 0
    for x, y in row_blocks(part):
        end = start + len(x)
        weights = None
        if part.weights is not None:
            weights = part.weights[start:end].astype(np.float64)
        outputs = network.outputs(x)
        evaluation.add(x, y, outputs, weights)
        start = end
    return evaluation.result()


def _write_history(run: Run, members: list[Run]) -> None:
    """Write the histories of the members one after the other, with a column for the member."""
    rows: list[Logs] = []
    for number, member in enumerate(members, 1):
        history = read_history(member.history)
        del history["epoch"]  # the rows of all members are counted anew
        columns = [column.tolist() for column in history.values()]
        for values in zip(*columns, strict=True):
            row = dict(zip(history, values, strict=True))
            rows.append({MEMBER: number, **row})
    with atomic_path(run.history) as temporary:
        append_history(temporary, rows, 0)


@contextmanager
def _named_member(number: int, members: int) -> Iterator[None]:
    """Name the member where a signal stops it, or its loss is not finite."""
    try:
        yield
    except Interrupted as error:
        line = f"member {number} of {members}: {error}"
        raise Interrupted(line, error.exit_code - 128) from None
    except TrainingError as error:
        raise TrainingError(f"member {number} of {members}: {error}") from None


@contextmanager
def _recorded_outcome(run: Run, job: Job) -> Iterator[None]:
    """Write into run.json that the body was interrupted, or failed, where it was or did."""
    try:
        yield
    except KeyboardInterrupt:  # between two members
        _write_status(run, "interrupted")
        advice = how_to_resume(run, job.team)
        raise Interrupted(f"training stopped; {advice}") from None
    except BaseException as error:
        is_stopped = isinstance(error, Interrupted)
        _write_status(run, "interrupted" if is_stopped else "failed")
        raise


def _write_status(run: Run, status: str) -> None:
    with suppress(OSError):
        run.write_info(status=status)

"""Networks that are trained within a run: members of an ensemble, and those that are refitted.

Each is a run of its own in a folder of the run, with a checkpoint of its own, so that a training
that was stopped goes on with the network that it was at.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NamedTuple, Protocol

import numpy as np

from nnrun.config.architecture import member_prefix
from nnrun.config.schema import Config
from nnrun.errors import Interrupted, RunError, TrainingError
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.encoding_size import encoding_text
from nnrun.files import remove_temporaries, to_json, write_texts
from nnrun.results.ensemble import make_any_network
from nnrun.results.trained_run import TrainedRun
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.signals import handled_signals
from nnrun.training.advice import how_to_resume
from nnrun.training.facts import facts_of
from nnrun.training.finish import Result
from nnrun.training.job import Job, prepare
from nnrun.training.keras_types import KerasObject


class FitMember(Protocol):
    """Fits a job into a run directory, from the checkpoint on where there is one."""

    def __call__(self, run: Run, job: Job, /, *further: KerasObject) -> Result:
        """Fit a job into a run directory.

        Args:
            run: The run directory of the network.
            job: What is trained.
            *further: Keras callbacks that are called before those that show progress.
        """


class Member(NamedTuple):
    """A network within a run: its directory, and the config that it is trained with."""

    run: Run
    config: Config


def fit_member(
    member: Run,
    job: Job,
    dataset: Dataset,
    place: int,
    fit: FitMember,
    *further: KerasObject,
) -> None:
    """Train a network within a run, unless it is finished.

    Args:
        member: The run directory of the network.
        job: The job of the whole run.
        dataset: What the network is trained on, with its own config.
        place: The place of the network among the members of the ensemble, counted from 0.
        fit: What trains a network.
        *further: Keras callbacks of this network alone.
    """
    if not _is_finished(member, dataset.config):
        member_job = _begin_member(member, job, dataset, place)
        fit(member, member_job, *further)


def _is_finished(member: Run, config: Config) -> bool:
    """Return whether a network was trained to the end of the epochs that are wanted now."""
    if not member.info.exists():
        return False
    info = member.read_info()
    has_right_epochs = info.goal == config.epochs
    has_right_patience = info.patience == config.patience
    return info.status == "finished" and has_right_epochs and has_right_patience


def _begin_member(member: Run, job: Job, dataset: Dataset, place: int) -> Job:
    """Return the job of a network, whose run directory is ready for it."""
    member.path.mkdir(parents=True, exist_ok=True)
    remove_temporaries(member.path)
    member_job = prepare(dataset, job.team, job.start, place)
    has_begun = member.checkpoint.exists() and member.info.exists()
    if not has_begun:
        member.checkpoint.unlink(missing_ok=True)
        _write_beginning(member, member_job)
    return member_job


def _write_beginning(member: Run, job: Job) -> None:
    """Write the files that the directory of a network has before its first epoch."""
    info = {"status": "running", **facts_of(job)}
    texts = {
        member.config: job.config.to_yaml(),
        member.encoding: encoding_text(job.dataset.encoder),
        member.info: to_json(info),
    }
    write_texts(texts)


def mean_of_members(members: Sequence[Member], config: Config, encoder: Encoder) -> TrainedRun:
    """Return the run that finished networks make together: their mean, or the one there is.

    Args:
        members: The networks, in order.
        config: The config of the whole run.
        encoder: Its encoder.

    Raises:
        RunError: A network is another's; it was altered.
        TrainingError: A weight is not finite.
    """
    weights = _weights_of_all(members, config)
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise TrainingError("weights are not finite")
    network = make_any_network(config, encoder, weights)
    return TrainedRun(config, encoder, weights, network, network)


def _weights_of_all(members: Sequence[Member], config: Config) -> dict[str, Array]:
    """Return the weights of finished networks, by the names of `weight_shapes`."""
    weights: dict[str, Array] = {}
    for number, member in enumerate(members):
        prefix = member_prefix(config, number)
        for name, array in _weights_of(member).items():
            weights[prefix + name] = array
    return weights


def _weights_of(member: Member) -> dict[str, Array]:
    """Return the weights of a finished network, or raise a RunError where it is another's."""
    saved = member.run.read_model()
    if saved.config.model_dump() != member.config.model_dump():
        raise RunError(f"{member.run.config}: is not the config of this member; it was altered")
    return saved.read_weights()


@contextmanager
def named_member(name: str) -> Iterator[None]:
    """Name the network where a signal stops it, or its loss is not finite.

    Args:
        name: What messages call it, such as `member 2 of 3`.

    Raises:
        Interrupted: A signal stopped the body.
        TrainingError: The loss is not finite.
    """
    try:
        yield
    except Interrupted as error:
        raise Interrupted(f"{name}: {error}", error.exit_code - 128) from None
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from None


@contextmanager
def recorded_outcome_of_all(run: Run, job: Job) -> Iterator[None]:
    """Write into run.json that the body was interrupted, or failed, where it was or did.

    Args:
        run: The whole run.
        job: Its job.

    Raises:
        Interrupted: A signal came between two networks.
    """
    numbers = [int(signal.SIGINT)]

    def stop(number: int, _: FrameType | None) -> None:
        numbers.append(number)
        raise KeyboardInterrupt

    try:
        with handled_signals(stop):
            yield
    except KeyboardInterrupt:
        _write_status(run, "interrupted")
        advice = how_to_resume(run, job.team)
        raise Interrupted(f"training stopped; {advice}", numbers[-1]) from None
    except BaseException as error:
        is_stopped = isinstance(error, Interrupted)
        _write_status(run, "interrupted" if is_stopped else "failed")
        raise


def _write_status(run: Run, status: str) -> None:
    with suppress(OSError):
        run.write_info(status=status)

"""A refit: networks that are trained again on all rows, once the rows held out have judged them.

Each network is trained from the same seed, on the rows held out for validation too, for as many
epochs as were kept of it and at the same learning rates. The new networks predict. The former ones
stay for all that is measured on the rows held out, which the new ones know.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.dataset import Dataset, Part
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run
from nnrun.runs.history import read_history
from nnrun.training.backend import keras
from nnrun.training.finish import Result, TrainedNetwork, save_network
from nnrun.training.job import Job
from nnrun.training.keras_types import KerasObject
from nnrun.training.members import (
    FitMember,
    Member,
    fit_member,
    mean_of_members,
    named_member,
    recorded_outcome_of_all,
)
from nnrun.training.serving import build_serving_model

LEARNING_RATE = "learning_rate"  # the column of the history


def check_refit(job: Job) -> None:
    """Refuse a refit that cannot be trained, before anything is trained.

    Args:
        job: The job of the whole run.

    Raises:
        ConfigError: The rows are in files, or several devices or workers would train it.
    """
    config = job.config
    if not config.refit:
        return
    place = config.where("refit")
    if job.team.count > 1:
        raise ConfigError(
            f"{place}: networks are trained again on one device; leave it out, or say "
            "--distribute none"
        )
    if not config.data.in_memory:
        raise ConfigError(
            f"{place}: all rows must be in memory, and those of this table are in files; leave it "
            "out, or set data.in_memory: true"
        )


def refit(run: Run, job: Job, result: Result, fit: FitMember) -> None:
    """Train the networks of a run again on all rows, and save these.

    Args:
        run: The run directory, whose model is the one that was trained without the rows held out.
        job: The job of the run.
        result: What that training came to.
        fit: What trains a network.

    Raises:
        RunError: A network was altered.
        Interrupted: A signal stopped the training.
        TrainingError: The loss of a network is not finite.
    """
    rows = _all_rows(job.dataset)
    with recorded_outcome_of_all(run, job):
        members = [
            _refit_member(run, job, rows, number, fit) for number in range(job.config.ensemble)
        ]
        _save(run, job, result, members)


def _all_rows(dataset: Dataset) -> Part:
    """Return the rows to train on, and after them those held out of the same table."""
    train = dataset.train
    held_out = dataset.validation
    if held_out is None:  # as where the column of a split says `validation` of no row
        return train
    weights = None
    if train.weights is not None and held_out.weights is not None:
        weights = np.concatenate([train.weights, held_out.weights])
    return train._replace(
        x=np.concatenate([train.x, held_out.x]),
        y=np.concatenate([train.y, held_out.y]),
        weights=weights,
    )


def _refit_member(run: Run, job: Job, rows: Part, number: int, fit: FitMember) -> Member:
    """Train a network, counted from 0, again on all rows, and return it."""
    former = run if job.config.ensemble == 1 else run.member(number + 1)
    epochs = former.read_info().best_epoch
    config = _config_of(job, number, epochs)
    member = run.refit(number + 1)
    _remove_other_epochs(member, epochs)
    dataset = replace(job.dataset, config=config, train=rows, validation=None, test=None)
    callbacks = _callbacks(former, job.config, epochs)
    with named_member(f"refit {number + 1} of {job.config.ensemble}"):
        fit_member(member, job, dataset, number, fit, *callbacks)
    return Member(member, config)


def _config_of(job: Job, number: int, epochs: int) -> Config:
    """Return the config of a network, counted from 0, that is trained again for so many epochs."""
    config = job.config.member(number)
    data = config.data
    drop = list(data.drop)
    if data.split and data.split.name not in [*job.dataset.encoder.column_names, *drop]:
        drop.append(data.split.name)
    all_rows = data.model_copy(
        update={"validation_split": 0.0, "split": None, "test": None, "drop": drop}
    )
    update = {
        "data": all_rows,
        "epochs": epochs,
        "early_stopping": None,
        "reduce_lr_on_plateau": None,
        "tensorboard": False,
        "expect": {},
    }
    return config.model_copy(update=update)


def _remove_other_epochs(member: Run, epochs: int) -> None:
    """Remove a network that was trained again for another number of epochs than is kept now."""
    if member.info.exists() and member.read_info().goal != epochs:
        shutil.rmtree(member.path)


def _callbacks(former: Run, config: Config, epochs: int) -> list[KerasObject]:
    """Return the callback that sets the learning rate of each epoch, where a plateau lowers it."""
    if not config.reduce_lr_on_plateau:
        return []
    rates = read_history(former.history)[LEARNING_RATE][:epochs].tolist()
    return [keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch])]


def _save(run: Run, job: Job, result: Result, members: Sequence[Member]) -> None:
    """Save the networks that know all rows, beside the weights of those that do not."""
    trained = mean_of_members(members, job.config, job.dataset.encoder)
    saved = TrainedNetwork(
        config=job.config,
        model=build_serving_model(trained),
        weights=trained.weights,
        before_refit=load_run(run.path).before_refit().weights,
        refit_epochs=[member.config.epochs for member in members],
    )
    save_network(run, saved, result)

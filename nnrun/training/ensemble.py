"""An ensemble: networks that differ by their seeds, trained in turn on the same rows and averaged.

Each member is a run of its own in the folder `members`, the very run that its seed alone would
give. Once all are finished, the run is made of them.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.dataset import Part
from nnrun.files import atomic_path
from nnrun.results.evaluation import Evaluation
from nnrun.results.simpler_models import row_blocks
from nnrun.runs.directory import Run
from nnrun.runs.history import MEMBER, Logs, append_history, read_history
from nnrun.training.finish import Result, TrainedNetwork, save_network
from nnrun.training.job import Job
from nnrun.training.members import (
    FitMember,
    Member,
    fit_member,
    mean_of_members,
    named_member,
    recorded_outcome_of_all,
)
from nnrun.training.serving import build_serving_model

if TYPE_CHECKING:
    from nnrun.results.ensemble import AnyNetwork


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
    with recorded_outcome_of_all(run, job):
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
    dataset = replace(job.dataset, config=config)
    with named_member(f"member {number} of {job.config.ensemble}"):
        fit_member(run.member(number), job, dataset, number - 1, fit)


def _save_mean(run: Run, job: Job) -> Result:
    """Save the mean of the members, with their histories one after the other."""
    config = job.config
    members = [
        Member(run.member(number + 1), config.member(number)) for number in range(config.ensemble)
    ]
    trained = mean_of_members(members, config, job.dataset.encoder)
    _write_history(run, [member.run for member in members])
    infos = [member.run.read_info() for member in members]
    result = Result(
        run=run,
        is_chief=True,
        epochs=sum(info.epochs for info in infos),
        best_epoch=0,
        seconds=sum(info.seconds for info in infos),
        metrics=_measure_parts(job, trained.network),
    )
    model = build_serving_model(trained)
    saved = TrainedNetwork(config, model, trained.weights)
    save_network(run, saved, result)
    return result


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

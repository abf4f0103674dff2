"""Sentences that tell how a training goes on, or what to change."""

import shlex

from nnrun.config.schedules import first_learning_rate
from nnrun.config.schema import Config
from nnrun.errors import Interrupted, TrainingError
from nnrun.runs.directory import Run
from nnrun.runs.provenance import versions
from nnrun.training.distributed.team import Team


def how_to_resume(run: Run, team: Team) -> str:
    """Return the command that goes on with a run, as part of a sentence.

    Args:
        run: The run directory of this process, whose run.json is written.
        team: The workers that train together.
    """
    path = run.checkpoint.parent  # that of the chief, where a worker resumes
    place = "RUN, as the chief names it"
    if team.is_chief or path != run.path:
        place = shlex.quote(str(path))
    command = f"nnrun resume {place}"
    if run.read_info().versions != versions():
        command += " --force"
    if team.workers > 1:
        return f"go on, on every worker, with: {command}"
    return f"go on with: {command}"


def interrupted(
    epoch: int,
    config: Config,
    advice: str,
    signal_number: int,
) -> Interrupted:
    """Return the error of a training that a signal stopped at an epoch.

    Args:
        epoch: The epoch, from 1 on.
        config: The config of the run.
        advice: How to go on.
        signal_number: The signal.
    """
    text = f"training stopped at epoch {epoch} of {config.epochs}; {advice}"
    return Interrupted(text, signal_number)


def diverged(reason: str, done: int, config: Config) -> TrainingError:
    """Return the error of a training whose loss or weights are no longer finite.

    Args:
        reason: What is not finite.
        done: How many epochs had ended.
        config: The config of the run.
    """
    rate = first_learning_rate(config)
    remedies = []
    if config.optimizer["name"] != "Adam":
        remedies.append("optimizer: adam")
    remedies.append(f"a learning_rate smaller than {rate:g}")
    remedies.append("or clipnorm: 1 on the optimizer")
    if not config.data.normalize:
        remedies.append("or normalize: true")
    advice = ", ".join(remedies)
    return TrainingError(f"{reason} after epoch {done}; try {advice}")

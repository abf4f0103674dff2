"""Workers that train one model together train the same."""

import hashlib
import threading

import numpy as np

from nnrun.errors import ConfigError
from nnrun.features.dataset import PARTS
from nnrun.files import to_json
from nnrun.runs.provenance import versions
from nnrun.training.distributed.team import Integers, Team
from nnrun.training.job import Job
from nnrun.training.state import State
from nnrun.training.stop_request import StopRequest

LOOK = 0.1  # seconds between two looks at whether a signal came

DIGITS = 15
"""Hexadecimal digits of a hash that fit in the int64 that workers exchange."""


def check_agreement(job: Job, state: State, stop_request: StopRequest) -> None:
    """Check that all workers train the same from the same step on.

    Args:
        job: The model with its config and dataset.
        state: Where the training stands.
        stop_request: Tells whether a signal came.

    Raises:
        ConfigError: They do not.
        KeyboardInterrupt: A signal came while this worker waited for the others.
    """
    text = to_json(_decisive(job, state))
    digest = hashlib.sha256(text.encode()).hexdigest()
    number = int(digest[:DIGITS], 16)
    table = gather_unless_stopped(job.team, number, stop_request)
    numbers = table[:, 0]
    number_of_chief = numbers[0]
    differing_workers = np.flatnonzero(numbers != number_of_chief).tolist()
    if differing_workers:
        worker = differing_workers[0]
        raise ConfigError(
            f"worker {worker} does not train what the chief does: they differ in its config, "
            "its tables, whether they are in memory (data.in_memory), versions or the checkpoint"
        )


def gather_unless_stopped(team: Team, value: int, stop_request: StopRequest) -> Integers:
    """Return the values of every worker, unless a signal comes first.

    The others may read their tables for a long time yet. TensorFlow waits for them in a thread,
    since it heeds no signal.

    Args:
        team: The workers.
        value: The value of this one.
        stop_request: Tells whether a signal came.

    Returns:
        The values as int64 (workers, 1).

    Raises:
        KeyboardInterrupt: A signal came.
        tf.errors.OpError: Another worker is lost.
    """
    results: list[Integers] = []
    errors: list[Exception] = []

    def gather() -> None:
        try:
            results.append(team.gather(value))
        except Exception as error:
            errors.append(error)

    waiting = threading.Thread(target=gather, daemon=True)
    waiting.start()
    while waiting.is_alive():
        waiting.join(LOOK)
        if stop_request.signal:
            raise KeyboardInterrupt
    if errors:
        raise errors[0]
    return results[0]


def _decisive(job: Job, state: State) -> list[object]:
    """Return everything that the numbers of a training depend on, but where its tables lie."""
    dataset = job.dataset
    rows = {name: (part.rows, part.dropped) for name, part in dataset.parts.items()}
    settings = job.config.model_dump(mode="json", exclude={"checkpoint": True})
    for name in PARTS:
        del settings["data"][name]
    fingerprints = list(dataset.fingerprints.values())
    return [
        versions(),
        settings,
        rows,
        fingerprints,
        state.epoch,
        state.step,
    ]

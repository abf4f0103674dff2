"""Workers that train one model together train the same."""

import hashlib

import numpy as np

from nnrun.errors import ConfigError
from nnrun.features.dataset import PARTS
from nnrun.files import to_json
from nnrun.runs.provenance import versions
from nnrun.training.job import Job
from nnrun.training.state import State

DIGITS = 15
"""Hexadecimal digits of a hash that fit in the int64 that workers exchange."""


def check_agreement(job: Job, state: State) -> None:
    """Raise a ConfigError where the workers do not train the same from the same step on."""
    digest = hashlib.sha256(to_json(_decisive(job, state)).encode()).hexdigest()
    every = job.team.gather(int(digest[:DIGITS], 16))[:, 0]
    others = np.flatnonzero(every != every[0]).tolist()
    if others:
        raise ConfigError(
            f"worker {others[0]} does not train what the chief does: they differ in its config, "
            "its tables, whether they are in memory (data.in_memory), versions or the checkpoint"
        )


def _decisive(job: Job, state: State) -> list[object]:
    """Return everything that the numbers of a training depend on, but where its tables lie."""
    config = job.config
    rows = {name: (part.rows, part.dropped) for name, part in job.dataset.parts.items()}
    settings = config.model_dump(mode="json", exclude={"checkpoint": True})
    for name in PARTS:
        del settings["data"][name]
    fingerprints = list(job.dataset.fingerprints.values())
    return [versions(), settings, rows, fingerprints, state.epoch, state.step]

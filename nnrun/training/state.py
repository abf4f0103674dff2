"""How far a training is: plain values that checkpoint.npz holds as JSON."""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, Field

from nnrun.features.numbers import FLOAT32_MAX

Count = Annotated[int, Field(ge=0)]


def _fits_in_float32(best: float) -> float:
    if abs(best) > FLOAT32_MAX and np.isfinite(best):
        raise ValueError("is beyond what float32 holds")
    return best


class CallbackMemory(BaseModel, extra="forbid", strict=True, ser_json_inf_nan="constants"):
    """What EarlyStopping, which has weights too, or ReduceLROnPlateau remembers.

    Attributes:
        wait: How many epochs have passed without a better one.
        best: The best value of the monitored metric; None before the first epoch.
        best_epoch: The epoch of EarlyStopping that had it, from 0.
        stopped_epoch: The epoch, from 0, at which EarlyStopping ended the training.
        cooldown_counter: How many epochs ReduceLROnPlateau lets pass before it counts again.
    """

    wait: Count = 0
    best: Annotated[float, AfterValidator(_fits_in_float32)] | None = None
    best_epoch: Count = 0
    stopped_epoch: Count = 0
    cooldown_counter: Count = 0


class State(BaseModel, extra="forbid", strict=True):
    """How far a training is.

    Attributes:
        epoch: How many whole epochs are done.
        step: How many steps of the next epoch are done.
        seconds: Seconds of training, over all processes that took part one after the other.
        stopped: Whether EarlyStopping ended the training.
        has_best: Whether there are weights for EarlyStopping to restore.
        callbacks: What each callback remembers, in their order.
        format: 1 if the checkpoint holds the history, 2 if history.csv beside it does.
        history_size: The bytes of history.csv when the checkpoint was written.
        history_sha256: Their SHA-256.
    """

    epoch: Count = 0
    step: Count = 0
    seconds: Annotated[float, Field(ge=0, lt=1e12)] = 0.0
    stopped: bool = False
    has_best: bool = False
    callbacks: list[CallbackMemory] = []
    format: Literal[1, 2] = 1
    history_size: Count = 0
    history_sha256: str = ""

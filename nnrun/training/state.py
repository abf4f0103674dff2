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
    """The attributes of EarlyStopping, which has weights too, or of ReduceLROnPlateau."""

    wait: Count = 0
    best: Annotated[float, AfterValidator(_fits_in_float32)] | None = None
    best_epoch: Count = 0
    stopped_epoch: Count = 0
    cooldown_counter: Count = 0


class State(BaseModel, extra="forbid", strict=True):
    """The whole epochs that are done, the steps of the next one, and what callbacks remember."""

    epoch: Count = 0
    step: Count = 0
    seconds: Annotated[float, Field(ge=0, lt=1e12)] = 0.0
    """Seconds of training, over all processes that took part one after the other."""
    stopped: bool = False
    """Whether EarlyStopping ended the training."""
    has_best: bool = False
    """Whether there are weights for EarlyStopping to restore."""
    callbacks: list[CallbackMemory] = []
    format: Literal[1, 2] = 1
    """1: the checkpoint holds the history; 2: history.csv beside it does."""
    history_size: Count = 0
    """The bytes of history.csv when the checkpoint was written."""
    history_sha256: str = ""
    """Their SHA-256."""

"""How far a training is."""

from typing import Annotated

import numpy as np
from annotated_types import Ge, Lt
from pydantic import AfterValidator, BaseModel

from nnrun.features.numbers import FLOAT32_MAX

Count = Annotated[int, Ge(0)]


def _fits(best: float) -> float:
    if abs(best) > FLOAT32_MAX and np.isfinite(best):
        raise ValueError("is beyond what float32 holds")
    return best


class Memory(BaseModel, extra="forbid", strict=True, ser_json_inf_nan="constants"):
    """What EarlyStopping, which has weights too, or ReduceLROnPlateau remembers."""

    wait: Count = 0
    best: Annotated[float, AfterValidator(_fits)] | None = None
    best_epoch: Count = 0
    stopped_epoch: Count = 0
    cooldown_counter: Count = 0


class State(BaseModel, extra="forbid", strict=True):
    """How far a run is: whole epochs, steps of the next, seconds of training; what each callback remembers."""

    epoch: Count = 0
    step: Count = 0
    seconds: Annotated[float, Ge(0), Lt(1e12)] = 0.0
    stopped: bool = False  # by EarlyStopping
    has_best: bool = False  # weights to restore
    callbacks: list[Memory] = []

"""What run.json says."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel


class RunInfo(BaseModel, allow_inf_nan=False):
    """What run.json says."""

    status: str
    started: str = ""
    nnrun: str = ""
    epochs: int = 0
    best_epoch: int = 0
    goal: Annotated[int, Ge(0), Le(10**9)] = 0  # how many epochs resume goes on to
    seconds: float = 0.0  # of training
    seed: int = 0
    engine: Literal["compiled", "keras"] = "compiled"
    jit_compile: bool = False
    replicas: int = 1  # that shared each batch
    config: dict[str, Any] = {}  # as it was when the run started
    data: dict[str, dict[str, str | int]] = {}
    versions: dict[str, str] = {}
    threads: int = 0
    environment: dict[str, str] = {}
    checksums: dict[str, str] = {}  # of a finished model
    saving: dict[str, str] = {}  # of the next one, while its files are renamed one by one

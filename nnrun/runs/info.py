"""The facts that run.json holds."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from nnrun.config.schema import MOST_MEMBERS


class StartedFrom(BaseModel):
    """The run whose weights a training started with."""

    path: str
    """Its directory, absolute."""

    weights: str
    """The SHA-256 of its weights.npz."""

    encoding: str
    """The SHA-256 of the encoding.json that was made of its own."""


class RunInfo(BaseModel, allow_inf_nan=False):
    """The facts of a run: how far it is, and all that its numbers depend on."""

    status: str
    """`running`, `finished`, `interrupted` or `failed`, when it was last written."""

    started: str = ""
    """The time in UTC, as ISO 8601 has it."""

    nnrun: str = ""
    """The version that began it."""

    epochs: int = 0
    """How many epochs have ended."""

    best_epoch: int = 0
    """The epoch whose weights were kept, from 1."""

    stopped_at: Annotated[int, Field(ge=0, le=10**9)] = 0
    """The epoch, from 1, at which a signal stopped the training whose weights are the model's; 0
    where the model is of a training that finished, and where there is none."""

    goal: Annotated[int, Field(ge=0, le=10**9)] = 0
    """How many epochs `resume` goes on to."""

    patience: Annotated[int, Field(ge=0, le=10**9)] | None = None
    """The patience that `resume` goes on with; null where nothing stops early, and where a former
    version wrote this file: then it is the config's."""

    ensemble: Annotated[int, Field(ge=1, le=MOST_MEMBERS)] = 1
    """How many members it has, each of which goes on to so many epochs."""

    refit_epochs: Annotated[
        list[Annotated[int, Field(ge=1, le=10**9)]], Field(max_length=MOST_MEMBERS)
    ] = []
    """For how many epochs each network was trained again on all rows; empty without a refit, and
    until it has ended."""

    seconds: float = 0.0
    """How long the training took."""

    seed: int = 0
    """The seed of the config."""

    engine: Literal["compiled", "keras"] = "compiled"
    """nnrun's compiled epochs, or Keras's own `fit`."""

    jit_compile: bool = False
    """Whether XLA compiled the model."""

    replicas: int = 1
    """How many devices shared each batch."""

    config: dict[str, Any] = {}
    """The config as it was when the run started."""

    data: dict[str, dict[str, str | int]] = {}
    """Path, rows, SHA-256 and size in bytes of each table; former versions told no size."""

    started_from: StartedFrom | None = None
    """The run whose weights the training started with; null where they were drawn."""

    versions: dict[str, str] = {}
    """The versions of Python and of the packages that numbers depend on."""

    threads: int = 0
    """How many cores the process might use, as TensorFlow counts them."""

    environment: dict[str, str] = {}
    """The variables of the environment that numbers depend on."""

    checksums: dict[str, str] = {}
    """The SHA-256 of each file of a finished model."""

    sizes: dict[str, int] = {}
    """The bytes of each of these files; former versions did not say."""

    saving: dict[str, str] = {}
    """The checksums of the next model, while its files are renamed one by one."""

    saving_sizes: dict[str, int] = {}
    """The sizes of these files."""

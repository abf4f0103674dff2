"""Read from TF_CONFIG which worker this process is. This module does not import TensorFlow."""

import os
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from nnrun.errors import ConfigError
from nnrun.wording import received

Distribute = Literal["auto", "none", "mirrored", "multiworker"]

EXAMPLE = (
    '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Cluster:
    """The processes that train together, of which the first is the chief.

    Attributes:
        workers: The number of processes.
        index: The number of this one, from 0.
        addresses: Host and port of each, as `host:port`; none where this process is alone.
    """

    workers: int = 1
    index: int = 0
    addresses: tuple[str, ...] = ()

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run directory."""
        return self.index == 0


class _Task(BaseModel, strict=True):
    type: str = "worker"
    # Some scripts write the number as text, which TensorFlow takes.
    index: Annotated[int, Field(ge=0, strict=False)] = 0


class _TFConfig(BaseModel, strict=True):
    """https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable."""

    cluster: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    task: _Task = _Task()

    @property
    def tasks(self) -> list[tuple[str, int]]:
        """The kind and number of every process, the chief's first."""
        tasks = []
        for kind in ("chief", "worker"):
            for number, _ in enumerate(self.cluster.get(kind, [])):
                tasks.append((kind, number))
        return tasks


def read_cluster(distribute: Distribute) -> Cluster:
    """Return the place of this process among the workers.

    It is alone unless `distribute` and TF_CONFIG say otherwise.

    Args:
        distribute: The devices or workers that train together; `auto` takes what there is.

    Raises:
        ConfigError: TF_CONFIG is missing or wrong.
    """
    if distribute in ("none", "mirrored"):
        return Cluster()
    text = os.environ.get("TF_CONFIG", "")
    is_set = bool(text.strip())
    if not is_set and distribute == "auto":
        return Cluster()
    if not is_set:
        raise _wrong("is not set, and --distribute multiworker needs it on every worker")
    return _place_in(_parse(text))


def _parse(text: str) -> _TFConfig:
    """Return the contents of TF_CONFIG, or raise a ConfigError where it is not as documented."""
    try:
        return _TFConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = map(str, first["loc"])
        place = ".".join(keys) or "the whole value"
        rule = first["msg"]
        raise _wrong(f"{place}: {rule}; received {received(text)}") from None


def _place_in(config: _TFConfig) -> Cluster:
    """Return the place of this process in a cluster whose addresses make sense."""
    unknown = sorted(config.cluster.keys() - {"chief", "worker"})
    if unknown:
        names = ", ".join(map(repr, unknown))
        raise _wrong(f"names {names}, and nnrun has only workers, one of them the chief")
    tasks = config.tasks
    addresses = tuple(config.cluster[kind][number] for kind, number in tasks)
    _check_addresses(addresses)
    own_task = (config.task.type, config.task.index)
    if tasks and own_task not in tasks:
        kind, number = own_task
        raise _wrong(f"says that this is {kind} {number}, which its cluster does not have")
    if len(tasks) < 2:
        return Cluster()
    return Cluster(
        workers=len(tasks),
        index=tasks.index(own_task),
        addresses=addresses,
    )


def _check_addresses(addresses: tuple[str, ...]) -> None:
    """Raise a ConfigError where an address cannot be one, or is there twice."""
    for address in addresses:
        if not _is_address(address):
            raise _wrong(
                f"{received(address)} is not an address; an address is host:port, "
                "with a port from 1 to 65535"
            )
    if len(set(addresses)) < len(addresses):
        raise _wrong("names an address twice; every worker needs one of its own")


def _is_address(text: str) -> bool:
    match = re.fullmatch(r".+:(\d+)", text)
    if match is None:
        return False
    port = int(match[1])
    return 0 < port < 65_536


def _wrong(problem: str) -> ConfigError:
    """Return the error that says what is wrong with TF_CONFIG, and how it is written."""
    return ConfigError(f"TF_CONFIG: {problem}; it is set as in {EXAMPLE}")

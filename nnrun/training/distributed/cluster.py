"""Which of several processes this is, that train one model together: told by TF_CONFIG, without TensorFlow."""

import os
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import BaseModel, Field, ValidationError

from nnrun.errors import ConfigError
from nnrun.wording import received

Distribute = Literal["auto", "none", "mirrored", "multiworker"]
EXAMPLE = '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """How many processes there are, and which this one is; the first is the chief, who alone writes the run."""

    workers: int = 1
    index: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run directory."""
        return self.index == 0


class _Task(BaseModel, strict=True):
    type: str = "worker"
    index: Annotated[int, Field(ge=0, strict=False)] = (
        0  # some scripts write it as text, which TensorFlow takes
    )


class _TFConfig(BaseModel, strict=True):
    """https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable."""

    cluster: dict[str, Annotated[list[str], Len(1)]] = {}
    task: _Task = _Task()


def read_cluster(distribute: Distribute) -> Cluster:
    """Return what this process is; alone, unless `distribute` and TF_CONFIG say otherwise. Raises a ConfigError."""
    text = os.environ.get("TF_CONFIG", "")
    if distribute in ("none", "mirrored") or (distribute == "auto" and not text.strip()):
        return Cluster()
    if not text.strip():
        raise _wrong("is not set, and --distribute multiworker needs it on every worker")
    try:
        config = _TFConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise _wrong(f"{place}: {first['msg']}; received {received(text)}") from None
    if unknown := sorted(config.cluster.keys() - {"chief", "worker"}):
        raise _wrong(
            f"names {', '.join(map(repr, unknown))}, and nnrun has only workers, one of them the chief"
        )
    tasks = [
        (kind, i) for kind in ("chief", "worker") for i in range(len(config.cluster.get(kind, [])))
    ]
    addresses = [config.cluster[kind][i] for kind, i in tasks]
    if wrong := [
        a
        for a in addresses
        if not re.fullmatch(r".+:\d+", a) or not 0 < int(a.rpartition(":")[2]) < 65_536
    ]:
        raise _wrong(
            f"{received(wrong[0])} is no address; one is host:port, with a port from 1 to 65535"
        )
    if len(set(addresses)) < len(addresses):
        raise _wrong("names an address twice; every worker has one of its own")
    task: Any = (config.task.type, config.task.index)
    if tasks and task not in tasks:
        raise _wrong(f"says that this is {task[0]} {task[1]}, which its cluster does not have")
    return Cluster(len(tasks), tasks.index(task)) if len(tasks) > 1 else Cluster()


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"TF_CONFIG: {what}; it is set as in {EXAMPLE}")

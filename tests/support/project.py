"""A project folder with a table and a config, as tests use it."""

import copy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import yaml

from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.loading import load_dataset

ROOT = Path(__file__).resolve().parents[2]

GOOD = {
    "data": {"train": "table.csv", "target": "label", "validation_split": 0.25},
    "layers": [{"units": 4, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}],
    "loss": "BinaryCrossentropy",
    "optimizer": {"name": "Adam", "learning_rate": 0.01},
    "epochs": 3,
}


class _Dumper(yaml.SafeDumper):
    """Writes a value that occurs twice out twice: a config has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


DROP = object()
"""As the value of a change: leave the key out."""


class Done(NamedTuple):
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Project:
    """A folder with a table and a good config for it."""

    drop = DROP

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table(default_table())

    def config(
        self, changes: dict[str, Any] | None = None, *, name: str = "config.yaml", **more: Any
    ) -> Path:
        """Write the good config with changes, whose keys may be dotted: {"data.target": "y"}."""
        values = copy.deepcopy(GOOD)
        for key, value in {**(changes or {}), **more}.items():
            *parents, last = key.split(".")
            place: Any = values
            for parent in parents:
                place = place.setdefault(parent, {})
            if value is DROP:
                place.pop(last, None)
            else:
                place[last] = value
        return self.write(name, yaml.dump(values, Dumper=_Dumper, sort_keys=False))

    def table(self, content: pl.DataFrame | str | bytes, name: str = "table.csv") -> Path:
        """Write a table from a frame, or exactly as given."""
        return self.write(
            name, content.write_csv() if isinstance(content, pl.DataFrame) else content
        )

    def write(self, name: str, content: str | bytes) -> Path:
        """Write any file, exactly as given."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, changes: dict[str, Any] | None = None, **more: Any) -> Config:
        """Write the good config with changes, and load it."""
        return load_config(self.config(changes, **more))

    def dataset(self, changes: dict[str, Any] | None = None, **more: Any) -> Dataset:
        """Write the good config with changes, and load it and its tables."""
        return load_dataset(self.load(changes, **more))


def default_table() -> pl.DataFrame:
    """Return 60 rows of three numbers on different scales, with a label that they decide."""
    generator = np.random.default_rng(7)
    a, b, c = generator.normal(size=(3, 60))
    columns = {"age": 40 + 10 * a, "height": 170 + 8 * b, "dose": 0.5 + 0.1 * c}
    label = (a + b + 0.2 * c > 0).astype(int)
    return pl.DataFrame({k: v.round(3) for k, v in columns.items()} | {"label": label})

"""Small trainings, to be done again and again on a disk with faults; what a run must end with."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from support.disk import Disk, Hook, Operation

SMALL = {
    "layers": [{"units": 1, "activation": "sigmoid"}],
    "data.validation_split": 0,
    "data.normalize": False,
    "optimizer": "sgd",
    "metrics": [],
    "batch_size": 100,
    "jit_compile": False,
    "checkpoint": {"every_seconds": 1e-9},
}
TRAIN = ("train", "config.yaml", "-o", "run", "-q")
JOBS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "resume": (("resume", "run", "--epochs", "2", "-q"), {"epochs": 1}),
    "train": (TRAIN, {"epochs": 1}),
    "no checkpoint until the end": (TRAIN, {"epochs": 3, "checkpoint": {"every_seconds": 1e6}}),
}


def files(run: Path) -> dict[str, bytes]:
    """Return the files of a run, but history.csv and run.json, which say how far it is."""
    names = {"history.csv", "run.json"}
    return {p.name: p.read_bytes() for p in run.glob("[!.]*") if p.name not in names}


def outcome(run: Path) -> dict[str, Any]:
    """Return all that must be the same; the model's own file has the time in it."""
    with np.load(run / "weights.npz") as weights:
        arrays = {name: weights[name].tobytes() for name in weights.files}
    return {
        "arrays": arrays,
        **{n: (run / n).read_text() for n in ("history.csv", "metrics.json", "config.yaml")},
    }


class Job:
    """A command on a run directory, to be done again and again on a disk with faults, and then without."""

    def __init__(self, name: str, project: Any, nnrun: Callable[..., Any]) -> None:
        (self.arguments, changes), self.nnrun, self.run = JOBS[name], nnrun, project.folder / "run"
        self.saved = project.folder / "saved"
        project.config({**SMALL, **changes})
        self.saved.mkdir()
        if name == "resume":
            assert nnrun(*TRAIN).code == 0
            self.run.rename(self.saved / "run")
        with self.disk() as disk:
            assert nnrun(*self.arguments) == (0, "", "")
        self.operations, self.expected = disk.operations, outcome(self.run)
        self._seen: set[str] = set()  # states that runs went on from, in any of the tests

    def disk(self, *hooks: Any) -> Disk:
        """Return the disk of a run directory as it was at first."""
        shutil.rmtree(self.run, ignore_errors=True)
        if (self.saved / "run").exists():
            shutil.copytree(self.saved / "run", self.run)
        return Disk(self.run, *hooks)

    def what_is_wrong_after(self, number: int, fault: Hook, code: int, message: str) -> str:
        """Do it with something that happens at an operation, and the rest without; say what is not as it should be."""
        saves: list[dict[str, bytes]] = []

        def save(index: int, done: Operation) -> None:
            if index < number and (done.kind, done.name) == ("fsync", "."):
                saves.append(files(self.run))

        with self.disk(fault, save) as disk:
            saves.append(files(self.run))
            done = self.nnrun(*self.arguments)
        if disk.operations[: number + 1] != self.operations[: number + 1]:
            return "another order of operations"
        if (done.code, done.out) != (code, "") or not re.search(message, done.err):
            return f"exit code {done.code}: {done.err}"
        if len(done.err.strip().splitlines()) != 1:
            return f"several lines: {done.err}"
        if differing := {name for name, _ in files(self.run).items() ^ saves[-1].items()}:
            return f"changed: {differing}"
        return self.what_is_wrong_when_it_goes_on()

    def what_is_wrong_when_it_goes_on(self) -> str:
        """Do the rest without faults, once for each state that faults left; it must end as if there had been none."""
        facts, left = self._state()
        if (key := str((left, facts))) in self._seen:
            return ""
        self._seen.add(key)
        again = (
            self.arguments if "resume" in self.arguments or not facts else ("resume", "run", "-q")
        )
        if (done := self.nnrun(*again)) != (0, "", ""):
            return f"{again} after it: {done}"
        if (ended := outcome(self.run)) != self.expected:
            return f"{[name for name in ended if ended[name] != self.expected[name]]} differ after {again}"
        return f"{left} are left" if (left := [*self.run.glob(".tmp-*")]) else ""

    def _state(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what run.json says and the checksums of the other files, but for what is of the time."""
        facts: dict[str, Any] = {}
        left = {
            p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(self.run.glob("*"))
        }
        if left.pop("run.json", None):
            facts = json.loads((self.run / "run.json").read_bytes()) | {"started": ""}
            model = left.get("model.keras")
            for known in (facts.get("checksums", {}), facts.get("saving", {})):
                known["model.keras"] = known.get("model.keras") == model
        return facts, left | ({"model.keras": ""} if "model.keras" in left else {})

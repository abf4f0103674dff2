"""SIGKILL at any moment: every file is the old or the new one, and the run ends as if it had never stopped."""

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from support.disk import BEHIND_PATHLIB
from support.jobs import outcome
from support.marks import exhaustive
from support.processes import DEADLINE, Server, run_python, wait_for
from support.project import ROOT, Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

SAVES = """
import json, os, signal, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
from support.disk import Disk
from nnrun.runs.arrays import read_arrays, write_arrays
from nnrun.errors import RunError
from nnrun.files import atomic_paths, remove_temporaries

paths = [Path(name) for name in sys.argv[2:]]
SIZES = {"old": 2_000, "new": 5_000}

def save(content):
    with atomic_paths(*paths) as temporaries:
        for temporary in temporaries:
            write_arrays(temporary, {"a": np.full(SIZES[content], 7.0, "float32")}, content)

def content(path):
    for size in SIZES.values() if path.exists() else []:
        try:
            state, arrays = read_arrays(path, {"a": ((size,), "float32")})
            return state if (arrays["a"] == 7).all() and SIZES[state] == size else "wrong numbers"
        except RunError:
            pass
    return "broken" if path.exists() else "none"

def killed(at, moment):
    def kill(number, operation):
        if number == at:
            os.write(told, json.dumps(operation[:3]).encode())
            os.kill(os.getpid(), signal.SIGKILL)

    reading, told = os.pipe()
    if not (child := os.fork()):
        with Disk(Path(), **{moment: kill}, most=8_000):
            save("new")
        os._exit(0)
    os.close(told)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(reading) as file:
        return status, file.read()

for first in ("none", "old"):
    for moment in ("before", "after"):
        number, status = 0, -signal.SIGKILL
        while status:
            for path in paths:
                path.unlink(missing_ok=True)
            if first == "old":
                save("old")
            status, operation = killed(number, moment)
            number += 1
            left = len([*Path().glob(".tmp-*")])
            remove_temporaries(Path())
            strange = sorted({p.name for p in Path().iterdir()} - {p.name for p in paths})
            facts = {"first": first, "moment": moment, "status": status, "operation": json.loads(operation or "[]")}
            print(json.dumps({**facts, "found": [content(p) for p in paths], "left": left, "strange": strange}))
"""


@BEHIND_PATHLIB
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["checkpoint.npz"], id="one"),
        exhaustive(["model.npz", "weights.npz", "run.npz"], id="three"),
    ],
)
def test_a_save_killed_at_any_operation_leaves_each_file_old_or_new(tmp_path, names):
    done = run_python("-W", "ignore", "-c", SAVES, ROOT / "tests", *names, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    saves: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    for save in saves:
        assert {*save["found"]} <= {save["first"], "new"}, save
        assert not save["strange"], save
        new = [content == "new" for content in save["found"]]
        assert new == sorted(new, reverse=True), save  # in order: the last one says that all are
        if save["status"] == 0:
            assert all(new), save
            assert not save["left"], save
    for first in ("none", "old"):
        kinds = [
            save["operation"][0] for save in saves if save["first"] == first and save["operation"]
        ]
        assert kinds.count("write") >= 2 * 2 * len(names)
        assert {*kinds} >= {
            "open",
            "write",
            "close",
            "fsync",
            "replace",
            *(["link"] if first == "old" else []),
        }
        found = [content for save in saves if save["first"] == first for content in save["found"]]
        assert {*found} == {first, "new"}
    assert any(save["left"] for save in saves)


JOB = {
    "layers": [
        {"units": 4, "activation": "relu"},
        {"type": "Dropout", "rate": 0.2},
        {"units": 1, "activation": "sigmoid"},
    ],
    "optimizer": {"name": "sgd", "momentum": 0.9},
    "metrics": [],
    "batch_size": 1,
    "jit_compile": False,
    "epochs": 100,
    "checkpoint": {"every_seconds": 0.01},
}


class Chain:
    """A run that is trained by processes that may be killed, one after the other, until one ends."""

    def __init__(self, server: Server, folder: Path, name: str) -> None:
        self.server, self.folder, self.name, self.run = server, folder, name, folder / name
        self.kills: list[bool] = []  # for each, whether its process had written a checkpoint

    def go_on(self, delay: float, *, training: bool) -> bool:
        """Go on for `delay` seconds, from the first checkpoint on if `training`; return whether it ended."""
        before = self._checkpoint()
        resume = ("resume", self.name, "-q")
        started = (self.run / "run.json").exists()
        process = self.server.start(
            self.folder, *(resume if started else ("train", "config.yaml", "-o", self.name, "-q"))
        )
        if training:
            wait_for(lambda: process.ended() or self._checkpoint() != before)
        end = time.monotonic() + delay
        wait_for(lambda: process.ended() or time.monotonic() >= end, seconds=2 * DEADLINE)
        process.send(signal.SIGKILL)
        code = process.wait()
        assert code in (0, -signal.SIGKILL), process.text()
        if code:
            self.kills.append(self._checkpoint() != before)
        return code == 0

    def _checkpoint(self) -> int:
        path = self.run / "checkpoint.npz"
        return path.stat().st_mtime_ns if path.exists() else 0


@pytest.mark.parametrize("count", [pytest.param(1, id="once"), exhaustive(30, id="many")])
def test_kills_at_random_leave_runs_that_end_as_one_never_stopped(server, tmp_path, count):
    generator, chains, kills = random.Random(20), list[Chain](), list[bool]()
    Project(tmp_path).config(JOB)
    whole = Chain(server, tmp_path, "whole")
    began = time.monotonic()
    assert whole.go_on(DEADLINE, training=False)
    seconds = time.monotonic() - began
    while len(kills) < count or sum(kills) < count / 2:  # half of them behind a checkpoint
        chains.append(chain := Chain(server, tmp_path, f"run-{len(chains)}"))
        ended = False
        while len(kills) + len(chain.kills) < count and not ended:
            training = generator.random() < 0.7
            delay = generator.uniform(0, seconds / (8 if training else 1))
            ended = chain.go_on(delay, training=training)
        assert ended or chain.go_on(DEADLINE, training=False)
        kills += chain.kills
        assert outcome(chain.run) == outcome(whole.run)
        assert not list(chain.run.glob(".tmp-*"))


PHASES = {
    "training": ("nnrun.training.checkpoint", "CheckpointCallback.on_train_batch_end", 3),
    "validation": ("nnrun.training.checkpoint", "CheckpointCallback.on_test_batch_end", 2),
    "between epochs": ("nnrun.training.checkpoint", "CheckpointCallback.on_epoch_end", 2),
    "a checkpoint": ("nnrun.training.checkpoint", "write_checkpoint", 4),
    "the model": ("nnrun.training.finish", "write_arrays", 1),
}
"""What a process is killed in: a function of a module, at its so manieth call."""

KILLED = """
import importlib, json, os, signal, sys
sys.path.insert(0, sys.argv[1])
import nnrun.checks.registry, nnrun.training.trainer, nnrun.training.resume
from nnrun.__main__ import main

def run(arguments):
    child = os.fork()
    if not child:
        sys.argv = ["nnrun", *arguments]
        main()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def kill_in(module, name, count):
    *owners, last = name.split(".")
    owner = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, last)
    calls = []

    def killing(*arguments, **named):
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    setattr(owner, last, killing)

print(run(["train", "config.yaml", "-o", "whole", "-q"]))
for phase, hook in json.loads(sys.argv[2]).items():
    child = os.fork()
    if not child:
        kill_in(*hook)
        sys.argv = ["nnrun", "train", "config.yaml", "-o", phase, "-q"]
        main()
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(phase, killed, run(["resume", phase, "-q"]), sep="|")
"""
KINDS: dict[str, dict[str, Any]] = {
    "XLA": {"jit_compile": True, "metrics": ["AUC"]},
    "early stopping": {
        "early_stopping": {"monitor": "val_loss", "patience": 1, "restore_best_weights": True},
        "reduce_lr_on_plateau": {"patience": 1},
        "class_weight": "balanced",
        "metrics": ["accuracy", "AUC"],
    },
    "from files, scheduled": {
        "data.in_memory": False,
        "optimizer": {
            "name": "adam",
            "learning_rate": {"name": "CosineDecay", "initial_learning_rate": 0.01},
        },
        "layers": JOB["layers"],
    },
}


@pytest.mark.parametrize(
    "changes",
    [
        exhaustive(KINDS["XLA"], id="XLA"),
        exhaustive(KINDS["early stopping"], id="early stopping"),
        exhaustive(KINDS["from files, scheduled"], id="from files, scheduled"),
    ],
)
def test_a_kill_in_any_phase_leaves_a_run_that_ends_as_one_never_stopped(tmp_path, changes):
    common = {"epochs": 3, "batch_size": 16, "checkpoint": {"every_seconds": 1e-9}}
    Project(tmp_path).config({"data.validation_split": 0.3, **common, **changes})
    arguments = (ROOT / "tests", json.dumps(PHASES))
    done = run_python("-W", "ignore", "-c", KILLED, *arguments, cwd=tmp_path)
    assert done.stdout.splitlines() == ["0", *[f"{phase}|-9|0" for phase in PHASES]], done.stderr
    expected = outcome(tmp_path / "whole")
    for phase in PHASES:
        assert outcome(tmp_path / phase) == expected, phase
        assert not list((tmp_path / phase).glob(".tmp-*"))

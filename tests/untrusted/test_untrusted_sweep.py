"""The folder of a sweep may come from anybody: links, pipes, folders, and files without end in place of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nnrun.runs.trial_record import TrialRecord
from nnrun.workflows.kept_sweep import CONFIG, OPTIONS, keep_sweep
from nnrun.workflows.sweep_plan import plan_sweep

SECRET = "root:x:0:0:secret"
COMMANDS = {
    "report": ["report", "sw", "-o", "page.html"],
    "plot": ["plot", "sw", "-o", "picture.svg"],
    "resume": ["resume", "sw"],
    "sweep": ["sweep", "config.yaml", "epochs=1,2", "-o", "sw"],
}


def link(path: Path) -> None:
    secret = path.parent.parent / "secret"
    secret.write_text(f"{SECRET}\n")
    path.symlink_to(secret.absolute())


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 << 30)


@pytest.fixture
def folder(project, monkeypatch) -> Path:
    """The folder of a sweep whose trials all have ended."""
    monkeypatch.chdir(project.folder)
    planned = plan_sweep(project.config(), ["epochs=1,2"], Path("sw"))
    keep_sweep(planned, {})
    for number, chosen in enumerate(planned.space.combinations()):
        trial = planned.trial(number, chosen)
        TrialRecord(settings=chosen, status="failed", reason="no").write(trial.path)
    return planned.folder


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", [OPTIONS, CONFIG, "trial-001.json"])
@pytest.mark.parametrize("make", [link, sparse, os.mkfifo, os.mkdir])
def test_what_is_no_file_of_a_sweep_is_refused_and_not_followed(
    nnrun, folder, command, name, make: Callable[[Path], None]
):
    (folder / name).unlink()
    make(folder / name)
    done = nnrun(*COMMANDS[command])
    assert done.code == 2
    assert SECRET not in done.out + done.err
    assert len(done.err) < 2_000

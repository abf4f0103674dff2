"""SIGINT, SIGTERM and closed pipes: a run stops within a moment, says how it goes on, and ends as one that never stopped."""

import json
import os
import shlex
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.jobs import outcome
from support.marks import exhaustive
from support.processes import Process, Server, wait_for
from support.project import Project, default_table

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

ATTEMPTS = 20  # to catch a training amid its rows: a busy machine may look too late
RUN = "my run"  # a name that a shell must see quoted
ROWS = {"an epoch": (6_000, 60), "validation": (60, 20_000)}  # of training, of validation


class Job:
    """A training long enough to be stopped while it goes over the rows of one of its tables."""

    def __init__(self, server: Server, folder: Path, during: str) -> None:
        self.server, self.folder, self.during, self.run = server, folder, during, folder / RUN
        project = Project(folder)
        for name, rows in zip(("train.csv", "val.csv"), ROWS[during], strict=True):
            project.table(pl.concat([default_table()] * (rows // 60)), name)
        changes = {"data": {"train": "train.csv", "validation": "val.csv", "target": "label"}}
        project.config(
            changes, batch_size=1, epochs=2, jit_compile=False, checkpoint={"every_seconds": 0.01}
        )
        assert server.run(folder, "train", "config.yaml", "-o", "whole", "-q") == 0
        self.expected = outcome(folder / "whole")

    def start(self) -> Process:
        """Start the training, and return when it is amid the rows, where it pauses."""
        for _ in range(ATTEMPTS):
            self.put_aside()
            process = self.server.start(self.folder, "train", "config.yaml", "-o", RUN, "-q")
            wait_for(lambda process=process: process.ended() or self._is_there(), self.during)
            process.pause()
            if not process.ended() and self._is_there():
                return process
            process.send(signal.SIGKILL)
            process.wait()
        raise AssertionError(f"{ATTEMPTS} trainings were never seen amid {self.during}")

    def go_on(self) -> Process:
        """Resume the training until it has saved something new, where it pauses; start anew if it has ended."""
        before = self.saved()
        process = self.server.start(self.folder, "resume", RUN, "-q")
        wait_for(lambda: process.ended() or self.saved() != before, "another checkpoint")
        process.pause()
        if not process.ended():
            return process
        assert process.code == 0, process.text()
        assert outcome(self.run) == self.expected
        return self.start()

    def put_aside(self) -> None:
        """Rename the run of a former training, if there is one."""
        if self.run.exists():
            self.run.rename(self.folder / f"former-{len(list(self.folder.iterdir()))}")

    def _is_there(self) -> bool:
        """Return whether the last checkpoint has at least half of the rows still before it."""
        rows = ROWS[self.during][0]
        step = self.step()
        if self.during == "validation":
            return step == rows
        return 0 < step <= rows / 2

    def step(self) -> int:
        """Return after how many steps of an epoch the last checkpoint was written, if there is one."""
        with suppress(FileNotFoundError), np.load(self.run / "checkpoint.npz") as file:
            return int(json.loads(file["state"].tobytes())["step"])
        return 0

    def saved(self) -> int:
        return (self.run / "checkpoint.npz").stat().st_mtime_ns

    def status(self) -> str:
        return str(json.loads((self.run / "run.json").read_bytes())["status"])


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Job]:
    made: dict[str, Job] = {}

    def job(during: str) -> Job:
        made[during] = made.get(during) or Job(server, tmp_path_factory.mktemp("job"), during)
        return made[during]

    return job


@pytest.mark.parametrize(
    ("during", "number", "code"),
    [
        pytest.param("an epoch", signal.SIGINT, 130, id="SIGINT, an epoch"),
        exhaustive("validation", signal.SIGTERM, 143, id="SIGTERM, validation"),
        exhaustive("an epoch", signal.SIGTERM, 143, id="SIGTERM, an epoch"),
        exhaustive("validation", signal.SIGINT, 130, id="SIGINT, validation"),
    ],
)
def test_a_signal_stops_within_a_moment_and_the_printed_command_goes_on(jobs, during, number, code):
    job = jobs(during)
    process = job.start()
    process.send(number)
    process.go_on()
    assert process.wait() == code
    assert job.step() < ROWS["an epoch"][0]  # the rest of the rows was not waited for
    told, command = process.text().split("; go on with: nnrun ")
    assert told == "training stopped at epoch 1 of 2"
    assert shlex.split(command) == ["resume", RUN]
    assert job.status() == "interrupted"
    assert job.server.run(job.folder, *shlex.split(command)) == 0
    assert job.status() == "finished"
    assert outcome(job.run) == job.expected


@pytest.mark.exhaustive
@pytest.mark.parametrize("during", ["an epoch", "validation"])
def test_a_second_signal_stops_at_once_and_damages_nothing(jobs, during):
    job = jobs(during)
    process = job.start()
    for pause in (0.0, 0.05):  # seconds between the signals
        process.send(signal.SIGINT)
        process.go_on()
        time.sleep(pause)
        process.send(signal.SIGINT)
        assert process.wait() in (130, -signal.SIGINT), process.text()  # 130 to a shell, both
        assert (
            process.text().strip().startswith(("interrupted", "training stopped at epoch 1 of 2"))
        )
        assert "Traceback" not in process.text()
        process = job.go_on()
    process.go_on()
    assert process.wait() == 0, process.text()
    assert outcome(job.run) == job.expected
    assert not list(job.run.glob(".tmp-*"))


def test_a_second_training_on_one_run_is_refused_until_the_first_is_dead(jobs):
    job = jobs("an epoch")
    first = job.start()  # paused, or it might end meanwhile
    for arguments, message in {
        ("resume", RUN): "another process is training this run; wait until it ends",
        (
            "train",
            "config.yaml",
            "-o",
            RUN,
        ): "exists; choose another with -o, or replace it with --overwrite",
        (
            "train",
            "config.yaml",
            "-o",
            RUN,
            "--overwrite",
        ): "another process is training this run; wait until it ends",
    }.items():
        second = job.server.start(job.folder, *arguments)
        assert second.wait() == 2
        assert f"{RUN}: {message}" in second.text()
    assert not first.ended()
    first.send(signal.SIGKILL)
    first.wait()
    assert job.server.run(job.folder, "resume", RUN) == 0
    assert outcome(job.run) == job.expected


@pytest.mark.parametrize(
    ("number", "code"),
    [exhaustive(signal.SIGINT, 130, id="SIGINT"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")],
)
def test_a_signal_while_predicting_what_a_pipe_brings_leaves_the_old_file(
    server, tmp_path, number, code
):
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    table, pipe, folder = (
        Project(tmp_path).folder / "table.csv",
        tmp_path / "pipe",
        tmp_path / "out",
    )
    Project(tmp_path).config(epochs=1)
    assert server.run(tmp_path, "train", "config.yaml", "-o", "run", "-q") == 0
    folder.mkdir()
    (folder / "p.csv").write_text("old")
    os.mkfifo(pipe)
    handle = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # of which there may always come more
    try:
        os.write(handle, table.read_bytes())
        process = server.start(tmp_path, "predict", "run", "-", "-o", "out/p.csv", stdin=pipe)

        def begun() -> bool:
            with suppress(BlockingIOError):
                os.write(handle, table.read_bytes().partition(b"\n")[2])
            return process.ended() or len(list(folder.iterdir())) > 1

        def waits_for_more() -> bool:
            waiting = fcntl.ioctl(handle, termios.FIONREAD, bytes(4))
            return process.ended() or not any(waiting)

        wait_for(begun, "a file to be begun")
        wait_for(waits_for_more, "the pipe to be read")
        process.send(number)
        wait_for(process.ended, "the command to end")
    finally:
        os.close(handle)
    assert (process.code, process.text().strip()) == (code, "interrupted")
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("p.csv", "old")]


def test_ctrl_c_in_a_long_epoch_does_not_wait_for_its_end(server, project, frame):
    project.table(pl.concat([frame] * 2000))
    changes = {"epochs": 100_000, "batch_size": 1, "checkpoint": {"every_seconds": 0.1}}
    config = project.config(changes, jit_compile=False)
    run = project.folder / "run"
    process = server.start(project.folder, "train", config, "-o", "run")
    wait_for(lambda: (run / "checkpoint.npz").exists() or process.ended(), "a checkpoint")
    process.send(signal.SIGINT)
    assert process.wait() == 130
    assert "stopped at epoch 1 of 100000" in process.text()
    with np.load(run / "checkpoint.npz") as checkpoint:
        state = json.loads(checkpoint["state"].tobytes())
    assert 0 < state["step"] < 90_000
    assert json.loads((run / "run.json").read_text())["status"] == "interrupted"


def test_a_training_goes_on_when_nobody_reads_its_progress_any_more(server, project):
    project.config(epochs=30, jit_compile=False)
    pipe = project.folder / "progress"
    os.mkfifo(pipe)
    process = server.start(project.folder, "train", "config.yaml", "-o", "run", err=pipe)
    with pipe.open() as progress:
        progress.readline()
    assert process.wait() == 0
    assert json.loads((project.folder / "run" / "run.json").read_text())["status"] == "finished"

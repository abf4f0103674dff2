"""SIGINT and SIGTERM: a run stops within a moment, says how it goes on, and ends as one that never stopped."""

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.jobs import outcome
from support.processes import Process, Server, wait_for
from support.project import Project, default_table

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

MOMENT = 5.0  # seconds: half a one for the call under way, and then what a busy machine needs
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

    def start(self, *arguments: str) -> Process:
        """Start the training, and return when it is amid the rows."""
        process = self.server.start(
            self.folder, *(arguments or ("train", "config.yaml", "-o", RUN, "-q"))
        )
        wait_for(lambda: process.ended() or self._is_there(), self.during)
        assert process.code is None, process.text()
        return process

    def _is_there(self) -> bool:
        with suppress(FileNotFoundError), np.load(self.run / "checkpoint.npz") as file:
            state = json.loads(file["state"].tobytes())
            rows = ROWS[self.during][0]
            return bool(
                state["step"] == rows if self.during == "validation" else 0 < state["step"] < rows
            )
        return False

    def saved(self) -> int:
        return (self.run / "checkpoint.npz").stat().st_mtime_ns

    def status(self) -> str:
        return str(json.loads((self.run / "run.json").read_bytes())["status"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Job]:
    made: dict[str, Job] = {}

    def job(during: str) -> Job:
        made[during] = made.get(during) or Job(server, tmp_path_factory.mktemp("job"), during)
        if made[during].run.exists():
            made[during].run.rename(made[during].folder / f"run-{time.monotonic_ns()}")
        return made[during]

    return job


@pytest.mark.parametrize("during", ROWS)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_stops_within_a_moment_and_the_printed_command_goes_on(jobs, during, number, code):
    job = jobs(during)
    process, began = job.start(), time.monotonic()
    process.send(number)
    assert process.wait() == code
    assert time.monotonic() - began < MOMENT
    told, command = process.text().split("; go on with: nnrun ")
    assert told == "interrupted after 0 of 2 epochs"
    assert shlex.split(command) == ["resume", RUN]
    assert job.status() == "interrupted"
    assert job.server.run(job.folder, *shlex.split(command)) == 0
    assert job.status() == "finished"
    assert outcome(job.run) == job.expected


@pytest.mark.parametrize("during", ROWS)
def test_a_second_signal_stops_at_once_and_damages_nothing(jobs, during):
    job = jobs(during)
    process = job.start()
    for pause in (0.0, 0.003, 0.03, 0.1, 0.3):
        began = time.monotonic()
        process.send(signal.SIGINT)
        time.sleep(pause)
        process.send(signal.SIGINT)
        assert process.wait() in (130, -signal.SIGINT), (
            process.text()
        )  # 130 to a shell, both of them
        assert time.monotonic() - began < MOMENT
        assert process.text().strip().startswith("interrupted")
        assert "Traceback" not in process.text()
        before = job.saved()
        process = job.server.start(job.folder, "resume", RUN, "-q")
        wait_for(lambda process=process, before=before: process.ended() or job.saved() != before)
    assert process.wait() == 0, process.text()
    assert outcome(job.run) == job.expected
    assert not list(job.run.glob(".tmp-*"))


def test_a_second_training_on_one_run_is_refused_until_the_first_is_dead(jobs):
    job = jobs("an epoch")
    first = job.start()
    first.send(signal.SIGSTOP)  # or it might end meanwhile
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
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_while_predicting_what_a_pipe_brings_leaves_the_old_file(
    server, tmp_path, number, code
):
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

        wait_for(begun)
        time.sleep(0.5)  # until it waits for more
        began = time.monotonic()
        process.send(number)
        wait_for(lambda: process.ended() or time.monotonic() > began + MOMENT)
    finally:
        os.close(handle)
    assert (process.code, process.text().strip()) == (code, "interrupted")
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("p.csv", "old")]

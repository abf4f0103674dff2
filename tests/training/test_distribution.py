"""Several replicas train one model: workers in processes of their own, or devices of one; Keras's numbers come out."""

import csv
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.addresses import free_addresses
from support.marks import exhaustive
from support.processes import Process, run_python, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]
TOLERANCE = 1e-4
MINUTE = 60  # seconds in which all workers end where one of them does: the README says so
SIGMOID = [{"units": 1, "activation": "sigmoid"}]
EVERYTHING: dict[
    str, Any
] = {  # what depends on the rows of a batch together, or on those of all batches
    "layers": [
        {
            "units": 4,
            "activation": "relu",
            "kernel_regularizer": {"l2": 0.01},
            "activity_regularizer": {"l1": 0.01},
        },
        {"type": "BatchNormalization"},
        {"units": 1, "activation": "sigmoid"},
    ],
    "optimizer": {
        "name": "Adam",
        "learning_rate": 0.01,
        "global_clipnorm": 0.1,
        "weight_decay": 0.01,
    },
    "metrics": ["accuracy", "AUC"],
    "class_weight": {"0": 1.0, "1": 2.5},
    "data.sample_weight": "dose",
    "data.test": "table.csv",
    "data.validation_split": 0.3,
    "early_stopping": {"monitor": "val_accuracy", "patience": 2, "restore_best_weights": True},
    "reduce_lr_on_plateau": {"patience": 1},
    "epochs": 5,
}


@pytest.fixture
def start(server, project) -> Callable[..., list[Process]]:
    """Start a command on so many workers, or on the first few of them; their temporary files go to `scratch`."""
    (project.folder / "scratch").mkdir()

    def call(
        workers: int, *arguments: Any, own: tuple[list[str], ...] = (), only: int = 9
    ) -> list[Process]:
        addresses = free_addresses(workers)
        common = {"TMPDIR": str(project.folder / "scratch")}
        tasks = [
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
            for i in range(workers)
        ]
        return [
            server.start(
                project.folder,
                *arguments,
                *more,
                variables={"TF_CONFIG": json.dumps(task), **common},
            )
            for task, more in list(zip(tasks, own or [[]] * workers, strict=True))[:only]
        ]

    return call


@pytest.fixture
def finish(project) -> Callable[[list[Process]], list[int]]:
    """Wait for all, and return their exit codes; nothing is left of what workers keep for themselves."""

    def call(processes: list[Process]) -> list[int]:
        codes = [process.wait() for process in processes]
        assert not any("Traceback" in process.text() for process in processes)
        assert list((project.folder / "scratch").iterdir()) == []
        return codes

    return call


def history(run: Path) -> list[dict[str, float]]:
    with (run / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def check_equal(folder: Path, tolerance: float = TOLERANCE) -> None:
    """What several replicas trained, `together`, is what one did, `alone`, to rounding."""
    ours, theirs = history(folder / "together"), history(folder / "alone")
    assert len(ours) == len(theirs)
    for row, expected in zip(ours, theirs, strict=True):
        assert row == pytest.approx(expected, abs=tolerance)
    metrics, expected = (
        json.loads((folder / name / "metrics.json").read_bytes()) for name in ("together", "alone")
    )
    assert metrics == pytest.approx(expected, abs=tolerance)
    with (
        np.load(folder / "together" / "weights.npz") as weights,
        np.load(folder / "alone" / "weights.npz") as others,
    ):
        assert weights.files == others.files
        for name in set(weights.files) - {"state"}:
            np.testing.assert_allclose(weights[name], others[name], atol=10 * tolerance)


@pytest.mark.parametrize(
    ("workers", "rows", "batch_size", "last", "in_memory"),
    [
        exhaustive(2, 60, 11, 9, True, id="two, in memory"),
        exhaustive(3, 59, 8, 1, False, id="three, from files"),
        exhaustive(3, 59, 8, 1, True, id="three, in memory"),
        exhaustive(2, 60, 11, 9, False, id="two, from files"),
    ],
)
def test_workers_give_the_numbers_of_one_process(
    start, finish, server, project, frame, workers, rows, batch_size, last, in_memory
):
    project.table(frame.head(rows))
    project.config({**EVERYTHING, "batch_size": batch_size, "data.in_memory": in_memory})
    assert server.run(project.folder, "train", "config.yaml", "-o", "alone") == 0
    together = start(workers, "train", "config.yaml", "-o", "together")
    assert finish(together) == [0] * workers, [process.text() for process in together]
    check_equal(project.folder)
    info = json.loads((project.folder / "together" / "run.json").read_bytes())
    assert (info["replicas"], info["data"]["train"]["rows"] % batch_size) == (workers, last)
    waiting = f"waiting for the {workers} workers of TF_CONFIG, 40 seconds at most\n"
    assert [process.text() for process in together[1:]] == [waiting] * (workers - 1)
    assert {p.name for p in (project.folder / "together").iterdir()} == {
        p.name for p in (project.folder / "alone").iterdir()
    }


@pytest.mark.parametrize("devices", [exhaustive(2, id="two"), exhaustive(3, id="three")])
def test_devices_of_one_process_give_the_numbers_of_one_device(server, project, devices):
    project.config({**EVERYTHING, "batch_size": 11})
    assert server.run(project.folder, "train", "config.yaml", "-o", "alone") == 0
    mirrored = ["train", "config.yaml", "-o", "together", "--distribute", "mirrored"]
    process = server.start(project.folder, *mirrored, variables={"CPU_DEVICES": str(devices)})
    assert process.wait() == 0, process.text()
    check_equal(project.folder)
    assert (
        json.loads((project.folder / "together" / "run.json").read_bytes())["replicas"] == devices
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"optimizer": {"name": "Adam", "gradient_accumulation_steps": 2}},
            id="accumulated gradients",
        ),
        exhaustive(
            {
                "optimizer": {
                    "name": "SGD",
                    "momentum": 0.9,
                    "use_ema": True,
                    "loss_scale_factor": 64.0,
                }
            },
            id="averaged and scaled",
        ),
        exhaustive({"optimizer": "Muon"}, id="Muon"),
        exhaustive(
            {
                "layers": [{"type": "BatchNormalization", "momentum": 0.0}, *SIGMOID],
                "data.normalize": False,
            },
            id="moments of the last batch",
        ),
    ],
)
@pytest.mark.exhaustive
def test_devices_share_what_optimizers_and_layers_keep(server, project, frame, changes):
    project.table(
        frame.with_columns(frame["height"] + 2000)
    )  # far from 0, where nothing normalises it
    project.config(changes, batch_size=10)
    assert server.run(project.folder, "train", "config.yaml", "-o", "alone") == 0
    mirrored = ["train", "config.yaml", "-o", "together", "--distribute", "mirrored"]
    assert server.start(project.folder, *mirrored, variables={"CPU_DEVICES": "2"}).wait() == 0
    check_equal(project.folder)


CROSSED = [
    {"units": 2, "activity_regularizer": {"name": "OrthogonalRegularizer", "mode": "columns"}},
    *SIGMOID,
]
LONG = {"epochs": 100, "batch_size": 8, "jit_compile": False, "checkpoint": {"every_seconds": 0.1}}


@pytest.mark.parametrize(
    ("count", "victim"),
    [
        exhaustive(2, 0, id="the chief of two"),
        exhaustive(3, 0, id="the chief of three"),
        exhaustive(3, 1, id="another worker"),
    ],
)
def test_when_a_worker_dies_all_end_and_resume_goes_on(
    start, finish, server, project, count, victim
):
    project.config(LONG)
    assert server.run(project.folder, "train", "config.yaml", "-o", "alone") == 0
    workers = start(count, "train", "config.yaml", "-o", "together")
    wait_for((project.folder / "together" / "checkpoint.npz").exists, "a checkpoint")
    workers[victim].send(signal.SIGKILL)
    codes = [process.wait(MINUTE) for process in workers]
    assert codes == [-signal.SIGKILL if i == victim else 1 for i in range(count)], [
        w.text() for w in workers
    ]
    for i, process in enumerate(workers):
        run = "RUN" if i else "together"
        assert i == victim or f"go on, on every worker, with: nnrun resume {run}" in process.text()
        assert "Traceback" not in process.text()
    for left in (project.folder / "scratch").iterdir():  # by what was killed
        left.rename(project.folder / left.name)
    assert finish(start(count, "resume", "together")) == [0] * count
    check_equal(project.folder)


def test_a_signal_to_one_worker_stops_all_and_any_number_of_workers_goes_on(
    start, finish, server, project
):
    project.config(LONG, checkpoint={"every_seconds": 1000})
    assert server.run(project.folder, "train", "config.yaml", "-o", "alone") == 0
    workers = start(2, "train", "config.yaml", "-o", "together")
    wait_for((project.folder / "together" / "history.csv").exists, "an epoch")
    workers[1].send(signal.SIGTERM)
    assert finish(workers) == [128 + signal.SIGTERM] * 2, [process.text() for process in workers]
    assert "nnrun resume together" in workers[0].text()
    assert len(history(project.folder / "together")) < LONG["epochs"]
    assert server.run(project.folder, "resume", "together") == 0
    check_equal(project.folder)


def test_what_ends_one_worker_before_it_trains_ends_all(start, finish, project):
    project.config()
    project.write("together", "a file, which only the chief finds in its way")
    workers = start(2, "train", "config.yaml", "-o", "together")
    assert finish(workers) == [2, 1]
    assert "together: exists" in workers[0].text()
    assert "another worker ended" in workers[1].text() or "worker 0 ended" in workers[1].text()


@pytest.mark.exhaustive
def test_no_worker_is_done_where_the_chief_cannot_save(start, finish, project):
    project.config(LONG, epochs=30)
    workers = start(2, "train", "config.yaml", "-o", "together")
    wait_for((project.folder / "together" / "history.csv").exists, "an epoch")
    (project.folder / "together" / "model.keras").mkdir()  # in its way
    assert finish(workers) == [1, 1], [process.text() for process in workers]
    (project.folder / "together" / "model.keras").rmdir()
    assert finish(start(2, "resume", "together")) == [0, 0]


def test_workers_that_would_train_different_things_are_refused(start, finish, project):
    project.config()
    workers = start(2, "train", "config.yaml", "-o", "together", own=(["-q"], ["--set", "seed=1"]))
    assert finish(workers) == [2, 2]
    for process in workers:
        assert "worker 1 does not train what the chief does" in process.text()


@pytest.mark.parametrize(
    "workers", [exhaustive(1, id="two devices"), exhaustive(2, id="two workers")]
)
def test_noise_is_drawn_anew_for_every_share_of_a_batch(start, finish, server, project, workers):
    """Two equal rows that met equal noise would do what one of them does in a batch of its own."""
    dropout = {"type": "Dropout", "rate": 0.5}
    layers = [{"units": 8, "activation": "relu"}, dropout, {"units": 1, "activation": "linear"}]
    keys = {
        "data.validation_split": 0,
        "data.normalize": False,
        "loss": "MeanSquaredError",
        "layers": layers,
    }
    config = project.config(keys, optimizer="sgd", batch_size=2, epochs=1, metrics=[])
    project.table("a,b,label\n" + "1,2,1.5\n" * 8)
    assert server.run(project.folder, "train", config, "-o", "half", "--set", "batch_size=1") == 0
    project.table("a,b,label\n" + "1,2,1.5\n" * 16)
    if workers == 2:
        assert finish(start(2, "train", config, "-o", "together")) == [0, 0]
    else:
        mirrored = ["train", config, "-o", "together", "--distribute", "mirrored"]
        assert server.start(project.folder, *mirrored, variables={"CPU_DEVICES": "2"}).wait() == 0
    ours, same = (history(project.folder / name)[0]["loss"] for name in ("together", "half"))
    assert ours != pytest.approx(same, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        pytest.param(
            {"jit_compile": True}, [], "jit_compile: XLA is for one device", id="jit_compile"
        ),
        exhaustive(
            {"loss": {"name": "bce", "reduction": "sum"}},
            [],
            "loss.reduction: sum is for one device",
            id="a sum",
        ),
        exhaustive(
            {"layers": CROSSED},
            [],
            "layers[0].activity_regularizer: OrthogonalRegularizer is for one device",
            id="a regularizer of whole batches",
        ),
        pytest.param(
            {}, ["--engine", "keras"], "--engine keras trains on one device", id="Keras's engine"
        ),
    ],
)
def test_what_is_for_one_device_is_refused_on_several(server, project, changes, arguments, message):
    project.config(changes)
    several = ["train", "config.yaml", "-o", "run", "--distribute", "mirrored", *arguments]
    process = server.start(project.folder, *several, variables={"CPU_DEVICES": "2"})
    assert process.wait() == 2
    assert message in process.text()
    assert not (project.folder / "run").exists()


def test_an_address_in_use_is_told(server, project):
    project.config()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        addresses = [f"127.0.0.1:{taken.getsockname()[1]}", "127.0.0.1:1"]
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": 0}}
        process = server.start(
            project.folder, "train", "config.yaml", variables={"TF_CONFIG": json.dumps(task)}
        )
        assert process.wait() == 1
    assert "the workers cannot connect" in process.text()
    assert "is the port of this worker free?" in process.text()
    assert len(process.text().splitlines()) == 2


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), exhaustive(signal.SIGINT, id="SIGINT")],
)
def test_a_worker_that_waits_for_others_can_be_stopped(start, finish, project, number):
    project.config()
    [process] = start(2, "train", "config.yaml", "-o", "together", only=1)
    wait_for(process.err.exists, "it to begin")
    wait_for(lambda: "waiting for the 2 workers of TF_CONFIG" in process.text(), "the message")
    time.sleep(0.5)
    process.send(number)
    assert finish([process]) == [128 + number]
    assert process.text().endswith("\ninterrupted\n")
    assert not (project.folder / "together").exists()


def is_connecting(process: Process) -> bool:
    """Return whether TensorFlow has begun to connect a worker: its threads are there, SIGTERM is held."""
    tasks = list(Path(f"/proc/{process.pid}/task").iterdir())
    return len(tasks) > 10 and "SigBlk:\t0000000000004000" in (tasks[0] / "status").read_text()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
@pytest.mark.parametrize("victim", [pytest.param(1, id="a worker"), exhaustive(0, id="the chief")])
def test_sigterm_ends_a_worker_that_tensorflow_connects(start, project, victim):
    project.config(LONG)
    both = start(2, "train", "config.yaml", "-o", "together")
    wait_for(lambda: is_connecting(both[victim]), "TensorFlow to connect the workers")
    both[victim].send(signal.SIGTERM)
    codes = [process.wait(MINUTE) for process in both]
    assert codes[victim] == 128 + signal.SIGTERM, both[victim].text()
    assert codes[1 - victim] != 0
    assert both[victim].text().endswith("\ninterrupted\n")
    assert not any("Traceback" in process.text() for process in both)


THREADS_OF_A_WORKER = """
import os
from pathlib import Path
from nnrun.__main__ import main
from nnrun.cli.workers import Workers
def tell_masks(*_, **__):
    for task in Path("/proc/self/task").iterdir():
        if task.name != str(os.getpid()):
            print((task / "status").read_text().split("SigBlk:")[1].split()[0])
    os.sys.stdout.flush()
    os._exit(0)
Workers.wait_for_all = tell_masks
main()
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
@pytest.mark.parametrize("command", ["train", exhaustive("resume", id="resume")])
def test_no_thread_takes_the_sigterm_of_a_worker(project, command):
    """A thread that took it would run TensorFlow's handler while that connects: it does nothing."""
    project.config()
    variables = {**os.environ, "TF_CONFIG": json.dumps({"cluster": {"worker": ["a:1", "b:1"]}})}
    names = ["-c", THREADS_OF_A_WORKER, command, "config.yaml"]
    masks = run_python(*names, cwd=project.folder, env=variables).stdout.split()
    sigterm = 1 << signal.SIGTERM - 1
    assert masks, "polars starts threads"
    assert all(int(mask, 16) & sigterm for mask in masks)


@pytest.mark.parametrize(
    ("index", "missing"),
    [
        pytest.param(0, "worker 1", id="the chief waits"),
        pytest.param(1, "the chief", id="another worker waits"),
    ],
)
def test_where_another_runs_another_command_all_end(start, project, index, missing):
    project.config()
    commands = (["train", "config.yaml", "-o", "together", "--wait", "2"], ["check", "config.yaml"])
    both = start(2, own=commands if index == 0 else commands[::-1])
    assert [process.wait(MINUTE) for process in both] == ([1, 0] if index == 0 else [0, 1])
    assert f"timed out waiting for {missing} (127.0.0.1:" in both[index].text()
    assert "run the same command on every worker" in both[index].text()


class OthersRead:
    """A team whose others read their tables: nobody comes to what it waits for."""

    def gather(self, *_: int) -> None:
        threading.Event().wait()


def test_a_signal_is_answered_while_others_read_their_tables():
    from nnrun.training.agreement import gather_unless_stopped
    from nnrun.training.stop_request import StopRequest

    stop_request = StopRequest()
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGTERM]).start()
    with stop_request.watch(), pytest.raises(KeyboardInterrupt):
        gather_unless_stopped(OthersRead(), 1, stop_request)

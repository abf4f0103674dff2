"""A disk that fails, at every single operation: a message, the state before it, and a run that goes on."""

import errno
import itertools
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.disk import BEHIND_PATHLIB, Disk, Hook, Operation, failing
from support.jobs import SMALL, Job, files, outcome
from support.project import Project

pytestmark = BEHIND_PATHLIB

MENDED = "(; once that is mended, go on with: nnrun resume run)?"  # where there is a run already
UNDRAWN = r"(; the run is finished; once that is mended, nnrun plot run -o run/curves\.png)?"
FAULTS = {
    "open": errno.EROFS,
    "write": errno.ENOSPC,
    "close": errno.EIO,
    "fsync": errno.EIO,
    "replace": errno.EACCES,
}
MODEL = ("model.keras", "weights.npz", "metrics.json", "config.yaml")


@pytest.fixture(autouse=True)
def _fast(eager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass the same in all runs."""
    monkeypatch.setattr("time.monotonic", itertools.count(0.0).__next__)


@pytest.fixture(scope="module")
def jobs() -> dict[str, Job]:
    """The jobs that were made, with the states that were seen to go on."""
    return {}


@pytest.fixture(params=["resume", pytest.param("train", marks=pytest.mark.exhaustive)])
def job(request, nnrun, jobs, monkeypatch, tmp_path_factory) -> Job:
    name = request.param
    folder = jobs[name].run.parent if name in jobs else tmp_path_factory.mktemp("job")
    monkeypatch.chdir(folder)
    jobs[name] = jobs.get(name) or Job(name, Project(folder), nnrun)
    jobs[name].nnrun = nnrun
    return jobs[name]


def check(
    job: Job, numbers: list[int], fault: Callable[[int], Hook], code: int, message: str
) -> None:
    ended = [
        (job.operations[i][:3], job.what_is_wrong_after(i, fault(i), code, message))
        for i in numbers
    ]
    assert not (wrong := [f"{operation}: {what}" for operation, what in ended if what]), (
        "\n\n".join(wrong)
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_wherever_an_operation_fails_the_last_save_stands_and_the_run_goes_on(job, kind, choose):
    lasting = kind == "open" or (
        kind == "write" and job.arguments[0] == "train"
    )  # a disk stays full, or is full once
    numbers = [
        i
        for i, o in enumerate(job.operations)
        if o.kind == kind and (kind, o.name) != ("close", ".lock")
    ]
    assert len(numbers) >= 8
    numbers = choose(numbers)
    message = f"^run.*: {os.strerror(FAULTS[kind])}{MENDED}{UNDRAWN}$"
    check(job, numbers, lambda number: failing(number, FAULTS[kind], lasting=lasting), 1, message)


def twice(at: int, number: int) -> Hook:
    """Return what sends a signal twice before an operation."""

    def before(index: int, _: Operation) -> None:
        if index == at:
            signal.raise_signal(number)
            signal.raise_signal(number)

    return before


def test_a_second_sigterm_is_a_sigterm(job):
    at = next(
        i for i, operation in enumerate(job.operations) if operation.target == "checkpoint.npz"
    )
    with job.disk(twice(at, signal.SIGTERM)):
        done = job.nnrun(*job.arguments)
    assert (done.code, done.err.endswith("go on with: nnrun resume run\n")) == (143, True)


@pytest.mark.slow
def test_a_second_signal_amid_a_save_leaves_the_last_one_and_the_run_goes_on(job, choose):
    handler = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # which a shell's & makes it ignore

    try:
        numbers = [
            i for i, o in enumerate(job.operations) if o.kind in ("link", "replace", "fsync")
        ]
        assert len(numbers) >= 8
        numbers = choose(numbers)
        check(
            job,
            numbers,
            lambda number: twice(number, signal.SIGINT),
            130,
            "^\n?(interrupted|training stopped at epoch)",
        )
    finally:
        signal.signal(signal.SIGINT, handler)


def states(
    job: Job,
    folder: Path,
    names: str = "*",
    choose: Callable[[list[Any]], list[Any]] | None = None,
) -> Iterator[Operation]:
    """Bring the run directory to states that a kill may leave the files `names` in, and yield what comes next.

    All of them, or those that `choose` picks.
    """
    found: dict[Any, Operation] = {}

    def keep(_: int, operation: Operation) -> None:
        left = {
            p.name: "" if p.name.startswith(".tmp-") else p.read_bytes()
            for p in job.run.glob(names)
        }
        if (
            key := frozenset(left.items())
        ) not in found:  # a temporary file is removed, whatever is in it
            shutil.copytree(job.run, folder / str(len(found)))
            found[key] = operation

    with job.disk(keep):
        assert job.nnrun(*job.arguments) == (0, "", "")
    left = list(enumerate(found.values()))
    assert names != "*" or len(left) > 30
    for number, operation in choose(left) if choose else left:
        shutil.rmtree(job.run)
        (folder / str(number)).rename(job.run)
        yield operation


@pytest.mark.slow
@pytest.mark.parametrize("job", ["resume", "train", "no checkpoint until the end"], indirect=True)
def test_whatever_a_kill_at_any_operation_leaves_the_run_goes_on(job, tmp_path, choose):
    went_on = [
        (o[:3], job.what_is_wrong_when_it_goes_on())
        for o in states(job, tmp_path / "states", choose=choose)
    ]
    assert not (wrong := [f"before {operation}: {what}" for operation, what in went_on if what]), (
        "\n\n".join(wrong)
    )
    assert len(went_on) >= 4


@pytest.mark.parametrize("job", ["resume"], indirect=True)
def test_whatever_a_kill_at_any_operation_leaves_the_old_or_the_new_model_predicts(job, tmp_path):
    model = "[cemrw][!h]*"  # all but checkpoint.npz, history.csv and temporary files
    predicted = [
        (o[:3], job.nnrun("predict", "run", "table.csv"))
        for o in states(job, tmp_path / "states", model)
    ]
    assert not (
        wrong := [f"before {operation}: {done.err}" for operation, done in predicted if done.code]
    ), wrong
    assert len({done.out for _, done in predicted}) == 2


def test_a_file_system_without_links_will_do_and_its_copies_may_fail_too(job, monkeypatch):
    def no_links(_: int, operation: Operation) -> None:
        if operation.kind == "link":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), operation.path)

    with job.disk(no_links) as disk:
        assert job.nnrun(*job.arguments) == (0, "", "")
    assert outcome(job.run) == job.expected
    monkeypatch.setattr(job, "operations", disk.operations)
    copies = [
        i
        for i, o in enumerate(disk.operations)
        if disk.operations[i - 2].kind == "link" and o.kind == "write"
    ]
    assert len(copies) >= 3
    for number in copies:
        full = failing(number, errno.ENOSPC)
        message = f"^run.*: {os.strerror(errno.ENOSPC)}{MENDED}{UNDRAWN}$"
        hook = lambda *at, full=full: (no_links(*at), full(*at))  # noqa: E731
        assert not job.what_is_wrong_after(number, hook, 1, message), disk.operations[number]


def test_every_save_is_write_fsync_replace_fsync_of_the_folder(job):
    """A kill cannot show a missing fsync: the system still has what the process wrote."""
    ends = [
        i + 1
        for i, operation in enumerate(job.operations)
        if (operation.kind, operation.name) == ("fsync", ".")
    ]
    saved: list[set[str]] = []
    for start, end in itertools.pairwise([0, *ends]):
        *before, synced_folder = [operation[:3] for operation in job.operations[start:end]]
        first = next(i for i, (kind, *_) in enumerate(before) if kind in ("link", "replace"))
        replaced = {
            temporary: name for kind, temporary, name in before[first:] if kind == "replace"
        }
        until = [operation[:2] for operation in job.operations[: start + first]]
        for temporary in replaced:
            kinds = [
                kind
                for kind, name in until
                if name == temporary and kind in ("write", "fsync", "replace")
            ]
            kinds = kinds[
                len(kinds) - [*reversed(kinds), "replace"].index("replace") :
            ]  # since it was made
            assert kinds == ["write"] * (len(kinds) - 1) + ["fsync"]
            assert len(kinds) >= 2
        assert {kind for kind, *_ in before[first:]} <= {"link", "replace"}
        assert synced_folder == ("fsync", ".", "")
        saved.append({*replaced.values()})
    assert saved.count({"checkpoint.npz"}) == 2  # at a step, and at its epoch's end
    model = {"config.yaml", "model.keras", "weights.npz", "metrics.json", "run.json"}
    assert saved[-3:] == [
        {"run.json"},
        model,
        {"curves.png"},
    ]  # run.json has the checksums of what is to be renamed
    in_place = {
        o.name
        for o in job.operations
        if o.kind in ("open", "write") and not o.name.startswith(".tmp-")
    }
    assert in_place == {".lock", "history.csv"}  # appended to; a checkpoint has its hash
    assert {
        o.name for o in job.operations if o.kind == "replace" and not o.name.startswith(".tmp-")
    } == set()


@pytest.mark.parametrize("size", [300, 1_000, 2_000, 4_000])
def test_a_limit_on_the_size_of_files_is_a_message(job, size):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with job.disk():
        before = files(job.run)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            done = job.nnrun(*job.arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(rf"run(/[\w.]+)?: File too large{MENDED}\n", done.err)
    before.pop("checkpoint.npz", None)  # which may be small enough
    assert {name: data for name, data in files(job.run).items() if name in before} == before
    assert not list(job.run.glob(".tmp-*"))
    assert not job.what_is_wrong_when_it_goes_on()


def test_a_read_only_folder_is_a_message(job):
    with job.disk():
        pass
    job.run.mkdir(exist_ok=True)
    before = files(job.run)
    job.run.chmod(0o500)
    if os.access(job.run, os.W_OK):
        pytest.skip("root writes everywhere")
    try:
        done = job.nnrun(*job.arguments)
    finally:
        job.run.chmod(0o700)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(rf"run(/[\w.]+)?: Permission denied{MENDED}\n", done.err)
    assert files(job.run) == before
    assert not job.what_is_wrong_when_it_goes_on()


@pytest.fixture
def trained(project, nnrun) -> Path:
    assert nnrun("train", project.config(SMALL, epochs=1), "-o", "run", "-q").code == 0
    return project.folder / "run"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_predictions_into_a_full_device_are_a_message(trained, nnrun):
    assert nnrun("predict", "run", "table.csv", "-o", "/dev/full") == (
        1,
        "",
        "/dev/full: No space left on device\n",
    )


def test_wherever_writing_predictions_fails_the_old_file_stands(trained, project, nnrun):
    folder = project.folder / "out"
    folder.mkdir()
    output, command = folder / "p.csv", ("predict", "run", "table.csv", "-o", "out/p.csv")
    with Disk(folder) as disk:
        assert nnrun(*command).code == 0
    assert {"write", "fsync", "replace"} <= {operation.kind for operation in disk.operations}
    output.write_text("old")
    with Disk(folder) as disk:
        assert nnrun(*command).code == 0
    for number, operation in enumerate(disk.operations):
        if operation.kind in FAULTS:
            output.write_text("old")
            with Disk(folder, failing(number, FAULTS[operation.kind])):
                done = nnrun(*command)
            assert done.code == 1
            assert done.err.endswith(f": {os.strerror(FAULTS[operation.kind])}\n"), operation
            assert "out" in done.err.splitlines()[-1], operation
            assert (output.read_text(), [*folder.iterdir()]) == ("old", [output]), operation

"""A run directory may come from anybody: links, pipes, devices, tables outside, files without end."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.forgery import everything, forge_config, header, npy, npy_of, patched, sign, zipped
from support.processes import run_python

from nnrun.files import sha256
from nnrun.runs import provenance
from nnrun.runs.directory import Run

FILES = ["config.yaml", "encoding.json", "model.keras", "weights.npz", "checkpoint.npz"]
FILES += ["history.csv", "metrics.json", "run.json", "curves.png", ".lock"]
COMMANDS = ["predict", "evaluate", "show", "plot", "report", "resume", "reproduce"]
SECRET = "root:x:0:0:secret"


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no command has any business with."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret").write_text(f"{SECRET}\nmore\n")
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_link_is_not_followed(nnrun, copied_run, command_on_run, outside, name):
    (copied_run / name).rename(outside / name)
    (copied_run / name).symlink_to(outside / name)
    before = everything(outside)
    for command in COMMANDS:
        done = nnrun(*command_on_run(command))
        assert (done.code, done.out) == (2, "")
        assert done.err == f"{copied_run}: links and devices are not followed; received {name!r}\n"
    assert everything(outside) == before


@pytest.mark.parametrize(
    "name", [".lock", "history.csv", "tensorboard", "more/deep/link", ".tmp-1-model.keras"]
)
def test_a_link_makes_nothing_where_it_leads(nnrun, copied_run, command_on_run, outside, name):
    (copied_run / name).parent.mkdir(parents=True, exist_ok=True)
    (copied_run / name).unlink(missing_ok=True)
    (copied_run / name).symlink_to(outside / "made")
    for command in COMMANDS:
        assert nnrun(*command_on_run(command)).code == 2
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_linked_folder_is_not_entered(nnrun, copied_run, command_on_run, outside):
    (copied_run / "tensorboard").symlink_to(outside, target_is_directory=True)
    forge_config(copied_run, {"tensorboard": True})
    for command in COMMANDS:
        assert nnrun(*command_on_run(command)).code == 2
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_replaced_run_takes_nothing_outside_with_it(project, nnrun, copied_run, outside):
    (copied_run / "tensorboard").symlink_to(outside, target_is_directory=True)
    assert nnrun("train", project.config(), "-o", "run", "--overwrite").code == 2
    assert [path.name for path in outside.iterdir()] == ["secret"]


@pytest.mark.usefixtures("time_limit")
@pytest.mark.parametrize("name", [*FILES, "more"])
def test_a_pipe_is_not_waited_for(nnrun, copied_run, command_on_run, name):
    (copied_run / name).unlink(missing_ok=True)
    os.mkfifo(copied_run / name)
    for command in COMMANDS:
        done = nnrun(*command_on_run(command))
        assert (done.code, done.out) == (2, "")
        assert name in done.err


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_named(nnrun, copied_run, command_on_run, name):
    (copied_run / name).unlink()
    (copied_run / name).mkdir()
    for command in ("predict", "show", "resume"):
        done = nnrun(*command_on_run(command))
        assert done.code in (0, 1, 2)  # 0: where the command does not need it
        assert not done.code or name in done.err
        assert "Traceback" not in done.err


def test_folders_in_folders_without_end_are_refused(nnrun, copied_run, command_on_run, monkeypatch):
    here = Path.cwd()
    monkeypatch.chdir(copied_run)
    for _ in range(1200):
        Path("a").mkdir()
        os.chdir("a")
    os.chdir(here)
    try:
        assert nnrun(*command_on_run("show")).code in (0, 2)
    finally:
        subprocess.run(["rm", "-rf", copied_run / "a"], check=True)


CHANGED = "{}: is not the table that the run started with (its SHA-256 differs)\n"


@pytest.mark.parametrize(("command", "code"), [("resume", 2), ("reproduce", 3)])
def test_a_file_that_is_not_the_table_of_training_is_not_shown(
    nnrun, copied_run, command_on_run, outside, command, code
):
    forge_config(copied_run, {"data.train": str(outside / "secret")})
    done = nnrun(*command_on_run(command))
    assert (done.code, done.out) == (code, "")
    assert SECRET not in done.err
    assert done.err.startswith(CHANGED.format(outside / "secret"))


@pytest.mark.usefixtures("time_limit")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize(("command", "code"), [("resume", 2), ("reproduce", 3)])
def test_what_is_no_file_is_another_table_and_not_waited_for(
    nnrun, copied_run, command_on_run, outside, kind, command, code
):
    table = Path("/dev/zero") if kind == "device" else outside / kind
    if kind == "pipe":
        os.mkfifo(table)
    table.mkdir() if kind == "folder" else None
    forge_config(copied_run, {"data.train": str(table)})
    info = json.loads((copied_run / "run.json").read_bytes())
    sign(
        copied_run, data={"train": {**info["data"]["train"], "sha256": sha256(Path(os.devnull))}}
    )  # of nothing
    done = nnrun(*command_on_run(command))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(CHANGED.format(table))


def test_a_table_of_another_size_is_not_read(
    project, nnrun, copied_run, command_on_run, monkeypatch
):
    def refuse(path: str) -> str:
        raise AssertionError(path)

    huge = project.table(b"x" * 4_096, "huge.csv")
    forge_config(copied_run, {"data.train": str(huge)})
    with monkeypatch.context() as patched:
        patched.setattr(provenance, "fingerprint", refuse)
        for command, code in (("resume", 2), ("reproduce", 3)):
            done = nnrun(*command_on_run(command))
            assert (done.code, done.out) == (code, "")
            assert done.err.startswith(CHANGED.format(huge))


def test_a_run_of_a_version_that_told_no_size_of_its_table_goes_on(
    nnrun, copied_run, command_on_run
):
    info = json.loads((copied_run / "run.json").read_bytes())
    size = info["data"]["train"].pop("size")
    assert size == Path(info["data"]["train"]["path"]).stat().st_size
    sign(copied_run, data=info["data"])
    assert nnrun(*command_on_run("resume")).code == 0


def test_resuming_changes_nothing_outside_the_run(
    project, nnrun, copied_run, shared_run, command_on_run
):
    before, around = everything(shared_run.parent), {*everything(project.folder)}
    assert nnrun(*command_on_run("resume")).code == 0
    assert everything(shared_run.parent) == before
    assert {*everything(project.folder)} == around | {"run/verdict.json", "run/intervals.json"}


def test_a_history_without_a_checkpoint_begins_anew(nnrun, copied_run, outside):
    (copied_run / "checkpoint.npz").unlink()
    (copied_run / "history.csv").unlink()
    (outside / "history").write_text("theirs\n")
    os.link(outside / "history", copied_run / "history.csv")
    assert (
        nnrun("resume", copied_run).err
        == f"{copied_run}: cannot be resumed: it has no checkpoint.npz any more; train again\n"
    )
    Run(copied_run).write_info(
        status="running", epochs=0, checksums={}
    )  # killed before its first checkpoint
    assert nnrun("resume", copied_run, "-q").code == 0
    assert (outside / "history").read_text() == "theirs\n"
    assert len((copied_run / "history.csv").read_text().splitlines()) == 4


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded as Linux does it")
MEASURED = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from nnrun.__main__ import main
from nnrun.runs.arrays import read_arrays
from nnrun.errors import RunError
def run(command, path):
    if command == "show":
        sys.argv = ["nnrun", command, path]
        main()
    try:
        read_arrays(Path(path), {"a": ((3, 4), "float32")})
    except RunError as error:
        print(error)
        sys.exit(2)
for path in sys.argv[2:]:
    try:
        run(sys.argv[1], path)
    except SystemExit as ended:
        status = Path("/proc/self/status").read_text()  # ru_maxrss begins with that of the parent
        peak = int(status.split("VmHWM:")[1].split()[0]) >> 10
        print(json.dumps([path, ended.code, peak]), file=sys.__stderr__, flush=True)
"""


def measured(command: str, *paths: Path) -> tuple[str, list[tuple[str, int, int]]]:
    """Run `show`, or read arrays, in a process of 2 GiB at most.

    Returns what it printed, and of each path the exit code, and the most MiB used until then.
    """
    done = run_python("-c", MEASURED, command, *paths, cwd=paths[0].parent)
    results = [tuple(json.loads(line)) for line in done.stderr.splitlines() if line.startswith("[")]
    assert (done.returncode, [path for path, *_ in results]) == (0, [*map(str, paths)]), done.stderr
    return done.stdout + done.stderr, results


@LINUX
@pytest.mark.exhaustive
def test_files_without_end_take_no_memory(copied_run, project):
    runs = []
    for name in [name for name in FILES if name != ".lock"]:
        runs.append(run := shutil.copytree(copied_run, project.folder / f"without end, {name}"))
        os.truncate(run / name, 300 << 20)  # a hole, which takes no disk
        if name != "run.json":
            sign(run)
    out, results = measured("show", *runs)
    assert "Traceback" not in out
    for path, code, peak in results:
        assert code in (0, 2), path
        assert peak < 200, path


ENTRY = b"PK\x01\x02" + bytes(24) + b"\x01\0" + bytes(16) + b"a"


def crowd(entries: int) -> bytes:
    """Return a zip file of nothing but entries in its directory."""
    end = b"PK\x05\x06" + bytes(8) + len(ENTRY * entries).to_bytes(4, "little") + bytes(6)
    return ENTRY * entries + end


HUGE = {
    "a trillion rows": lambda: zipped(
        {"state.npy": npy(np.zeros(0, np.uint8)), "a.npy": npy_of(header("(10**12, 4)"))}
    ),
    "more rows than there are": lambda: zipped(
        {"state.npy": npy_of(header("(1099511627776,)", "'|u1'"))}
    ),
    "a hole of a gigabyte": lambda: zipped({"a.npy": b"x"}),
    "members of twelve gigabytes": lambda: patched(
        zipped({"state.npy": b"x"}), "state.npy", size=2**32 - 2
    ),
    "a header without end": lambda: zipped({"state.npy": npy_of("(" * 9_000)}),
    "a state of 100 MB": lambda: zipped({"state.npy": npy(np.full(100 << 20, 32, np.uint8))}),
    "half a million members": lambda: crowd(500_000),
}


@LINUX
@pytest.mark.parametrize("craft", HUGE.values(), ids=HUGE.keys())
def test_arrays_without_end_take_no_memory(tmp_path, craft):
    path = tmp_path / "weights.npz"
    path.write_bytes(craft())
    if craft is HUGE["a hole of a gigabyte"]:
        os.truncate(path, 1 << 30)
    out, [(_, code, peak)] = measured("read", path)
    assert (code, out.startswith(f"{path}: cannot be read: ")) == (2, True), out
    assert "MemoryError" not in out
    assert peak < 150


WIDE = [{"units": 10**9, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}]
LIMITED = """
import resource, sys
from pathlib import Path
from nnrun.training.backend import tf
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (8 << 30),) * 2)  # the network would take 12 GB
from nnrun.__main__ import main
for command in ("resume", "reproduce"):
    try:
        sys.argv = ["nnrun", command, RUN]
        main()
    except SystemExit as ended:
        assert ended.code == 2
"""


@LINUX
@pytest.mark.slow
def test_a_network_too_large_is_refused_before_it_is_made(copied_run):
    forge_config(copied_run, {"layers": WIDE})
    script = LIMITED.replace("RUN", repr(str(copied_run)))
    done = run_python("-c", script, cwd=copied_run.parent)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "Traceback" not in done.stderr

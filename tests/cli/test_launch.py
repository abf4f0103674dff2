"""The first moments of a command, before it has handlers of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support.marks import exhaustive

from nnrun.errors import NnrunError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits and signals")


def run(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code without coverage's measuring, which needs files and memory of its own."""
    command = [sys.executable, "-c", code]
    variables = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


@POSIX
def test_ctrl_c_while_the_program_is_imported_ends_it_with_a_line():
    done = run("import signal; from nnrun.launch import guard; guard(); signal.raise_signal(2)")
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_nothing_of_nnrun_is_imported_before_ctrl_c_is_answered():
    code = "import sys, nnrun.launch; print(*sorted(m for m in sys.modules if 'nnrun.' in m))"
    assert run(code).stdout == "nnrun.launch\n"


@POSIX
@pytest.mark.parametrize("after", [0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_never_ends_in_a_traceback(after):
    code = "from nnrun.launch import guard, main; guard(); print(1, flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert error.strip() in ("", "interrupted")


@POSIX
@pytest.mark.parametrize(
    "files", [pytest.param(5, id="5"), exhaustive(4, id="4"), exhaustive(15, id="15")]
)
def test_too_few_files_are_told(files):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))"
    done = run(f"from nnrun.launch import main\n{limit}\nmain()")
    message = (
        "too many open files: a command needs 16 or more, and the process has a limit "
        f"(ulimit -n) of {files}; raise the limit\n"
    )
    assert (done.returncode, done.stderr) == (1, message)


@POSIX
@pytest.mark.exhaustive
def test_a_command_works_with_the_fewest_files(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a,b,label\n" + "1,2,0\n2.5,3,1\n" * 50)
    limit = "resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))"
    arguments = ["nnrun", "init", str(table), "--target", "label"]
    code = f"import resource, sys\n{limit}\nsys.argv = {arguments}\nfrom nnrun.launch import main"
    done = run(f"{code}\nmain()")
    assert done.returncode == 0, done.stderr


@POSIX
def test_a_limit_on_memory_is_told_before_anything_is_loaded():
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))"
    done = run(f"from nnrun.launch import main\n{limit}\nmain()")
    expected = "needs 512 MiB or more; the process has a limit (ulimit -v) of 300 MiB"
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert expected in done.stderr


@POSIX
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS heeds no such limit")
def test_memory_that_runs_out_under_a_limit_is_told_with_the_limit():
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))"
    cause = "from nnrun.system_errors import describe_system_error as describe"
    done = run(
        f"{cause}\n{limit}\ntry: bytes(1 << 30)\nexcept MemoryError as e: print(describe(e))"
    )
    assert done.stdout == (
        "out of memory: the process has a limit (ulimit -v) of 700 MiB; "
        "raise the limit, or use a smaller table\n"
    )


@POSIX
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS heeds no such limit")
@pytest.mark.parametrize(
    "mebibytes",
    [pytest.param(520, id="520"), *(exhaustive(size, id=str(size)) for size in (640, 800, 1000))],
)
def test_a_command_works_under_a_limit_on_memory(tmp_path, mebibytes):
    table = tmp_path / "table.csv"
    table.write_text("a,b,label\n" + "1,2,0\n2.5,3,1\n" * 50)
    limit = f"resource.setrlimit(resource.RLIMIT_AS, ({mebibytes} << 20, {mebibytes} << 20))"
    arguments = ["nnrun", "init", str(table), "--target", "label"]
    code = f"import resource, sys\n{limit}\nsys.argv = {arguments}\nfrom nnrun.launch import main"
    done = run(f"{code}\nmain()")
    assert done.returncode == 0, done.stderr


@POSIX
def test_a_limit_on_memory_that_tensorflow_needs_is_told_before_it_is_imported(monkeypatch):
    from nnrun.training import tensorflow_import

    monkeypatch.setattr(tensorflow_import, "shortage", lambda least: f"{least:,} is too little")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    with pytest.raises(NnrunError, match="2,621,440,000 is too little"):
        tensorflow_import.import_tensorflow()


def test_too_little_memory_is_told():
    done = run("from nnrun.launch import guard; guard(); raise MemoryError")
    assert (done.returncode, done.stderr.startswith("out of memory: ")) == (1, True)


def test_another_error_is_shown_as_python_does():
    done = run("from nnrun.launch import guard; guard(); raise ValueError(7)")
    assert done.stderr.endswith("ValueError: 7\n")

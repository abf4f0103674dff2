"""No folder for temporary files that can be written, as in a container that may write to one folder alone."""

import errno
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.project import Done


def gettempdir() -> str:
    """Find no folder, as where /tmp and the current one are mounted without write."""
    if tempfile.tempdir is None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")
    return tempfile.tempdir


@pytest.fixture
def without_folder(nnrun, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run a command where tempfile finds no folder. pytest itself needs one before and behind it."""

    def call(*arguments: str | Path) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", None)
            patch.setattr(tempfile, "gettempdir", gettempdir)
            return nnrun(*arguments)

    return call


@pytest.mark.usefixtures("eager")
def test_training_needs_no_temporary_folder(project, without_folder):
    done = without_folder("train", project.config(epochs=1), "-o", "run")
    assert done.code == 0, done.err
    assert not list((project.folder / "run").glob("tmp*"))


@pytest.mark.parametrize("command", ["cv", "reproduce"])
def test_a_command_that_needs_a_temporary_folder_says_so(
    project, shared_run, without_folder, command
):
    done = without_folder(command, project.config() if command == "cv" else shared_run)
    rule = "No usable temporary directory found in ['/tmp']"
    assert done.code == 1
    assert done.err.endswith(f"{rule}; set TMPDIR to a folder that can be written\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no uname")
def test_no_process_is_started_to_know_the_processor(monkeypatch):
    from nnrun.training import backend

    assert backend.tf
    monkeypatch.setattr(subprocess, "Popen", None)
    assert platform.uname()[0] == platform.system()
    assert "processor" in vars(platform.uname())

"""Commands in processes of their own, to be killed: forked from one that has imported TensorFlow, which takes seconds.

That one has computed nothing yet, so its children are as good as new ones.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import environment

SERVER = """
import json, os, signal, sys, tempfile
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's & makes it ignore
import nnrun.checks.registry, nnrun.reporting.text, nnrun.results.trained_run, nnrun.training.resume, nnrun.training.trainer
from nnrun.__main__ import main

def run(arguments, folder, streams, environment):
    os.environ.update(environment)
    tempfile.tempdir = None  # as TMPDIR says, which was asked before the fork
    if devices := int(environment.get("CPU_DEVICES", 0)):
        from nnrun.training.backend import tf
        each = [tf.config.LogicalDeviceConfiguration()] * devices
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], each)
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2))):
        handle = os.open(path, flags, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout = open(0), open(1, "w")  # the former ones may take a pipe for a file
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(folder)
    sys.argv = ["nnrun", *arguments]
    main()

print("ready", flush=True)
while line := sys.stdin.readline():  # not `for`, which reads ahead of the fork
    command, *arguments = json.loads(line)
    if command == "start":
        child = os.fork()
        if not child:
            run(*arguments)
        print(child, flush=True)
    else:
        pid, status = os.waitpid(arguments[0], os.WNOHANG)
        print(os.waitstatus_to_exitcode(status) if pid else "running", flush=True)
"""
DEADLINE = 300.0  # seconds, which nothing here takes on a busy machine either unless it hangs


def run_python(*arguments: object, cwd: Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder, in the environment that `support.environment` makes the same everywhere."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE, **options
    )


def wait_for(condition: Callable[[], Any], what: str = "", seconds: float = DEADLINE) -> Any:
    """Return what the condition gives as soon as that is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds:g} s for {what or condition}"
        time.sleep(0.005)
    return value


class Process:
    """A command under way."""

    def __init__(self, server: "Server", pid: int, err: Path) -> None:
        self.pid, self.err, self.server, self.code = pid, err, server, None

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if not self.ended():
            os.kill(self.pid, number)

    def pause(self) -> None:
        """Stop it where it is, unless it has ended."""
        self.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after a pause; signals that were sent meanwhile arrive."""
        self.send(signal.SIGCONT)

    def ended(self) -> bool:
        """Return whether it has ended; `code` is its exit code then, or less a signal's number."""
        if self.code is None and (answer := self.server.ask("poll", self.pid)) != "running":
            self.code = int(answer)
            self.server.running.discard(self.pid)
        return self.code is not None

    def wait(self, seconds: float = DEADLINE) -> int:
        """Return the exit code when it has ended."""
        wait_for(self.ended, "a process to end", seconds)
        return self.code

    def text(self) -> str:
        """Return what it wrote to stderr."""
        return self.err.read_text()


class Server:
    """The process that the others are forked from; when left, it and they are gone."""

    def __init__(self) -> None:
        self.running: set[int] = set()
        self._count = 0

    def __enter__(self) -> "Server":
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SERVER], env=environment.inherited(), **pipes
        )
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self.running:  # not yet waited for, so the number is not another's
            os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.communicate()

    def ask(self, *request: Any) -> str:
        """Return the server's answer."""
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def start(
        self,
        folder: Path,
        *arguments: Any,
        stdin: Path | str = os.devnull,
        err: Path | None = None,
        variables: dict[str, str] | None = None,
    ) -> Process:
        """Start a command in a folder; its stderr goes to `err`, or to a file of its own there."""
        self._count += 1
        err = err or folder / f"stderr-{self._count}.txt"
        streams = [str(stdin), os.devnull, str(err)]
        pid = int(self.ask("start", [*map(str, arguments)], str(folder), streams, variables or {}))
        self.running.add(pid)
        return Process(self, pid, err)

    def run(self, folder: Path, *arguments: Any) -> int:
        """Return the exit code of a command."""
        return self.start(folder, *arguments).wait()

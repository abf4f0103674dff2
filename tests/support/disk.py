"""Every operation that changes the files of a folder, counted, so that a test can make any of them fail."""

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

BEHIND_PATHLIB = pytest.mark.skipif(
    os.name == "nt" or sys.version_info < (3, 11),
    reason="pathlib of 3.10 keeps functions of os of its own",
)


class Operation(NamedTuple):
    """An operation: open, write, close, fsync, link, replace or unlink; the file, and what it is linked or renamed to.

    Names are relative to the folder, the folder itself is "."; `path` is what the program called the file.
    """

    kind: str
    name: str
    target: str
    path: str


Hook = Callable[[int, Operation], None]


class Disk:
    """While it is entered, calls `before` and `after` with the number, from 0, of each operation in `folder`, and it.

    What `before` raises keeps the operation from being done. Writes are those that reach the system, not those into
    Python's buffers, of `most` bytes. Nothing is really synced.
    """

    def __init__(
        self,
        folder: Path,
        before: Hook = lambda *_: None,
        after: Hook = lambda *_: None,
        most: int = sys.maxsize,
    ) -> None:
        self.folder, self.before, self.after, self.most = folder.resolve(), before, after, most
        self.operations: list[Operation] = []
        self.handles: dict[int, Any] = {}
        self._busy = False
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> "Disk":
        opener, handle_opener, closer = io.open, os.open, os.close

        def open_file(
            file: Any, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any
        ) -> Any:
            if self._busy or not {*mode} & {*"wax+"} or not self._holds(file):
                return opener(file, mode, buffering, *args, **kwargs)
            raw = self.do(
                "open", file, lambda: _Raw(self, file, mode.replace("b", "").replace("t", ""))
            )
            self.handles[raw.fileno()] = file
            binary: Any = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
            return binary if "b" in mode else io.TextIOWrapper(binary, *args, **kwargs)

        def open_handle(path: Any, *args: Any, **kwargs: Any) -> int:
            handle = handle_opener(path, *args, **kwargs)
            self.handles[handle] = path
            return handle

        def close_handle(handle: int) -> None:
            self.handles.pop(handle, None)
            closer(handle)

        def fsync(handle: int) -> None:
            self.do("fsync", self.handles[handle], lambda: None)

        for module, name, function in [
            (builtins, "open", open_file),
            (io, "open", open_file),
            (os, "open", open_handle),
            (os, "close", close_handle),
            (os, "fsync", fsync),
            *(
                (os, name, self._wrapped(name))
                for name in ("link", "replace", "rename", "unlink", "remove")
            ),
            *(
                (os, name, self._copying(name)) for name in ("sendfile",) if hasattr(os, name)
            ),  # as shutil copies
        ]:
            self._patch.setattr(module, name, function)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def do(self, kind: str, path: Any, action: Callable[[], Any], target: Any = "") -> Any:
        operation = Operation(
            kind, self._name(path), target and self._name(target), os.fsdecode(path)
        )
        number = len(self.operations)
        self.operations.append(operation)
        with self._at_work():
            self.before(number, operation)
        result = action()
        with self._at_work():
            self.after(number, operation)
        return result

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """What a hook itself does to files is not counted."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _wrapped(self, name: str) -> Callable[..., Any]:
        function, kind = (
            getattr(os, name),
            {"rename": "replace", "remove": "unlink"}.get(name, name),
        )

        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if self._busy or not self._holds(path):
                return function(path, *args, **kwargs)
            return self.do(
                kind, path, lambda: function(path, *args, **kwargs), args[0] if args else ""
            )

        return call

    def _copying(self, name: str) -> Callable[..., Any]:
        function = getattr(os, name)

        def call(out: int, *args: Any) -> Any:
            if self._busy or out not in self.handles:
                return function(out, *args)
            return self.do("write", self.handles[out], lambda: function(out, *args))

        return call

    def _holds(self, path: Any) -> bool:
        return not isinstance(path, int) and Path(os.fsdecode(path)).absolute().is_relative_to(
            self.folder
        )

    def _name(self, path: Any) -> str:
        return str(Path(os.fsdecode(path)).absolute().relative_to(self.folder))


class _Raw(io.FileIO):
    """A file without a buffer, each write and the close of which are operations."""

    def __init__(self, disk: Disk, path: Any, mode: str) -> None:
        super().__init__(path, mode)
        self.disk, self.path = disk, path

    def write(self, data: Any) -> int:
        part = memoryview(data)[: self.disk.most]
        return self.disk.do("write", self.path, lambda: io.FileIO.write(self, part))  # type: ignore[no-any-return]

    def close(self) -> None:
        if self.closed:
            return
        self.disk.handles.pop(self.fileno())
        try:
            self.disk.do("close", self.path, lambda: None)
        finally:
            super().close()


def failing(at: int, number: int, *, lasting: bool = False) -> Hook:
    """Return what makes operation `at`, or from then on all like it, fail as the system would.

    It names the file, but in write, fsync and close.
    """
    kind = ""

    def before(index: int, operation: Operation) -> None:
        nonlocal kind
        kind = operation.kind if index == at else kind
        if operation.kind == kind and (index == at or lasting):
            names = [] if kind in ("write", "fsync", "close") else [operation.path]
            raise OSError(number, os.strerror(number), *names)

    return before

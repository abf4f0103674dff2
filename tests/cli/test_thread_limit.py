"""Few threads, as `ulimit -u` and containers leave them: a message before anything is loaded."""

import _thread
import sys
from collections.abc import Callable
from typing import Any

import pytest

from nnrun import launch, thread_limit
from nnrun.errors import NnrunError
from nnrun.training.tensorflow_import import import_tensorflow


@pytest.fixture
def leave(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets so many threads start at once."""

    def set_limit(count: int) -> None:
        left = iter(range(count))
        real = thread_limit.startable

        def start(function: Callable[..., Any], arguments: tuple[Any, ...]) -> int:
            if next(left, None) is None:
                raise RuntimeError("can't start new thread")
            return _thread.get_ident()

        def startable(most: int) -> int:
            nonlocal left
            left = iter(range(count))
            return real(most)

        monkeypatch.setattr(_thread, "start_new_thread", start)
        monkeypatch.setattr(thread_limit, "startable", startable)
        monkeypatch.setattr(thread_limit, "is_limited", lambda: True)

    return set_limit


def test_threads_are_counted_as_far_as_they_start(leave):
    assert thread_limit.startable(5) == 5
    leave(3)
    assert thread_limit.startable(5) == 3
    assert thread_limit.shortage(3) is None
    problem = thread_limit.shortage(4)
    assert problem is not None
    assert problem.startswith("too few threads: this command needs 4 or more, ")
    assert "leaves 3; raise the limit" in problem


def test_nothing_is_tried_out_where_the_limit_is_high(monkeypatch):
    monkeypatch.setattr(thread_limit, "startable", None)
    monkeypatch.setattr(thread_limit, "GROUP_LIMITS", ())
    monkeypatch.setattr(thread_limit, "_own_limit", lambda: thread_limit.ROOMY)
    assert thread_limit.shortage(10) is None


def test_the_limit_of_a_container_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(thread_limit, "_own_limit", lambda: None)
    file = tmp_path / "pids.max"
    monkeypatch.setattr(thread_limit, "GROUP_LIMITS", (str(tmp_path / "none"), str(file)))
    assert not thread_limit.is_limited()
    for text, expected in (("max\n", False), ("100\n", True), ("50000\n", False)):
        file.write_text(text)
        assert thread_limit.is_limited() is expected


def test_no_command_begins_where_nothing_could_be_loaded(leave, monkeypatch, capfd):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    leave(thread_limit.LEAST - 1)
    with pytest.raises(SystemExit) as ended:
        launch.guard()
    assert ended.value.code == 1
    assert capfd.readouterr().err.startswith("too few threads: ")


def test_tensorflow_is_not_imported_where_it_would_end_the_process(leave, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    leave(thread_limit.LEAST)
    with pytest.raises(NnrunError, match=r"^too few threads"):
        import_tensorflow()

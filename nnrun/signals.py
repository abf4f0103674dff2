"""The signals that stop a command."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def stop_signals() -> list[signal.Signals]:
    """Return the signals that stop a command, without those that who started it wants ignored."""
    stops = [
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    ]
    return [number for number in stops if signal.getsignal(number) != signal.SIG_IGN]


@contextmanager
def handled_signals(handler: Any) -> Iterator[None]:
    """Let `handler` answer the signals that stop a command while the body runs; only the main thread can."""
    former = {}
    if threading.current_thread() is threading.main_thread():
        former = {number: signal.signal(number, handler) for number in stop_signals()}
    try:
        yield
    finally:
        for number, known in former.items():
            signal.signal(number, known)

"""The signals that stop a command."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


def stop_signals() -> list[signal.Signals]:
    """Return the signals that stop a command.

    Those that the caller of the command wants ignored, as `nohup` does, are not among them.
    """
    numbers = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            numbers.append(number)
    return numbers


@contextmanager
def handled_signals(handler: Handler) -> Iterator[None]:
    """Let `handler` answer the signals that stop a command while the body runs.

    Python lets only the main thread set handlers; in another thread nothing changes.

    Args:
        handler: What `signal.signal` takes: a function of the number and the frame, or SIG_IGN or
            SIG_DFL.
    """
    former: dict[signal.Signals, Handler] = {}
    if threading.current_thread() is threading.main_thread():
        for number in stop_signals():
            former[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, former_handler in former.items():
            signal.signal(number, former_handler)


@contextmanager
def delayed_signal(number: signal.Signals) -> Iterator[None]:
    """Let a signal that comes while the body runs wait until the body is done.

    The threads that the body starts do not take it either, then or later. Those that run already
    may take it: it waits for certain only where this thread is the only one. Windows has no means
    for it, and the signal comes when it comes.

    Args:
        number: The signal.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)

"""The time left: told from the second epoch on, without the first one, which compiles."""

import pytest

from nnrun.cli import time_left
from nnrun.cli.time_left import TimeLeft, shown_seconds


@pytest.fixture
def clock(monkeypatch):
    """Let the time be what a test says."""
    times = []
    monkeypatch.setattr(time_left.time, "monotonic", lambda: times[-1])
    return times


def test_two_epochs_must_have_ended(clock):
    left = TimeLeft(10)
    assert left.seconds() is None
    clock.append(100.0)
    left.end_epoch(1)
    assert left.seconds() is None
    clock.append(102.0)
    left.end_epoch(2)
    assert left.seconds() == 8 * 2


def test_a_resumed_run_counts_the_epochs_of_this_process(clock):
    left = TimeLeft(100)
    for done, time in ((51, 30.0), (52, 31.0), (54, 36.0)):
        clock.append(time)
        left.end_epoch(done)
    assert left.seconds() == 46 * 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.4, "0 s left"),
        (59.2, "59 s left"),
        (150, "2 min left"),
        (4_900, "1 h 22 min left"),
    ],
    ids=str,
)
def test_seconds_are_told_in_words(seconds, text):
    assert shown_seconds(seconds) == text

"""Something to read while TensorFlow loads, which takes some seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nnrun.cli.terminal import erase_notice, show_notice, shows_progress, tell

NOTICE = "TensorFlow is loading ..."

if TYPE_CHECKING:
    from nnrun.features.dataset import Dataset


@contextmanager
def loading_notice(dataset: Dataset, *, quiet: bool) -> Iterator[None]:
    """Tell on a terminal what is going to be trained, while the body imports TensorFlow.

    Args:
        dataset: The dataset to train on.
        quiet: Whether nothing is told.
    """
    if quiet or not shows_progress():
        yield
        return
    from nnrun.reporting.text import summarize_in_a_line

    tell(summarize_in_a_line(dataset))
    show_notice(NOTICE)
    try:
        yield
    finally:
        erase_notice(NOTICE)

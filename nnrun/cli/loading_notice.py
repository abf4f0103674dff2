"""Something to read while TensorFlow loads, which takes some seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nnrun.cli.options import tell

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
    if quiet or not sys.stderr.isatty():
        yield
        return
    from nnrun.reporting.text import summarize_in_a_line

    tell(summarize_in_a_line(dataset))
    sys.stderr.write(NOTICE)
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write(f"\r{' ' * len(NOTICE)}\r")
        sys.stderr.flush()

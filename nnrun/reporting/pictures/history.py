"""The history of a run as columns of numbers, for curves."""

import csv
import io

import numpy as np
import numpy.typing as npt

from nnrun.errors import RunError
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.files import read_small
from nnrun.runs.directory import Run
from nnrun.wording import first_line

LARGEST_HISTORY = 128 << 20  # bytes, which a million epochs take

History = dict[str, npt.NDArray[np.float64]]


def read_history(run: Run) -> History:
    """Return the columns of history.csv, each of shape (epochs,).

    Numbers that are not finite, or beyond float32, are NaN.

    Raises:
        RunError: The path is no run, no epoch has ended yet, or the file was altered.
    """
    run.read_info()
    try:
        content = read_small(run.history, LARGEST_HISTORY) if run.history.exists() else b""
        whole_rows = content.decode().rpartition("\n")[0]  # a kill may leave half a row behind
        header, _, rows = whole_rows.partition("\n")
        if not rows.strip():
            raise RunError(f"{run.path}: no epoch has ended yet, so there is nothing to draw")
        return _parse(header, rows)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        reason = f"cannot be read: {first_line(error)}; was it altered?"
        raise RunError(f"{run.history}: {reason}") from None


def best_epoch(history: History) -> int | None:
    """Return the epoch, from 1, of the least val_loss, or loss where nothing is held out.

    None stands for a history without a finite loss.
    """
    losses = history.get("val_loss", history["loss"])
    if np.isnan(losses).all():
        return None
    return int(np.nanargmin(losses)) + 1


def _parse(header: str, rows: str) -> History:
    """Return the columns; raise a ValueError or a KeyError where this is not a history."""
    table = np.loadtxt(io.StringIO(rows), delimiter=",", comments=None, ndmin=2)
    is_drawable = np.abs(table) <= FLOAT32_MAX  # NaN is not
    table[~is_drawable] = np.nan
    names = next(csv.reader([header]))
    history = dict(zip(names, table.T, strict=True))
    if "loss" not in history:
        raise KeyError("loss")
    return history

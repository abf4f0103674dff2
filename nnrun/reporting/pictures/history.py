"""The history of a run as columns of numbers that can be drawn."""

import numpy as np

from nnrun.config.schema import MOST_MEMBERS
from nnrun.errors import RunError
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.runs.directory import Run
from nnrun.runs.history import MEMBER, History, read_history


def drawable_history(run: Run) -> History:
    """Return the columns of history.csv, each of shape (epochs,).

    Numbers that are not finite, or beyond float32, are NaN.

    Args:
        run: The run directory.

    Raises:
        RunError: The path is not a run, no epoch has ended yet, or the file was altered.
    """
    run.read_info()
    history = read_history(run.history)
    if not len(history.get("loss", ())):
        raise RunError(f"{run.path}: no epoch has ended yet, so there is nothing to draw")
    for values in history.values():
        is_drawable = np.abs(values) <= FLOAT32_MAX  # NaN is not
        values[~is_drawable] = np.nan
    return history


def member_histories(history: History) -> list[History]:
    """Return the history of each member of an ensemble, or none for one network.

    Args:
        history: What `drawable_history` gave.
    """
    numbers = history.get(MEMBER)
    if numbers is None:
        return []
    members = np.unique(numbers[~np.isnan(numbers)])
    histories = []
    for member in members[:MOST_MEMBERS]:
        is_own = numbers == member
        own_history = {}
        for name, values in history.items():
            own_history[name] = values[is_own]
        histories.append(own_history)
    return histories


def best_epoch(history: History) -> int | None:
    """Return the epoch, from 1, of the least val_loss, or loss where nothing is held out.

    None stands for a history without a finite loss.

    Args:
        history: What `drawable_history` gave.
    """
    losses = history.get("val_loss", history["loss"])
    if np.isnan(losses).all():
        return None
    return int(np.nanargmin(losses)) + 1

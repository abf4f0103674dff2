"""Which epoch of a run was the best one, and which is kept: the same words in every command."""

from nnrun.config.schema import Config
from nnrun.runs.directory import Run
from nnrun.runs.history import BestEpoch, best_epoch, count_epochs
from nnrun.runs.info import RunInfo
from nnrun.wording import counted, short_number


def best_and_kept(run: Run, info: RunInfo, config: Config) -> str:
    """Return a sentence on the best epoch and the kept one, or "" before the first has ended.

    It is `validation was best at epoch 10 (0.174); the last epoch is kept (0.289): early_stopping
    keeps the best`, with the losses of both.

    Args:
        run: The run directory.
        info: Its run.json.
        config: Its config.
    """
    best = best_epoch(run.history)
    if best is None or config.ensemble > 1:  # each member keeps one
        return ""
    measured = "validation" if best.by == "val_loss" else "the training loss"
    loss = short_number(best.value)
    sentence = f"{measured} was best at epoch {best.epoch} ({loss})"
    if not info.best_epoch:
        return f"{sentence} so far"
    if info.best_epoch == best.epoch:
        return f"{sentence}, which is kept"
    kept = _kept(run, info, best)
    advice = _advice(config, best)
    return f"{sentence}; {kept}{advice}"


def kept_in_words(config: Config, best_epoch: int) -> str:
    """Return what a run's metrics are of: an epoch, or the mean of an ensemble's members.

    Args:
        config: The config of the run.
        best_epoch: The epoch that was kept, from 1 on.
    """
    if config.ensemble > 1:
        return f"mean of {config.ensemble} members"
    return f"epoch {best_epoch}"


def refit_in_words(info: RunInfo) -> str:
    """Return how a run was trained again on all rows, or "" where it was not.

    Args:
        info: Its run.json.
    """
    if not info.refit_epochs:
        return ""
    rows = sum(int(info.data.get(part, {}).get("rows", 0)) for part in ("train", "validation"))
    *others, last = map(str, info.refit_epochs)
    epochs = f"{', '.join(others)} and {last}" if others else last
    return (
        f"trained again on all {counted(rows, 'row')} for {epochs} epochs; measures of the rows "
        "held out are from before"
    )


def _kept(run: Run, info: RunInfo, best: BestEpoch) -> str:
    """Return the words for the epoch that is kept, with its loss where that is known."""
    name = f"epoch {info.best_epoch}"
    last_epoch = count_epochs(run.history)
    if info.best_epoch == last_epoch:
        name = "the last epoch"
    loss = run.read_metrics().get(best.by)
    if loss is None:
        return f"{name} is kept"
    shown_loss = short_number(loss)
    return f"{name} is kept ({shown_loss})"


def _advice(config: Config, best: BestEpoch) -> str:
    """Return how the best epoch would be kept, where it is that of rows held out."""
    if best.by != "val_loss":
        return ""
    stopping = config.early_stopping
    if stopping is None:
        return ": early_stopping keeps the best"
    if not stopping["restore_best_weights"]:
        return ": restore_best_weights under early_stopping keeps the best"
    monitor = stopping["monitor"]
    if monitor != "val_loss":
        return f", the best by {monitor}"
    return ""

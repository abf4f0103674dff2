"""Runs as they are drawn: their histories, and what each is called beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nnrun.reporting.pictures.history import best_epoch, drawable_history, member_histories
from nnrun.reporting.pictures.names import shortened
from nnrun.reporting.pictures.settings import differing_settings
from nnrun.reporting.short_names import short_names
from nnrun.runs.directory import Run
from nnrun.runs.history import History

MOST_RUNS = 10  # that are drawn: as many as there are colours that can be told apart
MOST_POINTS = 2_000  # of a line, which is more than a picture has pixels
LABEL_LENGTH = 60


@dataclass(frozen=True)
class RunCurves:
    """What is drawn of a run.

    Attributes:
        label: What the run is called.
        history: Its history.
        best_epoch: The epoch of the least loss, from 1, or None if none is known.
        kept_epoch: The epoch whose weights were kept, or None as long as none were.
        members: The members of an ensemble, each of which has epochs of its own.
    """

    label: str
    history: History
    best_epoch: int | None
    kept_epoch: int | None
    members: Sequence[RunCurves] = ()

    @property
    def networks(self) -> Sequence[RunCurves]:
        """What has one curve of a quantity: each member, or the run itself."""
        return self.members or (self,)

    @property
    def epochs(self) -> int:
        """How many epochs the history has."""
        return len(self.history["loss"])

    @property
    def least_loss(self) -> float:
        """The loss of the best epoch, infinite where none is known."""
        if self.best_epoch is None:
            return np.inf
        losses = self.history.get("val_loss", self.history["loss"])
        return float(losses[self.best_epoch - 1])

    @property
    def shown_epochs(self) -> slice:
        """Which epochs are points of a line: all, or every so manieth, the best one among them."""
        step = 1 + self.epochs // MOST_POINTS
        best = self.best_epoch or 1
        return slice((best - 1) % step, None, step)


def curves_of(paths: Sequence[Path]) -> list[RunCurves]:
    """Return runs as they are drawn, each labelled by the settings in which they differ.

    Args:
        paths: The run directories.

    Raises:
        RunError: A path is not a run, has no epoch yet, or its files were altered.
    """
    runs = list(map(_curves_of, paths))
    configs = [Run(path).read_info().config for path in paths]
    settings = differing_settings(configs)
    names = list(map(str, paths))
    labels = _labels(names, settings)
    return [replace(run, label=label) for run, label in zip(runs, labels, strict=True)]


def best_runs(runs: Sequence[RunCurves]) -> list[RunCurves]:
    """Return at most ten runs: those of the least loss, in the order in which they came.

    Args:
        runs: The runs; one without a finite loss is the worst.
    """
    best_first = sorted(range(len(runs)), key=lambda number: runs[number].least_loss)
    in_order = sorted(best_first[:MOST_RUNS])
    return [runs[number] for number in in_order]


def _curves_of(path: Path) -> RunCurves:
    """Return a run as it is drawn, without a label yet."""
    run = Run(path)
    history = drawable_history(run)
    epochs = len(history["loss"])
    kept: int | None = run.read_info().best_epoch
    if kept not in range(1, epochs + 1):  # the files of a run need not agree
        kept = None
    members = []
    for own_history in member_histories(history):
        member = RunCurves(
            label="",
            history=own_history,
            best_epoch=best_epoch(own_history),
            kept_epoch=None,
        )
        members.append(member)
    return RunCurves(
        label="",
        history=history,
        best_epoch=best_epoch(history),
        kept_epoch=kept,
        members=members,
    )


def _labels(names: Sequence[str], settings: Sequence[str]) -> list[str]:
    """Return what each run is called: its settings, with its name where these are not enough."""
    labels = []
    for name, text in zip(short_names(names), settings, strict=True):
        short = shortened(name)
        is_shared = settings.count(text) > 1
        if not text:
            labels.append(repr(short))
        elif is_shared:
            labels.append(shortened(f"{short!r}: {text}", LABEL_LENGTH))
        else:
            labels.append(shortened(text, LABEL_LENGTH))
    return labels

"""What became of a trial of a sweep: a file beside its run directory."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from nnrun.errors import RunError
from nnrun.files import write_json
from nnrun.json_mistakes import json_mistakes
from nnrun.ordinary_files import read_small
from nnrun.runs.directory import Metrics

ENDING = ".json"
NAMES = f"trial-*{ENDING}"
"""The pattern of the records in the folder of a sweep."""


class TrialRecord(BaseModel):
    """A trial that has ended.

    Attributes:
        settings: The value of each setting, as --set takes it.
        status: `finished`; `pruned`, where Optuna gave it up; or `failed`.
        reason: Why it failed, or an empty text.
        metrics: Its metrics; of a cross-validation their means over the folds.
        sd: The standard deviation of each metric over the folds; none of a single training.
        folds: The metrics of each fold; none of a single training.
    """

    settings: dict[str, str]
    status: Literal["finished", "pruned", "failed"]
    reason: str = ""
    metrics: Metrics = {}
    sd: Metrics = {}
    folds: list[Metrics] = []

    def write(self, trial: Path) -> None:
        """Write the record beside the run directory of its trial.

        Args:
            trial: The run directory, which need not exist.
        """
        write_json(record_path(trial), self.model_dump())


def setting_keys(trials: Iterable[Mapping[str, object]]) -> list[str]:
    """Return each key of the settings of trials once; the files of a stranger need not agree.

    Args:
        trials: The settings of each trial, by their keys.
    """
    keys: dict[str, None] = {}
    for settings in trials:
        keys |= dict.fromkeys(settings)
    return list(keys)


def record_path(trial: Path) -> Path:
    """Return the path of the record of a trial.

    Args:
        trial: The run directory of the trial, which need not exist.
    """
    whole = trial.absolute()  # `.` has no name
    return whole.parent / (whole.name + ENDING)


def read_record(trial: Path) -> TrialRecord | None:
    """Return the record of a trial, or None where the trial has not ended.

    Args:
        trial: The run directory of the trial, which need not exist.

    Raises:
        RunError: The record was altered.
        UnfitFileError: It is a link, or no file.
    """
    path = record_path(trial)
    if not os.path.lexists(path):
        return None
    try:
        return TrialRecord.model_validate_json(read_small(path))
    except ValidationError as error:
        mistakes = json_mistakes(error)
        raise RunError(f"{path}: {mistakes}; was it altered?") from None


def read_records(folder: Path) -> dict[str, TrialRecord]:
    """Return the records of all trials of a sweep that have ended, by their names, in order.

    Args:
        folder: The folder of the sweep.

    Raises:
        RunError: A record was altered.
        UnfitFileError: A record is a link, or no file.
    """
    records = {}
    for path in sorted(folder.glob(NAMES)):
        record = read_record(path.with_suffix(""))
        if record is not None:
            records[path.stem] = record
    return records

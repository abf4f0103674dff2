"""The sweep that a folder holds: its config and options, with which it goes on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nnrun.config.loading import TABLES, load_config, written_values
from nnrun.config.search_space import Choices, Range, SearchSpace, choices_of, range_text
from nnrun.config.strict_model import Strict
from nnrun.config.yaml_output import to_yaml
from nnrun.errors import InputError, RunError
from nnrun.files import to_json, write_texts
from nnrun.json_mistakes import json_mistakes
from nnrun.lock import held_in_turn
from nnrun.ordinary_files import read_small
from nnrun.runs.provenance import differences
from nnrun.tables.fingerprint import fingerprint
from nnrun.tables.table import find_files
from nnrun.wording import listed
from nnrun.workflows.storage_url import has_password
from nnrun.workflows.sweep_plan import Sweep

OPTIONS = "sweep.json"
CONFIG = "sweep.yaml"
"""The config that all trials share, in the folder of the sweep."""

KEEPING = ".sweep.lock"
"""The file that a process holds while it looks for another sweep, and writes its own."""


class KeptOptions(Strict):
    """The options of a sweep, as sweep.json has them.

    Attributes:
        settings: The values of each setting, as --set takes them, or its range.
        metric: The metric that tells which trial is best.
        trials: How many trials there are.
        folds: By how many folds each trial is cross-validated.
        storage: The URL of Optuna's storage, unless it has a password.
        has_password: Whether the storage's URL has a password, which is not written.
        tables: The SHA-256 of the table of each part that has one, as the first trial reads it,
            and of each table that a setting names; none of a sweep that an earlier version began.
    """

    settings: dict[str, list[str] | str]
    metric: str
    trials: int | None
    folds: int | None
    storage: str | None
    has_password: bool
    tables: dict[str, str] = {}


def is_sweep(folder: Path) -> bool:
    """Return whether a folder is that of a sweep which can go on, or says to be.

    Args:
        folder: The folder, which need not exist.
    """
    return os.path.lexists(folder / OPTIONS)


def keep_sweep(sweep: Sweep, tables: Mapping[str, str]) -> None:
    """Write the sweep into its folder, unless another one is there.

    Args:
        sweep: The sweep.
        tables: The SHA-256 of the table of each part that has one, as the first trial reads it,
            and of each table that a setting names.

    Raises:
        RunError: The folder holds a sweep of another config, of other settings or of other rows.
    """
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with held_in_turn(sweep.folder / KEEPING):
        if is_sweep(sweep.folder):
            _refuse_another(sweep, tables)
        _write(sweep, tables)


def _refuse_another(sweep: Sweep, tables: Mapping[str, str]) -> None:
    """Raise a RunError where the folder holds another sweep.

    Machines that share a folder may have it at different paths, so tables are compared by what
    they contain.
    """
    kept_options = _read_options(sweep.folder)
    then = _identity(read_sweep(sweep.folder))
    now = _identity(sweep)
    if kept_options.tables:
        then = _without_tables(then)
        now = _without_tables(now)
    changes = differences(then, now)
    if changes:
        reason = f"holds a sweep that differs in {changes[0]}"
        raise RunError(f"{sweep.folder}: {reason}; choose another folder with -o")
    changed = _changed(kept_options.tables, tables)
    if changed:
        reason = f"the table of {listed(changed, 3)} has changed since this sweep began"
        raise RunError(f"{sweep.folder}: {reason}; undo that, or choose another folder with -o")


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return which tables are others now, of those that were noted when the sweep began.

    One that a setting names may have been missing then, or be missing now: its trials fail.
    """
    if not then:
        return []
    changed = []
    for part in TABLES:
        if then.get(part) != now.get(part):
            changed.append(part)
    for key, checksum in then.items():
        if key in TABLES:
            continue
        checksum_now = now.get(key, checksum)
        if checksum_now != checksum:
            changed.append(key)
    return changed


def swept_tables(sweep: Sweep) -> dict[str, str]:
    """Return the SHA-256 of each table that a setting names, by `data.train=houses.csv`.

    Args:
        sweep: The sweep; a table that it names and that is missing is left out.
    """
    checksums = {}
    for part in TABLES:
        key = f"data.{part}"
        values = sweep.space.settings.get(key, ())
        if isinstance(values, Range):
            continue
        for value in values:
            path = Path(value).expanduser().absolute()
            if find_files(path):
                checksums[f"{key}={value}"] = fingerprint(str(path))
    return checksums


def _write(sweep: Sweep, tables: Mapping[str, str]) -> None:
    """Write the config and the options of a sweep into its folder."""
    is_secret = sweep.storage is not None and has_password(sweep.storage)
    options = KeptOptions(
        settings=_texts(sweep.space),
        metric=sweep.metric,
        trials=sweep.trials,
        folds=sweep.folds,
        storage=None if is_secret else sweep.storage,
        has_password=is_secret,
        tables=dict(tables),
    )
    texts = {
        sweep.folder / CONFIG: to_yaml(written_values(sweep.base)),
        sweep.folder / OPTIONS: to_json(options.model_dump()),
    }
    write_texts(texts)


def _read_options(folder: Path) -> KeptOptions:
    """Return the options that a folder holds, or raise a RunError where they were altered."""
    path = folder / OPTIONS
    try:
        return KeptOptions.model_validate_json(read_small(path))
    except ValidationError as error:
        mistakes = json_mistakes(error)
        raise RunError(f"{path}: {mistakes}; was it altered?") from None


def read_sweep(folder: Path) -> Sweep:
    """Return the sweep that a folder holds.

    Args:
        folder: The folder, of which `is_sweep` is true.

    Raises:
        RunError: Its options were altered.
        ConfigError: Its config was.
        UnfitFileError: One of the two is a link, or no file.
    """
    config = folder / CONFIG
    kept_options = _read_options(folder)
    base = load_config(config, content=read_small(config))
    settings = {}
    for key, values in kept_options.settings.items():
        settings[key] = _choices(values)
    return Sweep(
        base=base,
        space=SearchSpace((), settings),
        folder=folder,
        metric=kept_options.metric,
        trials=kept_options.trials,
        folds=kept_options.folds,
        storage=kept_options.storage,
    )


def sweep_to_resume(folder: Path) -> Sweep:
    """Return the sweep that goes on in a folder.

    Args:
        folder: The folder, of which `is_sweep` is true.

    Raises:
        InputError: The URL of its storage has a password, which is not kept; or options or config
            were altered.
    """
    kept_options = _read_options(folder)
    if kept_options.has_password:
        advice = "give the command with --storage again"
        raise InputError(f"{folder}: the password of its storage is not kept; {advice}")
    return read_sweep(folder)


def _identity(sweep: Sweep) -> dict[str, Any]:
    """Return what two processes must agree on that work on one sweep."""
    return {
        "config": written_values(sweep.base),
        "settings": _texts(sweep.space),
        "metric": sweep.metric,
        "folds": sweep.folds,
    }


def _without_tables(identity: dict[str, Any]) -> dict[str, Any]:
    """Return what two processes must agree on without the paths of the tables."""
    config = dict(identity["config"])
    data = dict(config["data"])
    for part in TABLES:
        data.pop(part, None)
    config["data"] = data
    return {**identity, "config": config}


def _texts(space: SearchSpace) -> dict[str, list[str] | str]:
    """Return the values of each setting, or its range, as sweep.json has them."""
    texts: dict[str, list[str] | str] = {}
    for key, values in space.settings.items():
        if isinstance(values, Range):
            texts[key] = range_text(values)
        else:
            texts[key] = list(values)
    return texts


def _choices(values: list[str] | str) -> Choices | Range:
    """Return the values or the range that sweep.json has of a setting."""
    if isinstance(values, list):
        return values
    return choices_of(values) or [values]

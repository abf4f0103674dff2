"""A run taken up again: nothing that its numbers depend on may differ from the start of the run."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nnrun.checks.loading import load_checked
from nnrun.config.architecture import summarize
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.files import remove_temporaries
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import (
    changed_tables,
    check_encoding,
    check_tables,
    differences,
    versions,
    with_later_keys,
)
from nnrun.runs.warm_start import given_encoder_of, needed_warm_start
from nnrun.training.changeable import changed_config, check_patience, planned_config


@contextmanager
def reopen(
    path: Path,
    *,
    epochs: int | None = None,
    overrides: Sequence[str] = (),
    force: bool = False,
    is_chief: bool = True,
) -> Iterator[tuple[Run, Dataset]]:
    """Yield a run and its dataset, to be trained on.

    Args:
        path: The run directory.
        epochs: The number of epochs that the run is to have in the end, by default as planned.
        overrides: Other settings to go on with, as `KEY=VALUE`: those of `CHANGEABLE`.
        force: Whether versions of libraries may be others than at the start.
        is_chief: Whether this process locks the directory and writes there.

    Raises:
        RunError: Config, versions or tables differ from what the run started with; every
            difference is in it.
        ConfigError: The config cannot be read, or an override is wrong.
        TableError: A table cannot be read.
    """
    run = Run(path)
    run.read_info()
    with ExitStack() as stack:
        if is_chief:
            stack.enter_context(run.locked())
            remove_temporaries(run.path)
        yield run, _reload(run, epochs=epochs, overrides=overrides, force=force)


def _reload(
    run: Run,
    *,
    epochs: int | None,
    overrides: Sequence[str],
    force: bool,
) -> Dataset:
    """Return the dataset of a run, once nothing differs from its start."""
    info = run.read_info()
    config = load_config(run.config)
    problems = _differences(run, info, config, force=force)
    if problems:
        raise RunError(problems)
    _check_checkpoint(run, info, config)
    config = changed_config(run, planned_config(run, info), overrides)
    check_patience(run, info, config)
    if epochs:
        config = config.model_copy(update={"epochs": epochs})
    encoder = Encoder.load(run.encoding)
    _check_size(run, config, encoder)
    given_encoder = given_encoder_of(info, encoder, run)
    needed_warm_start(run, config)  # before TensorFlow is imported
    cache = run.path.resolve().parent / CACHE
    dataset = load_checked(config, cache, given=given_encoder)
    check_tables(info, dataset)
    check_encoding(run, encoder, dataset)
    return dataset


def _check_checkpoint(run: Run, info: RunInfo, config: Config) -> None:
    """Raise a RunError where a run that has begun lacks what it goes on from."""
    needed_path = run.checkpoint if config.ensemble == 1 else run.members
    has_begun = info.checksums or info.epochs
    if has_begun and not needed_path.exists():
        reason = f"it has no {needed_path.name} any more"
        raise RunError(f"{run.path}: cannot be resumed: {reason}; train again")


def _check_size(run: Run, config: Config, encoder: Encoder) -> None:
    """Refuse a checkpoint that is smaller than the network, before the network is built."""
    if not run.checkpoint.exists():
        return
    layers = summarize(config, encoder.width)
    parameters = sum(layer.parameters for layer in layers)
    needed = 4 * parameters  # bytes of float32
    size = run.checkpoint.stat().st_size
    if size < needed:
        raise RunError(
            f"{run.checkpoint}: is smaller than the network of {run.config}; was it altered?"
        )


def _differences(
    run: Run,
    info: RunInfo,
    config: Config,
    *,
    force: bool,
) -> list[str]:
    """Return a line for each difference from the start of the run: versions first."""
    lines = []
    if not force:
        advice = "--force resumes with the current versions"
        for line in differences(info.versions, versions()):
            lines.append(f"{run.info}: {line}; {advice}")
    changes = _changes_of_config(run, info, config)
    changes += changed_tables(config, info)
    if changes:
        changes.append(f"{run.path}: cannot be resumed: undo that, or train again")
    return lines + changes


def _changes_of_config(run: Run, info: RunInfo, config: Config) -> list[str]:
    """Return a line for each difference between the run's config and what it was trained with."""
    now = config.model_dump(mode="json")
    then = with_later_keys(info.config)
    then["checkpoint"] = now["checkpoint"]  # it may change at any time
    if config.epochs == info.goal:  # a kill came while the longer run was saved
        then["epochs"] = config.epochs
    if config.early_stopping and config.early_stopping["patience"] == info.patience:
        stopping_then = then.get("early_stopping", {})
        then["early_stopping"] = {**stopping_then, "patience": info.patience}
    lines = [f"{run.config}: {line}" for line in differences(then, now)]
    if then.get("epochs") != config.epochs:
        lines.append(f"{run.config}: leave epochs as it was, and give --epochs {config.epochs}")
    return lines

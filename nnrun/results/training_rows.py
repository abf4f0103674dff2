"""The simpler models of a run that saved none: its training table is read again for them."""

from pathlib import Path
from typing import NamedTuple

from nnrun.errors import InputError, RunError
from nnrun.features.dataset import Dataset
from nnrun.features.loading import load_dataset
from nnrun.results.baseline import NumberBaseline
from nnrun.results.linear_model import LinearModel
from nnrun.results.simpler_models import Baseline, baseline_of, linear_model_of
from nnrun.results.trained_run import TrainedRun
from nnrun.runs.directory import Run
from nnrun.runs.provenance import changed_tables
from nnrun.runs.warm_start import given_encoder_of
from nnrun.tables.table import find_files


class SimplerModels(NamedTuple):
    """What a network is compared with.

    Attributes:
        baseline: The most frequent label or the mean of the training rows, or None.
        linear: The linear model of the training rows, or None.
        reason: Why one of them is None, or an empty text.
    """

    baseline: Baseline | None
    linear: LinearModel | None
    reason: str


def models_of_training_rows(run: Run, trained: TrainedRun) -> SimplerModels:
    """Return the simpler models of a run's training rows.

    Without the table there is no linear model, but the encoder knows the means of numbers.

    Args:
        run: The run directory.
        trained: The same run, loaded.
    """
    try:
        dataset = _load_training_rows(run, trained)
    except InputError as error:
        return SimplerModels(_known_means(trained), None, error.problems[0])
    return SimplerModels(baseline_of(dataset), linear_model_of(dataset), "")


def _load_training_rows(run: Run, trained: TrainedRun) -> Dataset:
    """Return the dataset that a run was trained on.

    Raises:
        InputError: A table is gone, is another, or gives other inputs to this version.
    """
    config = trained.config
    if not find_files(Path(config.data.train)):
        raise RunError(f"{config.data.train}: the training table no longer exists")
    info = run.read_info()
    changed = changed_tables(config, info)
    if changed:
        raise RunError(changed)
    given_encoder = given_encoder_of(info, trained.encoder, run)
    dataset = load_dataset(config, given=given_encoder)
    if dataset.encoder.input_names != trained.encoder.input_names:
        raise RunError(
            f"{config.data.train}: this version of nnrun makes other inputs of the table"
        )
    return dataset


def _known_means(trained: TrainedRun) -> NumberBaseline | None:
    """Return the baseline of numbers by what the encoder has of them, or None.

    A run of an early version knows no range. It is the unit in which several targets compare.
    """
    targets = trained.encoder.targets
    means = tuple(target.mean for target in targets)
    ranges = tuple(target.maximum - target.minimum for target in targets)
    if trained.config.is_classes or not all(ranges):
        return None
    return NumberBaseline(means, ranges)

"""A training before its first step: the compiled model, its dataset and its team."""

from dataclasses import dataclass, replace

import numpy as np

from nnrun.config.schedules import with_scheduled_steps
from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.dataset import Dataset
from nnrun.runs.arrays import Array
from nnrun.runs.warm_start import WarmStart
from nnrun.training.backend import keras
from nnrun.training.batches import RowBlocks
from nnrun.training.build_model import (
    build_network,
    build_variables,
    compile_model,
    network_weights,
)
from nnrun.training.distributed.limits import check_shareable
from nnrun.training.distributed.moments import share_moments
from nnrun.training.distributed.team import Team
from nnrun.training.epoch_loop import EpochLoop
from nnrun.training.keras_types import Model
from nnrun.training.traced_graphs import signature


@dataclass(frozen=True)
class Job:
    """A compiled model with every variable built, the dataset it is fitted on, and the team.

    Where training starts from another run, the model has the weights of that.

    Attributes:
        model: The compiled model.
        dataset: The dataset, whose config has everything that was decided for it.
        team: The workers and replicas that train together.
        start: The run whose weights the model has, or None where they were drawn.
    """

    model: Model
    dataset: Dataset
    team: Team
    start: WarmStart | None = None

    @property
    def config(self) -> Config:
        """The config, with everything that was decided for it written down."""
        return self.dataset.config

    def epoch_loop(self, rows: RowBlocks, *, training: bool) -> EpochLoop:
        """Return the loop over the rows of a part.

        Args:
            rows: The rows.
            training: Whether it trains on them, or else measures them.
        """
        return EpochLoop(
            self.model,
            self.config.batch_size,
            rows,
            training=training,
            team=self.team,
            signature=signature(self.config, self.model),
        )


def prepare(
    dataset: Dataset,
    team: Team,
    start: WarmStart | None = None,
    member: int = 0,
) -> Job:
    """Return the job of training a dataset's config.

    Args:
        dataset: The dataset.
        team: The processes and devices that train together.
        start: The run whose weights the training starts with, or None where they are drawn.
        member: The member of that run, counted from 0, if it is an ensemble.

    Raises:
        ConfigError: Keras refuses the network, or several replicas cannot train it together.
    """
    config = dataset.config
    if team.count > 1:
        check_shareable(config)
    config = with_scheduled_steps(config.without_sweep(), dataset.train.rows)
    dataset = replace(dataset, config=config)
    keras.utils.set_random_seed(config.seed)
    try:
        model = _build(dataset, team)
    except (ValueError, TypeError) as error:
        place = config.where("layers")
        raise ConfigError(f"{place}: Keras refuses this network: {error}") from None
    if start:
        _take_weights(model, start.weights[member])
    decided_config = _decided(dataset, model)
    return Job(
        model=model,
        dataset=replace(dataset, config=decided_config),
        team=team,
        start=start,
    )


def _take_weights(model: Model, weights: list[Array]) -> None:
    """Give the layers of the config the weights of another run."""
    for variable, array in zip(network_weights(model), weights, strict=True):
        variable.assign(array)


def _build(dataset: Dataset, team: Team) -> Model:
    """Return the compiled model with every variable built."""
    model = build_network(dataset.config, dataset.encoder)
    if team.count > 1:
        share_moments(model)
    rows = dataset.train.rows
    if team.count > 1:  # XLA is for one device
        rows = 0
    compile_model(model, dataset.config, rows)
    build_variables(model, len(dataset.encoder.targets))
    return model


def _decided(dataset: Dataset, model: Model) -> Config:
    """Return the config with what `auto` and the defaults came to be."""
    config = dataset.config
    in_memory = not isinstance(dataset.train.x, np.memmap)  # the order of the rows depends on it
    data = config.data.model_copy(update={"in_memory": in_memory})
    decided = {
        "data": data,
        "jit_compile": bool(model.jit_compile),
        "metrics": config.metric_specs,
    }
    return config.model_copy(update=decided)

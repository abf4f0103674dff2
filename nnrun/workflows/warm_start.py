"""A training that starts with the weights of a run, and reads its tables as that run did."""

from collections.abc import Callable
from pathlib import Path

from nnrun.checks.loading import load_checked
from nnrun.config.schema import Config
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset
from nnrun.runs.warm_start import WarmStart, open_warm_start


def load_warm(
    config: Config,
    run: Path,
    folder: Path,
    warn: Callable[[str], None] | None,
) -> tuple[Dataset, WarmStart]:
    """Return the dataset of a config as a run reads it, and the weights of the run.

    Args:
        config: The config.
        run: The directory of the run to start from.
        folder: The folder of the run directories, which has the converted tables.
        warn: Takes each warning as a line; None where nobody wants them.

    Raises:
        RunError: The run has no model, or was altered.
        ConfigError: The config or its table does not fit the run; every thing is in it that does
            not.
        TableError: A table cannot be read, or has wrong cells.
    """
    start, given_encoder = open_warm_start(run, config)
    dataset = load_checked(config, folder / CACHE, warn, given=given_encoder)
    return dataset, start

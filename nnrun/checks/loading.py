"""The way of every command that trains: a dataset is loaded, then checked."""

from collections.abc import Callable
from pathlib import Path

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.given_encoder import GivenEncoder
from nnrun.features.loading import load_dataset


def load_checked(
    config: Config,
    cache: Path,
    warn: Callable[[str], None] | None = None,
    *,
    has_matrices: bool = True,
    given: GivenEncoder | None = None,
) -> Dataset:
    """Return the dataset of a config, once every rule holds for it.

    Args:
        config: The config whose tables are read.
        cache: The folder where tables that do not fit in memory are converted.
        warn: Takes each warning as a line; None where nobody wants them.
        has_matrices: Whether the dataset is to train on, and not to be checked alone.
        given: The encoder of an earlier run, through which the tables are read.

    Raises:
        ConfigError: A rule that is an error is broken; all such findings are in it.
            Or the config does not fit the run of the given encoder.
        TableError: A table cannot be read, or has wrong cells.
    """
    warnings: list[str] = []
    dataset = load_dataset(config, cache, warnings.append, has_matrices=has_matrices, given=given)
    findings = lint(dataset)
    warnings += [str(finding) for finding in findings if finding.level == "warning"]
    for line in warnings:
        if warn:
            warn(line)
    raise_errors(findings)
    return dataset

"""What several replicas cannot do together."""

from collections.abc import Iterator

from nnrun.config.schema import Config
from nnrun.errors import ConfigError

MEANS = ("sum_over_batch_size", "mean")
"""The reductions of a loss whose shares of a batch add up to that of the batch."""

REMEDY = "is for one device; leave it out, or give --distribute none"


def check_shareable(config: Config) -> None:
    """Check that several replicas can train a config together.

    Args:
        config: The config.

    Raises:
        ConfigError: They cannot; every key that is in their way is in it.
    """
    problems = list(_problems(config))
    if problems:
        raise ConfigError(problems)


def _problems(config: Config) -> Iterator[str]:
    """Yield a message for each key that several replicas cannot follow together."""
    if config.jit_compile is True:
        place = config.where("jit_compile")
        yield f"{place}: XLA {REMEDY}"
    reduction = config.loss.get("reduction", MEANS[0])
    if reduction not in MEANS:
        place = config.where("loss", "reduction")
        yield f"{place}: {reduction} {REMEDY}"
    for number in config.layers_with("activity_regularizer"):
        regularizer = config.layers[number]["activity_regularizer"]
        # It multiplies every two rows of a batch.
        if regularizer and regularizer["name"] == "OrthogonalRegularizer":
            place = config.where("layers", number, "activity_regularizer")
            yield f"{place}: OrthogonalRegularizer {REMEDY}"

"""Learning-rate schedules of Keras, whose steps are those of the run where a config says none."""

from nnrun.config.schema import Config

STEPS = ("decay_steps", "first_decay_steps")
"""The arguments of a schedule that default to the steps of the run."""


def with_scheduled_steps(config: Config, rows: int) -> Config:
    """Return the config with the steps of the run in its schedule, where it says none.

    Args:
        config: The config.
        rows: The number of training rows.
    """
    schedule = config.schedule
    if schedule is None:
        return config
    filled = dict(schedule)
    for argument in STEPS:
        if argument in filled and filled[argument] is None:
            filled[argument] = config.steps(rows)
    optimizer = {**config.optimizer, "learning_rate": filled}
    return config.model_copy(update={"optimizer": optimizer})


def describe_learning_rate(config: Config) -> str:
    """Return the learning rate as a person says it: 0.001, or `CosineDecay from 0.01`.

    Args:
        config: The config, which has the optimizer.
    """
    schedule = config.schedule
    if schedule is None:
        return f"{config.optimizer['learning_rate']:g}"
    return f"{schedule['name']} from {first_learning_rate(config):g}"


def first_learning_rate(config: Config) -> float:
    """Return the learning rate of the first step, or before the steps of a warm-up.

    Args:
        config: The config, which has the optimizer.
    """
    schedule = config.schedule
    if schedule is None:
        return float(config.optimizer["learning_rate"])
    if "values" in schedule:
        return float(schedule["values"][0])
    return float(schedule["initial_learning_rate"])

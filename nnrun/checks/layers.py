"""Rules about the layers of a network."""

from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.features.matrix_store import memory_bytes

BYTES_PER_ACTIVATION = 8  # float32, and its gradient
BYTES_PER_PARAMETER = 16  # float32 weights, gradients and up to two slots of the optimizer


def oversize(config: Config, features: int, rows: int) -> str | None:
    """Return what is wrong with a network whose training does not fit in memory, or None."""
    layers, batch = summarize(config, features), min(config.batch_size, rows)
    parameters, units = (
        sum(layer.parameters for layer in layers),
        sum(layer.units for layer in layers),
    )
    needed, available = (
        parameters * BYTES_PER_PARAMETER + units * batch * BYTES_PER_ACTIVATION,
        memory_bytes(),
    )
    if needed <= available:
        return None
    gib = f"{needed / 2**30:,.0f} GiB to train; {available / 2**30:,.0f} GiB are free"
    return f"{parameters:,} parameters and batches of {batch:,} need {gib}: use fewer units"

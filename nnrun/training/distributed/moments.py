"""The moments of BatchNormalization over the rows of all replicas."""

from nnrun.training.backend import keras, tf
from nnrun.training.distributed.replicas import summed_over_replicas
from nnrun.training.keras_types import Model, Tensor


def share_moments(model: Model) -> None:
    """Let BatchNormalization standardise by the rows of all replicas, as if one had them all.

    Keras's own way to do so, `synchronized`, takes E(x^2) - E(x)^2, of which float32 leaves nothing
    where the mean is large.

    Args:
        model: The model, whose layers are changed; no graph of it is traced yet.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = _moments


def _moments(x: Tensor, _: object) -> tuple[Tensor, Tensor]:
    """Return mean and variance (units,) of x (rows, units), in two passes over all replicas."""
    rows = tf.cast(tf.shape(x)[0], x.dtype)
    count = summed_over_replicas(rows)
    own_sum = tf.reduce_sum(x, 0)
    mean = summed_over_replicas(own_sum) / count
    deviations = tf.math.squared_difference(x, tf.stop_gradient(mean))
    own_sum_of_deviations = tf.reduce_sum(deviations, 0)
    variance = summed_over_replicas(own_sum_of_deviations) / count
    return mean, variance

"""The moments of BatchNormalization over the rows of all replicas."""

from nnrun.training.backend import keras, tf
from nnrun.training.distributed.replicas import summed_over_replicas
from nnrun.training.keras_types import Model, Tensor


def share_moments(model: Model) -> None:
    """Let BatchNormalization standardise by the rows of all replicas, as if one had them all.

    Keras's own way to do so, `synchronized`, takes E(x^2) - E(x)^2, of which float32 leaves nothing
    where the mean is large.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = _moments


def _moments(x: Tensor, _: object) -> tuple[Tensor, Tensor]:
    """Return mean and variance (units,) of x (rows, units), in two passes over all replicas."""
    count = summed_over_replicas(tf.cast(tf.shape(x)[0], x.dtype))
    mean = summed_over_replicas(tf.reduce_sum(x, 0)) / count
    deviations = tf.math.squared_difference(x, tf.stop_gradient(mean))
    return mean, summed_over_replicas(tf.reduce_sum(deviations, 0)) / count

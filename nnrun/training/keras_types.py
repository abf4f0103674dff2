"""Names for the objects of Keras and TensorFlow, which have no types of their own."""

from typing import Any

Graph = Any
"""A tf.types.experimental.ConcreteFunction: a function traced for tensors of some shapes."""

KerasObject = Any
"""A layer, a loss, an optimizer, a metric, a callback or a list of callbacks."""

Model = Any
"""A keras.Sequential."""

Strategy = Any
"""A tf.distribute.Strategy."""

Tensor = Any
"""A tf.Tensor, or what a graph takes for one."""

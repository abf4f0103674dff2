"""The one place that other modules take TensorFlow and Keras from."""

from nnrun.training.tensorflow_import import import_tensorflow, silenced

import_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

__all__ = ["keras", "silenced", "tf"]

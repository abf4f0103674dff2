"""The one place that imports TensorFlow: quietly, with Keras on it, in float32."""

import gc
import os
from pathlib import Path

from nnrun.errors import NnrunError

__all__ = ["keras", "tf"]

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
kept = os.dup(2)  # TF_CPP_MIN_LOG_LEVEL does not reach what is written before logging is set up
gc.disable()  # collections while it loads cost a tenth of a small run, and find nothing
try:
    with Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 2)
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices("GPU")  # complains where there is none
except Exception as error:
    raise NnrunError(f"TensorFlow cannot be imported: {error}; pip install nnrun again") from error
finally:
    os.dup2(kept, 2)
    os.close(kept)
    gc.freeze()
    gc.enable()
keras.config.set_floatx("float32")
tf.get_logger().setLevel("ERROR")  # it warns of tracing a function anew for every table

"""The one place that imports TensorFlow: quietly, with Keras on it, in float32."""

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnrun.errors import NnrunError

__all__ = ["keras", "silenced", "tf"]


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what libraries say on stderr while the body runs, by Python or past it."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as null:
            os.dup2(null.fileno(), 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
gc.disable()  # collections while it loads cost a tenth of a small run, and find nothing
try:
    with silenced():  # TF_CPP_MIN_LOG_LEVEL does not reach what is written before logging is set up
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")  # complains where there is none
except Exception as error:
    raise NnrunError(f"TensorFlow cannot be imported: {error}; pip install nnrun again") from error
finally:
    gc.freeze()
    gc.enable()
keras.config.set_floatx("float32")
tf.get_logger().setLevel("ERROR")  # it warns of tracing a function anew for every table

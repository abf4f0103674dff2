"""The one place that imports TensorFlow: quietly, with Keras on it, in float32."""

import gc
import os
import sys
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
# Keras imports these where they are installed, to take their frames, estimators and pictures: 4.3 s of CPU instead of
# 2.7. With None in its place an import fails, as Python documents; a notebook may need them, the command line does not.
UNUSED = ("PIL", "matplotlib", "pandas", "scipy", "sklearn")
blocked = [name for name in UNUSED if name not in sys.modules] if "nnrun.cli" in sys.modules else []
sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]
gc.disable()  # collections while it loads cost a tenth of a small run, and find nothing
try:
    with silenced():  # TF_CPP_MIN_LOG_LEVEL does not reach what is written before logging is set up
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")  # complains where there is none
except Exception as error:
    raise NnrunError(f"TensorFlow cannot be imported: {error}; pip install nnrun again") from error
finally:
    for name in blocked:
        del sys.modules[name]
    gc.freeze()
    gc.enable()
keras.config.set_floatx("float32")
tf.get_logger().setLevel("ERROR")  # it warns of tracing a function anew for every table

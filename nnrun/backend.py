"""The one place that imports TensorFlow: quietly, with Keras on it, in float32."""

import gc
import importlib
import os
import sys
import tempfile
from importlib.metadata import version
from typing import Any

from nnrun.errors import NnrunError


def _load() -> tuple[Any, Any]:
    """Return TensorFlow and Keras; what C++ writes to stderr while they load is shown only where loading fails."""
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)  # TF_CPP_MIN_LOG_LEVEL does not reach what is written before logging is set up
    gc.disable()  # collections while it loads cost a tenth of a small run, and find nothing
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.config.list_physical_devices("GPU")  # complains where there is none
            return tensorflow, importlib.import_module("keras")
        except Exception as error:
            log.seek(0)
            said = log.read().decode(errors="replace")
            raise NnrunError(f"{said}TensorFlow cannot be imported: {error}; pip install nnrun again") from error
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            gc.freeze()
            gc.enable()


tf, keras = _load()
keras.config.set_floatx("float32")
tf.get_logger().setLevel("ERROR")  # it warns of tracing a function anew for every table


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow; Keras's layers and initialisers draw from these."""
    keras.utils.set_random_seed(seed)


def versions() -> dict[str, str]:
    """Return the versions that a run's numbers depend on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python, **{name: version(name) for name in ("tensorflow", "keras", "numpy", "polars")}}

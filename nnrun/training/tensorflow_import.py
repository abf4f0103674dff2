"""TensorFlow imported quietly, with Keras on it, in float32."""

import gc
import os
import platform
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nnrun import thread_limit
from nnrun.address_space import LEAST_TO_TRAIN, shortage
from nnrun.errors import NnrunError
from nnrun.temporary_folder import temporary_files_in

OPTIONAL = ("PIL", "matplotlib", "pandas", "scipy", "sklearn")
"""What Keras imports where it is installed, to take its frames, estimators and pictures."""

THREADS = "TF_NUM_INTRAOP_THREADS"
"""The variable of the number of threads that compute an operation."""


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what libraries write to stderr while the body runs, through Python or past it."""
    own_stderr = os.dup(2)
    try:
        with Path(os.devnull).open("w") as null:
            os.dup2(null.fileno(), 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(own_stderr, 2)
        os.close(own_stderr)


def leave_out(packages: Sequence[str]) -> None:
    """Let a later import of Keras do without these packages, although they may be installed.

    Without those of `OPTIONAL` it takes 2.7 s of CPU instead of 4.3. A notebook may need them; the
    command line does not.

    Args:
        packages: Names of packages; those that are imported already stay.
    """
    _left_out[:] = packages


_left_out: list[str] = []


def use_one_thread() -> None:
    """Let TensorFlow, where it is imported later, compute each operation on one thread.

    A number of threads that the user has set stays.
    """
    _settings["has_one_thread"] = True


_settings = {"has_one_thread": False}


def import_tensorflow() -> None:
    """Import TensorFlow and Keras, and let them compute in float32.

    A program may have imported both before: only their settings change then.

    Raises:
        NnrunError: TensorFlow cannot be imported, or a limit leaves it too little memory or too few
            threads.
    """
    problem = shortage(LEAST_TO_TRAIN) or thread_limit.shortage(thread_limit.usual())
    if problem and "tensorflow" not in sys.modules:
        raise NnrunError(problem)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        # TF_CPP_MIN_LOG_LEVEL does not reach what is written before logging is set up.
        with (
            _without_collections(),
            _without_left_out(),
            temporary_files_in(Path.cwd()),  # which is asked for, and not used
            silenced(),
        ):
            _import()
    except Exception as error:
        raise NnrunError(f"TensorFlow cannot be imported: {error}; install nnrun again") from error


@contextmanager
def _without_left_out() -> Iterator[None]:
    """Let imports of the packages that are left out fail while the body runs."""
    hidden = [name for name in _left_out if name not in sys.modules]
    # With None in its place an import fails, as Python documents.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _without_collections() -> Iterator[None]:
    """Collect no garbage while the body runs, nor later what it leaves.

    Collections while TensorFlow loads cost a tenth of a small run, and find nothing.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _import() -> None:
    """Import both, and set what every training needs."""
    _know_processor()
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices("GPU")  # complains where there is none
    if _settings["has_one_thread"] and THREADS not in os.environ:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    keras.config.set_floatx("float32")
    tf.get_logger().setLevel("ERROR")  # it warns of tracing a function anew for every table


def _know_processor() -> None:
    """Answer beforehand what h5py asks of the machine, for which Python starts `uname -p`."""
    vars(platform.uname()).setdefault("processor", platform.machine())

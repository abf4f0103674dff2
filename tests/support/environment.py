"""The environment of every test and of every process that a test starts: the same on every machine."""

import os
import signal

SET = {
    "CUDA_VISIBLE_DEVICES": "-1",  # tests compare numbers to the last bit: a GPU has its own
    "POLARS_MAX_THREADS": "2",  # each thread holds blocks, and tests bound the memory
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MB of addresses for each thread's arena
    "OPENBLAS_NUM_THREADS": "1",  # as the command sets it
}
UNSET = (
    # what the terminal says
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    # what changes Python and libraries
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "TF_CONFIG",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "OMP_NUM_THREADS",
    "MPLBACKEND",
    "MATPLOTLIBRC",
    "SOURCE_DATE_EPOCH",
)
MEMORY_OF_A_WORKER = 3 << 30
"""Bytes; a worker that has run half of the tests holds 2.4 GB of TensorFlow's graphs."""

os.environ.update(SET)
for variable in UNSET:
    os.environ.pop(variable, None)

# A shell's & and nohup let what they start ignore signals, which nnrun respects.
for number, handler in {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}.items():
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


def inherited() -> dict[str, str]:
    """Return the variables for a process that is started before a test's own have been set."""
    return {name: value for name, value in os.environ.items() if name not in UNSET}


def workers() -> int:
    """Return how many processes may run tests at once."""
    from nnrun.features.memory import memory_bytes

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, memory_bytes() // MEMORY_OF_A_WORKER))

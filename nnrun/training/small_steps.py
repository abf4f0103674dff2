"""Lets TensorFlow compute on one thread where every step of a training is small.

TensorFlow gives each operation that XLA compiled to its threads. To wake a thread takes longer than
a small product, so that one thread is faster. An epoch's median time on two busy cores, of two
trainings each:

    units      features  batch  rows   with two threads    with one
    25-15-1         400     32  1,000      3.5 and 4.1 ms  2.5 and 2.8
    64-64-1          28     32  4,000      4.0 and 6.2     3.7 and 3.9

Without XLA, two threads are faster, if a little: 7.3 and 7.9 ms against 8.6 and 8.2.
"""

from collections.abc import Iterator

from nnrun.config.architecture import summarize
from nnrun.config.xla import uses_xla
from nnrun.features.dataset import Dataset
from nnrun.training.tensorflow_import import use_one_thread

LARGEST_PRODUCT = 500_000
"""What a product may take, as `_effort` counts, so that one thread rounds as several do.

Eigen divides a product among threads, whose sums round differently, where it expects that to pay.
Of 200 products of any shape, 22 had other bits with 1, 2, 8 or 32 threads; the least took 760,000.
"""


KERNEL = 2  # dimensions; those of biases and the like have one


def fit_threads(dataset: Dataset) -> None:
    """Let a later import of TensorFlow start the threads that training on a dataset pays for.

    Args:
        dataset: The dataset, with the config that is trained.
    """
    if has_small_steps(dataset):
        use_one_thread()


def has_small_steps(dataset: Dataset) -> bool:
    """Return whether XLA compiles the steps, and one thread computes them as fast as several.

    Args:
        dataset: The dataset, with the config that is trained.
    """
    config = dataset.config
    inputs = len(dataset.encoder.inputs)
    if not uses_xla(config, inputs, dataset.train.rows):
        return False
    efforts = [_effort(config.batch_size, *kernel) for kernel in _kernels(dataset)]
    return max(efforts, default=0) <= LARGEST_PRODUCT


def _kernels(dataset: Dataset) -> Iterator[tuple[int, int]]:
    """Yield the inputs and the units of each product."""
    config = dataset.config
    width = dataset.encoder.width
    if config.data.numeric["name"] == "ple":
        yield len(dataset.encoder.inputs), width
    for layer in summarize(config, width):
        for shape in layer.shapes:
            if len(shape) == KERNEL:
                inputs, units = shape
                yield inputs, units


def _effort(rows: int, inputs: int, units: int) -> int:
    """Return what a product takes, in multiply-adds; to read a number or write it takes three."""
    multiply_adds = rows * inputs * units
    numbers = rows * inputs + inputs * units + rows * units
    return multiply_adds + 3 * numbers

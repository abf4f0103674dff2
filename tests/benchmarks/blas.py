"""A training step beside its matrix products alone: 2,000,000 x 28, 64-64-1, batch 1,024.

The products are those that a step of this network needs, by NumPy's BLAS on the same cores: one
forward and one for the kernel of each layer, and one for the inputs of each layer but the first.
An epoch and the products are timed in turn in one process, and the ratio is the median of pairs.

    python tests/benchmarks/blas.py [--rows 2000000] [--epochs 6] [--cpu-time]

While other programs run, only the CPU time of a single core is steady:

    taskset -c 1 python tests/benchmarks/blas.py --rows 200000 --epochs 7 --cpu-time
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset

BATCH = 1_024
WIDTHS = (28, 64, 64, 1)
ROWS = 2_000_000
CONFIG = """\
data: {train: table.parquet, target: y}
layers:
  - {units: 64, activation: relu}
  - {units: 64, activation: relu}
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
optimizer: adam
batch_size: 1024
epochs: %d
"""


def write_inputs(folder: Path, rows: int, epochs: int) -> Path:
    """Write the table and the config, and return the config's path."""
    import polars as pl

    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows, WIDTHS[0]), dtype=np.float32)
    y = (x[:, 0] > 0).astype(int)
    names = [f"x{i}" for i in range(WIDTHS[0])]
    pl.DataFrame(x, schema=names).with_columns(y=y).write_parquet(folder / "table.parquet")
    path = folder / "config.yaml"
    path.write_text(CONFIG % epochs, encoding="utf-8")
    return path


def products() -> Callable[[], None]:
    """Return what computes every product of a step once."""
    generator = np.random.default_rng(0)
    pairs = []
    for before, after in pairwise(WIDTHS):
        x, kernel, gradient = (
            generator.standard_normal(shape, dtype=np.float32)
            for shape in ((BATCH, before), (before, after), (BATCH, after))
        )
        pairs += [(x, kernel), (x.T, gradient)]
        if before != WIDTHS[0]:  # the table needs no gradient
            pairs.append((gradient, kernel.T))

    def compute() -> None:
        for a, b in pairs:
            a @ b

    return compute


def time_of(compute: Callable[[], None], times: int, clock: Callable[[], float]) -> float:
    """Return the seconds of a clock that so many calls take."""
    began = clock()
    for _ in range(times):
        compute()
    return clock() - began


def main() -> None:
    """Train, time the products after each epoch, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--epochs", type=int, default=6, help="the first one compiles")
    parser.add_argument("--cpu-time", action="store_true", help="count what the cores worked")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    compute = products()
    steps = -(-options.rows // BATCH)
    began: list[float] = []
    pairs: list[tuple[float, float]] = []

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = load_dataset(load_config(write_inputs(folder, options.rows, options.epochs)))
        os.chdir(folder)
        from nnrun.training.backend import keras
        from nnrun.training.trainer import train

        def end(_epoch: int, _logs: object) -> None:
            seconds = clock() - began.pop()
            pairs.append((seconds, time_of(compute, steps, clock)))

        callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: began.append(clock()),
            on_epoch_end=end,
        )
        train(dataset, stem="blas", path=folder / "run", callbacks=(callback,))
        os.chdir("/")
    step, alone = (median(seconds) / steps for seconds in zip(*pairs[1:], strict=True))
    ratio = median(a / b for a, b in pairs[1:])
    print(f"a step {step * 1e6:.0f} us, its products {alone * 1e6:.0f} us, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

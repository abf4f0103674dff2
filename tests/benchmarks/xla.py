"""Where XLA pays: the first epoch and a later step, with XLA and without, for networks of several sizes.

XLA takes longer to compile and less, or more, for a step: `pays from` is the number of steps at which both are equal,
which `jit_compile: auto` in nnrun/config/xla.py goes by. A process each, in turn; medians of the first epochs, and the
fastest of the others. The numbers in brackets are CPU seconds of all threads, which tell more on a busy machine.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import polars as pl
from pairs import print_rows, read_runs


class Case(NamedTuple):
    """A network of one output, and the table it is trained on."""

    units: tuple[int, ...]
    features: int
    batch: int
    rows: int
    more: str = ""


CASES = (
    Case((25, 15), 400, 32, 1_000),  # the lesson's
    Case((25, 15), 400, 32, 960),  # without a smaller last batch, which is compiled too
    Case((25, 15), 28, 32, 960),
    Case((64, 64), 28, 32, 960),
    Case((64, 64), 28, 1024, 102_400),
    Case((128, 64), 100, 128, 12_800),
    Case((512, 256), 100, 256, 5_120),
    Case((1024, 1024), 100, 128, 1_280),
    Case((25, 15), 28, 32, 960, "{type: Dropout, rate: 0.2}"),
    Case((64, 64), 28, 1024, 102_400, "{type: Dropout, rate: 0.2}"),
    Case((64, 64), 28, 32, 960, "{type: BatchNormalization}"),
)
CHILD = """
import json, sys, time
from itertools import count, islice
from pathlib import Path
from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset
from nnrun.training.distributed.team import ALONE
from nnrun.training.epoch_loop import EpochLoop
from nnrun.training.batches import RowBlocks, row_order
from nnrun.training.job import prepare

job = prepare(load_dataset(load_config(Path("config.yaml"), (f"jit_compile={sys.argv[1]}",))), ALONE)
model, dataset = job.model, job.dataset
rows = RowBlocks(dataset.arrays(dataset.train), dataset.config.batch_size)
loop = EpochLoop(model, dataset.config.batch_size, rows, training=True)
blocks = rows.blocks(row_order(0, number, rows.count) for number in count())

def epoch():
    began, cpu = time.perf_counter(), time.process_time()
    loop.run(islice(blocks, rows.blocks_per_order))
    return time.perf_counter() - began, time.process_time() - cpu

first, began, later = epoch(), time.perf_counter(), []
while len(later) < 10 or time.perf_counter() - began < 3:
    later.append(epoch())
least = (min(seconds) / loop.steps for seconds in zip(*later))
print(json.dumps([*first, *least, loop.steps, model.count_params()]))
"""


def write_inputs(folder: Path, case: Case) -> None:
    """Write table.csv and config.yaml."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((case.rows, case.features)).round(4)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(case.features)])
    frame.with_columns(y=pl.Series((x[:, 0] > 0).astype(int))).write_csv(folder / "table.csv")
    layers = [
        text
        for units in case.units
        for text in (f"{{units: {units}, activation: relu}}", case.more)
        if text
    ]
    head = "data: {train: table.csv, target: y}\nloss: BinaryCrossentropy\noptimizer: adam\nepochs: 1\n"
    layers = [f"  - {layer}\n" for layer in (*layers, "{units: 1, activation: sigmoid}")]
    (folder / "config.yaml").write_text(
        f"{head}batch_size: {case.batch}\nlayers:\n{''.join(layers)}"
    )


def measure(folder: Path, jit_compile: str) -> list[float]:
    """Return wall and CPU seconds of the first epoch and of a later step, the steps of an epoch and the parameters."""
    child = [sys.executable, "-c", CHILD, jit_compile]
    done = subprocess.run(child, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    found: list[float] = json.loads(done.stdout)
    return found


def row(case: Case, runs: int) -> tuple[str, ...]:
    """Return a line of the table."""
    with tempfile.TemporaryDirectory() as name:
        write_inputs(Path(name), case)
        pairs = [
            [measure(Path(name), jit_compile) for jit_compile in ("false", "true")]
            for _ in range(runs)
        ]
    graph, xla = (
        [median(values) for values in zip(*(pair[i] for pair in pairs), strict=True)]
        for i in (0, 1)
    )
    pays = []
    for i in (0, 1):  # wall and CPU seconds
        longer, saved = xla[i] - graph[i], graph[i + 2] - xla[i + 2]
        pays.append(f"{longer / saved + graph[4]:,.0f}" if saved > 0 else "never")
    first = (f"{each[0]:.2f} ({each[1]:.2f})" for each in (graph, xla))
    step = (f"{each[2] * 1e6:,.0f} ({each[3] * 1e6:,.0f})" for each in (graph, xla))
    network = "-".join(map(str, (*case.units, 1))) + (
        f" {case.more.split()[1].rstrip(',}')}" if case.more else ""
    )
    return (
        network,
        str(case.features),
        str(case.batch),
        f"{graph[5]:,.0f}",
        *first,
        *step,
        f"{pays[0]} ({pays[1]})",
    )


def main() -> None:
    """Print the table."""
    runs = read_runs(__doc__)
    heads = ("first epoch, s", "with XLA", "a step, us", "with XLA", "pays from step")
    print_rows(
        [
            ("network", "features", "batch", "parameters", *heads),
            *(row(case, runs) for case in CASES),
        ]
    )


if __name__ == "__main__":
    main()

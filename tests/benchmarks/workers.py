"""Steps per second of 1, 2 and 3 workers on this machine: what they say to each other goes over loopback.

    python tests/benchmarks/workers.py [--rounds 3]

Workers on one machine share its cores, so this shows what talking costs, not what more machines bring.
"""

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

CONFIG = """\
data: {train: %d.csv, target: y}
layers: [%s, {units: 1, activation: sigmoid}]
loss: BinaryCrossentropy
optimizer: adam
batch_size: %d
epochs: %d
jit_compile: false
"""
JOBS = {  # rows, features, hidden units, batch size, epochs
    "1,000 x 400, 25-15-1, batch 32": (1_000, 400, (25, 15), 32, 20),
    "20,000 x 100, 1024-1024-1, batch 1024": (20_000, 100, (1024, 1024), 1024, 3),
}


def write_inputs(folder: Path, job: str) -> int:
    """Write table and config; return the number of steps."""
    rows, features, hidden, batch_size, epochs = JOBS[job]
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows, features), dtype=np.float32)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(features)])
    frame.with_columns(y=(x.sum(axis=1) > 0).astype(int)).write_csv(folder / f"{rows}.csv")
    layers = ", ".join(f"{{units: {units}, activation: relu}}" for units in hidden)
    (folder / "config.yaml").write_text(CONFIG % (rows, layers, batch_size, epochs))
    return math.ceil(rows / batch_size) * epochs


def seconds(folder: Path, workers: int) -> float:
    """Return the seconds of training together, which the chief prints."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(workers)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    command = [
        sys.executable,
        "-m",
        "nnrun",
        "train",
        "config.yaml",
        "-o",
        "run",
        "--overwrite",
        "--json",
        "-q",
    ]
    processes = []
    for i in range(workers):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
        environment = os.environ | {"TF_CONFIG": json.dumps(task)}
        processes.append(
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
            )
        )
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit(f"exit codes {[process.returncode for process in processes]}")
    return float(json.loads(outputs[0])["seconds"])


def main() -> None:
    """Print a line for each job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    for job in JOBS:
        with tempfile.TemporaryDirectory() as name:
            steps = write_inputs(Path(name), job)
            times = [[seconds(Path(name), workers) for workers in (1, 2, 3)] for _ in range(rounds)]
        rates = [median(steps / each for each in column) for column in zip(*times, strict=True)]
        print(
            f"{job}: "
            + ", ".join(f"{rate:,.0f} steps/s with {n}" for n, rate in enumerate(rates, 1)),
            flush=True,
        )


if __name__ == "__main__":
    main()

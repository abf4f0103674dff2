"""Tables of many rows: training in memory against training from files, and memory beside it.

    python tests/benchmarks/large.py [--rows 1000000] [--limit GIGABYTES]

With --limit (Linux, as root: a control group), the run from files gets no more memory than that.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

FEATURES, EPOCHS = 28, 2
BLOCK = 500_000  # rows written at a time
SMALL = 1_000  # rows of a table whose memory is TensorFlow's own
CONFIG = """\
data: {train: %s, target: y}
layers:
  - {units: 64, activation: relu}
  - {units: 64, activation: relu}
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
optimizer: adam
batch_size: 1024
epochs: %d
"""
GROUP = Path("/sys/fs/cgroup/memory/nnrun-benchmark")
CHILD = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "nnrun", *sys.argv[1:]], capture_output=True, text=True)
print(json.dumps([done.returncode, done.stdout, done.stderr,
    resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


def write_table(path: Path, rows: int) -> None:
    """Write a table of normal features and a label that they mostly decide."""
    generator = np.random.default_rng(0)
    weights = generator.normal(size=FEATURES)
    with path.open("wb") as file:
        for start in range(0, rows, BLOCK):
            x = generator.normal(size=(min(BLOCK, rows - start), FEATURES)).round(4)
            y = (x @ weights + generator.normal(size=len(x)) > 0).astype(int)
            frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(FEATURES)]).with_columns(y=y)
            file.write(frame.write_csv(include_header=start == 0).encode())


def nnrun(folder: Path, *arguments: str, limit: float | None = None) -> tuple[str, float]:
    """Run a command; return its stdout and its peak memory in MB."""

    def enter() -> None:
        (GROUP / "cgroup.procs").write_text(str(os.getpid()))

    if limit:
        GROUP.mkdir(exist_ok=True)
        (GROUP / "memory.limit_in_bytes").write_text(str(int(limit * 1e9)))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=enter if limit else None,
    )
    code, output, errors, peak = json.loads(done.stdout)
    if code:
        sys.exit(f"nnrun {' '.join(arguments)}: exit code {code}\n{errors}")
    return output, peak / 1024


def train(
    folder: Path, rows: int, *, in_memory: bool, limit: float | None = None
) -> tuple[float, float]:
    """Return rows per second of fitting, and the peak memory in MB."""
    (folder / "config.yaml").write_text(CONFIG % (f"{rows}.csv", EPOCHS))
    setting = f"data.in_memory={str(in_memory).lower()}"
    arguments = (
        "train",
        "config.yaml",
        "-o",
        "runs/large",
        "--overwrite",
        "--json",
        "-q",
        "--set",
        setting,
    )
    output, peak = nnrun(folder, *arguments, limit=limit)
    seconds: Any = json.loads(output)["seconds"]
    return rows * EPOCHS / seconds, peak


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--limit", type=float, help="gigabytes of memory for the run from files")
    options = parser.parse_args()
    rows, limit = options.rows, options.limit
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (SMALL, rows):
            write_table(folder / f"{count}.csv", count)
        size = (folder / f"{rows}.csv").stat().st_size / 1e6
        print(
            f"{rows:,} x {FEATURES}: {size:,.0f} MB of CSV, a matrix of {rows * FEATURES * 4 / 1e6:,.0f} MB"
        )
        _, own = train(folder, SMALL, in_memory=True)
        resident, peak = train(folder, rows, in_memory=True)
        ratio = (peak - own) * 1.048576 / (rows * FEATURES * 4 / 1e6)
        print(
            f"in memory: {resident:,.0f} rows/s, {peak:,.0f} MB, of which {own:,.0f} are TensorFlow's own;"
        )
        print(f"    the rest is {ratio:.2f} times the matrix (bound 2.5)")
        mapped, peak = train(folder, rows, in_memory=False, limit=limit)
        under = f" under a limit of {limit:g} GB" if limit else ""
        print(
            f"from files{under}: {mapped:,.0f} rows/s, {mapped / resident:.2f} of that in memory (bound 0.5)"
        )
        for count in (SMALL, rows):
            for command in (("predict", "-o", os.devnull), ("evaluate", "--json")):
                _, peak = nnrun(folder, command[0], "runs/large", f"{count}.csv", *command[1:])
                print(f"{command[0]} of {count:,} rows: {peak:,.0f} MB")
    with suppress(OSError):
        GROUP.rmdir()


if __name__ == "__main__":
    main()

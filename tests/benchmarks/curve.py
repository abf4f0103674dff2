"""How time and memory grow with rows and with epochs: a line for each, whole processes.

    python tests/benchmarks/curve.py [--rows 1000000]

Rows of 28 features, a network of 64-64-1, batch 1,024, 2 epochs; then 1,000 such rows in batches of 32, for more and
more epochs. Memory is the peak of the process; what the smallest table takes is TensorFlow's own.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from large import CONFIG, nnrun, write_table
from pairs import describe_seconds, print_rows

ROWS = 10_000_000
EPOCHS = 2
OPTIONS = ("-o", "run", "--overwrite", "-q")


def timed(folder: Path, *arguments: str) -> tuple[str, str]:
    """Return the seconds that a command took, and its peak memory."""
    began = time.perf_counter()
    _, peak = nnrun(folder, *arguments)
    return describe_seconds(time.perf_counter() - began), f"{peak:,.0f} MB"


def run(rows: int) -> None:
    """Print both curves, in powers of ten from 1,000 to `rows` and from 10 to 10,000 epochs."""
    lines = [("rows", "train", "memory", "predict", "memory")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (10**power for power in range(3, len(str(rows)))):
            write_table(folder / f"{count}.csv", count)
            (folder / "config.yaml").write_text(CONFIG % (f"{count}.csv", EPOCHS))
            trained = timed(folder, "train", "config.yaml", *OPTIONS)
            lines.append(
                (
                    f"{count:,}",
                    *trained,
                    *timed(folder, "predict", "run", f"{count}.csv", "-o", os.devnull),
                )
            )
        print_rows(lines)
        lines = [("epochs", "train", "memory")]
        for epochs in (10, 100, 1_000, 10_000):
            (folder / "config.yaml").write_text(CONFIG % ("1000.csv", epochs))
            lines.append(
                (
                    f"{epochs:,}",
                    *timed(folder, "train", "config.yaml", *OPTIONS, "--set", "batch_size=32"),
                )
            )
        print()
        print_rows(lines)


def main() -> None:
    """Read --rows and print the curves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=ROWS, help="the most (default: 10,000,000, a CSV of 2 GB)"
    )
    run(parser.parse_args().rows)


if __name__ == "__main__":
    main()

"""Rows per second of fitting: 2,000,000 x 28, a network of 64-64-1, batch 1,024, from the second epoch on.

nnrun against Keras's own `fit` on the same table, and against a plain PyTorch loop.
"""

import json
import tempfile
from pathlib import Path

from large import CONFIG, write_table
from pairs import Command, Result, compare, others, output, python, read_runs

ROWS, EPOCHS = 2_000_000, 4  # 7,816 steps, for which `auto` takes XLA
SCRIPTS = {
    "keras": ("Keras fit", 1 / 2.5),
    "torch": ("PyTorch loop", 1 / 2),
}  # and the most of its time
SLOW = 3  # pairs


def epoch_seconds(command: Command) -> float:
    """Return the mean seconds of the epochs after the first, which a script prints of each."""
    seconds: list[float] = json.loads(output(command).splitlines()[-1])
    return sum(seconds[1:]) / (len(seconds) - 1)


def run(runs: int) -> list[Result]:
    """Print and return both comparisons, of the seconds of an epoch."""
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder, here = Path(name), Path(__file__)
        write_table(folder / "table.csv", ROWS)
        (folder / "config.yaml").write_text(CONFIG % ("table.csv", EPOCHS), encoding="utf-8")
        nnrun = python("nnrun", here.with_name("nnrun_rate.py"), "config.yaml", folder=folder)
        for module, (label, bound) in SCRIPTS.items():
            if not (program := others(module)):
                continue
            script = here.with_name(f"{module}_rate.py")
            other = python(label, script, "table.csv", EPOCHS, folder=folder, program=program)
            job, pairs = "epoch of 2,000,000 rows", min(runs, SLOW)
            result = compare(job, nnrun, other, pairs, bound, warm=False, time_of=epoch_seconds)
            rates = (ROWS / seconds / 1e6 for seconds in (result.seconds_a, result.seconds_b))
            print("    million rows per second: {:.2f} and {:.2f}".format(*rates), flush=True)
            results.append(result)
    return results


if __name__ == "__main__":
    run(read_runs(__doc__))

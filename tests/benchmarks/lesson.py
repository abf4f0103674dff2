"""The lesson's job, whole process: 1,000 x 400, a network of 25-15-1, batch 32, 100 epochs, and 1,000.

`nnrun train` against the Keras script that it replaces, importing TensorFlow alone, scikit-learn and PyTorch.
"""

import math
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from pairs import Result, compare, others, python, read_runs

ROWS, FEATURES = 1_000, 400
CONFIG = """\
data:
  train: table.csv
  target: label
layers:
  - {units: 25, activation: relu}
  - {units: 15, activation: relu}
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
optimizer: adam
epochs: 100
batch_size: 32
"""
SCRIPTS = {  # by the module each needs: its name, and the most that nnrun may take of its time, by epochs
    "keras": ("Keras script", {100: 0.42, 1_000: 0.11}),
    "sklearn": ("scikit-learn", {100: math.inf, 1_000: 1.0}),
    "torch": ("PyTorch loop", {100: math.inf, 1_000: math.inf}),
}
SLOW = 2  # pairs of 1,000 epochs: Keras takes minutes


def write_inputs(folder: Path) -> None:
    """Write table.csv and lesson.yaml."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES), dtype=np.float32)
    label = (x @ generator.standard_normal(FEATURES) > 0).astype(int)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(FEATURES)])
    frame.with_columns(label=label).write_csv(folder / "table.csv")
    (folder / "lesson.yaml").write_text(CONFIG, encoding="utf-8")


def run(runs: int) -> list[Result]:
    """Print and return all comparisons."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        results = []
        for epochs, pairs in ((100, runs), (1_000, min(runs, SLOW))):
            options = ("-o", "run", "--overwrite", "--set", f"epochs={epochs}")
            nnrun = python("nnrun", "-m", "nnrun", "train", "lesson.yaml", *options, folder=folder)
            job = f"lesson, {epochs:,} epochs"
            for module, (label, bounds) in SCRIPTS.items():
                if program := others(module):
                    script = Path(__file__).with_name(f"{module}_lesson.py")
                    arguments = (script, "table.csv", f"{module}.keras", epochs)
                    other = python(label, *arguments, folder=folder, program=program)
                    results.append(
                        compare(job, nnrun, other, pairs, bounds[epochs], warm=epochs == 100)
                    )
            if epochs == 100:
                tensorflow = python("import tensorflow", "-c", "import tensorflow", folder=folder)
                results.append(compare(job, nnrun, tensorflow, pairs, 1.5))
        return results


if __name__ == "__main__":
    run(read_runs(__doc__))

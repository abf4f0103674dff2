"""The lesson's job, whole process: 1,000 x 400, a network of 25-15-1, batch 32, 100 epochs.

`nnrun train` against the Keras script that it replaces, and against importing TensorFlow alone.
"""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from pairs import Result, compare, python, read_runs

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


def write_inputs(folder: Path) -> None:
    """Write table.csv and lesson.yaml."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES), dtype=np.float32)
    label = (x @ generator.standard_normal(FEATURES) > 0).astype(int)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(FEATURES)])
    frame.with_columns(label=label).write_csv(folder / "table.csv")
    (folder / "lesson.yaml").write_text(CONFIG, encoding="utf-8")


def run(runs: int) -> list[Result]:
    """Print and return both comparisons."""
    script = Path(__file__).with_name("keras_lesson.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        train = ("-m", "nnrun", "train", "lesson.yaml", "-o", "run", "--overwrite")
        nnrun = python("nnrun", *train, folder=folder)
        keras = python("Keras script", script, "table.csv", "model.keras", folder=folder)
        tensorflow = python("import tensorflow", "-c", "import tensorflow", folder=folder)
        return [
            compare("lesson", nnrun, keras, runs, 0.45),
            compare("lesson, over the import", nnrun, tensorflow, runs, 1.8),
        ]


if __name__ == "__main__":
    run(read_runs(__doc__))

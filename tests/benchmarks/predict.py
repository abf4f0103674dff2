"""Rows of 28 features predicted, whole process.

`nnrun predict` of 500,000 against a Keras script; of 5,000,000 against a script that reads and writes a CSV with polars
and imports TensorFlow: it writes the table itself, or the two columns that predictions have.
"""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from pairs import Result, compare, measure, python, read_runs

ROWS, MANY, FEATURES, TRAINED = 500_000, 5_000_000, 28, 1_000
SLOW = 3  # pairs of many rows
TOLERANCE = 1e-5
CONFIG = """\
data:
  train: train.csv
  target: label
layers:
  - {units: 25, activation: relu}
  - {units: 15, activation: relu}
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
optimizer: adam
epochs: 20
"""


def write_inputs(folder: Path) -> None:
    """Write big.csv, many.csv (its rows again and again), train.csv (its first rows, labelled) and predict.yaml."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES), dtype=np.float32)
    label = (x[:TRAINED] @ generator.standard_normal(FEATURES) > 0).astype(int)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(FEATURES)])
    frame.write_csv(folder / "big.csv")
    with (folder / "many.csv").open("wb") as file:
        for i in range(MANY // ROWS):
            file.write(frame.write_csv(include_header=i == 0).encode())
    frame.head(TRAINED).with_columns(label=label).write_csv(folder / "train.csv")
    (folder / "predict.yaml").write_text(CONFIG, encoding="utf-8")


def print_agreement(ours: Path, theirs: Path) -> None:
    """Print how far apart the probabilities of the two outputs are."""
    first, second = (pl.read_csv(path)["probability"].to_numpy() for path in (ours, theirs))
    if first.shape != second.shape:
        print(f"predict: OUTPUTS DIFFER: {len(first):,} and {len(second):,} rows", flush=True)
        return
    apart = np.abs(first - second).max()
    verdict = "outputs agree" if apart <= TOLERANCE else "OUTPUTS DIFFER"
    print(
        f"predict: {verdict}: {len(first):,} rows, at most {apart:.1e} apart (tolerance {TOLERANCE:g})",
        flush=True,
    )


def run(runs: int) -> list[Result]:
    """Print and return the comparison."""
    script = Path(__file__).with_name("keras_predict.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        measure(
            python(
                "nnrun", "-m", "nnrun", "train", "predict.yaml", "-o", "run", "-q", folder=folder
            )
        )
        predict = ("-m", "nnrun", "predict", "run", "big.csv", "-o", "nnrun.csv")
        nnrun = python("nnrun", *predict, folder=folder)
        keras = python(
            "Keras script", script, "run/model.keras", "big.csv", "keras.csv", folder=folder
        )
        result = compare("predict", nnrun, keras, runs, 0.3)
        print_agreement(folder / "nnrun.csv", folder / "keras.csv")
        many = ("-m", "nnrun", "predict", "run", "many.csv", "-o", "nnrun.csv")
        nnrun, results = python("nnrun", *many, folder=folder), [result]
        for label, more in (("polars, table", ()), ("polars, two columns", ("2",))):
            polars = python(
                label,
                script.with_name("polars_csv.py"),
                "many.csv",
                "polars.csv",
                *more,
                folder=folder,
            )
            results.append(
                compare("predict 5,000,000", nnrun, polars, min(runs, SLOW), 1.5, warm=False)
            )
        return results


if __name__ == "__main__":
    run(read_runs(__doc__))

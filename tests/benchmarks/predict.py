"""Rows of 28 features predicted, whole process.

One row against `import tensorflow`, and against a script that unpickles a network of scikit-learn.
`nnrun predict` of 500,000 against a Keras script, and against one that reads and writes the same
CSV with polars: the table itself, or the two columns that predictions have. 5,000,000 likewise.
"""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from pairs import Command, Result, compare, measure, others, python, read_runs

ROWS, MANY, FEATURES, TRAINED = 500_000, 5_000_000, 28, 1_000
SLOW = 3  # pairs of many rows
HERE = Path(__file__).parent
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
    """Write predict.yaml, train.csv, labelled, one.csv, big.csv, and many.csv, which repeats it."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES), dtype=np.float32)
    label = (x[:TRAINED] @ generator.standard_normal(FEATURES) > 0).astype(int)
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(FEATURES)])
    frame.write_csv(folder / "big.csv")
    frame.head(1).write_csv(folder / "one.csv")
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


def one_row(folder: Path, runs: int) -> list[Result]:
    """Print and return the comparisons of a single row."""
    nnrun = python("nnrun", "-m", "nnrun", "predict", "run", "one.csv", folder=folder)
    tensorflow = python("import tensorflow", "-c", "import tensorflow", folder=folder)
    results = [compare("predict 1", nnrun, tensorflow, runs, 0.25)]
    program = others("sklearn")
    if program:
        script = HERE / "sklearn_predict.py"
        sklearn = python(
            "scikit-learn", script, "model.pickle", "one.csv", folder=folder, program=program
        )
        results.append(compare("predict 1", nnrun, sklearn, runs, 0.5))
    return results


def many_rows(table: str, rows: int, folder: Path, runs: int) -> list[Result]:
    """Print and return the comparisons of a table with reading and writing it."""
    nnrun = _predict(table, folder)
    results = []
    for label, more in (("polars, table", ()), ("polars, two columns", ("2",))):
        polars = python(label, HERE / "polars_csv.py", table, "polars.csv", *more, folder=folder)
        results.append(compare(f"predict {rows:,}", nnrun, polars, runs, 1.3, warm=False))
    return results


def run(runs: int) -> list[Result]:
    """Print and return the comparisons."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        train = ("-m", "nnrun", "train", "predict.yaml", "-o", "run", "-q")
        measure(python("nnrun", *train, folder=folder))
        results = one_row(folder, runs)
        arguments = (HERE / "keras_predict.py", "run/model.keras", "big.csv", "keras.csv")
        keras = python("Keras script", *arguments, folder=folder)
        nnrun = _predict("big.csv", folder)
        results.append(compare(f"predict {ROWS:,}", nnrun, keras, runs, 0.08))
        print_agreement(folder / "nnrun.csv", folder / "keras.csv")
        results += many_rows("big.csv", ROWS, folder, runs)
        return results + many_rows("many.csv", MANY, folder, min(runs, SLOW))


def _predict(table: str, folder: Path) -> Command:
    arguments = ("-m", "nnrun", "predict", "run", table, "-o", "nnrun.csv")
    return python("nnrun", *arguments, folder=folder)


if __name__ == "__main__":
    run(read_runs(__doc__))

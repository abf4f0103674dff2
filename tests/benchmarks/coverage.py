"""How many rows have the truth in their interval of 90 %, on three tables that configs ship with.

Each table is shuffled by several seeds; of its rows half train, with a third of them held out, and
half are only predicted: python tests/benchmarks/coverage.py [--seeds 8].
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from nnrun.api import functions as api

LEVEL = 0.9
CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TARGETS = {  # by the name of the config and the table
    "diabetes": "progression",
    "seattle-weather": "temp_min",
    "digits": "digit",
}


def shuffled_halves(frame: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows to train on, and those to predict."""
    order = np.random.default_rng(seed).permutation(len(frame))
    return frame[order[: len(frame) // 2]], frame[order[len(frame) // 2 :]]


def share_within(predicted: pl.DataFrame, actual: pl.Series) -> float:
    """Return the share of rows whose interval, or set of labels, has the truth in it."""
    if "prediction_set" in predicted.columns:
        sets = predicted["prediction_set"].str.split("|")
        pairs = zip(sets, actual.cast(pl.String), strict=True)
        return float(np.mean([label in labels for labels, label in pairs]))
    is_within = (predicted["prediction_low"] <= actual) & (actual <= predicted["prediction_high"])
    return float(is_within.mean())


def coverage(name: str, seed: int, folder: Path) -> float:
    """Train on half of a table, and return the coverage on the other half."""
    file = next(CONFIGS.glob(f"{name}.csv*"))
    train, rest = shuffled_halves(pl.read_csv(file), seed)
    config = CONFIGS / f"{name}.yaml"
    run = api.train(
        config,
        data=train,
        output=folder / f"{name}-{seed}",
        overrides=["data.validation_split=0.333", f"seed={seed}", "expect={}", "epochs=30"],
        quiet=True,
    )
    return share_within(run.predict(rest, interval=LEVEL), rest[TARGETS[name]])


def main() -> None:
    """Print the mean coverage of each table over the seeds, and its standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        for name in TARGETS:
            shares = [coverage(name, seed, Path(folder)) for seed in range(seeds)]
            error = np.std(shares) / np.sqrt(seeds)
            print(f"{name}: {np.mean(shares):.3f} of the rows, asked {LEVEL} (+- {error:.3f})")


if __name__ == "__main__":
    main()

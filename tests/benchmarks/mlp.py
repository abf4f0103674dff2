"""Held-out quality of every config in configs/: nnrun beside scikit-learn's MLP of the same hidden layers.

Both see the same training and validation rows. Each is trained with several seeds, the rows staying as
they are: the first number is of the first seed (the config's own; random_state 0), the second the median.
A config with early stopping chooses its epoch by the validation rows, which flatters nnrun a little.
Needs scikit-learn, in an environment of its own: beside it, `import keras` takes longer.
"""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from pairs import print_rows, read_runs

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
MAX_ITER = 2_000
HEADER = ("config", "held out", "measure", "nnrun", "median", "MLP", "median", "mean or majority")

Vector = np.ndarray[Any, Any]
Score = Callable[[Vector], float]


def run(runs: int) -> None:
    """Print a table, a line per config; `runs` is the number of seeds."""
    if find_spec("sklearn") is None:
        print("mlp: skipped, scikit-learn is not installed")
        return
    rows = [HEADER, *(row for path in sorted(CONFIGS.glob("*.yaml")) if (row := _row(path, runs)))]
    print_rows(rows)


def _row(path: Path, seeds: int) -> tuple[str, ...] | None:
    from nnrun.config.loading import load_config
    from nnrun.features.loading import load_dataset

    dataset = load_dataset(load_config(path))
    held_out = dataset.validation or dataset.test
    if held_out is None:
        print(f"mlp: {path.name} skipped, it holds no rows out")
        return None
    train, test = dataset.arrays(dataset.train), dataset.arrays(held_out)
    is_classes = dataset.config.is_classes

    def score(predicted: Vector) -> float:
        predicted = predicted.reshape(test.y.shape)
        return float(
            (predicted == test.y).mean() if is_classes else np.abs(predicted - test.y).mean()
        )

    nnrun = [score(_nnrun(dataset, dataset.config.seed + i, test.x)) for i in range(seeds)]
    hidden = [spec["units"] for spec in dataset.config.layers if spec["type"] == "Dense"][:-1]
    mlp = [score(_mlp(hidden, i, train, test.x, is_classes=is_classes)) for i in range(seeds)]
    labels, counts = np.unique(train.y, return_counts=True)
    constant = labels[[counts.argmax()]] if is_classes else train.y.mean(axis=0)
    scores = (
        nnrun[0],
        median(nnrun),
        mlp[0],
        median(mlp),
        score(np.tile(constant, (len(test.y), 1))),
    )
    texts = (f"{value:.4f}" if is_classes else f"{value:.4g}" for value in scores)
    return (path.stem, str(len(test.y)), "accuracy" if is_classes else "abs. error", *texts)


def _nnrun(dataset: Any, seed: int, x: Vector) -> Vector:
    """Return what the model that nnrun saves predicts, in the target's units or as labels' numbers."""
    from nnrun.training.backend import keras
    from nnrun.training.trainer import train

    seeded = replace(dataset, config=dataset.config.model_copy(update={"seed": seed}))
    with tempfile.TemporaryDirectory() as folder:
        result = train(seeded, stem="mlp", path=Path(folder) / "run")
        outputs: Vector = keras.saving.load_model(result.run.model).predict(x, verbose=0)
    if dataset.config.is_classes and not dataset.config.is_binary:
        return outputs.argmax(axis=1).astype(np.float32)
    return (outputs >= 0.5).astype(np.float32) if dataset.config.is_binary else outputs


def _mlp(hidden: list[int], seed: int, train: Any, x: Vector, *, is_classes: bool) -> Vector:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    arguments = {
        "hidden_layer_sizes": hidden,
        "max_iter": MAX_ITER,
        "random_state": seed,
        "early_stopping": False,
    }
    if is_classes:
        model = make_pipeline(StandardScaler(), MLPClassifier(**arguments))
    else:
        regressor = make_pipeline(StandardScaler(), MLPRegressor(**arguments))
        model = TransformedTargetRegressor(regressor, transformer=StandardScaler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train.x, train.y[:, 0] if train.y.shape[1] == 1 else train.y)
    predicted: Vector = model.predict(x)
    return predicted


if __name__ == "__main__":
    run(read_runs(__doc__))

"""Tables that everybody has, split and predicted by scikit-learn: the oracle of measures."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

LOADERS = {
    "breast_cancer": load_breast_cancer,
    "wine": load_wine,
    "digits": load_digits,
    "diabetes": load_diabetes,
}
LABELLED = ("breast_cancer", "wine", "digits")


@dataclass(frozen=True)
class KnownTable:
    """Rows to train on and rows held out, as float32; y is (rows, 1)."""

    x: Any
    y: Any
    held_x: Any
    held_y: Any
    labels: tuple[str, ...]

    @property
    def actual(self) -> Any:
        """The numbers of the true labels of the rows held out, shape (rows,)."""
        return self.held_y[:, 0].astype(int)


@cache
def known_table(name: str) -> KnownTable:
    x, y = LOADERS[name](return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))
    x = x[order].astype(np.float32)
    y = y[order].astype(np.float32)[:, None]
    half = len(x) // 2
    labels = tuple(f"label {number}" for number in range(len(np.unique(y))))
    return KnownTable(x[:half], y[:half], x[half:], y[half:], labels if name in LABELLED else ())


@cache
def fitted(name: str) -> Pipeline:
    """scikit-learn's linear model of a table's training rows."""
    table = known_table(name)
    model: Any = Ridge(alpha=1.0)
    if table.labels:
        model = LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000)
    return make_pipeline(StandardScaler(), model).fit(table.x.astype(np.float64), table.y[:, 0])


@cache
def outputs(name: str) -> Any:
    """Float32 predictions of the rows held out, by a model that is often wrong, (rows, outputs)."""
    table = known_table(name)
    noise = np.random.default_rng(2).normal(size=table.held_x.shape)
    spread = 1.5 if table.labels else 0.2  # so that labels are often wrong, and numbers not bad
    noisy = table.held_x + spread * table.x.std(axis=0) * noise
    model = fitted(name)
    if not table.labels:
        return model.predict(noisy).astype(np.float32)[:, None]
    probabilities = model.predict_proba(noisy).astype(np.float32)
    return probabilities if len(table.labels) > 2 else probabilities[:, 1:]

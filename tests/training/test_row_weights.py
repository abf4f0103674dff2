"""Weights of rows in the loss and the metrics, as Keras itself counts them."""

import json

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive
from support.project import default_table

from nnrun.training.backend import keras
from nnrun.training.batches import row_order
from nnrun.training.build_model import build_network, make
from nnrun.training.trainer import train


@pytest.mark.parametrize("batch_size", [8, exhaustive(9, id="every batch of the same size")])
def test_losses_and_metrics_are_those_of_a_plain_fit_with_sample_weight(
    project, tmp_path, batch_size
):
    changes = {
        "data.sample_weight": "dose",
        "metrics": ["accuracy", "AUC"],
        "data.test": "table.csv",
    }
    dataset = project.dataset(changes, batch_size=batch_size)
    result = train(dataset, stem="run", path=tmp_path / "run")

    keras.utils.set_random_seed(0)
    model = build_network(dataset.config, dataset.encoder)
    model.compile(
        optimizer=make(keras.optimizers, dataset.config.optimizer),
        loss="binary_crossentropy",
        weighted_metrics=["accuracy", keras.metrics.AUC(name="AUC")],
    )
    x, y, weight = dataset.arrays(dataset.train)
    logs = []
    for epoch in range(3):
        order = row_order(0, epoch, len(x))
        fitted = model.fit(
            x[order], y[order], sample_weight=weight[order], shuffle=False, verbose=0,
            batch_size=batch_size, validation_data=tuple(dataset.arrays(dataset.validation)),
        )  # fmt: skip
        logs.append({name: values[0] for name, values in fitted.history.items()})
    history = pl.read_csv(result.run.history).drop("epoch").to_dicts()
    assert [dict(sorted(row.items())) for row in history] == [
        pytest.approx(dict(sorted(row.items())), rel=1e-6) for row in logs
    ]
    tested = model.evaluate(
        *dataset.arrays(dataset.test)[:2], sample_weight=dataset.test.weights,
        batch_size=batch_size, return_dict=True, verbose=0,
    )  # fmt: skip
    assert {f"test_{name}": pytest.approx(value, rel=1e-6) for name, value in tested.items()} == {
        name: value for name, value in result.metrics.items() if name.startswith("test_")
    }


def test_a_row_of_weight_two_counts_as_two_rows(project, tmp_path, frame):
    """Where a batch holds all rows, the sum over it is the same but for the rows that divide it."""
    project.table(frame.with_columns(weight=pl.lit(2.0)))
    changes = {"data.validation_split": 0, "batch_size": 60, "optimizer": "sgd", "epochs": 1}
    once = train(
        project.dataset({**changes}, **{"data.drop": ["weight"]}), stem="a", path=tmp_path / "a"
    )
    twice = train(
        project.dataset({**changes, "data.sample_weight": "weight"}), stem="b", path=tmp_path / "b"
    )
    assert twice.metrics["loss"] == pytest.approx(2 * once.metrics["loss"], rel=1e-6)
    assert twice.metrics["accuracy"] == pytest.approx(once.metrics["accuracy"])
    assert np.isfinite(twice.metrics["loss"])


def test_evaluate_weighs_rows_and_says_in_what(project, nnrun):
    project.config({"data.sample_weight": "dose"})
    trained = nnrun("train", project.folder / "config.yaml", "-o", project.folder / "run")
    assert trained.code == 0, trained.err
    evaluated = nnrun("evaluate", project.folder / "run")
    assert "rows count by column 'dose' of weights" in evaluated.err
    measured = json.loads(nnrun("evaluate", project.folder / "run", "--json").out)
    saved = json.loads((project.folder / "run" / "metrics.json").read_text())
    assert measured["metrics"]["loss"] == pytest.approx(saved["val_loss"], rel=1e-6)
    assert measured["metrics"]["accuracy"] == pytest.approx(saved["val_accuracy"], rel=1e-6)
    assert measured["sample_weight"] == {"column": "dose"}
    low, high = measured["interval"]["accuracy"].values()
    assert low <= measured["metrics"]["accuracy"] <= high
    project.table(default_table().drop("dose"), "other.csv")
    other = nnrun("evaluate", project.folder / "run", "other.csv")
    assert other.code == 0
    assert "the table has no column 'dose' of weights: all rows count alike" in other.err
    project.table(default_table().with_columns(dose=-pl.col("dose")), "wrong.csv")
    wrong = nnrun("evaluate", project.folder / "run", "wrong.csv")
    assert wrong.code == 2
    assert "is negative; a weight must be 0 or more" in wrong.err
    project.table(default_table().with_columns(dose=pl.lit(0)), "none.csv")
    none = nnrun("evaluate", project.folder / "run", "none.csv")
    assert (none.code, "none.csv: column 'dose': all weights are 0" in none.err) == (2, True)
    shown = nnrun("predict", project.folder / "run", project.folder / "table.csv")
    assert (shown.code, len(shown.out.splitlines())) == (0, 61)

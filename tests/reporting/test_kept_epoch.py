"""Which epoch was best and which is kept, in the same words everywhere."""

import json

import pytest
from support.forgery import sign

KEEPS = {"early_stopping": {"patience": 9, "restore_best_weights": True}}
FORGETS = {"early_stopping": {"patience": 9, "restore_best_weights": False}}
BY_ACCURACY = {
    "early_stopping": {"monitor": "val_accuracy", "patience": 9, "restore_best_weights": True}
}


@pytest.fixture
def said(project, nnrun, copied_run):
    """Return the line of show of a run with some losses, a kept epoch and a change of its config."""

    def call(losses, kept, changes=None, name="val_loss"):
        rows = [f"{number},0.5,{loss}" for number, loss in enumerate(losses, 1)]
        header = "epoch,loss,val_loss" if name == "val_loss" else "epoch,other,loss"
        (copied_run / "history.csv").write_text("\n".join([header, *rows, ""]))
        (copied_run / "metrics.json").write_text(
            json.dumps({"epoch": kept, name: losses[kept - 1]})
        )
        config = project.config(changes or {}).read_bytes()
        (copied_run / "config.yaml").write_bytes(config)
        sign(copied_run, best_epoch=kept, epochs=len(losses))
        done = nnrun("show", copied_run)
        assert done.code == 0, done.err
        (line,) = [line for line in done.out.splitlines() if line.startswith("best ")]
        return line.removeprefix("best").strip()

    return call


LOSSES = [0.5, 0.174, 0.289]


@pytest.mark.parametrize(
    ("kept", "changes", "expected"),
    [
        (3, None, "; the last epoch is kept (0.289): early_stopping keeps the best"),
        (3, FORGETS, "; the last epoch is kept (0.289): restore_best_weights under early_stopping"),
        (2, KEEPS, ", which is kept"),
        (1, BY_ACCURACY, "; epoch 1 is kept (0.5), the best by val_accuracy"),
    ],
    ids=["the last", "early stopping that restores nothing", "the best", "by another quantity"],
)
def test_the_best_epoch_and_the_kept_one_are_said(said, kept, changes, expected):
    assert said(LOSSES, kept, changes).startswith(
        f"validation was best at epoch 2 (0.174){expected}"
    )


def test_without_rows_held_out_the_loss_of_training_is_meant(said):
    line = said(LOSSES, 3, name="loss")
    assert line == "the training loss was best at epoch 2 (0.174); the last epoch is kept (0.289)"


def test_train_says_it_too(project, nnrun):
    done = nnrun("train", project.config(), "-o", "run")
    assert "\nvalidation was best at epoch " in done.out

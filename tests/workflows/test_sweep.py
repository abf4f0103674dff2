"""`nnrun sweep`: each trial is what a training alone would be, and a sweep goes on."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.marks import exhaustive

from nnrun.errors import Interrupted, TableError, TrainingError
from nnrun.runs.trial_record import TrialRecord
from nnrun.training import session
from nnrun.workflows import sweep
from nnrun.workflows.read_tables import ReadTables
from nnrun.workflows.sweep import run_sweep
from nnrun.workflows.sweep_plan import Options, plan_sweep

pytestmark = pytest.mark.usefixtures("eager")

GRID = ("layers[0].units=2,3", "optimizer.learning_rate=0.1,1e30", "epochs=2")


def test_a_grid_trains_every_combination_and_records_what_fails(project, nnrun):
    done = nnrun("sweep", project.config(), *GRID, "-o", "sw", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert [each["status"] for each in said["trials"]] == ["finished"] * 2 + ["failed"] * 2
    losses = [each["metrics"]["val_loss"] for each in said["trials"][:2]]
    assert losses == sorted(losses)
    assert said["best"]["settings"] == said["trials"][0]["settings"]
    assert said["best"]["settings"]["optimizer.learning_rate"] == 0.1
    assert "learning_rate=1e30: failed: the loss is nan" in done.err
    for each in said["trials"][:2]:
        units = each["settings"]["layers[0].units"]
        options = ("optimizer.learning_rate=0.1", "epochs=2", f"layers[0].units={units}")
        nnrun("train", project.config(), *options, "-o", "alone", "--overwrite", "-q")
        with np.load("alone/weights.npz") as alone, np.load(f"{each['run']}/weights.npz") as own:
            assert all((alone[name] == own[name]).all() for name in alone.files)
    page = nnrun("report", "sw", "-o", "sw.html")
    assert page.code == 0, page.err
    html = Path("sw.html").read_text()
    assert html.index("trial-001") < html.index("What failed") < html.index("the loss is nan")
    assert str(Path.cwd()) not in html
    assert nnrun("plot", "sw", "-o", "sw.svg").code == 0
    assert "optimizer.learning_rate" in Path("sw.svg").read_text()
    best = json.loads(nnrun("train", said["best"]["config"], "--json", "-o", "best").out)
    assert best["metrics"] == said["best"]["metrics"]


def test_optuna_chooses_from_ranges_and_goes_on(project, nnrun):
    pytest.importorskip("optuna")
    command = ("sweep", project.config(epochs=1), "optimizer.learning_rate=1e-4..1e-1")
    first = json.loads(nnrun(*command, "--trials", "2", "-o", "sw", "--json").out)
    assert len(first["trials"]) == 2
    more = json.loads(nnrun(*command, "--trials", "3", "-o", "sw", "--json").out)
    assert len(more["trials"]) == 3
    assert all(each in more["trials"] for each in first["trials"])
    for each in more["trials"]:
        assert 1e-4 <= each["settings"]["optimizer.learning_rate"] <= 1e-1


def trained_until(monkeypatch: pytest.MonkeyPatch, number: int, error: Exception) -> list[str]:
    """Return the names of the runs that are trained from now on; the training of this number raises the error."""
    trained: list[str] = []
    train = session.train_afresh

    def train_or_raise(dataset, path, **options):
        trained.append(path.name)
        if len(trained) == number:
            raise error
        return train(dataset, path, **options)

    monkeypatch.setattr(session, "train_afresh", train_or_raise)
    return trained


@pytest.fixture
def stopped_at_the_second(monkeypatch) -> list[str]:
    """The names of the runs that are trained; the second training is interrupted."""
    return trained_until(monkeypatch, 2, Interrupted("interrupted"))


def test_a_sweep_that_is_stopped_goes_on_where_it_was(project, nnrun, stopped_at_the_second):
    command = ("sweep", project.config(epochs=1), "layers[0].units=2,3", "-o", "sw")
    assert nnrun(*command).code == 130
    assert nnrun("resume", "sw").code == 0
    assert "  layers[0].units\n" in nnrun(*command).out
    assert stopped_at_the_second == ["trial-001", "trial-002", "trial-002"]


def test_a_signal_between_two_trials_tells_how_to_go_on(project, nnrun, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    command = ("sweep", project.config(epochs=1), "layers[0].units=2,3", "-o", "sw")
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "_line", interrupt)
        done = nnrun(*command)
    assert done.code == 130
    assert "its trials so far are kept; go on with `nnrun resume sw`" in done.err
    assert nnrun("resume", "sw").out.count("finished") == 2


def test_no_table_that_a_setting_names_may_change(project, nnrun, frame):
    for name in ("a.csv", "b.csv"):
        frame.write_csv(name)
    command = ("sweep", project.config(epochs=1), "data.train=a.csv,b.csv,c.csv", "-o", "sw")
    assert "c.csv: failed: " in nnrun(*command).err
    frame.write_csv("c.csv")  # it was missing before
    assert nnrun("resume", "sw").code == 0
    frame.head(len(frame) - 2).write_csv("b.csv")
    done = nnrun("resume", "sw")
    assert done.code == 2
    assert "sw: the table of 'data.train=b.csv' has changed since this sweep began" in done.err


def test_the_table_of_a_sweep_may_not_change(project, nnrun, frame):
    command = ("sweep", project.config(epochs=1), "layers[0].units=2,3", "-o", "sw")
    assert nnrun(*command, "--trials", "1").code == 0
    table = project.folder / "table.csv"
    before = table.read_bytes()
    frame.head(len(frame) - 2).write_csv(table)
    for again in (command, ("resume", "sw")):
        done = nnrun(*again)
        assert (done.code, done.out) == (2, "")
        assert "sw: the table of 'train' has changed since this sweep began" in done.err
    table.write_bytes(before)
    assert nnrun(*command).out.count("finished") == 2


def test_machines_may_have_the_folder_of_a_sweep_at_different_paths(project, nnrun):
    config = project.config(epochs=1)
    command = ("layers[0].units=2,3", "-o", "sw")
    assert nnrun("sweep", config, *command, "--trials", "1").code == 0
    copy = shutil.copy(project.folder / "table.csv", project.folder / "the_same.csv")
    done = nnrun("sweep", config, *command, f"data.train={copy}")
    assert (done.code, done.out.count("finished")) == (0, 2)


def test_a_table_that_changes_between_two_readings_is_refused(project):
    dataset = project.dataset()
    tables = ReadTables()
    tables.add(dataset)
    tables.add(dataset)
    with pytest.raises(TableError, match="changed since the first trial read it"):
        tables.add(replace(dataset, fingerprints={"train": "another"}))


def test_a_folder_holds_one_sweep(project, nnrun):
    config = project.config(epochs=1)
    assert nnrun("sweep", config, "layers[0].units=2,3", "-o", "sw").code == 0
    done = nnrun("sweep", config, "layers[0].units=2,4", "-o", "sw")
    assert done.code == 2
    assert "sw: holds a sweep that differs in settings.layers[0].units[1]: '3' then" in done.err
    done = nnrun("sweep", project.config(epochs=2), "layers[0].units=2,3", "-o", "sw")
    assert "sw: holds a sweep that differs in config.epochs: 1 then, 2 now" in done.err
    done = nnrun("resume", "sw", "--epochs", "5")
    assert (done.code, "a sweep goes on with the options" in done.err) == (2, True)


def test_folds_rank_the_trials_by_the_mean_of_their_metric(project, nnrun):
    config = project.config({"data.validation_split": 0}, epochs=1)
    command = ("sweep", config, "layers[0].units=2,3", "--folds", "3", "-o", "sw", "--json")
    done = nnrun(*command)
    assert done.code == 0, done.err
    said = json.loads(done.out)
    for each in said["trials"]:
        assert each["run"] is None
        losses = [fold["test_loss"] for fold in each["folds"]]
        assert each["metrics"]["test_loss"] == pytest.approx(np.mean(losses))
        assert each["sd"]["test_loss"] == pytest.approx(np.std(losses, ddof=1))
    first, second = (each["metrics"]["test_loss"] for each in said["trials"])
    assert first < second
    best = said["best"]["settings"]["layers[0].units"]
    alone = json.loads(nnrun("cv", config, f"layers.0.units={best}", "--folds", "3", "--json").out)
    assert alone["folds"] == said["trials"][0]["folds"]
    assert json.loads(nnrun("resume", "sw", "--json").out) == said
    listed = nnrun("runs", "sw", "--sort", "test_loss")
    assert (listed.code, listed.out.count("finished")) == (0, 2)
    assert "such trials leave no run" in nnrun("runs", "sw", "--best", "test_loss").err
    assert nnrun("train", said["best"]["config"], "-o", "best").code == 0


def losing_after(epochs):
    """Return a callback's report that prunes every trial but the first after so many epochs."""

    def report(self, value, step):
        self.is_pruned = self.number > 0 and step + 1 >= epochs
        return self.is_pruned

    return report


def test_of_many_epochs_few_are_reported():
    study = pytest.importorskip("nnrun.workflows.study")
    reported = [epoch + 1 for epoch in range(2_000) if study.is_reported(epoch)]
    assert reported == [*range(1, 100), *range(100, 1_000, 10), *range(1_000, 2_001, 100)]


def test_a_trial_that_optuna_gives_up_is_pruned(project, nnrun, monkeypatch):
    study = pytest.importorskip("nnrun.workflows.study")
    pytest.importorskip("optuna")
    monkeypatch.setattr(study.AskedTrial, "report", losing_after(2))
    command = ("sweep", project.config(epochs=4), "optimizer.learning_rate=1e-4..1e-1")
    done = nnrun(*command, "--trials", "2", "-o", "sw", "--json")
    said = json.loads(done.out)
    assert [each["status"] for each in said["trials"]] == ["finished", "pruned"]
    assert "pruned" in done.err
    listed = json.loads(nnrun("runs", "sw", "--json").out)
    assert sorted(each["status"] for each in listed) == ["finished", "pruned"]
    pruned = nnrun("show", said["trials"][1]["run"], "--json")
    assert json.loads(pruned.out)["epochs"] == 2


@pytest.mark.parametrize(
    "storage",
    [
        pytest.param((), id="journal"),
        exhaustive(("--storage", "sqlite:///sw.db"), id="sqlite"),
    ],
)
def test_a_trial_that_was_stopped_is_taken_up_again(project, nnrun, stopped_at_the_second, storage):
    pytest.importorskip("optuna")
    command = ("sweep", project.config(epochs=1), "optimizer.learning_rate=1e-4..1e-1")
    done = nnrun(*command, "--trials", "3", "-o", "sw", *storage)
    assert done.code == 130
    assert (
        "the sweep stopped in trial-002; the trials before it are kept; go on with `nnrun resume sw`"
        in done.err
    )
    said = json.loads(nnrun("resume", "sw", "--json").out)
    names = ["trial-001", "trial-002", "trial-002", "trial-003"]
    assert stopped_at_the_second == names
    assert [each["status"] for each in said["trials"]] == ["finished"] * 3


def test_machines_that_share_only_a_storage_know_the_trials_of_one_another(project, nnrun):
    pytest.importorskip("optuna")
    options = ("--trials", "2", "--storage", "sqlite:///sw.db", "--json")
    command = ("sweep", project.config(epochs=1), "optimizer.learning_rate=1e-4..1e-1", *options)
    first = json.loads(nnrun(*command, "-o", "a/sw").out)
    second = json.loads(nnrun(*command, "-o", "b/sw").out)
    assert [each["run"] for each in second["trials"]] == [None, None]
    for own, other in zip(first["trials"], second["trials"], strict=True):
        assert own["settings"] == other["settings"]
        assert other["status"] == "finished"
        assert other["metrics"] == {"val_loss": own["metrics"]["val_loss"]}
    assert second["best"]["settings"] == first["best"]["settings"]
    assert Path("b/sw/best.yaml").read_text() == Path("a/sw/best.yaml").read_text()
    assert nnrun("runs", "b/sw").out.count("finished") == 2


def test_tables_that_another_machine_makes_are_waited_for(project, monkeypatch):
    optuna = pytest.importorskip("optuna")
    from nnrun.workflows import study

    create = optuna.create_study
    raised = [type("IntegrityError", (Exception,), {"__module__": "sqlalchemy.exc"})()]

    def create_late(**options):
        if raised:
            raise raised.pop()
        return create(**options)

    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(optuna, "create_study", create_late)
    monkeypatch.setattr(study, "MAKING_TABLES", 0)
    planned = plan_sweep(project.config(), ["epochs=1..10"], Path("sw"))
    planned.folder.mkdir()
    assert study.open_study(planned).trials() == []


class Slow:
    """Stands for the trainer of trials, and takes a moment for each."""

    def __init__(self, trained):
        self.trained = trained

    def train(self, trial, watch):
        self.trained.append(trial.path.name)
        time.sleep(0.01)
        loss = float(trial.settings["epochs"])
        return TrialRecord(settings=trial.settings, status="finished", metrics={"loss": loss})

    def check(self, config):
        """Find nothing, and read no table."""
        return {}


@pytest.mark.parametrize(
    ("setting", "storage"),
    [
        ("epochs=1,2,3,4,5,6,7,8,9,10", None),
        ("epochs=1,2,3,4,5,6,7,8,9,10", "sqlite:///sw.db"),
        ("epochs=1..10", None),
        ("epochs=1..10", "sqlite:///sw.db"),
    ],
    ids=["grid", "grid in a storage", "journal", "sqlite"],
)
def test_several_at_work_on_one_sweep_train_each_trial_once(project, monkeypatch, setting, storage):
    pytest.importorskip("optuna")
    monkeypatch.chdir(project.folder)
    trials = None if "," in setting else 10
    options = Options(metric="loss", trials=trials, storage=storage)
    planned = plan_sweep(project.config(), [setting], Path("sw"), options)
    trained = []
    monkeypatch.setattr(sweep, "Trainer", lambda _: Slow(trained))
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: run_sweep(planned, lambda _: None), range(3)))
    assert sorted(trained) == [f"trial-{number:03}" for number in range(1, 11)]
    again = run_sweep(planned, lambda _: None)
    assert len(again) == 10
    assert len(trained) == 10
    assert [each.status for each in again] == ["finished"] * 10
    losses = [each.metrics["loss"] for each in again]
    assert losses == sorted(losses)
    if planned.space.is_grid:
        assert losses == [*range(1, 11)]
    assert {each.path for trials in found for each in trials} == {each.path for each in again}


def test_a_metric_that_is_not_logged_is_refused(project, nnrun):
    config = project.config({"data.validation_split": 0})
    done = nnrun("sweep", config, "epochs=1,2")
    assert (done.code, done.out) == (2, "")
    assert "--metric val_loss: the config logs" in done.err
    assert not (project.folder / "sweeps").exists()


def test_only_a_sweep_needs_the_default_metric(project, nnrun):
    sweep = {"settings": {"epochs": [1, 2]}}
    config = project.config({"data.validation_split": 0, "sweep": sweep})
    assert nnrun("check", config).code == 0
    done = nnrun("sweep", config)
    assert done.code == 2
    assert "val_loss: the config logs 'loss', 'accuracy'" in done.err


def test_the_config_says_what_options_do_not(project, nnrun):
    settings = {"layers.0.units": [2, 3], "optimizer.learning_rate": [0.1, 0.01]}
    planned = {"settings": settings, "metric": "val_accuracy", "trials": 3}
    config = project.config(epochs=1, sweep=planned)
    said = json.loads(nnrun("sweep", config, "-o", "sw", "--json").out)
    tried = [each["settings"] for each in said["trials"]]
    assert len(tried) == 3
    assert {"layers.0.units": 3, "optimizer.learning_rate": 0.1} in tried
    accuracy = [each["metrics"]["val_accuracy"] for each in said["trials"]]
    assert accuracy == sorted(accuracy, reverse=True)
    assert "sweep" not in (project.folder / "sw" / "best.yaml").read_text()
    assert "sweep" not in (project.folder / "sw" / "trial-001" / "config.yaml").read_text()

    options = ("layers[0].units=2", "--metric", "loss", "--trials", "1")
    said = json.loads(nnrun("sweep", config, *options, "-o", "other", "--json").out)
    assert [each["settings"] for each in said["trials"]] == [{"optimizer.learning_rate": 0.1}]


def test_other_commands_leave_the_sweep_of_a_config_aside(project, nnrun):
    planned = {"settings": {"layers.0.units": [2, 3]}}
    assert nnrun("train", project.config(epochs=1, sweep=planned), "-o", "run").code == 0
    assert nnrun("train", project.config(epochs=1, name="p.yaml"), "-o", "plain").code == 0
    assert "sweep" not in (project.folder / "run" / "config.yaml").read_text()
    with np.load("run/weights.npz") as run, np.load("plain/weights.npz") as plain:
        assert all((run[name] == plain[name]).all() for name in plain.files)


def test_values_that_fit_no_config_are_refused_before_anything_is_trained(project, nnrun):
    planned = {"settings": {"layers.0.units": [2, -1], "layers.7.units": [1, 2]}}
    config = project.config(sweep=planned)
    done = nnrun("sweep", config, "epochs=1,none", "-o", "sw")
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert len(lines) == 4
    assert "config.yaml:" in lines[0]
    assert "sweep.settings.layers.0.units: must be at least 1" in lines[0]
    assert "'7' names nothing in a list of 2" in lines[1]
    assert lines[3].startswith("--set epochs=none: must be a whole number")
    assert not (project.folder / "sw").exists()
    checked = nnrun("check", config)
    assert checked.code == 2
    assert [line.endswith("[sweep]") for line in checked.err.splitlines()] == [True] * 3


def test_settings_that_do_not_go_together_fail_in_their_trial_alone(project, nnrun):
    settings = ("optimizer.name=Adam,SGD", "optimizer.momentum=0.5,0.9", "epochs=1")
    config = project.config({"optimizer.learning_rate": project.drop})
    said = json.loads(nnrun("sweep", config, *settings, "-o", "sw", "--json").out)
    assert [each["status"] for each in said["trials"]] == ["finished"] * 2 + ["failed"] * 2
    assert [each["settings"]["optimizer.name"] for each in said["trials"][:2]] == ["SGD"] * 2
    assert "--set optimizer.momentum=0.5: unknown key" in said["trials"][2]["reason"]
    listed = nnrun("runs", "sw")
    assert listed.out.count("failed") == 2
    assert listed.err.count(": unknown key") == 2
    assert nnrun("runs", "sw", "--best", "val_loss").out.strip() == said["trials"][0]["run"]


@pytest.fixture
def failing_once(monkeypatch) -> list[str]:
    """The names of the runs that are trained; the first training fails."""
    return trained_until(monkeypatch, 1, TrainingError("the device is gone"))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        pytest.param("0.1,0.2", ["trial-001", "trial-002", "trial-001"], id="a grid"),
        pytest.param("1e-4..1e-1", ["trial-001", "trial-002", "trial-003"], id="optuna"),
    ],
)
def test_a_trial_that_failed_is_trained_again_once_its_record_is_removed(
    project, nnrun, failing_once, values, names
):
    pytest.importorskip("optuna")
    command = ("sweep", project.config(epochs=1), f"optimizer.learning_rate={values}")
    done = nnrun(*command, "--trials", "2", "-o", "sw", "--json")
    failed = json.loads(done.out)["trials"][1]
    assert failed["status"] == "failed"
    assert done.err.splitlines()[-1] == (
        "1 of 2 trials failed; once the cause is mended, remove trial-001.json, and `nnrun resume "
        "sw` trains again"
    )
    Path("sw/trial-001.json").unlink()
    for _ in range(2):  # and only once
        said = json.loads(nnrun("resume", "sw", "--json").out)
        assert [each["status"] for each in said["trials"]] == ["finished"] * 2
        assert failed["settings"] in [each["settings"] for each in said["trials"]]
        assert failing_once == names


def test_a_sweep_of_which_every_trial_failed_has_failed(project, nnrun):
    done = nnrun("sweep", project.config(), "optimizer.learning_rate=1e30,1e31", "epochs=1")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("sweeps/config: every trial failed")
    page = nnrun("report", "sweeps/config")
    assert page.code == 2
    assert "every trial so far failed, the first since the loss is nan" in page.err

"""Several runs on one page and in one picture: what differs, the metric by it, and curves."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forgery import forge_json

from nnrun.reporting.compared_page import ComparedPanels, ComparedTable, render_compared
from nnrun.reporting.pictures.compared import Compared, Point, compared_runs
from nnrun.reporting.pictures.figure import make_figure
from nnrun.reporting.pictures.parallel import parallel_panel
from nnrun.reporting.pictures.slices import slice_panels
from nnrun.reporting.pictures.value_scale import value_scale
from nnrun.reporting.runs_page import comparing_metric
from nnrun.reporting.short_names import short_names
from nnrun.reporting.sweep_page import make_sweep_page
from nnrun.reporting.trials_table import describe_trials
from nnrun.runs.trial_record import TrialRecord

pytestmark = pytest.mark.drawn

RATES = [0.1, 0.001, 0.01]
LOSSES = [0.5, 0.2, 0.9]


@pytest.fixture
def three_runs(copied_run: Path) -> list[Path]:
    """Three runs in the folder `many`, which differ in the learning rate."""
    paths = []
    for number, (rate, loss) in enumerate(zip(RATES, LOSSES, strict=True)):
        path = Path("many", f"try-{number}")
        shutil.copytree(copied_run, path)
        forge_json(path, "run.json", with_rate(rate))
        forge_json(path, "metrics.json", with_loss(loss))
        paths.append(path)
    return paths


def with_rate(rate: float) -> Callable[[Any], Any]:
    def changed(info: Any) -> Any:
        optimizer = {**info["config"]["optimizer"], "learning_rate": rate}
        table = {**info["config"]["data"], "train": f"/home/somebody/{rate} tables/x.csv"}
        config = {**info["config"], "optimizer": optimizer, "data": table}
        return {**info, "config": config, "checksums": {}}

    return changed


def with_loss(loss: float) -> Callable[[Any], Any]:
    return lambda metrics: {**metrics, "val_loss": loss}


def summary(metrics: dict[str, float], **settings: object) -> Any:
    return {"run": "r", "status": "finished", "metrics": metrics, "settings": settings}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_page_of_several_runs_has_table_slices_and_curves(nnrun, three_runs):
    done = nnrun("report", *three_runs)
    assert done == (0, "saved in runs.html\n", "")
    page = Path("runs.html").read_text()
    places = [page.index(f"<td>try-{number}</td>") for number in (1, 0, 2)]
    assert places == sorted(places)  # the best first
    for text in ("3 runs", "learning_rate", "least val_loss", 'id="settings"', 'id="curves"'):
        assert text in page
    assert "somebody" not in page
    assert str(Path.cwd()) not in page


@pytest.mark.parametrize("count", [20, 21, 23])
def test_a_page_shows_twenty_trials_before_its_pictures_and_unfolds_the_others(count):
    rows = [[f"trial-{number:03}"] for number in range(count)]
    table = ComparedTable("trial", ["trial"], rows, failures=[])
    page = render_compared("s", table, None, ComparedPanels([], [], []))
    shown, _, unfolded = page.partition("<details>")
    assert [f"<td>{name}</td>" in shown for [name] in rows] == [n < 20 for n in range(count)]
    assert unfolded.count("<td>trial-") == count - 20
    assert (f"The other trials: {count - 20}<" in unfolded) == (count > 20)


@pytest.mark.parametrize("key", ["epochs", "<script>x", "\x1b[31m", "a\0b", ""], ids=ascii)
def test_trials_of_a_stranger_need_not_have_the_same_settings(key, tmp_path):
    trials = [{"epochs": "3"}, {key: "4"}, {}]
    for number, settings in enumerate(trials):
        record = TrialRecord(settings=settings, status="finished", metrics={"loss": number})
        record.write(tmp_path / f"trial-{number:03}")
    page = make_sweep_page(tmp_path, "loss")
    assert "<td>trial-002</td><td>finished</td><td>2</td><td>-</td>" in re.sub(r"\n *", "", page)
    assert not re.search("<script>x|[\\x1b\0]", page)
    rows = [{"name": "t", "status": "finished", "metrics": {}, "settings": each} for each in trials]
    assert "\x1b" not in describe_trials(rows, "loss", 100)


def test_a_folder_stands_for_its_runs(nnrun, three_runs):
    assert nnrun("report", "many", "-o", "folder.html").code == 0
    nnrun("report", *three_runs, "-o", "each.html")
    tables = [
        Path(page).read_text().partition("By setting")[0] for page in ("folder.html", "each.html")
    ]
    assert tables[0].replace(">many<", ">3 runs<") == tables[1]
    assert nnrun("plot", "many", "-o", "folder.svg").code == 0
    nnrun("plot", *three_runs, "-o", "each.svg")
    assert "optimizer.learning_rate" in Path("each.svg").read_text()


def test_a_metric_that_is_named_ranks_the_runs(nnrun, three_runs):
    for path, accuracy in zip(three_runs, (0.7, 0.9, 0.8), strict=True):
        forge_json(
            path, "metrics.json", lambda kept, value=accuracy: {**kept, "val_precision": value}
        )
    assert nnrun("report", "many", "--metric", "val_precision").code == 0
    page = Path("many.html").read_text()
    places = [page.index(f"<td>try-{number}</td>") for number in (1, 2, 0)]
    assert places == sorted(places)
    assert "largest val_precision" in page
    for command in ("report", "plot"):
        done = nnrun(command, "many", "--metric", "val_precisio")
        assert done.code == 2
        assert (
            "--metric val_precisio: no run has this metric; did you mean 'val_precision'?"
            in done.err
        )
        done = nnrun(command, three_runs[0], "--metric", "val_loss")
        assert (done.code, "compares several runs" in done.err) == (2, True)


def test_runs_that_cannot_be_drawn_are_in_the_table_alone(nnrun, three_runs):
    Path("many", "broken").mkdir()
    Path("many", "broken", "run.json").write_text("{")
    forge_json(three_runs[1], "run.json", lambda info: {**info, "status": "running", "epochs": 0})
    (three_runs[1] / "history.csv").unlink()
    (three_runs[1] / "metrics.json").unlink()
    assert nnrun("report", "many").code == 0
    page = Path("many.html").read_text()
    assert page.index("<td>try-0</td>") < page.index("<td>try-1</td>")
    assert page.index("What failed") < page.rindex("<td>broken</td>")
    done = nnrun("plot", "many")
    assert (done.code, done.err) == (0, "the picture leaves out 2 runs without an epoch\n")


def test_what_is_no_run_is_refused(nnrun, three_runs):
    Path("empty").mkdir()
    for command in ("report", "plot"):
        for wrong in ("missing", "empty"):
            done = nnrun(command, three_runs[0], wrong)
            assert done.code == 2
            assert wrong in done.err


def test_runs_of_one_name_are_told_apart():
    assert short_names(["a/x", "b/x", "b/y"]) == ["a/x", "b/x", "y"]
    assert short_names(["x", "x"]) == ["x", "x"]


def test_losses_of_several_kinds_are_not_compared():
    both = {"val_loss": 0.1, "loss": 0.1, "auc": 0.5, "val_auc": 0.5}
    alike = [summary(both, loss="A"), summary(both, loss="A")]
    assert comparing_metric(alike) == "val_loss"
    assert comparing_metric([summary(both, loss="A"), summary(both, loss="B")]) == "val_auc"
    assert comparing_metric([summary({"loss": 1.0}), *alike]) == "loss"
    assert comparing_metric([summary({})]) is None


def test_settings_that_follow_from_another_are_not_drawn():
    def with_optimizer(name: str, **others: object) -> Any:
        settings = {f"optimizer.{key}": value for key, value in others.items()}
        return summary({"loss": 1.0}, **{"optimizer.name": name}, **settings, note=name)

    found = [with_optimizer("SGD", nesterov=False), with_optimizer("Adam"), with_optimizer("Adam")]
    assert compared_runs(found, "loss").keys == ["optimizer.name"]
    found.append(with_optimizer("SGD", nesterov=True))
    compared = compared_runs(found, "loss")
    assert compared.keys == ["optimizer.name", "optimizer.nesterov"]
    shown = [point.settings["optimizer.nesterov"] for point in compared.points]
    assert shown == ["false", "-", "-", "true"]


def test_two_runs_are_a_table_and_curves():
    found = [summary({"loss": 1.0}, epochs=1), summary({"loss": 2.0}, epochs=2)]
    assert not compared_runs(found, "loss").points


@pytest.mark.parametrize(
    ("given", "places", "names", "is_log"),
    [
        (["1", "3"], [1, 3], [], False),
        (["0.001", "0.1"], [0.001, 0.1], [], True),
        (["b", "a", "b"], [0, 1, 0], ["b", "a"], False),
        (["-", "16", "8"], [2, 1, 0], ["8", "16", "-"], False),
        (["nan", "1"], [1, 0], ["1", "nan"], False),
    ],
    ids=["numbers", "wide", "texts", "missing", "no finite number"],
)
def test_values_stand_to_scale_or_beside_each_other(given, places, names, is_log):
    scale = value_scale(given)
    assert [list(scale.places), list(scale.names), scale.is_log] == [places, names, is_log]


def test_parallel_coordinates_have_an_axis_each_and_the_best_line_on_top():
    points = [
        Point({"rate": "0.001", "activation": "relu"}, 0.4, "finished"),
        Point({"rate": "1", "activation": "tanh"}, 0.9, "pruned"),
        Point({"rate": "0.1", "activation": "relu"}, 0.1, "finished"),
    ]
    (panel,) = parallel_panel(Compared("val_loss", points))
    figure = make_figure(slice_panels(Compared("val_loss", points)), wide=[panel])
    axes = figure.axes[0]
    assert len(figure.axes) == 3
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "rate",
        "activation",
        "val_loss",
    ]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [line.get_linestyle() for line in lines] == [":", "-", "-"]
    np.testing.assert_allclose(lines[0].get_ydata(), [1, 1, 1])
    np.testing.assert_allclose(lines[1].get_ydata(), [0, 0, 0.375])
    np.testing.assert_allclose(lines[2].get_ydata(), [2 / 3, 0, 0])
    assert lines[2].get_label() == "best"
    assert {"0.001", "relu", "tanh", "0.9"} <= set(texts(figure))


def test_numbers_along_an_axis_do_not_lie_over_each_other():
    losses = [5758, 5973, 6003, 6971]
    points = [
        Point({"rate": f"0.{number}", "activation": "relu"}, float(loss), "finished")
        for number, loss in enumerate(losses, 1)
    ]
    compared = Compared("val_loss", points)
    figure = make_figure(slice_panels(compared), wide=parallel_panel(compared))
    shown = texts(figure)
    assert {"5758", "5973", "6971"} <= set(shown)
    assert "6003" not in shown


@pytest.mark.parametrize("count", [1, 40])
def test_anything_can_be_compared(count):
    points = [
        Point({"a": "x", "b": f"$\\frac{{ {number}", "c": "-"}, float(number), "pruned")
        for number in range(count)
    ]
    compared = Compared("accuracy", points)
    assert compared.best is None
    make_figure(slice_panels(compared), wide=parallel_panel(compared)).canvas.draw()

"""Pictures, by what they are made of: panels, lines, labels; what a run or a name may do to them."""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score
from support.forgery import forge_json

from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Target
from nnrun.features.loading import load_dataset
from nnrun.reporting.pictures.confusion import cell_colors
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.figure import INK, STYLE, encode_figure, make_figure
from nnrun.reporting.pictures.outcome import outcome_panels
from nnrun.reporting.pictures.scatter import DOTS
from nnrun.results.class_measure import ClassMeasure
from nnrun.results.number_measure import NumberMeasure
from nnrun.results.ranked_scores import ScoreCounter
from nnrun.results.trained_run import load_run
from nnrun.runs.history import best_epoch

pytestmark = pytest.mark.drawn

PNG = b"\x89PNG\r\n\x1a\n"
NAMES = ["$\\frac{", "_hidden", "<script>", "\x1b[2J", "\N{SNOWMAN}" * 50]


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    return struct.unpack(">II", png[16:24])


def curves(*paths: Path) -> Any:
    return make_figure(curve_panels(paths))


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.lines}


def legend(figure: Any) -> list[str]:
    return [text.get_text() for each in figure.legends for text in each.get_texts()]


def write_history(run: Path, **columns: Any) -> Path:
    frame = pl.DataFrame({"epoch": range(1, len(columns["loss"]) + 1), **columns})
    frame.write_csv(run / "history.csv")
    return run


def outcome(measure: Any, labels: list[str] | None = None, targets: list[str] | None = None) -> Any:
    known = Encoder.model_construct(
        features=[], targets=[Target(name=name) for name in targets or []], labels=labels or []
    )
    return make_figure(outcome_panels(known, measure), columns=2)


def test_a_finished_run_has_a_picture_of_its_curves(shared_run):
    assert size((shared_run / "curves.png").read_bytes()) == (3 * 4 * 130, int((3 + 0.2) * 130))


def test_the_curves_are_those_of_the_history_and_the_best_epoch_is_marked(copied_run):
    history = pl.read_csv(copied_run / "history.csv")
    best = best_epoch(copied_run / "history.csv").epoch
    figure = curves(copied_run)
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy", "learning rate"]
    assert legend(figure) == ["training", "validation", f"best epoch {best}, kept"]
    *metrics, rate = figure.axes
    for axes in metrics:
        drawn, name = lines(axes), axes.get_title()
        assert drawn["training"].get_ydata().tolist() == history[name].to_list()
        assert drawn["training"].get_xdata().tolist() == [1, 2, 3]
        assert drawn["validation"].get_ydata().tolist() == history[f"val_{name}"].to_list()
        assert [*drawn[f"best epoch {best}, kept"].get_xdata()] == [best, best]
    assert "training" not in lines(rate)
    assert rate.lines[0].get_ydata().tolist() == history["learning_rate"].to_list()


def test_the_kept_epoch_is_marked_beside_the_best_where_it_is_another(copied_run):
    forge_json(copied_run, "run.json", lambda info: {**info, "best_epoch": 3})
    write_history(copied_run, loss=[3.0, 2.0, 1.0], val_loss=[2.0, 1.0, 3.0])
    figure = curves(copied_run)
    assert legend(figure) == ["training", "validation", "best epoch 2", "kept epoch 3"]
    drawn = lines(figure.axes[0])
    assert [*drawn["best epoch 2"].get_xdata()] == [2, 2]
    assert [*drawn["kept epoch 3"].get_xdata()] == [3, 3]
    forge_json(copied_run, "run.json", lambda info: {**info, "best_epoch": 0})  # none is kept yet
    assert legend(curves(copied_run)) == ["training", "validation", "best epoch 2"]


def test_the_first_epochs_do_not_flatten_the_others(copied_run):
    tail = np.linspace(3, 2, 40)
    write_history(copied_run, loss=[90.0, 40.0, *tail], val_loss=[80.0, 30.0, *(tail + 1)])
    (axes,) = curves(copied_run).axes
    low, high = axes.get_ylim()
    assert 1.5 < low < 2
    assert 4 <= high < 5
    assert axes.get_xlabel() == "epoch (of the first 4, some lie beyond the axis)"
    write_history(copied_run, loss=[4.5, *tail], val_loss=[4.2, *tail])
    (axes,) = curves(copied_run).axes
    assert axes.get_ylim()[1] > 4.5
    assert axes.get_xlabel() == "epoch"


def forged_runs(folder: Path, copied_run: Path, rates: list[float]) -> list[Path]:
    """Return copies of a run that differ in their learning rates; the first has the least loss."""
    paths = []
    for number, rate in enumerate(rates):
        path = Path(shutil.copytree(copied_run, folder / f"_{number}"))

        def forged(info, rate=rate):
            config = info["config"]
            return {
                **info,
                "config": {**config, "optimizer": {**config["optimizer"], "learning_rate": rate}},
            }

        forge_json(path, "run.json", forged)
        write_history(path, loss=[3.0, 1.0, 2.0], val_loss=[99.0, 2.0 + number, 98.0])
        paths.append(path)
    return paths


def test_several_runs_have_a_colour_each_and_a_dot_at_their_best_epoch(project, copied_run):
    paths = forged_runs(project.folder, copied_run, [0.1, 0.02])
    figure = curves(*paths)
    (axes,) = figure.axes
    assert legend(figure) == ["learning_rate 0.1", "learning_rate 0.02"]
    curve, dot, other, other_dot = axes.lines
    assert [line.get_color() for line in axes.lines] == ["C0", "C0", "C1", "C1"]
    assert curve.get_ydata().tolist() == [99, 2, 98]
    assert other.get_ydata().tolist() == [99, 3, 98]
    assert [*dot.get_xydata().ravel()] == [2, 2]
    assert [*other_dot.get_xydata().ravel()] == [2, 3]
    assert dot.get_marker() == "o"


def test_members_of_an_ensemble_are_drawn_over_each_other(copied_run):
    write_history(
        copied_run, member=[1, 1, 1, 2, 2], loss=[3, 2, 1, 4, 3], val_loss=[5, 3, 4, 2, 6]
    )
    figure = curves(copied_run)
    (axes,) = figure.axes
    drawn = [(line.get_color(), line.get_xydata().T.tolist()) for line in axes.lines]
    assert drawn == [
        ("C0", [[1, 2, 3], [3, 2, 1]]),
        ("C0", [[1, 2], [4, 3]]),
        ("C1", [[1, 2, 3], [5, 3, 4]]),
        ("C1", [[1, 2], [2, 6]]),
        (INK, [[2, 1], [3, 2]]),
    ]
    assert legend(figure) == ["training", "validation", "best epoch of each member"]


def test_training_of_several_runs_is_drawn_where_it_is_asked_for(project, copied_run):
    paths = forged_runs(project.folder, copied_run, [0.1, 0.02])
    figure = make_figure(curve_panels(paths, training=True))
    styles = [(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines]
    assert styles.count(("C0", "--")) == 1
    assert styles.count(("C1", "--")) == 1
    assert legend(figure)[-2:] == ["training", "validation"]


def test_runs_that_do_not_differ_are_called_by_their_names(project, copied_run):
    paths = forged_runs(project.folder, copied_run, [0.1, 0.1])
    assert legend(curves(*paths)) == ["'_0'", "'_1'"]
    (other,) = forged_runs(project.folder / "more", copied_run, [0.2])
    paths.append(other.rename(project.folder / "other"))
    assert legend(curves(*paths)) == [
        "'_0': learning_rate 0.1",
        "'_1': learning_rate 0.1",
        "learning_rate 0.2",
    ]


def test_of_more_than_ten_runs_the_best_ten_are_drawn(project, nnrun, copied_run):
    paths = forged_runs(project.folder, copied_run, [rate / 100 for rate in range(13, 0, -1)])
    names = [f"learning_rate {rate / 100:g}" for rate in range(13, 3, -1)]
    assert legend(curves(*paths)) == names
    assert legend(curves(*reversed(paths))) == names[::-1]
    done = nnrun("plot", *paths)
    assert done.err == "drawing the curves of the best 10 of 13 runs\n"


def test_resume_draws_the_longer_run(nnrun, copied_run):
    before = (copied_run / "curves.png").read_bytes()
    assert nnrun("resume", copied_run, "--epochs", "4", "-q").code == 0
    after = (copied_run / "curves.png").read_bytes()
    assert after != before
    assert size(after) == size(before)


def test_overwriting_removes_the_picture(project, nnrun, copied_run):
    done = nnrun(
        "train",
        project.config(optimizer={"name": "sgd", "learning_rate": 1e30}),
        "-o",
        "run",
        "--overwrite",
    )
    assert done.code == 1
    assert not (copied_run / "curves.png").exists()


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", PNG), ("a.SVG", b"<?xml"), ("a.pdf", b"%PDF")],
    ids=["png", "svg in capitals", "pdf"],
)
def test_plot_writes_what_the_ending_says_and_replaces_what_stands_there(
    nnrun, copied_run, name, start
):
    Path(name).write_text("old")
    assert nnrun("plot", copied_run, "-o", name) == (0, f"saved in {name}\n", "")
    assert Path(name).read_bytes().startswith(start)


def test_plot_refuses_what_it_cannot_draw_or_write(project, nnrun, copied_run):
    for arguments, message in {
        ("run", "-o", "a.jpg"): "-o a.jpg: must end in .png, .svg or .pdf",
        ("run", "-o", "no/a.png"): "-o no/a.png: must be in a folder that exists; make no first",
        ("run", "run", "--data", "table.csv"): "--data needs exactly one RUN; received 2",
        (): "Missing argument 'RUN...'",
        ("nothing",): "nothing: does not exist",
        ("run", "--data", "nothing.csv"): "nothing.csv: there is no such file",
    }.items():
        done = nnrun("plot", *arguments)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
    assert not list(project.folder.glob("*.png"))


def test_a_run_that_is_not_finished_is_drawn_as_far_as_it_is(nnrun, copied_run):
    forge_json(copied_run, "run.json", lambda info: {**info, "status": "running", "checksums": {}})
    text = (copied_run / "history.csv").read_text()
    (copied_run / "history.csv").write_text(text[: text.rindex(",")])  # a kill left half a row
    assert nnrun("plot", copied_run).code == 0
    assert [*lines(curves(copied_run).axes[0])["training"].get_xdata()] == [1, 2]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"epoch,loss\n", b"epoch,loss\n1,0.5"],
    ids=["no file", "an empty file", "a header", "half a row"],
)
def test_a_run_without_an_epoch_has_nothing_to_draw(nnrun, copied_run, content):
    (copied_run / "history.csv").unlink()
    if content is not None:
        (copied_run / "history.csv").write_bytes(content)
    done = nnrun("plot", copied_run)
    assert (done.code, done.err) == (
        2,
        f"{copied_run}: no epoch has ended yet, so there is nothing to draw\n",
    )


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,loss\n1\n",
        b"epoch\n1\n",
        b"epoch,loss\n1,2,3\n",
        b"epoch,loss\n1,low\n",
        b"epoch,loss\n\xff,1\n",
        b"\0\n\0\n",
    ],
    ids=[
        "a cell too few",
        "no loss",
        "a cell too many",
        "text for a number",
        "bytes that are not text",
        "NUL bytes",
    ],
)
def test_an_altered_history_is_refused(nnrun, copied_run, content):
    (copied_run / "history.csv").write_bytes(content)
    done = nnrun("plot", copied_run)
    assert (done.code, done.out) == (2, "")
    assert f"{copied_run / 'history.csv'}: cannot be read: " in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "values",
    [
        [np.nan] * 3,
        [np.inf, -np.inf, 1.0],
        [1e308, -1e308, 0.0],
        [5e-324, 1e-300, 1.0],
        [3e38] * 3,
        [0.0] * 3,
    ],
    ids=str,
)
def test_any_number_can_be_drawn(copied_run, values):
    write_history(copied_run, loss=values, val_loss=values[::-1])
    for form in (".png", ".svg", ".pdf"):
        assert encode_figure(curves(copied_run), form)


def test_a_single_epoch_is_a_marker(copied_run):
    for count, marker in ((1, "o"), (2, "")):
        write_history(copied_run, loss=[0.5] * count)
        assert lines(curves(copied_run).axes[0])["training"].get_marker() == marker


def test_the_scale_is_logarithmic_where_a_loss_spans_decades(copied_run):
    write_history(
        copied_run,
        loss=[1.0, 0.1, 0.01],
        accuracy=[0.001, 0.5, 1.0],
        mae=[900.0, 20.0, 3.0],
        auc=[-1.0, 2, 500],
    )
    assert [axes.get_yscale() for axes in curves(copied_run).axes] == [
        "log",
        "linear",
        "log",
        "linear",
    ]
    write_history(copied_run, loss=[1.0, 0.1, 0.0])
    assert curves(copied_run).axes[0].get_yscale() == "linear"


def test_a_long_history_is_thinned_and_the_best_epoch_stays(copied_run):
    losses = np.random.default_rng(0).random(100_000)
    write_history(copied_run, loss=losses)
    curves(copied_run)  # the first picture of a machine takes long: matplotlib looks for fonts
    began = time.process_time()
    drawn = lines(curves(copied_run).axes[0])
    assert time.process_time() - began < 2
    assert 1_000 < len(drawn["training"].get_xdata()) <= 2_000
    assert losses.argmin() + 1 in drawn["training"].get_xdata()
    assert losses.min() in drawn["training"].get_ydata()


def test_more_metrics_than_nine_are_not_drawn(copied_run):
    write_history(copied_run, loss=[1.0], **{f"m{i}": [1.0] for i in range(20)})
    assert len(curves(copied_run).axes) == 9


def test_without_matplotlib_a_run_is_finished_all_the_same(project, nnrun, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = nnrun("train", project.config(epochs=1), "-o", "run", "-q")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("run/curves.png: not drawn: matplotlib cannot be imported: ")
    assert json.loads((project.folder / "run" / "run.json").read_bytes())["status"] == "finished"
    done = nnrun("plot", "run")
    assert done.code == 1
    assert done.err.startswith("matplotlib cannot be imported: ")


def test_the_users_own_settings_of_matplotlib_change_nothing_and_stay(copied_run):
    import matplotlib

    expected = encode_figure(curves(copied_run), ".png")
    with matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "black", "font.size": 30}):
        assert encode_figure(curves(copied_run), ".png") == expected
        assert matplotlib.rcParams["text.usetex"]


@pytest.mark.slow
def test_plot_needs_neither_tensorflow_nor_a_home_and_is_silent(copied_run):
    code = "import sys; sys.modules['tensorflow'] = None; from nnrun.__main__ import main; main()"
    environment = {
        k: v
        for k, v in os.environ.items()
        if k not in ("MPLCONFIGDIR", "DISPLAY", "XDG_CACHE_HOME")
    }
    environment |= {"HOME": "/nowhere", "XDG_CONFIG_HOME": "/nowhere", "MPLBACKEND": "tkagg"}
    script = [sys.executable, "-c", code, "plot", str(copied_run)]
    done = subprocess.run(
        script, capture_output=True, text=True, env=environment, cwd=copied_run.parent
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "saved in plot.png\n", "")


def test_a_confusion_matrix_tells_counts_and_shares(project, nnrun, copied_run):
    trained = load_run(copied_run)
    dataset = load_dataset(trained.config, project.folder / ".cache")
    measure = trained.measure([(dataset.train.x, dataset.train.y)])
    figure = make_figure(outcome_panels(trained.encoder, measure), columns=2)
    matrix, roc = figure.axes
    cells = [text.get_text() for text in matrix.texts]
    counts = measure.confusion.ravel().tolist()
    assert [int(cell.split("\n")[0]) for cell in cells] == counts
    shares = (measure.confusion / measure.confusion.sum(axis=1, keepdims=True)).ravel()
    assert [cell.split("\n")[1:] for cell in cells] == [[f"{s:.0%}"] * bool(s) for s in shares]
    assert legend(figure) == [f"'1': AUC {measure.metrics()['auc']:.3f}"]
    assert roc.get_title() == "ROC"


def test_plot_of_a_table_measures_as_evaluate_does(project, nnrun, copied_run, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "nnrun.reporting.pictures.figure.encode_figure",
        lambda figure, _: drawn.append(figure) or b"",
    )
    assert nnrun("plot", "run", "--data", "table.csv") == (0, "saved in plot.png\n", "")
    measured = json.loads(nnrun("evaluate", "run", "table.csv", "--json").out)["metrics"]
    assert legend(drawn[0]) == [f"'1': AUC {measured['auc']:.3f}"]
    cells = [int(text.get_text().split("\n")[0]) for text in drawn[0].axes[0].texts]
    assert cells == [count for row in measured["confusion_matrix"] for count in row]


def test_a_roc_curve_is_that_of_every_threshold():
    generator = np.random.default_rng(0)
    p = np.round(generator.random(500), 2).astype(np.float32)
    positive = generator.random(500) < p
    scores = ScoreCounter()
    for rows in np.array_split(np.arange(500), 3):
        scores.add(positive[rows], p[rows])
    thresholds = [2.0, *sorted(set(p.tolist()), reverse=True)]
    expected = [[(p[of] >= t).mean() for t in thresholds] for of in (~positive, positive)]
    np.testing.assert_allclose(scores.result().roc(), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("labels", "panels", "entries"),
    [(3, 2, 3), (12, 2, 12), (13, 1, 0), (40, 1, 0)],
    ids=["3 labels", "12 labels", "13 labels", "40 labels"],
)
def test_up_to_twelve_labels_have_a_roc_curve_each(labels, panels, entries):
    measure = ClassMeasure(labels)
    probability = np.random.default_rng(0).random((200, labels)).astype(np.float32)
    measure.add(np.arange(200.0)[:, None] % labels, probability)
    figure = outcome(measure, [f"label {i}" for i in range(labels)])
    assert (len(figure.axes), len(legend(figure))) == (panels, entries)
    assert len(figure.axes[0].get_xticks()) == (labels if labels <= 30 else 0)
    assert encode_figure(figure, ".png").startswith(PNG)


def measured_labels(counts: list[int], noise: float) -> ClassMeasure:
    """Return the measure of so many rows of each label, whose scores are more or less apart."""
    labels = len(counts)
    y = np.repeat(np.arange(labels), counts)
    scores = np.eye(labels)[y] + np.random.default_rng(0).normal(0, noise, (len(y), labels))
    probability = np.clip((scores + 3) / 7, 0, 1).astype(np.float32)
    measure = ClassMeasure(labels)
    measure.add(y[:, None].astype(float), probability[:, 1:] if labels == 2 else probability)
    return measure


@pytest.mark.parametrize(
    ("counts", "noise", "title"),
    [
        ([300, 300], 0.5, "ROC"),
        ([570, 30], 0.5, "precision and recall"),
        ([30, 570], 0.5, "precision and recall"),
        ([300, 300], 0.0, "precision and recall"),
        ([200, 200, 200], 0.5, "ROC, each label against the others"),
        ([290, 290, 20], 0.5, "precision and recall\neach label against the others"),
        ([200, 200, 200], 0.0, "precision and recall\neach label against the others"),
    ],
    ids=[
        "two alike",
        "the second rare",
        "the first rare",
        "two told apart perfectly",
        "three alike",
        "one of three rare",
        "three told apart perfectly",
    ],
)
def test_rare_labels_and_perfect_scores_have_precision_and_recall(counts, noise, title):
    figure = outcome(measured_labels(counts, noise), [f"l{i}" for i in range(len(counts))])
    assert figure.axes[1].get_title() == title


def test_precision_and_recall_are_scikit_learns_of_the_rarer_label():
    generator = np.random.default_rng(1)
    y = (generator.random(400) < 0.9).astype(int)
    probability = np.clip(generator.normal(0.3 + 0.3 * y, 0.2), 0, 1).astype(np.float32)
    measure = ClassMeasure(2)
    measure.add(y[:, None].astype(float), probability[:, None])
    figure = outcome(measure, ["no", "yes"])
    expected = average_precision_score(1 - y, 1 - probability)
    assert legend(figure) == [f"'no': average precision {expected:.3f}"]


def test_few_mistakes_are_seen_beside_many_rows_that_are_right():
    shares = np.array([[0.996, 0.004, 0.0], [0.0, 1.0, 0.0], [0.02, 0.01, 0.97]])
    opacity = cell_colors(shares)[:, :, 3]
    assert opacity[0, 1] == opacity[2, 0] == opacity.max() == opacity[1, 1]
    assert opacity[2, 1] == pytest.approx(opacity.max() / 2)
    assert opacity[0, 2] == opacity[1, 0] == 0
    np.testing.assert_array_equal(cell_colors(np.eye(2))[:, :, 3] > 0, np.eye(2, dtype=bool))


@pytest.mark.parametrize(
    ("labels", "rotation"),
    [([str(i) for i in range(10)], 0), (["never", "seldom", "often"], 0), (["a" * 12] * 9, 45)],
    ids=["digits", "words", "long names"],
)
def test_labels_are_turned_only_where_they_do_not_fit(labels, rotation):
    axes = outcome(ClassMeasure(len(labels)), labels).axes[0]
    assert {text.get_rotation() for text in axes.get_xticklabels()} == {rotation}


@pytest.mark.parametrize("page", ["#ffffff", "#14171b"], ids=["light", "dark"])
def test_points_are_seen_on_light_and_on_dark(page):
    def luminance(color: str) -> float:
        shares = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(DOTS), luminance(page)])
    assert (high + 0.05) / (low + 0.05) >= 3  # what WCAG 2.1 asks of graphics


def test_a_label_that_no_row_has_leaves_its_auc_undefined():
    measure = ClassMeasure(2)
    measure.add(np.zeros((3, 1)), np.full((3, 1), 0.7))
    assert legend(outcome(measure, ["no", "yes"])) == ["'yes': AUC undefined"]


def test_numbers_are_drawn_against_predictions_and_as_residuals():
    measure = NumberMeasure(2)
    y = np.arange(20.0).reshape(10, 2)
    measure.add(y, y + np.array([1, -2]))
    figure = outcome(measure, targets=["a", "b"])
    assert [axes.get_title() for axes in figure.axes] == [
        "a (1 of 2)\npredicted against actual",
        "a (1 of 2)\nresiduals: actual minus predicted",
        "b (2 of 2)\npredicted against actual",
        "b (2 of 2)\nresiduals: actual minus predicted",
    ]
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim()
    assert figure.axes[0].get_aspect() == 1
    for i, predicted in enumerate(y.T + np.array([[1], [-2]])):
        against, residuals = (axes.lines[0].get_xydata() for axes in figure.axes[2 * i : 2 * i + 2])
        np.testing.assert_array_equal(
            sorted(against.tolist()), np.stack([y[:, i], predicted], axis=1)
        )
        np.testing.assert_array_equal(sorted(residuals[:, 0]), predicted)
        assert set(residuals[:, 1]) == {[-1.0, 2.0][i]}
    assert figure.axes[0].get_xlabel() == "actual"


def test_of_many_rows_a_sample_is_drawn_in_which_every_row_has_its_chance():
    measure = NumberMeasure(1)
    for block in np.array_split(np.arange(50_000.0)[:, None], 9):
        measure.add(block, block + 1)
    actual, predicted = measure.sample[:, :, 0].T
    assert len(set(actual)) == 4_000
    np.testing.assert_array_equal(predicted, actual + 1)
    assert 24_000 < actual.mean() < 26_000
    assert outcome(measure, targets=["y"]).axes[0].get_xlabel() == "actual (4,000 of 50,000 rows)"


def test_names_are_text_whatever_they_hold(project, copied_run, frame):
    write_history(copied_run, loss=[1.0], **{name: [1.0] for name in NAMES})
    measure = ClassMeasure(len(NAMES))
    measure.add(np.zeros((1, 1)), np.full((1, len(NAMES)), 0.5))
    numbers = NumberMeasure(len(NAMES))
    numbers.add(np.ones((3, len(NAMES))), np.zeros((3, len(NAMES))))
    for figure in (
        curves(copied_run, copied_run),
        outcome(measure, NAMES),
        outcome(numbers, targets=NAMES),
    ):
        assert encode_figure(figure, ".png").startswith(PNG)
        svg = encode_figure(figure, ".svg").decode()
        assert "<script" not in svg
        assert "\x1b" not in svg
        assert "&lt;script&gt;" in svg
        assert "_hidden" in svg


def test_the_history_of_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        curve_panels([tmp_path / "none"])


def test_a_png_is_what_savefig_writes(copied_run):
    import matplotlib
    from matplotlib.image import imread

    drawn = imread(io.BytesIO(encode_figure(curves(copied_run), ".png")))
    file = io.BytesIO()
    with matplotlib.rc_context(fname=STYLE):
        curves(copied_run).savefig(file, format="png")
    file.seek(0)
    np.testing.assert_array_equal(drawn, imread(file))


def test_a_label_that_reads_as_a_colour_stays():
    from nnrun.reporting.pictures.inline_svg import _in_page_colours

    drawn = '<text style="fill: #262626">x: #262626; fill: #ffffff</text>'
    expected = '<text style="fill: currentColor">x: #262626; fill: #ffffff</text>'
    assert _in_page_colours(drawn) == expected

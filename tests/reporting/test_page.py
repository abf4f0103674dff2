"""The page of a run: all of it there, nothing from elsewhere, and nothing in it that is not text."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from support.forgery import forge_json

from nnrun.config.loading import load_config
from nnrun.reporting.page import make_page
from nnrun.runs.directory import Run
from nnrun.wording import short_number

pytestmark = pytest.mark.drawn

ALWAYS = [
    "result",
    "table",
    "curves",
    "run",
    "metrics",
    "network",
    "config",
    "commands",
    "versions",
]
SECTIONS = [
    "result",
    "importance",
    "mistakes",
    "probabilities",
    "table",
    "labels",
    "curves",
    "run",
    "metrics",
    "network",
    "config",
    "commands",
    "versions",
]
SCRIPT = "<script>alert(1)</script>"
VOID = {"meta", "br", "image", "use", "path"}


class Page(HTMLParser):
    """A page taken apart: its sections with their texts, its tags, the values of its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.pictures: dict[str, int] = {}
        self._section = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "section":
            self._section = dict(attrs)["id"]
        if tag == "svg" and "class" not in dict(attrs):  # bars and histograms have one
            self.pictures[self._section] = self.pictures.get(self._section, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.sections[self._section] = self.sections.get(self._section, "") + data + " "

    @property
    def names(self) -> list[str]:
        return [name for name in self.sections if name]

    def says(self, section: str, *texts: str) -> bool:
        words = " ".join(self.sections[section].split())
        return all(" ".join(text.split()) in words for text in texts)


@pytest.fixture
def page(copied_run) -> Page:
    return Page(make_page(copied_run))


def test_the_page_has_all_of_the_run(page, copied_run):
    assert page.names == SECTIONS
    assert page.open == []
    run = Run(copied_run)
    info, metrics = run.read_info(), run.read_metrics()
    for text in (info.status, info.started, f"seed   {info.seed}", f"of epoch {info.best_epoch}"):
        assert text.split()[-1] in page.sections["run"]
    for name, value in metrics.items():
        if name != "epoch":
            assert f"{name} {short_number(value)}" in page.sections["metrics"]
    for text in (
        "train 45",
        "validation 15",
        "held out of the training table",
        "age",
        "height",
        "dose",
    ):
        assert text in page.sections["table"]
    assert "0 " in page.sections["labels"]
    assert "Dense relu (4) 16" in page.sections["network"]
    config = load_config(copied_run / "config.yaml")
    assert config.to_yaml().replace(config.data.train, "table.csv") in page.sections["config"]
    for name, version in info.versions.items():
        assert f"{name} {version}" in page.sections["versions"]


def test_the_page_shows_curves_and_what_came_of_the_rows_held_out(page):
    assert page.pictures.pop("importance") in (1, 2, 3)  # of columns that it goes by
    assert page.pictures == {"mistakes": 2, "probabilities": 1, "curves": 3}
    for text in ("loss", "accuracy", "learning rate", "training", "validation", "best epoch"):
        assert text in page.sections["curves"]
    for text in ("15 rows of validation", "AUC", "precision", "recall", "Brier score"):
        assert text in page.sections["result"]
    for text in ("confusion matrix", "ROC", "The worst rows"):
        assert text in page.sections["mistakes"]


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page, copied_run):
    text = make_page(copied_run)
    assert "://" not in text
    assert {"script", "iframe", "object", "embed", "link", "base", "form", "img"} & {
        *page.tags
    } == set()
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    links = [value for name, value in page.attributes if name.endswith(("href", "src"))]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert (
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    ) in page.attributes
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_the_text_of_pictures_has_the_colour_of_the_page(copied_run):
    text = make_page(copied_run)
    assert text.count("currentColor") > 50
    assert "#262626" not in text
    assert "fill: #ffffff" not in text


def test_report_writes_the_page_by_the_runs_name_and_replaces_it(nnrun, copied_run, monkeypatch):
    assert nnrun("report", copied_run) == (0, "saved in run.html\n", "")
    assert nnrun("report", copied_run, "-q") == (0, "", "")
    Path("run.html").write_text("old")
    monkeypatch.chdir(copied_run)
    assert nnrun("report", ".", "-o", "../run.html").code == 0
    assert "<h1>run</h1>" in Path("../run.html").read_text()


@pytest.mark.parametrize("name", ["run/config.yaml", "run/model.keras", "table.csv", "run"])
def test_report_writes_over_nothing_but_pages(nnrun, copied_run, name):
    done = nnrun("report", "run", "-o", name)
    assert (done.code, done.out) == (2, "")
    assert "must end in .html or .htm" in done.err


def test_rows_held_out_are_shown_only_where_the_table_is_as_it_was(
    project, nnrun, shared_run, copied_run
):
    config = json.loads((copied_run / "run.json").read_bytes())["config"]
    assert config["data"]["train"] == str(shared_run.parent / "table.csv")
    (project.folder / "elsewhere.csv").write_text("age\n1\n")
    trained = project.config(epochs=1)
    assert nnrun("train", trained, "-o", "mine", "-q").code == 0
    assert "importance" in Page(make_page(Path("mine"))).names
    project.table("age,height,dose,label\nsecret,1,1,1\n")
    page = Page(make_page(Path("mine")))
    assert (page.pictures, "secret" in str(page.sections)) == ({"curves": 2}, False)
    assert page.names == ALWAYS
    assert page.says("result", "The rows held out cannot be shown: table.csv: is not the table")
    assert page.says("result", Run(Path("mine")).verdict.read_text().split('"sentence": "')[1][:40])
    (project.folder / "table.csv").unlink()
    assert page.says("result", "The rows held out cannot be shown")


def test_a_test_table_is_what_is_shown_and_numbers_have_residuals(project, nnrun, frame):
    project.table(frame[:20], "test.csv")
    changes = {
        "data.target": ["age", "dose"],
        "loss": "mse",
        "layers": [{"units": 2}],
        "data.test": "test.csv",
    }
    assert nnrun("train", project.config(changes, epochs=1), "-o", "run", "-q").code == 0
    page = Page(make_page(Path("run")))
    assert page.says("result", "20 rows of test", "RMSE", "R2")
    assert page.says("mistakes", "age (1 of 2)", "dose (2 of 2)", "predicted", "residual")
    assert page.pictures["mistakes"] == 4
    assert page.says("table", "age target", "dose target")
    assert "labels" not in page.names
    assert "probabilities" not in page.names


def test_a_run_that_held_nothing_out_says_so(project, nnrun):
    assert (
        nnrun(
            "train", project.config({"data.validation_split": 0}, epochs=1), "-o", "run", "-q"
        ).code
        == 0
    )
    page = Page(make_page(Path("run")))
    assert page.says("result", "No rows were held out of training")
    assert [name for name in SECTIONS if name not in page.names] == [
        "importance",
        "mistakes",
        "probabilities",
    ]


def test_a_run_that_is_not_finished_has_a_page_without_a_model(nnrun, copied_run):
    forge_json(
        copied_run,
        "run.json",
        lambda info: {**info, "status": "running", "checksums": {}, "best_epoch": 0},
    )
    (copied_run / "metrics.json").unlink()
    assert nnrun("report", copied_run).code == 0
    page = Page(Path("run.html").read_text())
    assert "<td>stopped</td>" in Path("run.html").read_text()  # nobody trains it
    assert "has no model yet" in page.sections["result"]
    assert page.pictures == {"curves": 3}
    assert page.says("commands", "nnrun resume run goes on with the training")


def test_whatever_a_run_says_is_text(project, nnrun, copied_run):
    def forged(info):
        versions, data = {SCRIPT: SCRIPT}, {SCRIPT: {"rows": SCRIPT, "path": SCRIPT}}
        return {
            **info,
            "status": SCRIPT,
            "started": SCRIPT,
            "versions": versions,
            "data": data,
            "environment": versions,
        }

    forge_json(copied_run, "run.json", forged)
    (copied_run / "metrics.json").write_text(json.dumps({SCRIPT: 1.0}))
    history = (copied_run / "history.csv").read_text().replace("accuracy", SCRIPT)
    (copied_run / "history.csv").write_text(history)
    text = make_page(copied_run)
    assert "<script" not in text
    page = Page(text)
    for section in ("run", "metrics", "curves", "table", "versions"):
        assert SCRIPT in page.sections[section], section


def test_whatever_a_table_says_is_text(project, nnrun, frame):
    labels = pl.when(pl.col("label") == 1).then(pl.lit(SCRIPT)).otherwise(pl.lit("</td>\"'&amp;$x"))
    kinds = pl.Series("</section>", [SCRIPT, "<b>", "${title}"] * 20)
    project.table(
        frame.with_columns(label=labels).rename({"age": SCRIPT, "label": "<i>"}).with_columns(kinds)
    )
    config = project.config({"data.target": "<i>", "data.positive": SCRIPT}, epochs=1)
    assert nnrun("train", config, "-o", "<img src=x>", "-q").code == 0
    text = make_page(Path("<img src=x>"))
    assert not re.search(r"<(script|b|i|img)\b", text)
    page = Page(text)
    assert page.open == []
    assert page.names == SECTIONS
    assert "${title}" in page.sections["table"]
    for section in ("importance", "mistakes", "probabilities", "labels"):
        assert SCRIPT[:4] in page.sections[section], section


@pytest.mark.parametrize("name", ["config.yaml", "encoding.json", "weights.npz"])
def test_an_altered_run_has_no_page(nnrun, copied_run, name):
    (copied_run / name).write_bytes((copied_run / name).read_bytes() + b"\n")
    done = nnrun("report", copied_run)
    assert (done.code, done.out) == (2, "")
    assert f"{name} was altered since training" in done.err


def test_the_verdict_comes_first_with_the_measures_of_simpler_models(project, nnrun):
    assert nnrun("train", project.config(epochs=1), "-o", "run", "-q").code == 0
    page = Page(make_page(Path("run")))
    assert page.names[0] == "result"
    saved = json.loads(Path("run/verdict.json").read_bytes())
    assert page.says("result", saved["sentence"])
    for name in ("accuracy", "log_loss"):
        ends = saved["interval"][name]
        interval = f"{short_number(ends['low'])} to {short_number(ends['high'])}"
        baseline = short_number(saved["baseline"][name])
        linear = short_number(saved["linear"][name])
        assert page.says("result", f"{interval} {baseline} {linear}"), name


def test_importance_is_what_the_command_tells(page, nnrun, copied_run):
    found = json.loads(nnrun("importance", copied_run, "--json").out)["importance"]
    rows = [
        f"{name} {short_number(column['mean'])} {short_number(column['sd'])}"
        for name, column in found.items()
    ]
    assert page.says("importance", " ".join(rows))


def test_the_worst_rows_are_named_by_their_lines(page, project, nnrun, copied_run, frame):
    predicted = nnrun("predict", copied_run, "table.csv", "--keep", "age,label").out
    table = pl.read_csv(predicted.encode()).with_row_index("line", offset=2)
    held_out = table.filter(pl.col("line").is_in(_lines(page)))
    right = pl.when(pl.col("label") == 1).then("probability").otherwise(1 - pl.col("probability"))
    held_out = held_out.with_columns(right=right).sort("right")
    assert held_out["line"].to_list() == _lines(page)
    worst = held_out.row(0, named=True)
    called = int(worst["probability"] >= 0.5)
    assert page.says("mistakes", f"line {worst['line']} {worst['label']} {called}")
    assert page.says("mistakes", str(worst["age"]))


def _lines(page: Page) -> list[int]:
    return [int(line) for line in re.findall(r"line\s+(\d+)", page.sections["mistakes"])]


def test_more_than_two_labels_have_measures_each_and_their_worst_confusions(project, nnrun, frame):
    label = (pl.col("age") / 12).round().cast(pl.Int64).clip(2, 5)
    project.table(frame.with_columns(label=label))
    changes = {
        "layers": [{"units": 4, "activation": "softmax"}],
        "loss": "SparseCategoricalCrossentropy",
    }
    assert nnrun("train", project.config(changes, epochs=2), "-o", "run", "-q").code == 0
    measured = json.loads(nnrun("evaluate", "run", "table.csv", "--json").out)["metrics"]
    page = Page(make_page(Path("run")))
    assert page.says("result", "macro F1", "balanced accuracy", "log loss")
    assert page.says(
        "mistakes", "label rows called precision recall F1", "Labels taken for each other"
    )
    for name in measured["labels"]:
        assert page.says("labels", name)
    assert page.says("probabilities", "reliability of the label called")
    assert "Thresholds" not in page.sections["probabilities"]


def test_columns_have_histograms_and_shares_of_missing_cells(project, nnrun, frame):
    town = pl.Series("town", (["Bern", "York", None] * 20))
    age = pl.when(pl.int_range(60) % 4 == 0).then(None).otherwise(pl.col("age"))
    project.table(frame.with_columns(town, age=age))
    config = project.config({"data.missing": "mean"}, epochs=1)
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    text = make_page(Path("run"))
    page = Page(text)
    assert page.says("table", "age number", "25.0 %", "33.3 %", "3 categories: 'Bern', 'York'")
    bars = [int(rows) for rows in re.findall(r"missing: (\d+) rows", text)]
    assert bars == [20]


def test_a_page_has_no_absolute_path(project, nnrun, monkeypatch):
    folder = project.folder / "a folder of secrets"
    folder.mkdir()
    (project.folder / "table.csv").rename(folder / "my table.csv")
    config = project.config({"data.train": "a folder of secrets/my table.csv"}, epochs=1)
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    for step in ("as it was", "changed", "gone"):
        for run in (Path("run"), project.folder / "run"):
            text = make_page(run)
            assert "/a folder of secrets" not in text, step
            assert str(project.folder) not in text, step
            assert "my table.csv" in text
        if step == "as it was":
            (folder / "my table.csv").write_text("age\n1\n")
        elif step == "changed":
            (folder / "my table.csv").unlink()


def test_the_config_is_shown_without_defaults_and_whole(page):
    decided = """layers:
- type: Dense
  units: 4
  activation: relu
- type: Dense
  units: 1
  activation: sigmoid
loss: BinaryCrossentropy
optimizer:
  name: Adam
  learning_rate: 0.01
metrics:
- accuracy
epochs: 3
"""
    assert decided in page.sections["config"]
    assert "details" in page.tags
    assert page.says("config", "with every default", "beta_1: 0.9")

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

pytestmark = pytest.mark.drawn

SECTIONS = ["run", "metrics", "curves", "held-out", "table", "network", "config", "versions"]
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
        self._section = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "section":
            self._section = dict(attrs)["id"]
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

    def count(self, tag: str) -> int:
        return self.tags.count(tag)


@pytest.fixture
def page(copied_run) -> Page:
    return Page(make_page(copied_run))


def test_the_page_has_all_of_the_run(page, copied_run):
    assert [name for name in page.sections if name] == SECTIONS
    assert page.open == []
    run = Run(copied_run)
    info, metrics = run.read_info(), run.read_metrics()
    for text in (info.status, info.started, f"seed   {info.seed}", f"of epoch {info.best_epoch}"):
        assert text.split()[-1] in page.sections["run"]
    for name, value in metrics.items():
        if name != "epoch":
            assert f"{name} {value:.6g}" in page.sections["metrics"]
    for text in (
        "train 45",
        "validation 15",
        "held out of the training table",
        "age",
        "height",
        "dose",
        "'0', '1'",
    ):
        assert text in page.sections["table"]
    assert "Dense relu (4) 16" in page.sections["network"]
    assert load_config(copied_run / "config.yaml").to_yaml() in page.sections["config"]
    for name, version in info.versions.items():
        assert f"{name} {version}" in page.sections["versions"]


def test_the_page_shows_curves_and_what_came_of_the_rows_held_out(page):
    assert page.count("svg") == 3 + 2
    for text in ("loss", "accuracy", "learning_rate", "training", "validation", "best epoch"):
        assert text in page.sections["curves"]
    for text in ("validation 15 rows", "auc", "precision", "recall", "confusion matrix", "ROC"):
        assert text in page.sections["held-out"]


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
    assert Page(make_page(Path("mine"))).count("svg") == 4
    project.table("age,height,dose,label\nsecret,1,1,1\n")
    page = Page(make_page(Path("mine")))
    assert (page.count("svg"), "secret" in str(page.sections)) == (2, False)
    assert "They cannot be shown" in page.sections["held-out"]
    assert "is not the table that the run started with" in page.sections["held-out"]
    (project.folder / "table.csv").unlink()
    assert "They cannot be shown" in Page(make_page(Path("mine"))).sections["held-out"]


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
    for text in (
        "test 20 rows",
        "rmse",
        "r2",
        "age (1 of 2)",
        "dose (2 of 2)",
        "predicted",
        "residual",
    ):
        assert text in page.sections["held-out"]
    assert page.count("svg") == 2 + 4


def test_a_run_that_held_nothing_out_says_so(project, nnrun):
    assert (
        nnrun(
            "train", project.config({"data.validation_split": 0}, epochs=1), "-o", "run", "-q"
        ).code
        == 0
    )
    assert "The run held no rows out." in Page(make_page(Path("run"))).sections["held-out"]


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
    assert "has no model yet" in page.sections["held-out"]
    assert page.count("svg") == 3


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
    assert [name for name in page.sections if name] == SECTIONS
    assert "${title}" in page.sections["table"]
    assert SCRIPT[:4] in page.sections["held-out"]


@pytest.mark.parametrize("name", ["config.yaml", "encoding.json", "weights.npz"])
def test_an_altered_run_has_no_page(nnrun, copied_run, name):
    (copied_run / name).write_bytes((copied_run / name).read_bytes() + b"\n")
    done = nnrun("report", copied_run)
    assert (done.code, done.out) == (2, "")
    assert f"{name} was altered since training" in done.err

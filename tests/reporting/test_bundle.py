"""The folder of `export --bundle`: its script predicts what nnrun does, without nnrun."""

import csv
import io
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.forgery import everything
from support.marks import usual_names
from support.networks import untrained_run
from support.project import ROOT, Project
from support.script_folder import load_script

import nnrun as nnrun_api
from nnrun.config.loading import load_config
from nnrun.errors import InputError
from nnrun.features.loading import load_dataset
from nnrun.reporting.bundle import write_script
from nnrun.reporting.export import write_network
from nnrun.results.trained_run import TrainedRun

RUNTIMES = {"onnx": "onnxruntime", "litert": "ai_edge_litert"}
SHIPPED = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))


def mixed_table() -> pl.DataFrame:
    """Return a table with gaps, prices, words for true, categories, dates, times and targets."""
    rows = range(120)
    return pl.DataFrame(
        {
            "age": ["" if i % 11 == 3 else str(20 + i / 4) for i in rows],
            "price": [f"-${i},250.{i % 10}" if i else "$ 12" for i in rows],
            "share": [f"{i} %" for i in rows],
            "ok": [("yes", "No", "TRUE", "f")[i * 7 % 4] for i in rows],
            "town": [("York", "Ely ", "Bath", "", "Ulm")[i * i % 5] for i in rows],
            "code": [("01", "1.0", "2", "3.50")[i * 3 % 4] for i in rows],
            "day": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}T{i % 24:02}:05:07.5Z" for i in rows],
            "us": [f"{i % 12 + 1}/{i % 28 + 1}/{60 + i % 30}" for i in rows],
            "at": [f"{i % 12 + 1}:{i % 60:02}{(' pm', 'AM')[i % 2]}" for i in rows],
            "label": [("no", "yes")[i * 5 % 7 > 2] for i in rows],
            "wet": [(0, 1)[i * 3 % 5 > 2] for i in rows],
            "kind": [("a", "b", "c")[i * 5 % 3] for i in rows],
            "y": [float(i % 17) for i in rows],
            "z": [float(i % 5) - 2 for i in rows],
        }
    )


MIXED = {
    "data.missing": "mean",
    "data.dates": "expand",
    "data.categorical": ["code"],
    "data.thousands": ",",
    "data.null_values": ["", "-1", "none"],
    "data.validation_split": 0,
}
SOFTMAX_2 = [{"units": 2, "activation": "softmax"}]
RUNS: dict[str, dict[str, Any]] = {
    "two labels": {"data.drop": ["wet", "kind", "y", "z"]},
    "two labels of two outputs": {
        "data.drop": ["wet", "kind", "y", "z"],
        "layers": SOFTMAX_2,
        "loss": "SparseCategoricalCrossentropy",
    },
    "two targets of two labels": {
        "data.target": ["label", "wet"],
        "data.drop": ["kind", "y", "z"],
        "layers": [{"units": 2, "activation": "sigmoid"}],
    },
    "three labels": {
        "data.target": "kind",
        "data.drop": ["wet", "label", "y", "z"],
        "layers": [{"units": 3, "activation": "softmax"}],
        "loss": "SparseCategoricalCrossentropy",
    },
    "a number, learnt as its logarithm, by an ensemble": {
        "data.target": "y",
        "data.drop": ["wet", "label", "kind", "z"],
        "data.target_transform": "log1p",
        "layers": [{"units": 3, "activation": "relu"}, {"units": 1}],
        "loss": "mse",
        "ensemble": 3,
    },
    "two numbers, from codes of numbers": {
        "data.target": ["y", "z"],
        "data.drop": ["wet", "label", "kind"],
        "data.numeric": {"name": "ple", "bins": 4, "values": True},
        "layers": [{"units": 2}],
        "loss": "mse",
    },
}
CHANGES = {
    "town": ["Nowhere", "none", "Bath ", ""],
    "age": ["+1e1", "", "1,234.5", "-1"],
    "day": ["5 March 2021 7:05 pm", "05.03.69", "2024-05-06 23:30:00+02:00", ""],
    "us": ["Sep 5, 2003", "1/2/69", "12-31-1999 11:59 PM", "01/02/2003 04:05"],
    "ok": ["1", "0.0", "T", "n"],
    "code": ["1", "3.5", "+02", "7"],
}
"""Cells unlike those of training, which nnrun reads too."""


@pytest.fixture
def mixed(project) -> Project:
    project.table(mixed_table())
    return project


def new_table() -> pl.DataFrame:
    """Return features in another order, with cells unlike those of training."""
    table = mixed_table().drop("label", "wet", "kind", "y", "z")
    changed = [pl.Series(name, cells * 30) for name, cells in CHANGES.items()]
    return table.with_columns(changed).select(table.columns[::-1])


def predicted_by_nnrun(
    trained: TrainedRun, table: bytes, threshold: float | None = None
) -> pl.DataFrame:
    reader = trained.reader(trained.open(table), target=False, owed=True)
    return pl.concat(trained.predictions(reader, threshold=threshold))


def assert_equal(predicted: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Compare to 1e-5, relative to the numbers where these are large."""
    assert predicted.columns == expected.columns
    for name in expected.columns:
        if expected[name].dtype == pl.String:
            assert predicted[name].cast(pl.String).to_list() == expected[name].to_list()
        else:
            numbers = pytest.approx(expected[name].to_numpy(), rel=1e-5, abs=1e-5)
            assert predicted[name].to_numpy() == numbers


@pytest.mark.parametrize("changes", RUNS.values(), ids=RUNS)
def test_the_script_predicts_what_nnrun_does_of_every_kind_of_cell(mixed, changes, monkeypatch):
    trained = untrained_run(mixed.dataset({**MIXED, **changes}))
    script = load_script(trained, mixed.folder, monkeypatch)
    for table in (mixed_table(), new_table()):
        content = table.write_csv()
        rows = list(csv.DictReader(io.StringIO(content, newline="")))
        predicted = pl.DataFrame(script.predict(rows))
        assert_equal(predicted, predicted_by_nnrun(trained, content.encode()))


@pytest.mark.parametrize("missing", ["error", "mean"])
@pytest.mark.parametrize("texts", [["age", "ok"], ["age", "ok", "town"]], ids=["none", "town"])
def test_plain_numbers_beside_truth_values_are_read_in_place(project, texts, missing, monkeypatch):
    columns = (
        mixed_table()
        .select(
            "age",
            "town",
            "label",
            pl.col("wet").replace_strict({0: "false", 1: "True"}).alias("ok"),
        )
        .filter(pl.col("town") != "")
    )
    full = columns.filter(pl.col("age") != "")
    project.table(full if missing == "error" else columns)
    changes = {**MIXED, "data.categorical": [], "data.thousands": ""}
    trained = untrained_run(
        project.dataset({**changes, "data.features": texts, "data.missing": missing})
    )
    script = load_script(trained, project.folder, monkeypatch)
    assert not hasattr(script, "read_number")
    cells = {
        "age": ["+1e1", "4.", "-2"],
        "ok": ["T", "0.0", " no"],
        "town": ["Nowhere", "Ulm", "York"],
    }
    content = pl.DataFrame(cells).write_csv()
    predicted = script.predict(list(csv.DictReader(io.StringIO(content))))
    assert_equal(pl.DataFrame(predicted), predicted_by_nnrun(trained, content.encode()))
    with pytest.raises(ValueError, match=r"row 1: ok: '0.5' cannot be read as a boolean"):
        script.predict([{"age": 1, "ok": "0.5", "town": "Ulm"}])


@pytest.mark.parametrize(
    "name", ["two labels", "two labels of two outputs", "two targets of two labels"]
)
def test_a_threshold_decides_the_label_as_in_nnrun(mixed, name, monkeypatch):
    trained = untrained_run(mixed.dataset({**MIXED, **RUNS[name]}))
    script = load_script(trained, mixed.folder, monkeypatch)
    content = mixed_table().write_csv()
    first = predicted_by_nnrun(trained, content.encode()).to_series()
    for threshold in (float(first[3]), 0.0, 1.0):  # the first is met exactly
        predicted = script.predict(list(csv.DictReader(io.StringIO(content))), threshold)
        expected = predicted_by_nnrun(trained, content.encode(), threshold)
        assert_equal(pl.DataFrame(predicted), expected)


@pytest.mark.parametrize(
    ("dialect", "content"),
    [
        ({}, "age;height;dose\n40;170;0.5\n;;\n41;171;0.4\n"),
        ({}, "\ufeffage\t height \tdose,mg\r\n40\t170\t0.5\r\n".replace(",mg", "")),
        ({}, '"age",dose,height,"a\nnote"\n40,0.5,170,"x\ny"\n'),
        ({"data.skip_rows": 2}, "A title\n\nage,height,dose\n40,170,0.5\n"),
        ({"data.decimal": ",", "data.thousands": "."}, "age;height;dose\n1.040,5;170;0,5\n"),
        ({"data.encoding": "cp1252"}, "age,height,dose,größe\n40,170,0.5,1\n"),
        ({"data.columns": ["age", "height", "dose", "label"]}, "40,170,0.5,1\n41,160,0.4,0\n"),
        ({"data.columns": ["age", "height", "dose", "label"]}, "40;170;0.5\n41;160;0.4\n"),
    ],
    ids=[
        "semicolons and a blank row",
        "tabs, a byte order mark and spaces",
        "quotes",
        "titles",
        "a decimal comma",
        "another encoding",
        "no header",
        "no header and no target",
    ],
)
def test_the_script_reads_tables_as_nnrun_does(project, dialect, content, monkeypatch, capsys):
    dataset = project.dataset()
    config = project.load({**dialect, "data.train": "table.csv"})
    encoder = dataset.encoder
    trained = untrained_run(dataset)
    trained = TrainedRun(config, encoder, trained.weights, trained.network, trained.forward)
    load_script(trained, project.folder, monkeypatch)
    table = project.write("new.csv", content.encode(config.data.encoding))
    monkeypatch.setattr(sys, "argv", ["predict.py", str(table)])
    run_path(str(project.folder / "predict.py"), run_name="__main__")
    predicted = pl.read_csv(capsys.readouterr().out.encode())
    assert_equal(
        predicted, predicted_by_nnrun(trained, table.read_bytes()).cast({"prediction": pl.String})
    )


def test_in_python_a_row_is_a_dict(project, monkeypatch):
    trained = untrained_run(project.dataset())
    script = load_script(trained, project.folder, monkeypatch)
    row = {"age": 40, "height": "170.0", "dose": np.float32(0.5), "more": None}
    predicted = script.predict([row, row])
    assert predicted[0] == predicted[1]
    assert list(predicted[0]) == ["probability", "prediction"]
    assert script.predict([]) == []


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"age": "x"}, "row 1: age: 'x' cannot be read as a number"),
        ({"age": "1_0"}, "row 1: age: '1_0' cannot be read as a number"),
        ({"age": "nan"}, "row 1: age: 'nan' cannot be read as a number"),
        ({"age": float("inf")}, "row 1: age: inf cannot be read as a number"),
        ({"age": "-1e39"}, "row 1: age: '-1e39' cannot be read as a number"),
        ({"age": None}, "row 1: age: None cannot be read as a number"),
        ({}, "'age'"),
    ],
    ids=["text", "an underscore", "nan", "infinity", "too large", "none", "no column"],
)
def test_a_wrong_cell_is_named(project, row, rule, monkeypatch):
    script = load_script(untrained_run(project.dataset()), project.folder, monkeypatch)
    with pytest.raises((KeyError, ValueError), match=rule):
        script.predict([{**row, "height": 170, "dose": 0.5}])


def test_names_that_could_end_a_text_of_python_do_not(project, frame, monkeypatch):
    names = ['a"""', "b\\", "c'\x1b[1m"]
    project.table(frame.rename(dict(zip(frame.columns[:3], names, strict=True))))
    trained = untrained_run(project.dataset())
    script = load_script(trained, project.folder, monkeypatch)
    rows = [dict(zip(names, (40, 170, 0.5), strict=True))]
    assert script.predict(rows)[0]["prediction"] in (0, 1, "0", "1")


@pytest.mark.parametrize("option", ["-o", "--bundle"])
def test_what_stands_there_is_not_replaced(copied_run, nnrun, project, option):
    (project.folder / "folder").mkdir()
    before = everything(project.folder)
    done = nnrun("export", copied_run, "--format", "litert", option, "folder")
    assert (done.code, done.out) == (2, "")
    assert f"{option} folder: exists; choose another name, or remove it" in done.err
    assert everything(project.folder) == before


@pytest.mark.parametrize("options", [[], ["-o", "x", "--bundle", "y"], ["-o", "x"]])
def test_one_of_the_two_outputs_is_asked_for(copied_run, nnrun, options):
    done = nnrun("export", copied_run, *options)
    assert (done.code, done.out) == (2, "")
    assert (
        "either -o PATH for the network or --bundle FOLDER" in done.err
        or "-o needs --format" in done.err
    )


def test_a_bundle_that_fails_leaves_nothing_behind(copied_run, nnrun, project, monkeypatch):
    def fail(*_: Any) -> None:
        raise InputError("no")

    monkeypatch.setattr("nnrun.reporting.bundle.write_network", fail)
    before = everything(project.folder)
    assert nnrun("export", copied_run, "--bundle", "x", "--format", "litert").code == 2
    assert everything(project.folder) == before


def test_from_python_the_names_of_the_files_are_returned(copied_run, project, monkeypatch):
    def write_nothing(*arguments: Any) -> None:
        arguments[-1].write_bytes(b"")

    monkeypatch.setattr("nnrun.reporting.bundle.write_network", write_nothing)
    folder = project.folder / "folder"
    names = nnrun_api.load(copied_run).export(folder, "litert", bundle=True)
    assert names == ["network.tflite", "encoding.json", "predict.py"]
    assert sorted(names) == sorted(path.name for path in folder.iterdir())


def lonely_python(folder: Path, runtime: str) -> list[str]:
    """Return the command of a Python that can import NumPy and the runtime alone."""
    packages = folder / "packages"
    packages.mkdir()
    for name in ("numpy", runtime):
        (place,) = find_spec(name).submodule_search_locations  # type: ignore[union-attr]
        for path in (Path(place), Path(f"{place}.libs")):
            if path.exists():
                (packages / path.name).symlink_to(path)
    start = f"import sys, runpy; sys.path.append({str(packages)!r}); sys.argv = sys.argv[1:]; "
    return [
        sys.executable,
        "-I",
        "-S",
        "-c",
        start + "runpy.run_path(sys.argv[0], run_name='__main__')",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("form", usual_names(RUNTIMES, "onnx"))
def test_a_folder_predicts_where_nothing_but_numpy_and_the_runtime_is_there(form, tmp_path, choose):
    if not find_spec(RUNTIMES[form]) or (form == "onnx" and not find_spec("tf2onnx")):
        pytest.skip(f"needs {RUNTIMES[form]}")
    python = lonely_python(tmp_path, RUNTIMES[form])
    for stem in choose(SHIPPED):
        trained = untrained_run(load_dataset(load_config(ROOT / "configs" / f"{stem}.yaml")))
        folder = tmp_path / stem
        folder.mkdir()
        suffix = {"onnx": "onnx", "litert": "tflite"}[form]
        write_network(folder, trained, form, folder / f"network.{suffix}")
        write_script(trained, form, folder)
        content = pl.read_csv(trained.config.data.train).head(50).write_csv().encode()
        done = subprocess.run(
            [*python, folder / "predict.py", "-"], input=content, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        assert_equal(pl.read_csv(done.stdout), predicted_by_nnrun(trained, content))

"""The script of show --code: it trains to nnrun's own losses, and saves a model that predicts the same."""

import ast
import csv
import io
import json
import runpy
import subprocess
import sys
import tokenize
from datetime import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.forgery import forge_config, forge_json
from support.marks import exhaustive, usual, usual_names
from support.processes import run_python
from support.project import ROOT

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.loading import load_dataset
from nnrun.reporting.script import dataset_script, run_script
from nnrun.training.trainer import train

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
HIDDEN = {"units": 6, "activation": "relu"}


def patients(rows: int) -> pl.DataFrame:
    """Return a table with gaps, text, dates, true and false, and labels that are words."""
    generator = np.random.default_rng(rows)
    age, dose = generator.normal(50, 9, rows).round(1), generator.normal(0, 1, rows).round(3)
    day = pl.Series(generator.integers(0, 900, rows)).cast(
        pl.Duration("ms")
    ) * 86_400_000 + pl.datetime(2020, 1, 1)
    frame = pl.DataFrame(
        {
            "": range(rows),
            "age": age,
            "town": generator.choice(["Ely", "York", 'St "Ives"', "Bath's"], rows),
            "smokes": generator.choice(["True", "false"], rows),
            "dose": dose,
            "floor": np.random.default_rng(1).choice(["-1.0", "-1", "07", "7", "2.50"], rows),
        }
    )
    columns = {
        "day": frame.select(day).to_series().dt.strftime("%d.%m.%Y"),
        "time": [f"{n % 24:02}:30" for n in range(rows)],
        "seen": [
            ("1/5/2{}", "1/17/202{} 3:04 PM", "2/28/202{}")[n % 3].format(n % 4)
            for n in range(rows)
        ],
        "ill": np.where(dose + (age - 50) / 9 + generator.normal(0, 1, rows) > 0, "Yes", "no"),
        "grade": generator.choice(["10", "2", "7.0"], rows),
    }
    return frame.with_columns(
        **{name: pl.Series(values) for name, values in columns.items()}
    ).with_columns(
        pl.when(pl.col("") % 9 != 4).then(pl.col("age")),
        pl.when(pl.col("") % 11 != 5).then(pl.col("town")),
        pl.when(pl.col("") % 13 != 5).then(pl.col("day")),
    )


LOGITS = {
    "data": {
        "train": "patients.csv",
        "target": "ill",
        "drop": ["Unnamed: 0", "grade"],
        "missing": "mean",
        "max_categories": 3,  # of four towns
        "dates": "expand",
        "validation_split": 0.25,
    },
    "layers": [{**HIDDEN, "kernel_initializer": {"name": "he_normal", "seed": 3}}, {"units": 1}],
    "loss": {"name": "bce", "from_logits": True, "label_smoothing": 0.1},
    "metrics": ["accuracy", "AUC"],
    "class_weight": "balanced",
    "batch_size": 16,
    "early_stopping": {"patience": 1, "min_delta": 0.05, "restore_best_weights": True},
    "reduce_lr_on_plateau": {"patience": 1, "monitor": "loss", "min_delta": 0.1},
}
TABLES = {
    "data": {
        "train": "semicolons.csv",
        "validation": "shuffled.csv",
        "test": "shuffled.csv",
        "target": "grade",
        "features": ["dose", "town", "floor", "age", "smokes"],
        "missing": "drop",
        "null_values": ["Bath's"],
        "max_categories": 2,
        "categorical": ["town", "floor"],
    },
    "layers": [HIDDEN, {"type": "BatchNormalization"}, {"units": 3, "activation": "softmax"}],
    "loss": "SparseCategoricalCrossentropy",
    "class_weight": {"2": 1, "7": 2.5, "10": 3},
}
TARGETS = {
    "data": {
        "train": "[numbers]*.parquet",
        "target": ["age", "dose"],
        "drop": ["grade"],
        "validation_split": 0.2,
    },
    "layers": [
        {"type": "GaussianNoise", "stddev": 0.1},
        {
            "units": 70,
            "activation": "gelu",
            "kernel_regularizer": {"l1": 1e-5, "l2": 0.01},
            "use_bias": False,
        },
        {"type": "LayerNormalization", "scale": False},
        {"type": "Dropout", "rate": 0.2},
        {"units": 2},
    ],
    "loss": "mse",
    "optimizer": {"name": "sgd", "use_ema": True, "momentum": 0.9, "learning_rate": 1e-5},
}
PLAIN = {
    "data": {
        "train": "gaps.csv",
        "target": "dose",
        "drop": ["grade"],
        "missing": "mean",
        "normalize": False,
    },
    "layers": [HIDDEN, {"type": "Activation", "activation": "tanh"}, {"units": 1}],
    "loss": "mse",
    "metrics": ["mse", {"name": "R2Score"}],
    "seed": 5,
}
MARKS = {
    "data": {
        "train": "marks.csv",
        "target": "dose",
        "decimal": ",",
        "thousands": ".",
        "encoding": "cp1252",
        "skip_rows": 2,
        "clip": 5,
    },
    "layers": [HIDDEN, {"units": 1}],
    "loss": "mse",
}
CODES = {
    "data": {
        "train": "semicolons.csv",
        "target": "dose",
        "drop": ["seen"],
        "dates": "expand",
        "missing": "mean",
        "validation_split": 0.2,
        "split_seed": 7,
        "numeric": {"name": "ple", "bins": 6},
        "clip": 1.5,
    },
    "layers": [HIDDEN, {"units": 1}],
    "loss": "mse",
}
CODES_AND_VALUES = {
    **CODES,
    "data": {**CODES["data"], "numeric": {"name": "ple", "bins": 6, "values": True}},
}
ROBUST = {**CODES, "data": {**CODES["data"], "numeric": "robust"}}
HEADERLESS = {
    "data": {
        "train": "headerless.csv",
        "target": "dose",
        "columns": ["size", "dose"],
    },
    "layers": [HIDDEN, {"units": 1}],
    "loss": "mse",
}
WORKBOOK = {
    "data": {
        "train": "workbook.xlsx",
        "sheet": "Visits",
        "target": "size",
        "dates": "expand",
        "validation_split": 0.2,
    },
    "layers": [{"units": 1}],
    "loss": "mse",
}
PLACED = {
    "layers": [HIDDEN, {"units": 1}],
    "loss": "mse",
}
LOGS = {
    "data": {
        "train": "patients.csv",
        "target": "age",
        "features": ["dose", "smokes"],
        "missing": "drop",
        "validation_split": 0.2,
        "target_transform": "log1p",
    },
    "layers": [HIDDEN, {"units": 1}],
    "loss": {"name": "Huber", "delta": 0.5},
}
BY_GROUP = {
    **PLACED,
    "data": {
        "train": "patients.csv",
        "test": "patients.csv",
        "target": "dose",
        "features": ["age", "smokes"],
        "missing": "mean",
        "split": {"group": "grade", "validation": 0.4},
        "sample_weight": "Unnamed: 0",
    },
}
BY_TIME = {
    **PLACED,
    "data": {
        "train": "patients.csv",
        "target": "dose",
        "drop": ["seen", "Unnamed: 0", "day", "time", "town", "ill", "floor"],
        "missing": "mean",
        "split": {"time": "seen"},
    },
}
BY_PART = {
    **PLACED,
    "data": {
        "train": "placed.csv",
        "target": "smokes",
        "drop": ["grade"],
        "split": {"column": "fold"},
        "sample_weight": "age",
    },
    "layers": [HIDDEN, {"units": 1, "activation": "sigmoid"}],
    "loss": "BinaryCrossentropy",
    "class_weight": "balanced",
}
SMOOTHED = {
    "data": {
        "train": "patients.csv",
        "test": "patients.csv",
        "target": "grade",
        "features": ["dose", "smokes"],
        "validation_split": 0.25,
    },
    "layers": [
        {"units": 6, "activation": {"name": "leaky_relu", "negative_slope": 0.1}},
        {"units": 5, "activation": {"name": "gelu", "approximate": True}},
        {"type": "Activation", "activation": {"name": "squareplus", "b": 2}},
        {"units": 3, "activation": "softmax"},
    ],
    "loss": {"name": "CategoricalCrossentropy", "label_smoothing": 0.2},
    "metrics": ["accuracy", {"name": "sparse_top_k_categorical_accuracy", "k": 2}],
    "class_weight": "balanced",
}
FOCAL = {
    **SMOOTHED,
    "layers": [HIDDEN, {"units": 3}],
    "loss": {"name": "CategoricalFocalCrossentropy", "gamma": 1.5, "from_logits": True},
    "metrics": ["accuracy", "sparse_categorical_crossentropy"],
}
REFITTED = {**LOGITS, "refit": True, "epochs": 6}
REFITTED_BY_PART = {**BY_PART, "refit": True}
REFITTED_LOGS = {
    **LOGS,
    "refit": True,
    "reduce_lr_on_plateau": {"patience": 0, "min_delta": 9, "factor": 0.5},
}
REFITTED_FOCAL = {**FOCAL, "refit": True}
CASES = {
    "refitted": REFITTED,
    "refitted by part": REFITTED_BY_PART,
    "refitted logarithms": REFITTED_LOGS,
    "refitted focal": REFITTED_FOCAL,
    "smoothed": SMOOTHED,
    "focal": FOCAL,
    "by group": BY_GROUP,
    "by time": BY_TIME,
    "by part": BY_PART,
    "workbook": WORKBOOK,
    "headerless": HEADERLESS,
    "codes": CODES,
    "codes and values": CODES_AND_VALUES,
    "robust": ROBUST,
    "logarithms": LOGS,
    "marks": MARKS,
    "logits": LOGITS,
    "tables": TABLES,
    "targets": TARGETS,
    "plain": PLAIN,
}

USUAL = "codes and values"
"""The case that trains in every run of the tests."""


@pytest.fixture
def tables(project) -> Any:
    frame = patients(90)
    numbers = frame.select("age", "dose", "smokes", "grade").with_columns(always=pl.lit(3))
    project.table(frame, "patients.csv")
    text = frame.write_csv(separator=";", include_header=False)
    project.table(
        " ; age; town ;smokes;dose;floor;day;time;seen;ill;grade \n"
        + text.replace(";York", "; York"),
        "semicolons.csv",
    )
    project.table(
        patients(30).select("", *reversed(frame.columns[1:])).write_csv(separator=";"),
        "shuffled.csv",
    )
    project.table(numbers, "gaps.csv")
    folds = ["train", "Train", "validation", "test"]
    placed = numbers.drop_nulls().with_row_index("fold")
    project.table(
        placed.with_columns(fold=pl.col("fold").map_elements(lambda n: folds[n % 4], pl.String)),
        "placed.csv",
    )
    whole = numbers.drop_nulls().with_columns(
        pl.col("smokes") == "True", pl.col("grade").cast(pl.Float64)
    )
    whole.write_parquet(project.folder / "[numbers]*.parquet")
    rows = [f"{age * 100:,.1f}" for age in range(10, 70)]  # as in 1,000.0
    swapped = [row.translate(str.maketrans(",.", ".,")) for row in rows]
    lines = [
        f"{cell};Köln {row % 3}, 1.2;{row},5 €;{row % 9},5 %" for row, cell in enumerate(swapped)
    ]
    marks = "\n".join(['Überblick "2024', "", "größe;ort;dose;rabatt", *lines])
    project.table(marks.encode("cp1252"), "marks.csv")
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 19), eager=True)
    visits = pl.DataFrame({"day": days, "hour": [time(row % 24) for row in range(50)]})
    visits.with_columns(size=pl.int_range(50) % 7 * 1.5).write_excel(
        project.folder / "workbook.xlsx", worksheet="Visits"
    )
    pairs = [f"{row}.5,{row * row % 9}" for row in range(40)]
    project.table("\n".join(pairs), "headerless.csv")
    return project


def dataset_of(config: Config) -> Dataset:
    dataset = load_dataset(config)
    raise_errors(lint(dataset))
    return dataset


def compare(dataset: Dataset, folder: Path) -> str:
    """Train, and run the script: the losses are the same, and what the saved models predict."""
    from nnrun.results.trained_run import load_run
    from nnrun.training.backend import keras
    from nnrun.training.serving import build_serving_model

    result = train(dataset, stem="run", path=folder / "run")
    text = dataset_script(dataset, exact=True)
    (folder / "script.py").write_text(text + "\n")
    history = runpy.run_path(str(folder / "script.py"))["history"].history
    rows = list(csv.DictReader(result.run.history.read_text().splitlines()))
    assert len(rows) == len(history["loss"])
    for name in dataset.config.logged:
        assert history[name][-1] == pytest.approx(float(rows[-1][name]), rel=1e-5, abs=1e-6), name
    x = (dataset.validation or dataset.train).x
    expected = build_serving_model(load_run(folder / "run"))(x).numpy()
    actual = keras.saving.load_model(folder / "network.keras")(x).numpy()
    assert np.abs(actual - expected).max() < 1e-5 * max(1, np.abs(expected).max())
    return text


def code_lines(text: str) -> list[str]:
    """Return the lines that are neither blank nor a comment nor a docstring."""
    return [line for line in text.splitlines() if line.strip() and line.strip()[0] not in '#"']


@pytest.fixture(autouse=True)
def _here(project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    usual({path.stem: path for path in CONFIGS}),
)
def test_the_script_of_a_shipped_config_trains_as_nnrun_does(path, tmp_path):
    text = compare(dataset_of(load_config(path, ("epochs=2",))), tmp_path)
    assert len(code_lines(text)) < (55 if "digits" in path.stem else 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", usual_names(CASES, USUAL))
def test_the_script_of_any_config_trains_as_nnrun_does(tables, name):
    compare(dataset_of(tables.load({"epochs": 3, **CASES[name]})), tables.folder)


def test_metrics_of_logits_are_told_so_in_the_script(tables):
    text = dataset_script(dataset_of(tables.load({**CASES["logits"], "metrics": ["AUC"]})))
    assert text.count("from_logits=True") == 2  # of the loss and of the metric


@pytest.mark.slow
def test_the_script_that_is_printed_runs_alone_and_is_that_of_the_run_too(
    project, nnrun, shared_run
):
    config = project.config(
        early_stopping={"patience": 5, "restore_best_weights": True}, reduce_lr_on_plateau={}
    )
    shown = nnrun("show", config, "--code", "--exact")
    assert (shown.code, shown.err) == (0, "")
    of_run = nnrun("show", shared_run, "--code", "--exact").out
    assert 'path = "table.csv"' in shown.out
    assert of_run.replace(f"{shared_run.parent}/", "") == shown.out
    assert "nnrun" not in "".join(code_lines(shown.out.replace(str(project.folder), "")))
    process = run_python("-c", shown.out, cwd=project.folder)
    assert process.returncode == 0, process.stderr
    *_, last = csv.DictReader((shared_run / "history.csv").read_text().splitlines())
    assert f" loss: {float(last['loss']):.4f}" in process.stdout.splitlines()[-1]
    assert (project.folder / "network.keras").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["diabetes", exhaustive("breast-cancer", id="breast-cancer")])
def test_the_simple_script_is_one_call_of_fit_and_as_good(name, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = load_config(CONFIGS[0].with_name(f"{name}.yaml"), ("epochs=15",))
    text = dataset_script(dataset_of(config))
    assert f'path = "configs/{name}.csv"' in text
    assert "model.fit(\n    X,\n    y,\n" in text
    assert "def batches" not in text
    (tmp_path / "script.py").write_text(
        text.replace('"network.keras"', repr(f"{tmp_path}/x.keras"))
    )
    history = runpy.run_path(str(tmp_path / "script.py"))["history"].history
    assert "print(model.predict(X[:5], verbose=0)" in text.splitlines()[-1]
    assert "model.evaluate(X_val, y_val" in text
    result = train(dataset_of(config), stem="run", path=tmp_path / "run")
    assert min(history["val_loss"]) == pytest.approx(result.metrics["val_loss"], rel=0.2)


def test_exact_is_for_code_alone(nnrun, project):
    done = nnrun("show", project.config(), "--exact")
    assert (done.code, "--exact needs --code: give both" in done.err) == (2, True)


@pytest.mark.skipif(not find_spec("ruff"), reason="ruff is not installed")
@pytest.mark.parametrize(
    "arguments",
    [
        ["format", "--check", "--diff"],
        ["check", "--select", "E,F,I,UP,N", "--ignore", "N806"],
    ],
    ids=["formatted", "checked"],
)
def test_scripts_are_formatted_as_ruff_does_it(tables, tmp_path, arguments):
    configs = {name: tables.load(changes) for name, changes in CASES.items()}
    configs |= {path.stem: load_config(path) for path in CONFIGS}
    for name, config in configs.items():
        for exact in (True, False):
            text = dataset_script(dataset_of(config), exact=exact)
            text = text.replace(str(Path(config.data.train).parent), "tables")
            script = tmp_path / f"{name}, {'exact' if exact else 'simple'}.py"
            script.write_text(f"{text}\n", encoding="utf-8")
    command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "--no-cache"]
    command += ["--line-length", "88", str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout


HOSTILE = [
    'a"b', "a'b", "'\"", '"""', "'''", "\\", '\\"', "a\nimport os", "a\r\nb", "#", "$target", "{target}", "%s", "|",
    "\t", "\x1b[2J", "\u202e", "\u2028", "\x85", "__import__('os').system('true')", "\N{SNOWMAN}", "\U0001f600",
    "a" * 200,
]  # fmt: skip


def skeleton(text: str) -> tuple[str, list[str], list[Any]]:
    """Return the script's code without its literals, its comments, and its literals."""
    tree, literals = ast.parse(text), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            literals.append(node.value)
            node.value = 0
    comments = [
        t.string
        for t in tokenize.generate_tokens(io.StringIO(text).readline)
        if t.type == tokenize.COMMENT
    ]
    return ast.dump(tree), comments, literals


def hostile_dataset(project: Any, texts: list[str]) -> Dataset:
    """Return a dataset of which columns, categories, labels, missing cells and the file have these names."""
    count = len(texts)
    names = [f"{text}{i}" for i, text in enumerate(texts)]
    columns = {name: [float(i + row) for row in range(4 * count)] for i, name in enumerate(names)}
    cells = [f".{text}." for text in texts]
    words = {
        "texts": [*cells, *reversed(cells)] * 2,
        f"y{texts[0]}": [f"no{texts[1]}.", f"yes{texts[2]}."] * (2 * count),
    }
    path = f"table{texts[3][:20].replace('[', '')}.parquet"
    pl.DataFrame(columns | words | {"constant": [1.0] * (4 * count)}).write_parquet(
        project.folder / path
    )
    data = {
        "train": path,
        "target": f"y{texts[0]}",
        "positive": f"yes{texts[2]}.",
        "missing": "mean",
    }
    return load_dataset(
        project.load({"data": {**data, "null_values": cells[:1], "drop": ["constant"]}})
    )


def test_no_name_in_a_table_becomes_code_or_leaves_its_literal(project):
    plain = [f"c{i:02}" for i in range(len(HOSTILE))]
    code, comments, _ = skeleton(dataset_script(hostile_dataset(project, plain)))
    for turn in range(0, len(HOSTILE), 4):
        texts = HOSTILE[turn:] + HOSTILE[:turn]
        text = dataset_script(hostile_dataset(project, texts))
        found, told, literals = skeleton(text)
        assert (found, told) == (code, comments)
        assert {f"{text}{i}" for i, text in enumerate(texts)} <= set(literals)
        assert {f".{text}." for text in texts[1:]} <= set(literals)
        assert all(line.isprintable() for line in text.splitlines())


def test_no_name_in_a_run_of_a_strangers_becomes_code(copied_run):
    code: dict[bool, Any] = {}
    for text in ["plain", *HOSTILE]:
        forge_json(
            copied_run,
            "encoding.json",
            lambda e, text=text: e["features"][0].update(name=f"x{text}"),
        )
        forge_config(
            copied_run,
            {"early_stopping.monitor": text, "data.train": f"/nowhere/{text}", "data.target": text},
        )
        found, told, literals = skeleton(run_script(copied_run))
        expected = code.setdefault('"' in text, (found, told))  # whose names are read otherwise
        assert (found, told) == expected
        assert {text, f"/nowhere/{text}"} <= set(literals)


def test_a_run_whose_files_do_not_fit_each_other_has_a_script_all_the_same(copied_run, nnrun):
    forge_json(copied_run, "encoding.json", lambda encoding: encoding.update(labels=[]))
    forge_config(copied_run, {"data.train": "/proc/kmsg", "class_weight": {"9": 2.0}})
    assert ast.parse(nnrun("show", copied_run, "--code").out)


def test_an_altered_run_and_a_folder_that_is_none_are_refused(copied_run, nnrun, project):
    encoding = json.loads((copied_run / "encoding.json").read_text())
    (copied_run / "encoding.json").write_text(json.dumps(encoding))
    assert "encoding.json was altered" in nnrun("show", copied_run, "--code").err
    done = nnrun("show", project.folder, "--code")
    assert (done.code, done.out) == (2, "")


def test_a_mistake_in_the_config_is_told_instead(nnrun, project):
    done = nnrun("show", project.config({"data.target": "dose"}), "--code")
    assert (done.code, done.out) == (2, "")
    assert "[labels]" in done.err


def test_a_table_that_nnrun_does_not_keep_in_memory_is_said_to_have_another_order(project):
    text = dataset_script(project.dataset({"data.in_memory": False}), exact=True)
    assert "takes them in another order" in text
    assert "takes them in another order" not in dataset_script(project.dataset(), exact=True)


NAMES = ["*", "^c.$", "[a-z]", "{b}", 'q"uote', "{{x}}", "line\nend", "it's", "{% raw %}", "b\\c"]


def first_part(text: str) -> dict[str, Any]:
    """Run the lines of a script up to the targets, without Keras, and return what they define."""
    lines = text.replace("import keras\n", "").splitlines()
    end = next(number for number, line in enumerate(lines) if line.startswith("y = "))
    found: dict[str, Any] = {}
    exec("\n".join(lines[: end + 1]), found)
    return found


@pytest.mark.parametrize("missing", ["error", "mean", "drop"])
@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param({"data.drop": ["*", "c0"]}, id="some dropped"),
        pytest.param({"data.features": NAMES[:5]}, id="some chosen"),
        pytest.param({}, id="all"),
    ],
)
@pytest.mark.parametrize("target", ["y", "*", "^y$"])
def test_any_name_is_that_of_one_column(project, missing, chosen, target):
    names = [name for name in [*NAMES, "c0", "c1"] if name != target]
    rows = np.random.default_rng(0).normal(size=(20, len(names))).round(3)
    frame = pl.DataFrame(dict(zip(names, rows.T, strict=True)))
    labels = pl.Series(target, [0, 1] * 10)
    project.table(frame.with_columns(labels))
    config = {"data.target": target, "data.missing": missing, "data.normalize": False, **chosen}
    for key in ("data.drop", "data.features"):
        config[key] = [name for name in config.get(key, []) if name != target] or None
    config = {key: value for key, value in config.items() if value is not None}
    dataset = project.dataset({**config, "data.validation_split": 0})
    found = first_part(dataset_script(dataset))
    assert np.allclose(found["X"], dataset.train.x)
    assert found["y"].ravel().tolist() == dataset.train.y.ravel().tolist()

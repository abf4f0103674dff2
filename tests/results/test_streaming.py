"""Predict and evaluate as streams: rows come out as they go in, in memory that does not grow."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive
from support.processes import DEADLINE, run_python

from nnrun.tables import csv_pieces
from nnrun.tables.writer import write_csv
from nnrun.training.trainer import train

NNRUN = [sys.executable, "-m", "nnrun"]
HEADER = "id,age,height,dose,label\n"
posix = pytest.mark.skipif(os.name == "nt", reason="pipes and memory are counted as POSIX has them")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, trained once."""
    from support.project import Project

    project = Project(tmp_path_factory.mktemp("streaming"))
    train(project.dataset(epochs=2), stem="x", path=project.folder / "run")
    return project.folder / "run"


def rows(first: int, count: int) -> str:
    """Return rows of a table whose ids count them."""
    return "".join(
        f"{i},{40 + i % 20},{160 + i % 30},{(i % 10) / 10},{i % 2}\n"
        for i in range(first, first + count)
    )


@pytest.fixture
def start(run) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start a command on the run, its input, output and messages as pipes."""
    started: list[subprocess.Popen[bytes]] = []

    def call(command: str, *arguments: str) -> "subprocess.Popen[bytes]":
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        started.append(
            subprocess.Popen(
                [*NNRUN, command, str(run), *arguments], bufsize=0, cwd=run.parent, **pipes
            )
        )
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[bytes]", data: str) -> tuple[int, str, str]:
    """Write all of a command's input; return its exit code and what it wrote."""
    out, err = process.communicate(data.encode(), timeout=DEADLINE)
    return process.returncode, out.decode(), err.decode()


def ids(text: str) -> list[int]:
    return [int(row["id"]) for row in csv.DictReader(io.StringIO(text))]


@posix
def test_output_starts_before_the_input_ends(start):
    process = start("predict", "-", "--keep", "id")
    process.stdin.write((HEADER + rows(0, 4_000)).encode())
    process.stdin.flush()
    assert process.stdout.readline() == b"id,probability,prediction\n"
    assert process.stdout.readline().startswith(b"0,")
    assert process.poll() is None
    code, out, err = ended(process, rows(4_000, 5_000))
    assert (code, err) == (0, "")
    assert ids("id\n" + out) == list(range(1, 9_000))


def test_rows_come_in_the_order_of_the_table(start):
    code, out, err = ended(start("predict", "-", "--keep", "id"), HEADER + rows(0, 30_000))
    assert (code, err) == (0, "")
    assert ids(out) == list(range(30_000))
    assert out.count("probability") == 1


def test_a_stream_gives_what_the_file_gives(tmp_path, start):
    (tmp_path / "table.csv").write_text(HEADER + rows(0, 20_000))
    from_file = ended(start("predict", str(tmp_path / "table.csv"), "--keep", "id"), "")[1]
    from_pipe = ended(start("predict", "-", "--keep", "id"), HEADER + rows(0, 20_000))[1]
    ours, theirs = pl.read_csv(from_pipe.encode()), pl.read_csv(from_file.encode())
    assert ours.drop("probability").equals(theirs.drop("probability"))
    np.testing.assert_allclose(ours["probability"], theirs["probability"], rtol=1e-5)


@posix
def test_a_reader_that_closes_early_ends_the_command_quietly(run):
    shell = subprocess.Popen(
        f"'{sys.executable}' -m nnrun predict '{run}' - --keep id | head -1",
        shell=True,
        cwd=run.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    code, out, err = ended(shell, HEADER + rows(0, 100_000))
    assert (code, out, err) == (0, "id,probability,prediction\n", "")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        pytest.param(
            "x,old,170,0.5,1\n", "-:30002: column 'age': 'old' is not a number", id="a word"
        ),
        exhaustive(
            "x,,170,0.5,1\n", "-:30002: column 'age': the cell is missing", id="a missing cell"
        ),
        exhaustive("x,40,170\n", "-:30002: 3 cells, but the header has 5", id="too few cells"),
        exhaustive(
            "x,40,170,1e39,1\n",
            "-:30002: column 'dose': '1e39' is beyond what float32 holds",
            id="a large number",
        ),
        pytest.param('x,40,"170,0.5,1\n', "-:30002: ", id="a quote that is not closed"),
        pytest.param(
            'x,"4\n0",170,0.5,1\n',
            "-:30002: column 'age': '4\\n0' is not a number",
            id="a cell of two lines",
        ),
    ],
)
def test_a_mistake_late_in_the_table_is_told_with_its_line_and_leaves_no_file(
    tmp_path, start, mistake, message
):
    target = tmp_path / "predictions.csv"
    data = HEADER + rows(0, 30_000) + mistake + rows(30_000, 10_000)
    code, out, err = ended(start("predict", "-", "-o", str(target)), data)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_late_in_the_table_leaves_the_file_that_stood_there(tmp_path, start):
    target = tmp_path / "predictions.csv"
    target.write_text("mine")
    code, *_ = ended(
        start("predict", "-", "-o", str(target)), HEADER + rows(0, 30_000) + "x,old,170,0.5,1\n"
    )
    assert code == 2
    assert target.read_text() == "mine"


def test_evaluate_reads_standard_input(tmp_path, start):
    data = HEADER + rows(0, 30_000)
    (tmp_path / "table.csv").write_text(data)
    code, out, err = ended(start("evaluate", "-", "--json"), data)
    assert (code, err) == (0, "ignored columns: id\n" if "ignored" in err else "")
    ours = json.loads(out)
    theirs = json.loads(ended(start("evaluate", str(tmp_path / "table.csv"), "--json"), "")[1])
    assert ours["rows"] == theirs["rows"] == 30_000
    assert ours["metrics"].pop("labels") == theirs["metrics"].pop("labels") == ["0", "1"]
    for nested in ("confusion_matrix", "per_label", "reliability"):
        assert ours["metrics"].pop(nested) == theirs["metrics"].pop(nested)
    assert ours["metrics"] == pytest.approx(theirs["metrics"], rel=1e-4)


def test_evaluate_tells_a_mistake_late_in_the_table(start):
    code, out, err = ended(
        start("evaluate", "-"), HEADER + rows(0, 30_000) + "x,40,170,0.5,maybe\n"
    )
    assert (code, out) == (2, "")
    assert "-:30002: column 'label': 'maybe' is not a label that training saw" in err


def test_blocks_make_no_difference(project, nnrun, frame, monkeypatch):
    assert nnrun("train", project.config(), "-q", "-o", "run").code == 0
    whole = [
        nnrun(*command)
        for command in (("predict", "run", "table.csv"), ("evaluate", "run", "table.csv"))
    ]
    monkeypatch.setattr(csv_pieces, "BLOCK", 256)
    pieces = [
        nnrun(*command)
        for command in (("predict", "run", "table.csv"), ("evaluate", "run", "table.csv"))
    ]
    assert [done.code for done in whole + pieces] == [0] * 4
    tables = [pl.read_csv(done.out.encode()) for done in (whole[0], pieces[0])]
    np.testing.assert_allclose(tables[0].to_numpy(), tables[1].to_numpy(), rtol=1e-5)
    assert whole[1].out == pieces[1].out


MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "nnrun", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@posix
@pytest.mark.slow
@pytest.mark.parametrize("command", ["predict", exhaustive("evaluate", id="evaluate")])
def test_memory_does_not_grow_with_the_table(run, tmp_path, command):
    peaks = []
    for count in (20_000, 1_000_000):
        path = tmp_path / "table.csv"
        path.write_text(HEADER + rows(0, count))
        done = run_python("-c", MEASURED, command, run, path, cwd=tmp_path, check=True)
        code, peak = done.stdout.split()
        assert code == "0"
        peaks.append(int(peak) / (1 << (20 if sys.platform == "darwin" else 10)))
    assert peaks[1] - peaks[0] < 150, peaks  # MB; measured: 50


def written(frame: pl.DataFrame, **options: Any) -> list[list[str]]:
    file = io.BytesIO()
    write_csv([frame[:1], frame[1:]], file, **options)
    return list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\tx", "\rx", "=", "-", "+", "-5 apples", "+-1", "-1+2"],
)
def test_text_that_a_spreadsheet_runs_is_escaped(text):
    frame = pl.DataFrame({"good": ["a", "b"], "bad": ["x", text]})
    assert written(frame, escape_formulas=True)[2] == ["b", "'" + text]
    assert written(frame)[2] == ["b", text]


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "+5",
        "+1e3",
        "-1.5e-3",
        "-.5",
        "-5.",
        "1=1",
        "a@b.c",
        "'=1",
        " =1",
        "",
        "x-1",
        "inf",
        "-inf",
        "héllo",
    ],
)
def test_numbers_and_other_text_stay_as_they_are(text):
    frame = pl.DataFrame({"a": ["x", text], "b": [1, -2]})
    assert written(frame, escape_formulas=True) == written(frame)


def test_headers_are_escaped(project):
    frame = pl.DataFrame({"=a": ["x", "y"], "-5": [1.5, -2.5], "@b": [1, 2]})
    assert written(frame, escape_formulas=True)[0] == ["'=a", "-5", "'@b"]


def test_kept_columns_labels_and_their_headers_are_escaped(project, nnrun, frame):
    labels = pl.col("label").replace_strict({0: "=no", 1: "-yes"})
    third = pl.when(pl.int_range(60) < 20).then(pl.lit("+5")).otherwise(labels).alias("label")
    project.table(frame.with_columns(third, note=pl.lit("@home")))
    layers = [{"units": 3, "activation": "softmax"}]
    config = project.config(
        {"loss": "SparseCategoricalCrossentropy", "layers": layers, "data.drop": ["note"]},
        epochs=20,
    )
    assert nnrun("train", config, "-q", "-o", "run").code == 0
    plain, escaped = (
        pl.read_csv(
            nnrun("predict", "run", "table.csv", "--keep", "note", *options).out.encode(),
            infer_schema=False,
        )
        for options in ((), ("--escape-formulas",))
    )
    assert plain.columns == [
        "note",
        "probability_-yes",
        "probability_+5",
        "probability_=no",
        "prediction",
    ]
    assert escaped.columns == plain.columns
    assert set(escaped["note"]) == {"'@home"}
    shown = {"=no": "'=no", "-yes": "'-yes", "+5": "+5"}
    assert escaped["prediction"].to_list() == [shown[label] for label in plain["prediction"]]
    assert escaped.drop("note", "prediction").equals(plain.drop("note", "prediction"))


def test_kept_columns_and_their_names_are_escaped_too(project, nnrun, frame):
    project.table(
        frame.rename({"age": "=age"}).with_columns(
            pl.lit("-x").alias("-note"), pl.lit("-5").alias("@n")
        )
    )
    assert (
        nnrun("train", project.config({"data.drop": ["-note", "@n"]}), "-q", "-o", "run").code == 0
    )
    done = nnrun("predict", "run", "table.csv", "--keep", "=age,-note,@n", "--escape-formulas")
    assert done.code == 0
    header, first, *_ = done.out.splitlines()
    assert header == "'=age,'-note,'@n,probability,prediction"
    assert first.split(",")[:3] == [str(frame["age"][0]), "'-x", "-5"]

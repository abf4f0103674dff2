"""`nnrun predict RUN --json-lines`: a line in, a line out, for a program that keeps it running."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from support.networks import untrained_run

from nnrun.errors import InputError
from nnrun.results import json_lines
from nnrun.results.json_lines import answer_lines
from nnrun.results.plain_dates import PLAIN_FORMATS, plain_date
from nnrun.results.reading import Reading
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.training.trainer import train

ROW = {"age": 40, "height": 170.5, "dose": 0.5}
Answers = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def trained(copied_run) -> TrainedRun:
    return load_run(copied_run)


@pytest.fixture
def answers(trained) -> Answers:
    """Answer lines, each a text or what is written as JSON."""

    def call(
        *lines: Any, threshold: float | None = None, reading: Reading | None = None
    ) -> list[dict[str, Any]]:
        text = "".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines)
        stream = io.BytesIO(text.encode())
        return [json.loads(answer) for answer in answer_lines(trained, stream, threshold, reading)]

    return call


def test_each_row_is_answered_with_what_predict_writes(trained, nnrun, frame, answers):
    done = nnrun("predict", "run", "table.csv")
    expected = pl.read_csv(done.out.encode(), schema_overrides={"prediction": pl.String})
    answered = pl.DataFrame(answers(*frame.to_dicts()))
    assert answered["prediction"].equals(expected["prediction"])
    assert answered["probability"].to_list() == pytest.approx(expected["probability"].to_list())


def test_numbers_may_be_text_and_other_keys_are_left_alone(answers):
    as_text = {name: str(value) for name, value in ROW.items()}
    first, second = answers(ROW, {**as_text, "note": "x"})
    assert first == second


@pytest.mark.parametrize("cell", ["oops", None, "NA", "", 1e300], ids=repr)
def test_a_bad_cell_may_be_taken_as_missing(answers, cell):
    row = {**ROW, "age": cell}
    (refused,) = answers(row)
    assert "column 'age'" in refused["error"]
    (filled,) = answers(row, reading=Reading(bad_cells="missing"))
    assert "filled with the mean of training" in filled["notes"][0]
    assert filled["prediction"] in {"0", "1"}


@pytest.mark.parametrize("mark", [-9, "-9", "?"], ids=repr)
def test_more_null_values_are_missing_in_lines_too(answers, mark):
    reading = Reading(null_values=("-9", "?"), bad_cells="missing")
    (answer,) = answers({**ROW, "age": mark}, reading=reading)
    assert "missing, and is filled with the mean of training" in answer["notes"][0]
    (refused,) = answers({**ROW, "age": mark}, reading=Reading(null_values=("-9", "?")))
    assert "the cell is missing" in refused["error"]


def test_strict_makes_notes_errors_and_does_not_end_the_rest(answers):
    far = {**ROW, "age": 9000}
    first, second = answers(far, ROW, reading=Reading(strict=True))
    assert "1 number lies beyond the range" in first["error"]
    assert first.keys() == {"error"}
    assert second == answers(ROW)[0]
    assert "1 number lies beyond the range" in answers(far)[0]["notes"][0]
    both = Reading(strict=True, bad_cells="missing")
    assert "not a number" in answers({**ROW, "age": "oops"}, reading=both)[0]["error"]


def test_the_threshold_moves_the_label(answers):
    (answer,) = answers(ROW, threshold=0.0)
    assert answer["prediction"] == "1"
    with pytest.raises(InputError, match="threshold must be a probability"):
        answers(ROW, threshold=2)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nonsense", "the line is not JSON: Expecting value"),
        ("", "the line is not JSON: Expecting value"),
        ("[" * 100_000, "the line is not JSON"),
        ('{"age": 1' + "0" * 5_000 + "}", "the line is not JSON: Exceeds the limit"),
        ([1], "a line must be a JSON object with a key for each column; received [1]"),
        ({"age": 40}, "2 keys are missing: 'height', 'dose'"),
        ({"age": 40, "height": 170}, "1 key is missing: 'dose'"),
        ({**ROW, "dose": [1]}, "'dose' must be a number, a text, true, false or null"),
        ({**ROW, "dose": "much"}, "-:2: column 'dose': 'much' is not a number"),
        ({**ROW, "dose": True}, "-:2: column 'dose': 'true' is not a number"),
        ({**ROW, "dose": None}, "-:2: column 'dose': the cell is missing"),
        ({**ROW, "dose": 1e39}, "-:2: column 'dose': '1e+39' is beyond what float32 holds"),
        ({**ROW, "dose": 10**40}, "is beyond what float32 holds"),
        ('{"age": 1, "height": 2, "dose": NaN}', "-:2: column 'dose'"),
        ('{"age": 1, "height": 2, "dose": "\\ud800"}', "'dose' contains half of a surrogate pair"),
    ],
)
def test_a_wrong_line_is_answered_with_its_error_and_the_next_is_predicted(answers, line, error):
    before, wrong, after = answers(ROW, line, ROW)
    assert list(wrong) == ["error"]
    assert error in wrong["error"]
    assert before == after
    assert before.keys() == {"probability", "prediction"}


def test_a_line_that_is_too_long_is_answered_once(answers, monkeypatch):
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100)
    too_long, after = answers({**ROW, "note": "x" * 1_000}, ROW)
    assert too_long == {"error": "the line is longer than 100 bytes"}
    assert after["prediction"] in ("0", "1")


def test_categories_and_missing_cells_are_what_they_are_in_a_table(project, frame):
    table = frame.with_columns(town=pl.Series(["York", "Bath", None] * 20))
    project.table(table)
    changes = {"data.missing": "mean", "epochs": 1}
    train(project.dataset(changes), stem="x", path=project.folder / "trained")
    trained = load_run(project.folder / "trained")
    rows = table[:9].to_dicts()
    rows += [{**ROW, "town": town} for town in ("Oslo", " York ")]
    rows.append({**ROW, "town": "York", "dose": None})
    stream = io.BytesIO("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    answered = [json.loads(answer) for answer in answer_lines(trained, stream)]
    assert "'Oslo'" in answered[9].pop("notes")[0]
    source = trained.open(pl.DataFrame(rows).write_csv().encode(), "-")
    written = pl.concat(trained.predictions(trained.reader(source, target=False, owed=True)))
    ours = [answer["probability"] for answer in answered]
    assert ours == pytest.approx(written["probability"].to_list(), rel=1e-5)


def as_text(form: str, day: int) -> str:
    """Return the date so many days after the start of 2024, as dates of a form are written."""
    date = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=day % 24)
    return date.strftime(form.replace("%.f", ""))


@pytest.mark.parametrize("form", PLAIN_FORMATS)
def test_dates_are_what_they_are_in_a_table(project, frame, form):
    texts = [as_text(form, day) for day in range(0, 720, 12)]
    project.table(frame.with_columns(when=pl.Series(texts)))
    trained = untrained_run(project.dataset({"data.dates": "expand"}))
    cells = [as_text(form, day) for day in (3, 100, 365)]
    cells += [f" {texts[0]}", texts[0].replace("-0", "-"), texts[0].replace("2024", "2031")]
    rows = [{**ROW, "when": cell} for cell in cells]
    source = trained.open(pl.DataFrame(rows).write_csv().encode(), "-")
    reader = trained.reader(source, target=False, owed=True)
    written = pl.concat(trained.predictions(reader))
    stream = io.BytesIO("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    answered = [json.loads(answer) for answer in answer_lines(trained, stream)]
    ours = [answer["probability"] for answer in answered]
    assert ours == pytest.approx(written["probability"].to_list(), rel=1e-5)
    assert ["notes" in answer for answer in answered] == [False] * 5 + [True]


@pytest.mark.parametrize("text", ["2024-02-30", "2024-13-01", "0999-01-01", "2024-1-1", "1/2/2024"])
def test_what_is_no_plain_date_is_left_to_polars(text):
    assert plain_date(text, "%Y-%m-%d") is None


def test_24_hours_are_no_time_of_a_day():
    assert plain_date("2024-02-03 24:00", "%Y-%m-%d %H:%M") is None


def test_an_answer_tells_how_far_the_members_of_an_ensemble_are_apart(project, frame):
    trained = untrained_run(project.dataset({"ensemble": 2}))
    line = json.dumps(ROW).encode()
    (answer,) = map(json.loads, answer_lines(trained, io.BytesIO(line), spread=True))
    source = trained.open(pl.DataFrame([ROW]).write_csv().encode(), "-")
    reader = trained.reader(source, target=False, owed=True)
    (written,) = trained.predictions(reader, spread=True)
    assert answer["spread"] == pytest.approx(written["spread"].item(), rel=1e-5)


def test_the_spread_of_one_network_is_refused(trained):
    with pytest.raises(InputError, match="--spread needs an ensemble"):
        next(answer_lines(trained, io.BytesIO(b"{}"), spread=True))


@pytest.mark.parametrize("more", [("table.csv",), ("-o", "x.csv"), ("--keep", "age")])
def test_options_of_tables_are_refused(trained, nnrun, more):
    done = nnrun("predict", "run", "--json-lines", *more)
    assert done.code == 2
    assert "--json-lines reads standard input" in done.err


def test_a_line_is_answered_before_the_next_is_written(copied_run):
    command = [sys.executable, "-m", "nnrun", "predict", str(copied_run), "--json-lines"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        for _ in range(3):
            process.stdin.write(json.dumps(ROW).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()).keys() == {"probability", "prediction"}
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0

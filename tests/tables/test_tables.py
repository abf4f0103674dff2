"""Files: every format that a table comes in, tables in parts, and blocks that must not show."""

import gzip
import io
import os
import random
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive, usual

from nnrun.checks.registry import lint
from nnrun.config.schema import Data
from nnrun.errors import InputError
from nnrun.features import loading
from nnrun.features.faults import MISSING, ColumnFaults
from nnrun.features.numbers import parse_numbers
from nnrun.tables import csv_header, csv_pieces, parquet_rows
from nnrun.tables.table import open_table
from nnrun.tables.table_file import ReadingPlan

NULLS = Data(train="a", target="b").null_values
SIZES = (1, 2, 3, 5, 7, 16, 37, 1000)  # bytes of a block


@pytest.fixture
def blocks_of(monkeypatch):
    """Read files in blocks of so many bytes, and Parquet in blocks of so many rows."""

    def set_size(size):
        monkeypatch.setattr(csv_pieces, "BLOCK", size)
        monkeypatch.setattr(csv_pieces, "FIRST", size)
        monkeypatch.setattr(parquet_rows, "ROWS", size)

    return set_size


def parquet(frame):
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def cells(source):
    """Return the cells of the whole table."""
    return [row for block in open_table(source, NULLS, "t").blocks() for row in block.frame.rows()]


def places(source):
    """Return where each row stands, as messages name it."""
    return [
        place
        for b in open_table(source, NULLS, "t").blocks()
        if len(b.frame)
        for place in b.places(range(len(b.frame)))
    ]


def outcome(source, *, as_numbers=False, null_values=NULLS):
    """Return the numbers of each column and what is wrong with them, or the refusal of the whole."""
    try:
        table = open_table(source, null_values, "t")
        numbers = {name: [] for name in table.columns}
        faults = {name: ColumnFaults(name) for name in table.columns}
        plan = ReadingPlan(frozenset(table.columns) if as_numbers else frozenset())
        for block in table.blocks(plan):
            for name in table.columns:
                parsed = parse_numbers(block, name)
                numbers[name] += parsed.values.to_list()
                faults[name] = faults[name].record(block, parsed)
    except InputError as error:
        return {}, error.problems
    messages = []
    for column in faults.values():
        messages += column.number_messages({"missing": MISSING}, "")
    return numbers, messages


FRAME = pl.DataFrame(
    {"age": [1.5, -2.0, 3e10], "town": ["York", "Ely, Cambs", 'the "Bath"'], "n": [1, 2, 3]}
)
TEXT = FRAME.write_csv().encode()
FORMATS = {
    "t.csv": TEXT,
    "t.tsv": FRAME.write_csv(separator="\t").encode(),
    "semicolons.csv": FRAME.write_csv(separator=";").encode(),
    "t.csv.gz": gzip.compress(TEXT),
    "two-members.csv.gz": gzip.compress(TEXT[:20]) + gzip.compress(TEXT[20:]),
    "bom.csv": b"\xef\xbb\xbf" + TEXT,
    "crlf.csv": TEXT.replace(b"\n", b"\r\n"),
    "open-end.csv": TEXT.rstrip(),
    "blank-lines.csv": TEXT.replace(b"\n", b"\n\n"),
    "parquet-by-content.csv": parquet(FRAME),
    "t.parquet": parquet(FRAME),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("how", ["a path", "bytes", "a stream"])
def test_every_format_holds_the_same_table_however_it_is_given(project, name, how):
    content = FORMATS[name]
    source = {"bytes": content, "a stream": io.BufferedReader(io.BytesIO(content))}.get(how)
    table = open_table(source or project.table(content, name), NULLS, name)
    assert table.columns == FRAME.columns
    frame = pl.concat(block.frame for block in table.blocks())
    assert frame.cast(FRAME.schema).equals(FRAME)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_a_pipe_of_the_shell_is_read_once_and_can_be_gone_over_twice(name):
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "wb") as writer:
        writer.write(FORMATS[name])
        writer.close()
        table = open_table(Path(f"/dev/fd/{ours}"), NULLS, keep=1 << 20)
        readings = [
            [row for block in table.blocks() for row in block.frame.select("town").rows()]
            for _ in range(2)
        ]
    assert readings == [[("York",), ("Ely, Cambs",), ('the "Bath"',)]] * 2


def test_the_rows_of_a_stream_come_before_its_end():
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as stream, os.fdopen(theirs, "wb", buffering=0) as writer:
        writer.write(b"a,b\n1,2\n3,4\n5,")
        table = open_table(stream, NULLS, "t")
        blocks = table.blocks()
        writer.write(b"6\n" + b"7,8\n" * 1000)
        assert next(blocks).frame.rows() == [("1", "2"), ("3", "4")]


TYPED = [  # a Parquet column, and its cells as nnrun reads them
    ([1, None, 3], pl.Int64, [1, None, 3]),
    ([1, 2, 255], pl.UInt8, [1, 2, 255]),
    ([0.1, None, 3.5], pl.Float64, [0.1, None, 3.5]),
    ([0.5, float("nan"), 3.5], pl.Float32, [0.5, None, 3.5]),
    ([Decimal("1.25"), None, Decimal(-3)], pl.Decimal(10, 2), [1.25, None, -3]),
    ([True, False, None], pl.Boolean, ["true", "false", None]),
    (["x", None, "NA"], pl.String, ["x", None, None]),
    (["x", " y ", ""], pl.Categorical, ["x", "y", None]),
    ([date(2020, 1, 31), None, date(1999, 12, 1)], pl.Date, ["2020-01-31", None, "1999-12-01"]),
    ([time(10, 30), None, time(0)], pl.Time, ["10:30:00", None, "00:00:00"]),
    ([None, None, None], pl.Null, [None, None, None]),
]


@pytest.mark.parametrize(
    ("values", "kind", "expected"), TYPED, ids=[str(kind) for _, kind, _ in TYPED]
)
def test_the_types_of_a_parquet_file_are_kept(values, kind, expected):
    (block,) = open_table(
        parquet(pl.DataFrame({"a": pl.Series(values, dtype=kind)})), NULLS, "t"
    ).blocks()
    if kind.is_numeric():
        assert parse_numbers(block, "a").values.to_list() == expected
    else:
        assert block.texts("a").to_list() == expected


@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_a_parquet_file_trains_as_the_csv_of_it_does(project, frame, missing):
    when = [datetime(2020, 1 + i % 12, 1 + i % 28, i % 24, i % 60, i % 7) for i in range(60)]  # noqa: DTZ001
    frame = frame.with_columns(
        town=pl.Series(["York", "Ely", None] * 20),
        when=pl.Series(when),
        wet=pl.col("age") > 40,
        dose=pl.when(pl.int_range(60) % 7 > 0).then("dose"),
    )
    project.table(frame.write_csv(datetime_format="%Y-%m-%d %H:%M:%S").encode())
    project.table(parquet(frame), "table.parquet")
    changes = {"data.missing": missing, "data.dates": "expand", "data.test": "table.csv"}
    one, other = (
        project.dataset({**changes, "data.train": f"table.{kind}"}) for kind in ("csv", "parquet")
    )
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(one, part), getattr(other, part)
        np.testing.assert_array_equal(ours.x, theirs.x)
        np.testing.assert_array_equal(ours.y, theirs.y)
        assert ours.dropped == theirs.dropped
    described = [
        [f.model_dump(exclude={"format", "example"}) for f in d.encoder.features]
        for d in (one, other)
    ]
    assert described[0] == described[1]


@pytest.mark.parametrize(
    ("column", "phrase"),
    [
        ([1.0, float("inf"), 2.0], ":row 2: column 'a': 'inf' is not finite"),
        ([1.0, 2.0, 1e39], ":row 3: column 'a': '1e+39' is beyond what float32 holds"),
        ([None, 1, 2], ":row 1: column 'a': the cell is missing"),
        (["1", "2", "x"], ":row 3: column 'a': 'x' is not a number"),
        (
            [None, 1, None],
            ":row 1: column 'a': the cell is missing; fill it in, or set missing: mean or missing: drop ",
        ),
        ([None, 1, None], "(2 such cells: row 1, row 3)"),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_the_rows_of_a_parquet_file_are_counted_in_messages(
    project, blocks_of, column, phrase, rows
):
    blocks_of(rows)
    path = project.table(parquet(pl.DataFrame({"a": column, "b": [1, 2, 3]})), "t.parquet")
    _, lines = outcome(path)
    assert len(lines) == 1
    assert phrase in lines[0]


def test_what_a_parquet_file_lacks_or_cannot_tell_is_said(project, problems):
    content = parquet(pl.DataFrame({"a": [1]}))
    for broken in (content[:30], content[:8] + b"zzzz" + content[12:]):
        with pytest.raises(InputError, match=r"t: cannot be read: "):
            cells(broken)
    empty = parquet(pl.DataFrame({"a": []}, schema={"a": pl.Int64}))
    assert problems(cells, empty) == ["t: there is only a header; a table needs rows"]


def write_parts(project):
    """Write three parts, in other orders of columns and other formats."""
    project.table("a,b\n1,x\n2,y\n", "part-1.csv")
    project.table(gzip.compress(b"b;a\nz;3\n"), "part-2.csv.gz")
    project.table(parquet(pl.DataFrame({"a": [4, 5], "b": ["u", "v"]})), "part-3.parquet")


def test_a_pattern_is_a_table_in_parts_in_the_order_of_their_names(project):
    write_parts(project)
    table = open_table(project.folder / "part-*", NULLS)
    assert table.columns == ["a", "b"]
    for _ in range(2):
        rows = [
            (str(a), b) for block in table.blocks() for a, b in block.frame.select("a", "b").rows()
        ]
        assert rows == [("1", "x"), ("2", "y"), ("3", "z"), ("4", "u"), ("5", "v")]


def test_parts_train_as_the_whole_does(project, frame):
    for i, part in enumerate((frame[:7].select(reversed(frame.columns)), frame[7:30], frame[30:])):
        project.table(part, f"part-{i}.csv")
    whole = project.dataset({"data.test": "table.csv"})
    parts = project.dataset(
        {"data.train": "part-*.csv", "data.test": "part-[0-2].csv", "data.features": ["age"]}
    )
    (ours, theirs), exact = (
        (d.encoder.features[0] for d in (parts, whole)),
        {"mean": 0.0, "variance": 1.0},
    )
    assert ours.model_copy(update=exact) == theirs.model_copy(
        update=exact
    )  # sums of blocks differ in their last bits
    assert (ours.mean, ours.variance) == pytest.approx((theirs.mean, theirs.variance), rel=1e-12)
    np.testing.assert_array_equal(parts.test.x[:, 0], whole.test.x[:, 0])
    np.testing.assert_array_equal(parts.train.y, whole.train.y)


PARTS = [  # the parts of a table, and what the refusal says
    (["a,b\n1,2\n", "a,c\n1,2\n"], "part-1.csv: lacks 'b' and has 'c' besides, unlike {}part-0.csv; parts have"),
    (["a,b\n1,2\n", "a\n1\n"], "part-1.csv: lacks 'b', unlike {}part-0.csv; parts have the same columns"),
    (["a,b\n1,2\n", ""], "part-1.csv: the file is empty; a table has a header and rows"),
    (["a,b\n1,2\n", "a,b\n1,2\n3\n"], "part-1.csv:3: 1 cell, but the header has 2"),
    (["a,b\n1,2\n", "a,b\n1,2\n3,x\n"], "part-1.csv:3: column 'b': 'x' is not a number"),
    (["a,b\n1,\n1,3\n1,\n", "a,b\n1,2\n1,\n"], "part-0.csv:2: column 'b': the cell is missing; fill it in, or set "),
    (["a,b\n1,\n1,3\n1,\n", "a,b\n1,2\n1,\n"], "(3 such cells: lines 2, 4, ...)"),
    (["a,b\n", "a,b\n"], "*.csv: there is only a header; a table needs rows"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "phrase"), PARTS, ids=range(len(PARTS)))
def test_a_mistake_in_a_part_is_named_with_the_part(project, monkeypatch, parts, phrase):
    monkeypatch.chdir(project.folder)
    for i, part in enumerate(parts):
        project.table(part, f"part-{i}.csv")
    (line,) = outcome(Path("part-*.csv"))[1]
    assert phrase.format("") in line.replace("t: the", "*.csv: the")


def test_an_empty_part_among_others_is_no_mistake(project):
    for i, part in enumerate(("a\n", "a\n1\n", "a\n\n\n")):
        project.table(part, f"part-{i}.csv")
    assert cells(project.folder / "part-*.csv") == [("1",)]


def test_parts_in_several_folders_are_named_by_their_folders(project, problems):
    for i in (1, 2):
        (project.folder / f"year{i}").mkdir()
        project.table(f"c{i}\n1\n", f"year{i}/t.csv")
    (line,) = problems(open_table, project.folder / "year*" / "t.csv", NULLS)
    start = f"{project.folder}/year"
    assert (
        line
        == f"{start}2/t.csv: lacks 'c1' and has 'c2' besides, unlike {start}1/t.csv; parts have the same columns"
    )


def test_a_pattern_that_matches_nothing_is_no_file_and_said_at_its_key(project, problems):
    (line,) = problems(project.dataset, {"data.train": "part-*.csv"})
    assert line.endswith("part-*.csv: there is no such file")
    assert line.startswith(f"{project.folder}/config.yaml:2:10: data.train: ")


def test_what_is_wrong_with_all_tables_is_said_at_once(project, problems):
    project.table("", "empty.csv")
    lines = problems(project.dataset, {"data.train": "no.csv", "data.test": "empty.csv"})
    assert [line.partition(": ")[0].rpartition("/")[2] for line in lines] == [
        "config.yaml:2:10",
        "empty.csv",
    ]


BORDERS = [  # tables with what a block's border could cut
    "a,b\n1,2\n3,4\n5,6\n7,8\n",
    "a,b\r\n1,2\r\n3,4\r\n\r\n5,6\r\n",
    "a,b\n1,2\n\n\n\n3,4\n5,6",
    "a\n1\n\n2\n3",
    'a,b\n1,"2\n"\n3,4\n5,"\n\n6"\n7,8\n',
    '"a\n",b\n"1",2\n3,"\n4"\n',
    'a,b\n1,"x ""\n"" y"\n2,"x\n""\n"\n3,"""\n\n"""\n4,""\n5,"\n"""\n6,7',
    'a,b\n1,"x\r\ny"\r\n2,"\r\n"\r\n3,4\r\n',
    'a,b\n1,"x\ry"\n2,z\n3,w\n',
    "a\r\n1\r\n\r\r\n2\r\n",
    "é,b\nü,ß\n€,😀\n1,2\n",
    "\ufeffa,b\n1,2\n3,4\n",
    "a;b\n1;2\n3;4\n",
    "a\tb\n1\t\n\t4\n",
]
WRONG = [
    "a,b\n1,2\nx,4\n5,6\n7,8\n9,1\n2,3\n",
    "a,b\n1,2\n\n3,\r\n4,5\n\n6,\n7,8\n9,\n1,\n",
    'a,b\n1,2\n"3\n\n",inf\n4,1e39\n5,6\n7,8\n',
    'a,b\n1,2\n3,"\n\nx"\n4,5\n6,y\n7,8\n8,9\n1,2\n',
    'a,b\n1,"2 ""\n"\n3,4\n',
    'a,b\n1,"2\r"\n1,"2\r"\n3,x\n1,2\n',
    "a,b\n1,2\n3\n4,5\n",
    "a,b\n1,2\n3,4,5\n4,5\n",
    'a,b\n"1\n",2\n3,4\n5\n6,7\n',
    "a,b\n1,2\n3,4\n5,6\r7,8\n9,1\n",
    'a,b\n1,2\n3,4\n5,"6',
]


@pytest.mark.parametrize("text", BORDERS + WRONG, ids=range(len(BORDERS + WRONG)))
@pytest.mark.parametrize("pack", usual({"as it is": bytes, "packed": gzip.compress}, "as it is"))
def test_blocks_do_not_show(project, blocks_of, text, pack):
    path = project.table(pack(text.encode()))
    expected = outcome(path)
    for size in SIZES:
        blocks_of(size)
        assert outcome(path) == expected
        assert outcome(io.BufferedReader(io.BytesIO(path.read_bytes()))) == expected


ODD = [
    " 5",
    "5 ",
    "\t5",
    "+5",
    "+-5",
    ".5",
    "5.",
    "-0",
    "05",
    "5e",
    "1E+5",
    "1e-400",
    "1e400",
    "1e39",
    "5\0",
    "5\r",
    "x",
]
ODD += [
    "0x10",
    "1_0",
    "1;5",
    "5%",
    "1d2",
    "true",
    "NA",
    "nan",
    "+NaN",
    "-inf",
    "Infinity",
    "\u2212" + "5",
    "\u0665",
]
ODD += [
    "",
    " ",
    '""',
    '" 5"',
    '"+5"',
    '5"',
    '"5',
    '"5"x',
    "-999",
    "-999.0",
    "-9.99e2",
    "12345678901234567890",
    "1\n2",
]


@pytest.mark.parametrize(
    "text", [*BORDERS, *WRONG, *(f"a,b\n0.1,2\n{cell},3.5\n4,{cell}\n5,6" for cell in ODD)]
)
def test_a_column_read_as_numbers_is_what_its_text_is_cast_to(blocks_of, text):
    null_values = [*NULLS, "-999"]
    for size in (1, 16, 1000):
        blocks_of(size)
        as_numbers = outcome(text.encode(), as_numbers=True, null_values=null_values)
        assert as_numbers == outcome(text.encode(), null_values=null_values)


def test_numbers_are_read_to_the_last_bit_and_their_text_is_at_hand(blocks_of):
    generator = np.random.default_rng(0)
    floats = np.ldexp(generator.normal(size=500), generator.integers(-120, 120, 500)).tolist()
    texts = [repr(value) for value in floats[::2]] + [f"{value:.25f}" for value in floats[1::2]]
    blocks_of(300)
    blocks = [
        *open_table("\n".join(["a", *texts]).encode(), NULLS, "t").blocks(
            ReadingPlan(frozenset("a"))
        )
    ]
    assert [value for block in blocks for value in block.frame["a"]] == [
        float(text) for text in texts
    ]
    assert [text for block in blocks for text in block.cells("a")] == texts


@pytest.mark.parametrize("text", BORDERS, ids=range(len(BORDERS)))
def test_cells_and_their_lines_do_not_depend_on_blocks(blocks_of, text):
    expected = cells(text.encode()), places(text.encode())
    for size in SIZES:
        blocks_of(size)
        assert (cells(text.encode()), places(text.encode())) == expected


def test_lines_are_those_of_a_texts_editor(blocks_of):
    generator = random.Random(5)
    words = ["x", "1", '"a, b"', '"\n"', '"x ""y"""', '"\r\n\n"', '"""\n"""', '""', "é"]
    for _ in range(30):
        records = [",".join(["r", *generator.choices(words, k=2)]) for _ in range(12)]
        ends = generator.choices(["\n", "\r\n", "\n\n", "\n\r\n"], k=12)
        text, lines = "a,b,c\n", []
        for record, end in zip(records, ends, strict=True):
            lines.append(str(text.count("\n") + 1))
            text += record + end
        for size in (1, 9, 40, 10_000):
            blocks_of(size)
            assert places(text.encode()) == lines
            assert len(cells(text.encode())) == 12


@pytest.mark.parametrize(
    ("missing", "size"),
    [
        pytest.param("mean", 200, id="mean, blocks of 200 bytes"),
        exhaustive("mean", 30, id="mean, blocks of 30 bytes"),
        pytest.param("drop", 1000, id="drop, blocks of 1,000 bytes"),
        exhaustive("drop", 200, id="drop, blocks of 200 bytes"),
    ],
)
def test_a_table_trains_the_same_in_many_blocks(project, frame, blocks_of, missing, size):
    frame = frame.with_columns(
        town=pl.Series(["York", "Ely", 'the\n"Bath"', None] * 15),
        when=pl.format("2020-{}-{}", 1 + pl.int_range(60) % 12, 1 + pl.int_range(60) % 28),
        wet=pl.Series([["true", "False"][i % 2] if i < 55 else "unknown" for i in range(60)]),
        dose=pl.when(pl.int_range(60) % 7 > 0).then("dose"),
    )
    project.table(frame)
    project.table(frame[::3], "other.csv")
    changes = {"data.missing": missing, "data.dates": "expand", "data.test": "other.csv"}
    whole = project.dataset(changes)
    blocks_of(size)
    blocks = project.dataset(changes)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(blocks, part).x, getattr(whole, part).x)
        np.testing.assert_array_equal(getattr(blocks, part).y, getattr(whole, part).y)
    assert blocks.label_counts == whole.label_counts
    assert [str(finding) for finding in lint(blocks)] == [str(finding) for finding in lint(whole)]
    for ours, theirs in zip(blocks.encoder.features, whole.encoder.features, strict=True):
        exact = {"mean": 0.0, "variance": 1.0}  # sums of blocks differ in their last bits
        assert ours.model_copy(update=exact) == theirs.model_copy(update=exact)
        assert (ours.mean, ours.variance) == pytest.approx(
            (theirs.mean, theirs.variance), rel=1e-12
        )


def test_a_table_too_large_to_keep_is_read_again(project, frame, blocks_of, monkeypatch):
    whole = project.dataset()
    blocks_of(100)
    monkeypatch.setattr(loading, "KEPT", 500)
    np.testing.assert_array_equal(project.dataset().train.x, whole.train.x)


@pytest.mark.parametrize("first", ["1,x", '"1",x', '1,"x"'])
def test_numbers_are_read_as_such_behind_a_quote_in_the_first_row_too(first):
    content = f"^a$,b\n{first}\n2,y\n".encode()
    (block,) = open_table(content, NULLS, "t").blocks(ReadingPlan(frozenset(["^a$"])))
    assert block.frame.schema == {"^a$": pl.Float64, "b": pl.String}
    assert block.texts("^a$").to_list() == ["1", "2"]


def test_a_stray_quote_is_refused_in_time_that_grows_with_the_file(project, problems):
    table = open_table(
        project.table(b'a,b\n5" pipe,1\n' + b'"xxxxxxxxxxxx","1"\n' * 200_000), NULLS
    )
    assert problems(list, table.blocks())[0].startswith(f"{table.name}:")


def test_nan_is_missing_in_parquet_as_it_is_in_a_csv(project):
    numbers = pl.DataFrame({"a": [1.0, float("nan"), 3.0]})
    buffer = io.BytesIO()
    numbers.write_parquet(buffer)
    for content in (buffer.getvalue(), b"a\n1.0\nNaN\n3.0\n"):
        (block,) = open_table(content, NULLS, "t").blocks()
        parsed = parse_numbers(block, "a")
        assert parsed.values.to_list() == [1, None, 3]
        faults = ColumnFaults("a").record(block, parsed)
        assert (faults["missing"].count, faults["not_finite"].count) == (1, 0)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"," * 5_000, id="commas"),
        pytest.param(b'"x\n",' + b"," * 5_000, id="commas behind a quoted line end"),
    ],
)
def test_polars_makes_no_columns_of_the_first_row_of_a_block(monkeypatch, problems, first):
    widths = []
    original = pl.read_csv

    def read_csv(data, **options):
        frame = original(data, **options)
        widths.append(frame.width)
        return frame

    monkeypatch.setattr(pl, "read_csv", read_csv)
    table = open_table(b"a,b\n" + first + b"\n1,2\n", NULLS, "t")
    plan = ReadingPlan(frozenset("ab"))
    assert "cells, but the header has 2" in problems(list, table.blocks(plan))[0]
    assert not widths


def test_a_table_of_too_many_columns_is_refused(monkeypatch, problems):
    monkeypatch.setattr(csv_header, "MOST_COLUMNS", 10)
    reason = "t:1: 11 columns; a table may have at most 10: divide it, or transpose it"
    assert problems(open_table, b"a" + b",b" * 10 + b"\n", NULLS, "t") == [reason]
    assert problems(open_table, b'"a\n"' + b",b" * 10 + b"\n", NULLS, "t") == [reason]

"""Parquet files that unpack to far more than they are: refused before memory is taken, or read in parts."""

import io
from contextlib import suppress

import polars as pl
import pytest
from support.thrift import varint

from nnrun.errors import TableError
from nnrun.tables import parquet_rows, parquet_sizes, text_size
from nnrun.tables.opening import readable
from nnrun.tables.parquet_sizes import ParquetSizes
from nnrun.tables.table import open_table
from nnrun.tables.table_file import ReadingPlan
from nnrun.tables.thrift_compact import DEEPEST, CompactReader, ThriftError

GIANT = "x" * 1_000_000


def parquet(frame, **options):
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


def table_with_giant(rows=1_000):
    """Return a Parquet file of some kilobytes in which many rows share one long text."""
    columns = {"age": range(rows), "note": [GIANT] * rows, "label": [0, 1] * (rows // 2)}
    return parquet(pl.DataFrame(columns))


def read(content, *columns):
    """Return the blocks of a table, of these columns or all."""
    plan = ReadingPlan(columns=frozenset(columns) if columns else None)
    return list(open_table(content, [""], "t").blocks(plan))


def test_columns_that_nobody_wants_are_not_read(monkeypatch):
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 100_000)
    (block,) = read(table_with_giant(), "age", "label")
    assert block.frame.columns == ["age", "label"]


def test_a_column_that_is_wanted_is_refused_with_its_size_place_and_remedy(monkeypatch):
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 100_000)
    monkeypatch.setattr(pl.LazyFrame, "collect", lambda _: pytest.fail("it is unpacked"))
    with pytest.raises(TableError) as caught:
        read(table_with_giant())
    (line,) = caught.value.problems
    assert line.startswith("t: column 'note' of row group 1 unpacks to 1,0")
    assert "bytes; at most 100,000 are read at once: leave that column out" in line


def test_each_row_group_is_looked_at():
    rows = ["a"] * 50 + ["x" * 1_000_000, "y" * 1_000_000]
    content = parquet(pl.DataFrame({"note": rows}), row_group_size=26)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_sizes, "MOST_UNPACKED", 1_000_000)
        with pytest.raises(TableError, match=r"^t: column 'note' of row group 2 unpacks to 2,00"):
            read(content)


def test_the_heads_of_pages_are_believed_and_not_the_footer(monkeypatch):
    content = parquet(pl.DataFrame({"note": [GIANT, "y"]}))
    size = CompactReader(content[4:]).structure()[2]
    forged = content.replace(varint(2 * size), varint(2 * 1_040_000), 1)
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 1_030_000)
    ParquetSizes(io.BytesIO(content), "t").measure(["note"])
    with pytest.raises(TableError, match="row group 1 unpacks to 1,040,0"):
        ParquetSizes(io.BytesIO(forged), "t").measure(["note"])


def test_numbers_are_unpacked_page_by_page_and_text_is_kept_whole(monkeypatch):
    numbers = pl.DataFrame({"a": [float(i) for i in range(50_000)]})
    content = parquet(numbers, data_page_size=8_000, statistics=False)
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 100_000)
    ParquetSizes(io.BytesIO(content), "t").measure(["a"])
    texts = parquet(numbers.select(pl.col("a").cast(pl.String)), data_page_size=8_000)
    with pytest.raises(TableError, match="row group 1 unpacks to"):
        ParquetSizes(io.BytesIO(texts), "t").measure(["a"])


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(pl.Series("note", ["x" * 100] * 64), id="text"),
        pytest.param(pl.Series("note", [b"x" * 100] * 64), id="bytes"),
        pytest.param(pl.Series("note", ["x" * 100] * 64, dtype=pl.Categorical), id="categories"),
        pytest.param(pl.Series("note", [["x" * 100]] * 64), id="lists"),
        pytest.param(pl.Series("note", [{"a": "x" * 100}] * 64), id="structures"),
    ],
)
def test_text_that_many_rows_share_is_written_out_in_parts(monkeypatch, column):
    monkeypatch.setattr(text_size, "MOST_TEXT", 400)
    blocks = read(parquet(pl.DataFrame([column])))
    assert [len(block.frame) for block in blocks] == [4] * 16
    assert [block.places([0]) for block in blocks[:2]] == [["row 1"], ["row 5"]]


def test_the_bytes_of_shared_text_are_counted_beyond_32_bits():
    shared = pl.Series(["x" * 70_000]).new_from_index(0, 70_000)
    for column in (shared, shared.cast(pl.Categorical), shared.cast(pl.Binary)):
        assert text_size.text_bytes(column) == 70_000 * 70_000


def test_long_text_that_many_rows_of_a_small_file_share_is_refused(monkeypatch):
    monkeypatch.setattr(text_size, "MOST_TEXT", 4_000)
    monkeypatch.setattr(text_size, "MOST_SHARED", 50_000)
    monkeypatch.setattr(text_size, "SHARING", 1)
    frame = pl.DataFrame({"a": [1] * 100, "note": ["x" * 1_000] * 100})
    with pytest.raises(TableError) as caught:
        read(parquet(frame))
    (line,) = caught.value.problems
    assert line.startswith("t: its rows share long texts, which are 100,000 bytes or more ")
    assert line.endswith("leave out column 'note', or shorten its cells")
    assert read(parquet(frame), "a")
    monkeypatch.setattr(text_size, "SHARING", 1_000)
    assert sum(len(block.frame) for block in read(parquet(frame))) == 100


def test_a_row_of_too_much_text_is_named(monkeypatch):
    monkeypatch.setattr(text_size, "MOST_TEXT", 400)
    with pytest.raises(TableError) as caught:
        read(parquet(pl.DataFrame({"a": ["1"] * 9, "note": ["y"] * 6 + ["x" * 500, "y", "y"]})))
    assert caught.value.problems == [
        "t:row 7: 501 bytes of text, where a row has at most 400: leave out column 'note', or shorten its cells"
    ]


def table_of_many_kinds(rows=40):
    """Return columns of each kind that a group of rows holds in another way."""
    numbers = {f"number{i}": [float(i * row) for row in range(rows)] for i in range(4)}
    texts = {f"text{i}": [f"the text {i} of row {row}" for row in range(rows)] for i in range(4)}
    more = {"list": [[row, row + 1] for row in range(rows)], "gap": [None] * rows}
    return pl.DataFrame(numbers | texts | more)


def cells(content, *columns):
    return pl.concat([block.frame for block in read(content, *columns)])


@pytest.mark.parametrize("at_once", [1, 700, 1_500])
def test_columns_that_are_too_large_together_are_read_some_at_a_time(monkeypatch, at_once):
    table = table_of_many_kinds()
    one_group = parquet(table)
    small_groups = parquet(table, row_group_size=7)
    expected = cells(small_groups)
    monkeypatch.setattr(parquet_rows, "MOST_AT_ONCE", at_once)
    monkeypatch.setattr(parquet_rows, "ROWS", 9)
    assert cells(one_group).equals(expected)
    assert cells(small_groups).equals(expected)
    assert cells(one_group, "text1", "number2").equals(expected.select("number2", "text1"))


def test_a_row_group_may_be_larger_than_any_of_its_columns_may(monkeypatch):
    content = parquet(table_of_many_kinds())
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 1_500)
    assert (
        sum(ParquetSizes(io.BytesIO(content), "t").measure(["text1", "text2"]).columns.values())
        > 1_500
    )
    assert cells(content).height == 40


def test_the_columns_of_a_structure_count_together(monkeypatch):
    content = parquet(pl.DataFrame({"a": [{"b": "x" * 600, "c": "y" * 600}]}))
    monkeypatch.setattr(parquet_sizes, "MOST_UNPACKED", 1_000)
    with pytest.raises(TableError, match=r"^t: column 'a' of row group 1 unpacks to 1,2"):
        read(content)


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ({}, [[]]),
        ({"a": 3, "b": 3, "c": 4}, [["a", "b", "c"]]),
        ({"a": 3, "b": 8, "c": 2, "d": 1}, [["a"], ["b", "c"], ["d"]]),
        ({"a": 30, "b": 30, "c": 0}, [["a"], ["b"], ["c"]]),
    ],
    ids=["no columns", "room for all", "room for some", "room for none"],
)
def test_batches_of_columns_have_room_at_once(monkeypatch, sizes, batches):
    monkeypatch.setattr(parquet_rows, "MOST_AT_ONCE", 10)
    assert parquet_rows.column_batches(sizes) == batches


def test_what_the_file_has_of_a_column_counts_besides_what_it_unpacks_to():
    pages = pl.DataFrame({"a": [float(row) for row in range(1_000)]})
    one_page = parquet(pages, compression="uncompressed", statistics=False)
    many = parquet(pages, compression="uncompressed", statistics=False, data_page_size=800)
    sizes = [ParquetSizes(io.BytesIO(c), "t").measure(["a"]).columns["a"] for c in (one_page, many)]
    assert sizes[0] > 2 * 8_000
    assert 8_000 < sizes[1] < 1.5 * 8_000  # a page stands in memory at once


def test_fewer_rows_are_read_where_they_have_much_text(monkeypatch):
    monkeypatch.setattr(parquet_rows, "TEXT_AT_ONCE", 8_000)
    content = parquet(pl.DataFrame({"a": range(64), "note": [f"{row:0500}" for row in range(64)]}))
    reads = []
    collect = pl.LazyFrame.collect
    monkeypatch.setattr(
        pl.LazyFrame, "collect", lambda frame: reads.append(collect(frame)) or reads[-1]
    )
    monkeypatch.setattr(parquet_rows, "ROWS", 64)
    assert [len(block.frame) for block in read(content)] == [8] * 8
    assert [len(rows) for rows in reads[-8:]] == [8] * 8


def test_text_that_rows_share_is_not_read_of_all_columns_before_it_is_counted(monkeypatch):
    monkeypatch.setattr(text_size, "MOST_TEXT", 2_000)
    monkeypatch.setattr(parquet_rows, "MOST_AT_ONCE", 1_000)
    table = pl.DataFrame({name: ["x" * 100] * 64 for name in "abcd"})
    assert [len(block.frame) for block in read(parquet(table))] == [4] * 16
    assert cells(parquet(table)).equals(table)
    longer = table.with_columns(a=pl.Series(["x"] * 9 + ["y" * 3_000] + ["x"] * 54))
    with pytest.raises(
        TableError, match=r"^t:row 10: 3,000 bytes of text, .* leave out column 'a'"
    ):
        read(parquet(longer))


def test_blocks_of_many_columns_have_fewer_rows(monkeypatch):
    monkeypatch.setattr(parquet_rows, "CELLS", 100)
    content = parquet(pl.DataFrame({f"c{i}": range(40) for i in range(10)}))
    assert [len(block.frame) for block in read(content)] == [10] * 4
    assert [len(block.frame) for block in read(content, "c3")] == [40]


def test_a_footer_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(parquet_sizes, "LARGEST_FOOTER", 50)
    with pytest.raises(TableError, match=r"t: the footer has \d+ bytes; a footer of at most 50 is"):
        read(parquet(pl.DataFrame({"a": [1]})))


@pytest.mark.parametrize("place", range(4, 60))
def test_a_damaged_page_is_refused_or_read(place):
    content = bytearray(parquet(pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})))
    for value in (0, 1, 127, 255):
        content[place] = value
        with suppress(TableError):
            read(bytes(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\x15", "the bytes end", id="no value"),
        pytest.param(b"\x18\x05abc", "the bytes end", id="a short text"),
        pytest.param(b"\x19\xf5" + varint(1 << 40), "the bytes end", id="a long list"),
        pytest.param(b"\x15" + b"\xff" * 11, "more than 64 bits", id="a long number"),
        pytest.param(b"\x1c" * (DEEPEST + 1), "deep in each other", id="deep"),
        pytest.param(b"\x1b\x00\x00", "no values of kind 11", id="a map"),
    ],
)
def test_bytes_that_are_no_structure_are_refused_at_once(content, reason):
    with pytest.raises(ThriftError, match=reason):
        CompactReader(content).structure()


def test_a_structure_is_read_by_the_numbers_of_its_fields():
    content = (
        b"\x15\x03\x11\x22\x18\x02hi\x19\x25\x02\x04\x1c\x17"
        + bytes(8)
        + b"\x00\x05\xc8\x01\x0a\x00"
    )
    reader = CompactReader(content)
    assert reader.structure() == {
        1: -2,
        2: True,
        4: False,
        5: b"hi",
        6: [1, 2],
        7: {1: bytes(8)},
        100: 5,
    }
    assert reader.position == len(content)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["abc"]),
        pl.Series([b"abc"]),
        pl.Series(["abc"], dtype=pl.Categorical),
        pl.Series([["ab", "c"]]),
        pl.Series([{"a": "abc"}]),
    ],
    ids=["text", "bytes", "categories", "lists", "structures"],
)
def test_the_text_of_a_single_row_counts_as_that_of_others(column, rows):
    assert text_size.text_bytes(pl.concat([column] * rows)) == 3 * rows


def test_a_file_at_which_polars_panics_is_refused():
    with pytest.raises(TableError, match=r"^t: cannot be read: the file is damaged"), readable("t"):
        raise pl.exceptions.PanicException("assertion failed")

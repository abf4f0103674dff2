"""An encoding.json from a stranger, its checksum rewritten too: it is refused, and nothing else goes wrong."""

import copy
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnrun.errors import InputError, RunError
from nnrun.features.dates import FORMATS
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.ordinary_files import LARGEST_FILE
from nnrun.tables.table import open_table

AGE, TOWN, YEAR, HOUR, WET = range(5)  # the places of the features below
DATE = {"kind": "date", "format": "%Y-%m-%d %H:%M"}
GOOD: dict[str, Any] = {
    "features": [
        {"name": "age", "kind": "number", "mean": 40.5, "variance": 9.0, "minimum": 30.0, "maximum": 51.0},
        {"name": "town", "kind": "text", "categories": ["Ely", "York", None]},
        {"name": "when", **DATE, "part": "year", "mean": 2020.5, "variance": 0.25, "minimum": 2020, "maximum": 2021},
        {"name": "when", **DATE, "mean": 11.0, "variance": 4.0, "minimum": 8.0, "maximum": 14.0, "part": "hour"},
        {"name": "wet", "kind": "boolean", "mean": 0.5, "variance": 0.25, "minimum": 0.0, "maximum": 1.0},
    ],
    "targets": [{"name": "sold", "scale": 1.0, "offset": 0.0}],
    "labels": ["no", "yes"],
    "missing": "mean",
}  # fmt: skip
TABLE = b"""age,town,when,wet,sold
31,Ely,2020-01-02 08:30,true,yes
,York,2021-12-31 23:59,False,no
1e30,,,,yes
51.5,Hull,2020-02-29 00:00,0,no
"""


def changed(*keys: Any) -> dict[str, Any]:
    """Return the good encoding with the last of `keys` at the place that the others name."""
    *path, last, value = keys
    encoding = copy.deepcopy(GOOD)
    place: Any = encoding
    for key in path:
        place = place[key]
    place[last] = value
    return encoding


def feature(place: int, **values: Any) -> dict[str, Any]:
    """Return the good encoding with other values in one of its features."""
    return changed("features", place, {**GOOD["features"][place], **values})


def added(**values: Any) -> dict[str, Any]:
    """Return the good encoding with one more feature."""
    return changed("features", [*GOOD["features"], values])


def load(content: Any, folder: Path) -> Encoder:
    path = folder / "encoding.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return Encoder.load(path)


def read(encoder: Encoder) -> None:
    """Read the table with its target and without, and as prediction does."""
    for options in ({"target": True}, {"target": False}, {"target": False, "owed": True}):
        reading = EncodedReader(encoder, open_table(TABLE, ["", "NA"], "table"), **options)
        for _, x, _ in reading:
            assert x.shape[1] == len(encoder.inputs)
        reading.notes()


HUGE = 4e38  # beyond float32
FORGED: dict[str, tuple[Any, str]] = {  # an encoding, and the place that the refusal names
    "a category twice": (feature(TOWN, categories=["Ely", "York", "Ely"]), "features.1"),
    "the missing cell twice": (feature(TOWN, categories=[None, "York", None]), "features.1"),
    "text without categories": (feature(TOWN, categories=[]), "features.1"),
    "text of too many categories": (
        feature(TOWN, categories=[f"c{i}" for i in range(10_002)]),
        "features.1.categories",
    ),
    "a number with an input for others": (feature(AGE, other=True), "features.0"),
    "text with a date's format": (feature(TOWN, **DATE | {"kind": "text"}), "features.1"),
    "a number with categories": (feature(AGE, categories=["1"]), "features.0"),
    "a number with a format": (feature(AGE, format="%Y-%m-%d"), "features.0"),
    "a number with a part": (feature(AGE, part="year"), "features.0"),
    "a number with both": (feature(AGE, format="%Y-%m-%d", part="year"), "features.0"),
    "a boolean with categories": (feature(WET, categories=["true"]), "features.4"),
    "a date with categories": (feature(YEAR, categories=["2020"]), "features.2"),
    "a date without a format": (feature(YEAR, format=None), "features.2"),
    "a date without a part": (feature(YEAR, part=None), "features.2"),
    "a date without either": (feature(YEAR, format=None, part=None), "features.2"),
    "an hour that the format lacks": (feature(HOUR, format="%Y-%m-%d"), "features.3"),
    "a year that the format lacks": (feature(YEAR, format="%H:%M"), "features.2"),
    "a part that is none": (feature(YEAR, part="second"), "features.2.part"),
    "a method for a part": (feature(YEAR, part="__class__"), "features.2.part"),
    "an unknown format": (feature(YEAR, format="%d %H %Y"), "features.2"),
    "a format that ends early": (feature(YEAR, format="%d%"), "features.2"),
    "an empty format": (feature(YEAR, format=""), "features.2"),
    "a long format": (feature(YEAR, format="%d" * 100_000), "features.2"),
    "a label for a kind": (feature(AGE, kind="label"), "features.0.kind"),
    "the same number twice": (added(name="age"), "targets"),
    "a number that is a date too": (added(name="when"), "targets"),
    "the same text twice": (added(name="town", kind="text", categories=["Hull"]), "targets"),
    "the same part of a date twice": (added(name="when", **DATE, part="hour"), "targets"),
    "a date of two formats": (
        added(name="when", kind="date", format="%Y-%m-%d", part="day"),
        "targets",
    ),
    "a target that is a feature": (changed("targets", 0, "name", "age"), "targets"),
    "the same target twice": (changed("targets", GOOD["targets"] * 2), "targets"),
    "labels for several targets": (changed("targets", [*GOOD["targets"], {"name": "b"}]), "labels"),
    "one label": (changed("labels", ["no"]), "labels"),
    "a label twice": (changed("labels", ["no", "yes", "no"]), "labels"),
    "a label in two spellings": (changed("labels", ["1", "1.0"]), "labels"),
    "a label that is a number": (changed("labels", ["no", 1]), "labels.1"),
    "lists for labels": (changed("labels", [["no", "yes"], ["a", "b"]]), "labels.0"),
    "a name that is empty": (feature(AGE, name=""), "features.0.name"),
    "a name with a NUL": (feature(AGE, name="age\0"), "features.0.name"),
    "a name that is a number": (feature(AGE, name=5), "features.0.name"),
    "half a character in a name": (
        json.dumps(feature(AGE, name="\ud800")).encode(),
        "the whole value",
    ),
    "a name that is not UTF-8": (
        json.dumps(GOOD).encode().replace(b"age", b"\xe9"),
        "the whole value",
    ),
    "a huge mean": (feature(AGE, mean=HUGE), "features.0.mean"),
    "a huge negative mean": (feature(AGE, mean=-HUGE), "features.0.mean"),
    "a mean of 400 digits": (feature(AGE, mean=10**400), "features.0.mean"),
    "a mean of 5,000 digits": (
        json.dumps(GOOD).encode().replace(b"40.5", b"4" * 5000),
        "the whole value",
    ),
    "a huge variance": (feature(AGE, variance=1e300), "features.0.variance"),
    "a variance of 0": (feature(AGE, variance=0), "features.0.variance"),
    "a variance of NaN": (feature(AGE, variance=float("nan")), "features.0.variance"),
    "a huge minimum": (feature(AGE, minimum=-HUGE), "features.0.minimum"),
    "an infinite maximum": (feature(AGE, maximum=float("inf")), "features.0.maximum"),
    "a huge scale": (changed("targets", 0, "scale", HUGE), "targets.0.scale"),
    "a huge offset": (changed("targets", 0, "offset", HUGE), "targets.0.offset"),
    "a mean in quotes": (feature(AGE, mean="40.5"), "features.0.mean"),
    "an unknown key": (changed("colour", "red"), "colour"),
    "an unknown key that clears the screen": (changed("\x1b[2J", 1), r"'\x1b[2J'"),
    "an unknown key of a megabyte": (changed("x " * 500_000, 1), "x " * 40),
    "an unknown way to take missing cells": (changed("missing", "zero"), "missing"),
    "no features": (changed("features", []), "features"),
    "too many features": (
        changed("features", [{"name": f"c{i}"} for i in range(300_000)]),
        "features",
    ),
    "deep nesting": (b"[" * 1_000_000, "the whole value"),
    "deep nesting in a value": (
        json.dumps(GOOD).encode().replace(b"40.5", b'{"a":' * 100_000),
        "the whole value",
    ),
    "no JSON": (b"\x89PNG", "the whole value"),
    "a list": ([GOOD], "the whole value"),
}


def test_the_encoding_that_is_forged_below_is_good(tmp_path):
    read(load(GOOD, tmp_path))


@pytest.mark.parametrize(("encoding", "place"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_encoding_is_refused(tmp_path, encoding, place):
    with pytest.raises(RunError) as caught:
        load(encoding, tmp_path)
    (line,) = caught.value.problems
    assert line.startswith(f"{tmp_path / 'encoding.json'}: {place}: ")
    assert line.endswith("; the file was altered")
    assert line.isprintable()
    assert len(line) < len(str(tmp_path)) + 300


@pytest.mark.parametrize("size", [LARGEST_FILE + 1, 1 << 40])
def test_a_file_that_is_too_large_is_refused_without_reading_it_all(tmp_path, size):
    path = tmp_path / "encoding.json"
    with path.open("wb") as file:
        file.truncate(size)
    with pytest.raises(RunError, match=r"cannot be read: is larger than 16 MiB$"):
        Encoder.load(path)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_of_a_date_is_taken_with_its_own_parts_alone(tmp_path, form):
    parts = {"year", "month", "day", "weekday"} if "%d" in form else set()
    parts |= {"hour"} if ("%H" in form or "%I" in form) else set()
    taken = set()
    for part in ("year", "month", "day", "weekday", "hour"):
        try:
            load(
                {
                    **GOOD,
                    "features": [{"name": "when", "kind": "date", "format": form, "part": part}],
                },
                tmp_path,
            )
            taken.add(part)
        except RunError:
            continue
    assert taken == parts


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the keys that lead to every value in the encoding."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path] * bool(path) + [
        place for key, item in inner for place in places(item, (*path, key))
    ]


ODD = [
    0,
    -1,
    2,
    1e39,
    -1e300,
    5e-324,
    10**400,
    float("nan"),
    float("inf"),
    True,
    None,
    "",
    "\0",
    "\ud800",
    "^a$",
    [],
    {},
]
ODD += [
    "text",
    "date",
    "label",
    "mean",
    "drop",
    "year",
    "hour",
    "%H:%M",
    "%Y-%m-%d",
    "%q",
    "age",
    "town",
    [None],
    [[]],
]
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(FORMATS),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FULL = Encoder.model_validate(GOOD, strict=False).model_dump()


@st.composite
def mutations(draw: Any) -> Any:
    """Draw the good encoding with one value changed, deleted, added, repeated, moved or retyped."""
    encoding = copy.deepcopy(draw(st.sampled_from([GOOD, FULL])))
    *path, last = draw(st.sampled_from(places(encoding)))
    place: Any = encoding
    for key in path:
        place = place[key]
    how = draw(st.sampled_from(["change", "retype", "copy", "delete", "add"]))
    if how == "change":
        place[last] = draw(VALUES)
    elif how == "retype":
        place[last] = draw(
            st.sampled_from([str, lambda v: [v], lambda v: {"name": v}, bool, lambda v: None])
        )(place[last])
    elif how == "copy":
        *source, end = draw(st.sampled_from(places(GOOD)))
        other: Any = GOOD
        for key in (*source, end):
            other = other[key]
        place[last] = copy.deepcopy(other)
    elif how == "delete":
        del place[last]
    elif isinstance(place, list):
        place.insert(last, copy.deepcopy(draw(st.just(place[last]) | VALUES)))
    else:
        place[draw(st.text() | st.sampled_from(sorted(FULL["features"][0])))] = draw(VALUES)
    return encoding


@settings(max_examples=100, deadline=None)
@given(mutations())
def test_whatever_is_changed_the_file_is_refused_or_reads_a_table_or_refuses_that(encoding):
    with tempfile.TemporaryDirectory() as folder, suppress(InputError):
        read(load(encoding, Path(folder)))

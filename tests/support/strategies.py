"""What Hypothesis draws for test_fuzz.py: configs, valid and not quite, YAML-like text, tables, and broken files."""

import copy
import gzip
import io
import json
from typing import Any

import polars as pl
import yaml
from hypothesis import strategies as st

from nnrun.config.schema import Config, Data

SCHEMA = Config.model_json_schema()
COLUMNS = ("age", "town", "when", "label")
WORDS = [
    *Config.model_fields,
    *Data.model_fields,
    *COLUMNS,
    "name",
    "type",
    "units",
    "activation",
    "l2",
]
WORDS += [
    "relu",
    "adam",
    "accuracy",
    "BinaryCrossentropy",
    "table.csv",
    "auto",
    "balanced",
    ">= 0.5",
]
LONG = 5_000  # more than the name of a file may have
ALTERED = 0  # bytes of a Parquet file; PENDING: 3, once none of them makes polars abort the process
ODD_NUMBERS = [
    0,
    -1,
    1,
    2,
    2**31,
    2**64,
    10**30,
    -0.0,
    0.5,
    1e-320,
    1e308,
    float("nan"),
    float("inf"),
]
ODD_TEXTS = [
    "",
    " ",
    "x" * LONG,
    "\0",
    "a\nb",
    "☃",
    "\x1b[31m",
    "1e3",
    "0x10",
    "..",
    "/",
    "~",
    "*",
    "[a",
    "2012-01-01",
]
ODD_TREES = [
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    {"": {}},
    {"name": "x"},
    {"name": None},
    ["a", "a"],
    [{"units": 1}] * 2,
]
ODD_VALUES: list[Any] = [None, True, False, *ODD_NUMBERS, *ODD_TEXTS, *ODD_TREES]
ODD_KEYS = [*WORDS, "", "a b", "\0", "\x1b[1m", "x" * 3000]
CLIPPING = ("clipvalue", "global_clipnorm")
NEEDY = {
    "precisionatrecall",
    "recallatprecision",
    "sensitivityatspecificity",
    "specificityatsensitivity",
}
TEXT = st.text(
    st.characters(exclude_categories=[]), max_size=12
)  # surrogates too: arguments that are no UTF-8
BYTES = st.binary(max_size=400)


def _numbers(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw numbers in the range of the schema, small ones where it has no end."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", -100))
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 100))
    open_low, open_high = "exclusiveMinimum" in schema, "exclusiveMaximum" in schema
    if schema["type"] == "integer":
        return st.integers(low + open_low, min(high - open_high, low + 100))
    return st.floats(low, high, exclude_min=open_low, exclude_max=open_high, allow_subnormal=False)


@st.composite
def _mappings(draw: Any, schema: dict[str, Any]) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not properties:
        return draw(
            st.dictionaries(
                st.sampled_from(WORDS), conforming(schema["additionalProperties"]), max_size=2
            )
        )
    optional = sorted(properties.keys() - set(required))
    chosen = draw(st.lists(st.sampled_from(optional), max_size=4, unique=True)) if optional else []
    return {
        key: draw(conforming(properties[key])) for key in properties if key in (*required, *chosen)
    }


def conforming(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw values that conform to the part of JSON Schema that nnrun's own schema uses."""
    if reference := schema.get("$ref"):
        return (
            DATA
            if reference.endswith("/Data")
            else conforming(SCHEMA["$defs"][reference.rpartition("/")[2]])
        )
    if "anyOf" in schema:
        return st.one_of(
            st.deferred(lambda form=form: conforming(form)) for form in schema["anyOf"]
        )
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if not schema:
        return st.integers(1, 9)
    if "pattern" in schema:
        return _texts_of(schema["pattern"])
    kinds = {"null": st.none(), "boolean": st.booleans(), "string": st.sampled_from(WORDS)}
    if schema["type"] in kinds:
        return kinds[schema["type"]]
    if schema["type"] == "array":
        items = st.deferred(lambda: conforming(schema["items"]))
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=3)
    return _mappings(schema) if schema["type"] == "object" else _numbers(schema)


def _texts_of(pattern: str) -> st.SearchStrategy[str]:
    """Draw expectations, or names in other spellings than those that an editor offers."""
    names = pattern.removeprefix("^(").removesuffix(")$").split("|")
    if all(name.isidentifier() for name in names):
        return st.sampled_from(names)
    return st.sampled_from([">= 0.5", "<1e3", " == -.5 "])


DATA = st.fixed_dictionaries(
    {
        "train": st.just("table.csv"),
        "target": st.sampled_from(["label", ["label"], ["label", "age"]]),
    },
    optional={
        "features": st.sampled_from([None, "town", ["town", "when"]]),
        "drop": st.sampled_from([[], "when", ["when", "nothing"]]),
        "validation": st.sampled_from([None, "table.csv"]),
        "validation_split": st.sampled_from([0, 0.25, 0.99]),
        "test": st.sampled_from([None, "table.csv", "ta*.csv"]),
        "null_values": st.lists(st.sampled_from(["", "?", "x", "York"]), max_size=3),
        "in_memory": st.sampled_from(["auto", True, False]),
        "positive": st.sampled_from([None, "yes", 1, 0.5, True]),
        **{
            key: conforming(SCHEMA["$defs"]["Data"]["properties"][key])
            for key in ("normalize", "missing", "dates")
        },
    },
)


def _consistent(config: dict[str, Any]) -> dict[str, Any]:
    """Take out what no schema can rule out: keys that exclude each other, names that occur twice or lack arguments."""
    config = json.loads(json.dumps(config))  # nothing is shared, which YAML would write as an alias
    data, optimizer = config["data"], config.get("optimizer")
    for key, other in (("validation", "validation_split"), ("features", "drop")):
        if data.get(key):
            data.pop(other, None)
    if not data.get("validation_split") or data.get("in_memory") is False:
        config.pop("refit", None)
    if isinstance(optimizer, dict):
        config["optimizer"] = {k: v for k, v in optimizer.items() if k not in CLIPPING}
    if isinstance(config.get("metrics"), list):
        called = {
            metric if isinstance(metric, str) else metric["name"]: metric
            for metric in config["metrics"]
        }
        complete = [
            m
            for m in called.values()
            if isinstance(m, dict) or m.replace("_", "").lower() not in NEEDY
        ]
        config["metrics"] = complete
    if config.get("sweep"):  # its settings are keys of the config, and its metric is logged
        config["sweep"] = {"settings": {"epochs": [1, 2]}}
    layers = [layer if isinstance(layer, dict) else {"units": 2} for layer in config["layers"]]
    config["layers"] = [*layers, {"units": 1, "activation": "sigmoid"}]
    return config


CONFIGS = conforming(SCHEMA).map(_consistent)


def _places(values: Any, keys: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the key path of everything in a tree."""
    inner = (
        values.items()
        if isinstance(values, dict)
        else enumerate(values)
        if isinstance(values, list)
        else ()
    )
    return [keys] * bool(keys) + [
        place for key, value in inner for place in _places(value, (*keys, key))
    ]


@st.composite
def mutated(draw: Any) -> tuple[str, str]:
    """Draw a valid config, and the same with one change anywhere, both as YAML."""
    good = draw(CONFIGS)
    parent = bad = copy.deepcopy(good)
    *parents, last = draw(st.sampled_from(_places(bad)))
    for key in parents:
        parent = parent[key]
    value, odd, name = (
        parent[last],
        copy.deepcopy(draw(st.sampled_from(ODD_VALUES))),
        draw(st.sampled_from(ODD_KEYS)),
    )
    changes = {
        "replace": odd,
        "listed": [value],
        "named": {"name": value},
        "misspelt": str(value)[1:],
    }
    how = draw(st.sampled_from(["delete", "rename", "add", *changes]))
    if how in changes:
        parent[last] = changes[how]
    elif how != "add":
        del parent[last]
    if how in ("rename", "add") and isinstance(parent, dict):
        parent[name] = value if how == "rename" else odd
    return yaml.safe_dump(good), yaml.safe_dump(bad)


SCALARS = st.one_of(st.sampled_from(WORDS), st.sampled_from(ODD_VALUES).map(str), TEXT)
MARKS = [
    "",
    "",
    "",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a ",
    "!!int ",
    "!!python/name:os.system ",
    "!t ",
    "<<: ",
    "| ",
    ">- ",
]
MARKS += [
    "[",
    "{",
    "]",
    "}",
    ", ",
    "'",
    '"',
    "# ",
    "\t",
    "--- ",
    "... ",
    "%YAML 1.1 ",
    "\\",
    "@",
    "`",
    "\ufeff",
    "\r",
]
SPACES = st.integers(0, 6).map(" ".__mul__)
LINES = st.tuples(
    SPACES,
    st.sampled_from(MARKS),
    SCALARS,
    st.sampled_from(["", ": "]),
    st.sampled_from(MARKS),
    SCALARS,
)
LOOSE = st.lists(LINES.map("".join), max_size=12)
NESTED = st.recursive(
    st.sampled_from(ODD_VALUES) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
    ),
    max_leaves=12,
).map(yaml.safe_dump)  # with aliases, where a value stands twice
OPENINGS = st.sampled_from(["[", "{a: ", "- ", "? ", "a:\n ", "{", "'", "!!x ", "a: ", "\n- - "])
DEEP = st.tuples(OPENINGS, st.integers(1, 2000)).map(lambda pair: pair[0] * pair[1])


@st.composite
def spliced(draw: Any) -> str:
    """Draw a valid config with a line of another kind in it, or in place of one of its own."""
    lines = yaml.safe_dump(draw(CONFIGS)).split("\n")
    at = draw(st.integers(0, len(lines)))
    lines[at : at + draw(st.integers(0, 1))] = draw(LOOSE)[:1]
    return "\n".join(lines)


YAML_TEXTS = st.one_of(
    spliced(), LOOSE.map("\n".join), NESTED, st.tuples(NESTED, NESTED).map("---\n".join), DEEP
)
PARTS = [
    "epochs",
    "layers[0].units",
    "optimizer.learning_rate",
    "data.missing",
    "data.positive",
    "class_weight.1",
]
PARTS += ["layers[9]", "layers[-1]", "layers[0][1]", "[0]", "", "x" * 300, *WORDS]
NAMES = (
    st.sampled_from(PARTS)
    | st.lists(st.sampled_from(PARTS), min_size=2, max_size=4).map(".".join)
    | TEXT
)
VALUES = (
    st.sampled_from(["3", "mean", "1e-3", "{name: sgd}", "[1, 2]", "true", "~"])
    | SCALARS
    | LOOSE.map("\n".join)
)
SETS = st.tuples(NAMES, st.sampled_from(["=", "=", "=", "", "==", " = "]), VALUES).map("".join)

CELLS = [
    "",
    "0",
    "1",
    "yes",
    "no",
    "York",
    "Ely, Cambs",
    '"',
    '""',
    '"x',
    '"a\nb"',
    "'",
    "nan",
    "NA",
    "inf",
    "-1e999",
]
CELLS += [
    "1e39",
    "1e-50",
    "1,5",
    "1.5",
    "+3",
    "0x1",
    "1_000",
    "2020-01-31",
    "31.12.1999",
    "1/2/2020",
    "10:30",
    "24:00",
]
CELLS += [
    "2020-02-30",
    "9999-12-31T23:59:59Z",
    "true",
    "FALSE",
    "\0",
    "\r",
    "é",
    "\ufeff",
    "🙂",
    "=1+1",
    "x" * 300,
]
CELLS += [
    "9" * 20,
    "9" * 400,
    "1" + "0" * 16 + "1",
    "-0",
    ";",
    "\t",
    "99999-01-01",
    "0000-00-00",
    "January 5 2020",
]
ROWS = st.lists(
    st.sampled_from(CELLS) | TEXT.map(lambda text: text.encode(errors="replace").decode()),
    max_size=6,
)


@st.composite
def tables(draw: Any) -> bytes:
    """Draw a CSV with the columns of a good one: a few cells are odd, at times there are odd rows or an odd header."""
    separator, end = (
        draw(st.sampled_from(",,,;\t")),
        draw(st.sampled_from(["\n"] * 6 + ["\r\n", "\r"])),
    )
    count = draw(st.sampled_from([0, 2, 9, 9]))
    rows = [
        [str(i % 7), ("York", "Ely")[i % 2], f"2020-0{1 + i}-11", str(i // 2 % 2)]
        for i in range(count)
    ]
    for _ in range(draw(st.integers(0, 3)) if rows else 0):
        draw(st.sampled_from(rows))[draw(st.integers(0, 3))] = draw(st.sampled_from(CELLS))
    header = draw(st.sampled_from([COLUMNS] * 5) | ROWS | st.permutations(COLUMNS))
    rows += draw(st.lists(ROWS, max_size=draw(st.sampled_from([0, 0, 0, 2]))))
    text = end.join(separator.join(row) for row in [header, *rows]) + draw(
        st.sampled_from(["", end, end * 2])
    )
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + text.encode()


@st.composite
def broken(draw: Any, whole: bytes, *, altered: int = 3) -> bytes:
    """Draw a file that is cut short, or has more at its end, or has up to so many bytes altered."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(0, altered))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    end = draw(st.none() | st.integers(0, len(content)))
    return bytes(content[:end]) + draw(st.just(b"") | BYTES)


def parquet(columns: dict[str, list[Any]]) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


FRAME = {
    "age": [1.0, 2.0, 3.0, 4.0],
    "town": ["York", "Ely"] * 2,
    "when": ["2020-01-01"] * 4,
    "label": [0, 1, 0, 1],
}
ODD_COLUMNS = [
    [None] * 4,
    ["x"] * 4,
    [[1], [], None, [2]],
    [b"\0", b"", b"x", None],
    [{"a": 1}] * 4,
    [1e39, 1, 2, 3],
]
PARQUETS = st.dictionaries(
    st.sampled_from([*COLUMNS, "^x$", ""]),
    st.sampled_from([*FRAME.values(), *ODD_COLUMNS]),
    max_size=5,
).map(parquet)
BROKEN_PARQUETS = st.one_of(
    PARQUETS,
    broken(parquet(FRAME), altered=ALTERED),
    BYTES.map(lambda content: b"PAR1" + content),
    BYTES.map(lambda content: b"PAR1" + content + b"PAR1"),
)
ZIPS = tables().map(gzip.compress)
BROKEN_ZIPS = st.one_of(
    ZIPS, ZIPS.flatmap(broken), BYTES.map(lambda content: b"\x1f\x8b\x08" + content)
)
TABLES = {"bytes": BYTES, "csv": tables(), "gzip": BROKEN_ZIPS, "parquet": BROKEN_PARQUETS}

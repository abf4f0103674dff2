"""Whatever a config, a --set or a table holds: it is taken, or refused with nnrun's own error and exit code 2.

`pytest -m fuzz` draws 10,000 examples of each kind instead of 500, at random, and bounds their time and memory.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import strategies
from support.marks import exhaustive

from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.config.schema import Data
from nnrun.errors import InputError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.loading import load_dataset
from nnrun.tables.table import open_table

FEW, MORE, MANY = 50, 500, 10_000  # examples
SECONDS = 2  # of the processor, for one of the many
MEMORY = 512 << 20  # bytes that the many of one kind may add to the peak
GOOD = "age,town,when,label\n" + "1,York,2020-01-01,0\n2,Ely,2020-02-03,1\n" * 5
CHANGES = [  # to the good config: each takes another way through the table
    {},
    {"data.missing": "mean", "data.dates": "expand"},
    {"data.missing": "drop", "data.drop": ["when"], "data.positive": 1, "data.test": "table.csv"},
    {"data.dates": "expand", "loss": "mse", "data.normalize": False},
    {
        "data.dates": "expand",
        "loss": "SparseCategoricalCrossentropy",
        "data.validation": "table.csv",
    },
    {
        "data.features": "town",
        "data.target": ["label", "age"],
        "loss": "mse",
        "data.in_memory": False,
    },
]


def peak() -> int:
    """Return the most memory, in bytes, that this process has held so far."""
    resource = pytest.importorskip("resource")  # Windows has none
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def outcome(function: Callable[[Any], object], example: Any) -> tuple[int, list[str]]:
    """Return the exit code and the lines with which a function answers."""
    try:
        function(example)
    except InputError as error:
        return error.exit_code, error.problems
    return 0, []


@pytest.fixture(
    params=[
        pytest.param(FEW, id="a few"),
        exhaustive(MORE, id="more"),
        pytest.param(MANY, marks=pytest.mark.fuzz, id="many"),
    ]
)
def answered(request, monkeypatch):
    """Hold a function to answer every example of a strategy: a few that never change, or many at random."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # thousands of times it is most of the run
    many = request.param == MANY
    quiet = list(HealthCheck)  # what is large or slow to draw is meant so
    chosen = settings(
        max_examples=request.param,
        derandomize=not many,
        database=None,
        deadline=None,
        suppress_health_check=quiet,
    )

    def hold(function: Callable[[Any], object], strategy: st.SearchStrategy[Any]) -> None:
        @chosen
        @given(strategy)
        def check(example: Any) -> None:
            began = time.process_time()
            code, lines = outcome(function, example)
            assert (code, bool(lines)) in [(0, False), (2, True)]
            assert not many or time.process_time() - began < SECONDS

        before = peak() if many else 0
        check()
        assert not many or peak() - before < MEMORY

    return hold


@pytest.fixture
def configs(project):
    """Configs to read tables with, and the folder's table to begin with."""
    project.table(GOOD)
    return [project.load({"data.validation_split": 0, **changes}) for changes in CHANGES]


def test_any_bytes_are_a_config_or_refused(answered, project):
    answered(lambda content: load_config(project.write("config.yaml", content)), strategies.BYTES)


def test_any_yaml_is_a_config_or_refused(answered, project):
    def load(text: str) -> None:
        load_config(project.write("config.yaml", text.encode(errors="replace")))

    answered(load, strategies.YAML_TEXTS)


def test_a_valid_config_loads_and_with_one_change_passes_check_or_is_refused(answered, project):
    def check(pair: tuple[str, str]) -> None:
        good, changed = (
            project.write(name, text) for name, text in zip(("a.yaml", "b.yaml"), pair, strict=True)
        )
        assert outcome(load_config, good) == (0, [])
        lint(load_dataset(load_config(changed), project.folder / ".cache"))

    project.table(GOOD)
    answered(check, strategies.mutated())


def test_any_set_is_applied_or_refused(answered, project):
    path = project.config(metrics=["accuracy"])
    answered(
        lambda sets: load_config(path, tuple(sets)),
        st.lists(strategies.SETS, min_size=1, max_size=3),
    )


@pytest.mark.parametrize("kind", strategies.TABLES)
def test_any_table_passes_check_or_is_refused(answered, project, configs, kind):
    def check(example: tuple[bytes, int]) -> None:
        content, which = example
        project.table(content)
        lint(load_dataset(configs[which], project.folder / ".cache"))

    answered(check, st.tuples(strategies.TABLES[kind], st.integers(0, len(configs) - 1)))


@pytest.mark.parametrize("kind", strategies.TABLES)
def test_any_table_is_read_for_prediction_or_refused(answered, configs, kind):
    encoders = [load_dataset(config).encoder for config in configs[1:]]
    null_values = Data(train="a", target="b").null_values

    def read(example: tuple[bytes, int, bool]) -> None:
        content, which, owed = example
        for _ in EncodedReader(
            encoders[which], open_table(content, null_values, "t"), target=not owed, owed=owed
        ):
            pass

    answered(
        read, st.tuples(strategies.TABLES[kind], st.integers(0, len(encoders) - 1), st.booleans())
    )

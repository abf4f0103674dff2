"""Run directories that were cut or altered at random: a message, or finite numbers; never a traceback."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.forgery import everything, sign
from support.marks import exhaustive

pytestmark = pytest.mark.usefixtures("eager")

CUTS = {
    "weights.npz": 25,
    "checkpoint.npz": 10,
    "run.json": 15,
    "config.yaml": 15,
    "encoding.json": 10,
    "model.keras": 10,
}
FLIPS = {
    "weights.npz": 50,
    "checkpoint.npz": 15,
    "run.json": 30,
    "config.yaml": 30,
    "encoding.json": 25,
    "model.keras": 15,
}
MANY = {"checkpoint.npz": 50}
"""How many are tried where time does not matter: what is not refused costs a training."""


def cases(counts: dict[str, int]) -> list[Any]:
    """Return a case for each file and how often it is damaged, and those of many."""
    usual = [pytest.param(name, count, id=name) for name, count in counts.items()]
    return [*usual, *(exhaustive(*each, id=f"{each[0]}, many") for each in MANY.items())]


def cuts(data: bytes, count: int) -> Iterator[bytes]:
    """Yield the first bytes of a file: none, all but two, and some between."""
    between = np.random.default_rng(0).integers(1, len(data) - 1, count - 2)
    for size in (0, len(data) - 2, *between):
        yield data[:size]


def flips(data: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    """Yield places, spread evenly over a file, and the file with a bit flipped there."""
    generator = np.random.default_rng(0)
    for i in range(count):
        start = i * len(data) // count
        end = (i + 1) * len(data) // count
        place = int(generator.integers(start, end))
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(generator.integers(8))
        yield place, bytes(damaged)


def places_of_content(path: Path) -> set[int]:
    """Return the places in a zip file where its members' own bytes are stored."""
    data, places = path.read_bytes(), set[int]()
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            lengths = struct.unpack_from("<HH", data, member.header_offset + 26)
            start = member.header_offset + 30 + sum(lengths)  # behind the name and the extra field
            places.update(range(start, start + member.compress_size))
    return places


@pytest.fixture
def survives(nnrun, project, copied_run, command_on_run) -> Callable[[str, bytes], bool]:
    """Run the command that reads a damaged file; return whether it was refused."""
    as_it_was = {path.name: path.read_bytes() for path in copied_run.iterdir()}
    around = {k: v for k, v in everything(project.folder).items() if not k.startswith("run")}

    def call(name: str, data: bytes) -> bool:
        for each, former in as_it_was.items():
            (copied_run / each).write_bytes(former)
        (copied_run / name).write_bytes(data)
        if name != "run.json":
            sign(copied_run)
        command = "resume" if name == "checkpoint.npz" else "predict"
        done = nnrun(*command_on_run(command))
        assert done.code in (0, 2), done.err
        assert "Traceback" not in done.err
        assert {
            k: v for k, v in everything(project.folder).items() if not k.startswith("run")
        } == around
        if done.code == 2:
            assert done.out == ""
            assert (
                str(copied_run) in done.err or "table.csv" in done.err
            )  # a column's name was changed
            return True
        if command == "resume":
            assert np.isfinite(pl.read_csv(copied_run / "history.csv").to_numpy()).all()
            done = nnrun(*command_on_run("predict"))
        predicted = pl.read_csv(io.StringIO(done.out), schema_overrides={"prediction": pl.String})
        assert predicted.shape == (60, 2)
        assert predicted["probability"].is_between(0, 1).all()
        return False

    return call


@pytest.mark.parametrize(("name", "count"), cases(CUTS))
def test_a_file_that_was_cut_is_refused_or_not_needed(survives, copied_run, name, count):
    refused = [survives(name, data) for data in cuts((copied_run / name).read_bytes(), count)]
    assert len(refused) == count
    if name == "model.keras":  # which is never read
        assert not any(refused)
    elif name == "config.yaml":  # half of which may be a config
        assert refused[0]
    else:
        assert all(refused)


def test_a_config_that_was_cut_before_what_prediction_needs_is_refused(survives, copied_run):
    config = (copied_run / "config.yaml").read_bytes()
    assert survives("config.yaml", config.partition(b"loss:")[0])


def test_a_config_that_was_cut_behind_what_prediction_needs_predicts(survives, copied_run):
    config = (copied_run / "config.yaml").read_bytes()
    assert not survives("config.yaml", config.partition(b"batch_size:")[0])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), cases(FLIPS))
def test_a_file_of_which_a_bit_was_flipped_is_refused_or_harmless(
    survives, copied_run, name, count
):
    original = (copied_run / name).read_bytes()
    content = places_of_content(copied_run / name) if name.endswith(".npz") else set()
    refused = {place: survives(name, data) for place, data in flips(original, count)}
    assert len(refused) == count
    assert any(refused.values()) == (name != "model.keras")
    assert all(refused[place] for place in refused.keys() & content)
    assert bool(refused.keys() & content) == name.endswith(".npz")

"""Run directories that were cut or altered at random: a message, or finite numbers; never a traceback."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pytest
from support.forgery import everything, sign

pytestmark = pytest.mark.usefixtures("eager")

CUTS = {
    "weights.npz": 25,
    "checkpoint.npz": 25,
    "run.json": 15,
    "config.yaml": 15,
    "encoding.json": 10,
    "model.keras": 10,
}
FLIPS = {
    "weights.npz": 50,
    "checkpoint.npz": 50,
    "run.json": 30,
    "config.yaml": 30,
    "encoding.json": 25,
    "model.keras": 15,
}
assert (sum(CUTS.values()), sum(FLIPS.values())) == (100, 200)


def cuts(data: bytes, count: int) -> Iterator[bytes]:
    """Yield the first bytes of a file: none, all but two, and some between."""
    generator = np.random.default_rng(len(data))
    yield from (
        data[:size] for size in (0, len(data) - 2, *generator.integers(1, len(data) - 1, count - 2))
    )


def flips(data: bytes, count: int) -> Iterator[bytes]:
    """Yield a file with one of its bits the other way round, spread evenly over it."""
    generator = np.random.default_rng(len(data))
    for i in range(count):
        start, end = i * len(data) // count, (i + 1) * len(data) // count
        damaged = bytearray(data)
        damaged[generator.integers(start, end)] ^= 1 << int(generator.integers(8))
        yield bytes(damaged)


@pytest.fixture
def survives(nnrun, project, stranger, arguments) -> Callable[[str, bytes], bool]:
    """Run the command that reads a damaged file; return whether it was refused."""
    as_it_was = {path.name: path.read_bytes() for path in stranger.iterdir()}
    around = {k: v for k, v in everything(project.folder).items() if not k.startswith("run")}

    def call(name: str, data: bytes) -> bool:
        for each, former in as_it_was.items():
            (stranger / each).write_bytes(former)
        (stranger / name).write_bytes(data)
        if name != "run.json":
            sign(stranger)
        command = "resume" if name == "checkpoint.npz" else "predict"
        done = nnrun(*arguments(command))
        assert done.code in (0, 2), done.err
        assert "Traceback" not in done.err
        assert {
            k: v for k, v in everything(project.folder).items() if not k.startswith("run")
        } == around
        if done.code == 2:
            assert done.out == ""
            assert (
                str(stranger) in done.err or "table.csv" in done.err
            )  # a column's name was changed
            return True
        if command == "resume":
            assert np.isfinite(pl.read_csv(stranger / "history.csv").to_numpy()).all()
            done = nnrun(*arguments("predict"))
        predicted = pl.read_csv(io.StringIO(done.out), schema_overrides={"prediction": pl.String})
        assert predicted.shape == (60, 2)
        assert predicted["probability"].is_between(0, 1).all()
        return False

    return call


@pytest.mark.parametrize("name", CUTS)
def test_a_file_that_was_cut_is_refused_or_not_needed(survives, stranger, name):
    refused = [survives(name, data) for data in cuts((stranger / name).read_bytes(), CUTS[name])]
    assert len(refused) == CUTS[name]
    assert all(refused) == (name not in ("model.keras", "config.yaml"))  # half a config may be one
    assert any(refused) == (name != "model.keras")


@pytest.mark.slow
@pytest.mark.parametrize("name", FLIPS)
def test_a_file_of_which_a_bit_was_flipped_is_refused_or_harmless(survives, stranger, name):
    refused = [survives(name, data) for data in flips((stranger / name).read_bytes(), FLIPS[name])]
    assert len(refused) == FLIPS[name]
    assert any(refused) == (name != "model.keras")
    if name in ("weights.npz", "checkpoint.npz"):
        assert np.mean(refused) > 0.7

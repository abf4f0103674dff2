"""What is large, or broken on purpose: `nnrun check` answers in seconds, in little memory, with lines one can read."""

import gzip
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import polars as pl
import pytest

SECONDS = 4  # of the processor, 0.5 of which are Python's and polars's start
MEMORY = 600 << 20  # bytes, 100 MB of which are Python and polars
LONGEST = 20_000  # characters of the whole answer
KILLED = 40, 12 << 30  # seconds, and bytes of addresses
# What wait4 calls the most memory of a process includes that of its parent before the program was loaded.
CHECK = """
import sys
from pathlib import Path
from nnrun.__main__ import main
try:
    main()
finally:
    Path("status").write_text(Path("/proc/self/status").read_text())
"""
CONFIG = """\
data: {train: table.csv, target: label}
layers: [{units: 1, activation: sigmoid}]
loss: bce
epochs: 1
"""
GOOD = b"a,label\n1,0\n2,1\n3,0\n4,1\n"


class Case(NamedTuple):
    """A config, a table (None: a good one), and what follows --set."""

    config: str = CONFIG
    table: bytes | None = None
    override: str = "seed=1"


def repeated(text: str, count: int) -> str:
    """Return the text so many times, numbered."""
    return "".join(text.format(i) for i in range(count))


def zipped(piece: bytes, count: int, start: bytes = b"") -> bytes:
    """Return a gzip file, small itself, of the piece so many times."""
    return gzip.compress(start) + gzip.compress(piece) * count


def altered(offset: int, value: int) -> bytes:
    """Return a Parquet file of 1.2 kB, one byte of which is another."""
    file = io.BytesIO()
    pl.DataFrame(
        {"age": [1.0, 2.0, 3.0, 4.0], "town": ["York", "Ely"] * 2, "label": [0, 1] * 2}
    ).write_parquet(file)
    content = bytearray(file.getvalue())
    content[offset] = value
    return bytes(content)


def with_giant_text(size: int) -> bytes:
    """Return a Parquet file of some kilobytes with a text of so many bytes."""
    file = io.BytesIO()
    frame = pl.DataFrame({"age": [1.0, 2.0], "note": ["x" * size, "y"], "label": [0, 1]})
    frame.write_parquet(file, statistics=False)
    return file.getvalue()


CASES: dict[str, Callable[[], Case]] = {
    "a config of 512 KiB": lambda: Case("#" * (512 << 10)),
    "a million brackets": lambda: Case("a: " + "[" * 1_000_000),
    "aliases of aliases": lambda: Case("a: &a [x, x]\n" + repeated("b{0}: &b{0} [*a, *a]\n", 8)),
    "a million quotes": lambda: Case(table=b"a,label\n" + b'"' * 1_000_000),
    "a million short rows": lambda: Case(table=b"a,label\n" + b"1\n" * 1_000_000),
    "20 MB of random bytes": lambda: Case(table=os.urandom(20 << 20)),
    "a wrong byte behind 8 MB": lambda: Case(
        table=b"a,label\n" + b"1,0\n" * 2_000_000 + b"\xff,1\n"
    ),
    "30,000 columns of one name": lambda: Case(table=b",".join([b"a"] * 30_000) + b"\n1,2\n"),
    "half a million texts": lambda: Case(
        table=b"a,label\n" + b"".join(b"%d x,%d\n" % (i, i % 2) for i in range(500_000))
    ),
    "a text of 20 MB": lambda: Case(
        table=b"a,label\n" + b"x" * (20 << 20) + b",0\n1,1\n2,0\n3,1\n"
    ),
    "25,000 unknown keys": lambda: Case(CONFIG + repeated("k{}: 1\n", 25_000)),
    "50,000 tags": lambda: Case("a: [" + "!t x," * 50_000 + "]"),
    "50,000 layers without units": lambda: Case("layers:\n" + "- {}\n" * 50_000),
    "28,000 unknown metrics": lambda: Case(f"{CONFIG}metrics:\n" + repeated("- m{}\n", 28_000)),
    "40,000 metrics of one name": lambda: Case(f"{CONFIG}metrics:\n" + "- auc\n" * 40_000),
    "35,000 unknown features": lambda: Case(
        CONFIG.replace("target", f"features: [{repeated('f{},', 35_000)}], target")
    ),
    "a long key": lambda: Case(f"{CONFIG}? {'x' * 250_000}\n: 1\n"),
    "a key with an escape": lambda: Case(f'{CONFIG}"\\e[31m": 1\n'),
    "a key with a line end": lambda: Case(f'{CONFIG}"see\\n\\td": 1\n'),
    "a --set with an escape": lambda: Case(override="\x1b[31m=1"),
    "a --set that is not UTF-8": lambda: Case(override="\udcff=1"),
    "a path longer than a name may be": lambda: Case(override="data.train=" + "x" * 300),
    "/dev/zero": lambda: Case(override="data.train=/dev/zero"),
    "600 MB of NUL, zipped": lambda: Case(table=zipped(bytes(1 << 20), 600)),
    "600 MB without line end, zipped": lambda: Case(
        table=zipped(b"x" * (1 << 20), 600, b"a,label\n")
    ),
    "a quote left open above 20 MB": lambda: Case(table=b'a,label\n"1,0\n' + b"1,0\n" * 5_000_000),
    "a quote among tabs": lambda: Case(table=b'a\tlabel\n"1"x\t0\n2\t1\n'),
    "30,000 blank names": lambda: Case(table=b"," * 30_000 + b"\n1,2\n"),
    "a long name": lambda: Case(table=b"a" * 100_000 + b",label\nx,0\n1,1\n2,1\n"),
    "a byte of a Parquet file, at which polars panics": lambda: Case(table=altered(14, 1)),
    "a byte of a Parquet file, at which polars aborts": lambda: Case(table=altered(12, 1)),
    "15 million commas in the first row": lambda: Case(
        table=b"a,label\n" + b"," * 15_000_000 + b"\n1,0\n"
    ),
    "15 million commas in the header": lambda: Case(table=b"," * 15_000_000 + b"\n1,2\n"),
    "a gzip file and 300 MB of zeros": lambda: Case(table=gzip.compress(GOOD) + bytes(300 << 20)),
    "a gzip file and millions of empty ones": lambda: Case(
        table=gzip.compress(GOOD) + gzip.compress(b"") * 5_000_000
    ),
    "a text of 600 MB in a Parquet file": lambda: Case(table=with_giant_text(600 << 20)),
}


class Done(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    err: str
    seconds: float
    memory: int


@pytest.fixture
def check(project) -> Callable[[Case], Done]:
    """Run `nnrun check` on a case in a process of its own, under limits that spare the machine."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits a process that runs")

    def run(case: Case) -> Done:
        project.write("config.yaml", case.config)
        if case.table is not None:
            project.table(case.table)
        command = [sys.executable, "-c", CHECK, "check", "config.yaml", "--set", case.override]
        files = [(project.folder / name).open("w+", encoding="utf-8") for name in ("out", "err")]
        process = subprocess.Popen(command, cwd=project.folder, stdout=files[0], stderr=files[1])
        for kind, most in zip((resource.RLIMIT_CPU, resource.RLIMIT_AS), KILLED, strict=True):
            resource.prlimit(process.pid, kind, (most, most))
        _, ended, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
        texts = [file.seek(0) or file.read(LONGEST + 1) for file in files]
        for file in files:
            file.close()
        status = project.folder / "status"  # is not written where the process was killed
        memory = (
            int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) << 10
            if status.exists()
            else 0
        )
        return Done(process.returncode, *texts, usage.ru_utime + usage.ru_stime, memory)

    return run


def refused(done: Done) -> None:
    """Hold an answer to what a user may expect of one."""
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
    assert 0 < len(done.err) <= LONGEST
    assert all(line.isprintable() for line in done.err.splitlines())
    assert done.seconds < SECONDS
    assert done.memory < MEMORY


@pytest.mark.fuzz
@pytest.mark.parametrize("name", CASES)
def test_what_is_large_or_broken_is_refused_in_seconds_and_little_memory(check, name):
    refused(check(CASES[name]()))

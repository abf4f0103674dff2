"""Two commands timed in turn: whole processes, A B A B ..., and the median of the pairwise ratios.

A pair runs within seconds, so that what else the machine does meanwhile slows both and mostly cancels.
"""

import argparse
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Command:
    """A command to time, and what the printed line calls it.

    Attributes:
        label: as in `Keras script`.
        arguments: the program and its arguments.
        folder: where it runs; by default here.
    """

    label: str
    arguments: list[str]
    folder: Path | None = None


@dataclass(frozen=True)
class Result:
    """What `compare` measured.

    Attributes:
        name: of the comparison.
        a: the first command's label.
        b: the second command's label.
        seconds_a: the first command's median.
        seconds_b: the second command's median.
        ratio: the median of a / b, pair by pair.
        bound: what the ratio should not exceed; infinity where there is none.
    """

    name: str
    a: str
    b: str
    seconds_a: float
    seconds_b: float
    ratio: float
    bound: float

    def __str__(self) -> str:
        times = f"{self.a} {describe_seconds(self.seconds_a)}, {self.b} {describe_seconds(self.seconds_b)}"
        bound = f" (bound {self.bound:g})" * (self.bound < math.inf)
        return f"{self.name}: {times}, ratio {self.ratio:.2f}{bound}"


OTHERS = os.environ.get(
    "BENCHMARK_PYTHON", sys.executable
)  # the interpreter that has scikit-learn and PyTorch
Time = Callable[[Command], float]


def compare(
    name: str,
    a: Command,
    b: Command,
    runs: int,
    bound: float,
    *,
    warm: bool = True,
    time_of: Time | None = None,
) -> Result:
    """Time a and b in turn, `runs` times, after one warm-up of each if `warm`; print a line and return the result.

    `time_of` runs a command and returns its seconds: by default those of the whole process.
    """
    time_of = time_of or measure
    for command in (a, b) if warm else ():
        time_of(command)
    pairs = [(time_of(a), time_of(b)) for _ in range(runs)]
    result = Result(
        name,
        a.label,
        b.label,
        median(first for first, _ in pairs),
        median(second for _, second in pairs),
        median(first / second for first, second in pairs),
        bound,
    )
    print(result, flush=True)
    return result


def measure(command: Command) -> float:
    """Run a command and return its seconds; where it fails, end the benchmark with what it said."""
    began = time.perf_counter()
    output(command)
    return time.perf_counter() - began


def output(command: Command) -> str:
    """Run a command and return its stdout; where it fails, end the benchmark with what it said."""
    done = subprocess.run(command.arguments, cwd=command.folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(
            f"{' '.join(command.arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def python(
    label: str, *arguments: object, folder: Path | None = None, program: str = sys.executable
) -> Command:
    """Return a command of this interpreter, or of `program`."""
    return Command(label, [program, *map(str, arguments)], folder)


def others(module: str) -> str | None:
    """Return the interpreter for a script that needs `module`: this one for Keras, else OTHERS; None without it."""
    if module == "keras":
        return sys.executable
    found = subprocess.run([OTHERS, "-c", f"import {module}"], capture_output=True).returncode == 0
    if not found:
        print(f"{module} is not installed: skipped")
    return OTHERS if found else None


def describe_seconds(seconds: float) -> str:
    """Return `3.1 s`, or `105 ms` below a second."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(),
            flush=True,
        )


def read_runs(description: str | None) -> int:
    """Return --runs of the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=5, help="pairs to time (default: 5)")
    runs: int = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs must be at least 1")
    return runs

"""Every benchmark in order, and a table at the end: python tests/benchmarks/run.py.

Those of time first; then the curve, and what the configs reach, beside scikit-learn where it is installed.
"""

import math

import curve
import init
import lesson
import mlp
import predict
import rate
import startup
from pairs import Result, describe_seconds, print_rows, read_runs


def print_table(results: list[Result]) -> None:
    """Print a line per comparison."""
    rows = [("benchmark", "nnrun", "compared with", "", "ratio", "bound", "")]
    for r in results:
        seconds = describe_seconds(r.seconds_a), describe_seconds(r.seconds_b)
        verdict = (
            ("-", "")
            if r.bound == math.inf
            else (f"{r.bound:g}", "within" if r.ratio <= r.bound else "ABOVE")
        )
        rows.append((r.name, seconds[0], r.b, seconds[1], f"{r.ratio:.2f}", *verdict))
    print_rows(rows)


def main() -> None:
    """Run all of them."""
    runs = read_runs(__doc__)
    results = [
        result for benchmark in (startup, lesson, rate, predict) for result in benchmark.run(runs)
    ]
    print()
    print_table(results)
    print()
    curve.run(curve.ROWS)
    print()
    mlp.run(runs)
    init.run(runs)


if __name__ == "__main__":
    main()

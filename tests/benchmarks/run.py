"""Every benchmark in order, and a table at the end: python tests/benchmarks/run.py."""

import init
import lesson
import mlp
import predict
import startup
from pairs import Result, describe_seconds, read_runs


def print_table(results: list[Result]) -> None:
    """Print a line per comparison."""
    rows = [("benchmark", "nnrun", "compared with", "", "ratio", "bound", "")]
    for r in results:
        seconds = describe_seconds(r.seconds_a), describe_seconds(r.seconds_b)
        verdict = "within" if r.ratio <= r.bound else "ABOVE"
        rows.append((r.name, seconds[0], r.b, seconds[1], f"{r.ratio:.2f}", f"{r.bound:g}", verdict))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def main() -> None:
    """Run all of them."""
    runs = read_runs(__doc__)
    results = [result for benchmark in (startup, lesson, predict) for result in benchmark.run(runs)]
    mlp.run(runs)
    init.run(runs)
    print()
    print_table(results)


if __name__ == "__main__":
    main()

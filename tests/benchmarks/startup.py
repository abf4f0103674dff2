"""What a command takes before it does anything: `nnrun --help`, and `nnrun check` without TensorFlow."""

import tempfile
from pathlib import Path

from pairs import Result, compare, python, read_runs

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "digits-relu.yaml"


def run(runs: int) -> list[Result]:
    """Print and return both comparisons."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usage = python("nnrun --help", "-m", "nnrun", "--help", folder=folder)
        click = python("import click", "-c", "import click", folder=folder)
        check = python("nnrun check", "-m", "nnrun", "check", CONFIG, folder=folder)
        tensorflow = python("import tensorflow", "-c", "import tensorflow", folder=folder)
        return [
            compare("help", usage, click, runs, 3),
            compare("check", check, tensorflow, runs, 0.25),
        ]


if __name__ == "__main__":
    run(read_runs(__doc__))

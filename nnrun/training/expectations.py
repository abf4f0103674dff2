"""The quantities that a config expects of a finished run."""

from nnrun.config.expectations import OPERATORS, parse_expectation
from nnrun.config.schema import Config
from nnrun.errors import ExpectationError
from nnrun.runs.history import Logs


def check_expectations(config: Config, metrics: Logs) -> None:
    """Raise an ExpectationError that lists every quantity of `expect` that is not met."""
    missed = []
    for name, text in config.expect.items():
        operator, bound = parse_expectation(text)
        if not OPERATORS[operator](metrics[name], bound):
            missed.append(
                f"{config.where('expect', name)}: expected {operator} {bound:g}, "
                f"got {metrics[name]:.6g}"
            )
    if missed:
        raise ExpectationError("\n".join(missed))

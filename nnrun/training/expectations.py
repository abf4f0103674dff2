"""The quantities that a config expects of a finished run."""

from nnrun.config.expectations import BASELINE, BETTER, OPERATORS, parse_expectation
from nnrun.config.schema import Config
from nnrun.errors import ExpectationError
from nnrun.results.saved_verdict import SavedVerdict
from nnrun.runs.history import Logs


def check_expectations(
    config: Config,
    metrics: Logs,
    verdict: SavedVerdict | None = None,
    *,
    is_judged: bool = True,
) -> None:
    """Check a finished run against what its config expects.

    Args:
        config: The config.
        metrics: The metrics of the finished run.
        verdict: The verdict on it, or None where there is none.
        is_judged: Whether this process judged the run: of several workers, the chief alone does.

    Raises:
        ExpectationError: A quantity of `expect` is not met; every such quantity is in it.
    """
    missed = []
    for name, text in config.expect.items():
        if name != BASELINE:
            missed += _missed_metric(config, name, text, metrics[name])
        elif is_judged:
            missed += _missed_verdict(config, verdict)
    if missed:
        raise ExpectationError("\n".join(missed))


def _missed_metric(
    config: Config,
    name: str,
    text: str,
    value: float,
) -> list[str]:
    """Return a line where a metric is not what the text of its expectation says."""
    operator, bound = parse_expectation(text)
    is_met = OPERATORS[operator](value, bound)
    if is_met:
        return []
    place = config.where("expect", name)
    return [f"{place}: expected {operator} {bound:g}, got {value:.6g}"]


def _missed_verdict(config: Config, verdict: SavedVerdict | None) -> list[str]:
    """Return a line where the network is no better than its baseline."""
    place = config.where("expect", BASELINE)
    if verdict is None:
        return [f"{place}: expected {BETTER}, but the run has no verdict"]
    if verdict.verdict == BETTER:
        return []
    return [f"{place}: expected {BETTER}, got {verdict.verdict}: {verdict.sentence}"]

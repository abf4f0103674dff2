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
    """Raise an ExpectationError that lists every quantity of `expect` that is not met.

    Args:
        config: The config.
        metrics: The metrics of the finished run.
        verdict: The verdict on it, or None where there is none.
        is_judged: Whether this process judged the run: of several workers, the chief alone does.
    """
    missed = []
    for name, text in config.expect.items():
        if name == BASELINE:
            missed += _missed_verdict(config, verdict) if is_judged else []
            continue
        operator, bound = parse_expectation(text)
        if not OPERATORS[operator](metrics[name], bound):
            missed.append(
                f"{config.where('expect', name)}: expected {operator} {bound:g}, "
                f"got {metrics[name]:.6g}"
            )
    if missed:
        raise ExpectationError("\n".join(missed))


def _missed_verdict(config: Config, verdict: SavedVerdict | None) -> list[str]:
    """Return a line where the network is no better than its baseline."""
    place = config.where("expect", BASELINE)
    if verdict is None:
        return [f"{place}: expected {BETTER}, but the run has no verdict"]
    if verdict.verdict == BETTER:
        return []
    return [f"{place}: expected {BETTER}, got {verdict.verdict}: {verdict.sentence}"]

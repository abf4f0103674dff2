"""Everything that can be said of a config and its data before TensorFlow is imported.

The rules stand in `lint_errors.py` and `lint_warnings.py`.
"""

from nnrun import lint_errors, lint_warnings
from nnrun.dataset import Dataset
from nnrun.errors import ConfigError
from nnrun.rules import RULES, Finding

__all__ = ["Finding", "lint", "lint_errors", "lint_warnings", "raise_errors"]


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, errors first."""
    findings = [Finding(r.code, r.level, message) for r in RULES for message in r.check(dataset)]
    return sorted(findings, key=lambda finding: finding.level)


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(f) for f in findings if f.level == "error"]:
        raise ConfigError(errors)

"""thresholds.json: the thresholds that were chosen on rows held out, by what they are best at.

The file may come from strangers: it is bounded before it is read. It is of the weights whose
checksum it has: after more training, thresholds are chosen anew.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from nnrun.errors import RunError
from nnrun.files import to_json, write_text
from nnrun.ordinary_files import read_small
from nnrun.runs.directory import Run
from nnrun.wording import first_line

Share = Annotated[float, Field(ge=0, le=1)]


class ChosenThreshold(BaseModel, extra="forbid", frozen=True):
    """A threshold, and the rows that it was chosen on.

    Attributes:
        threshold: The probability from which on a row is called the second of two labels, or that
            of each target.
        part: The part of these rows.
        rows: How many they are.
    """

    threshold: Share | tuple[Share, ...]
    part: Literal["validation", "test"]
    rows: int


class SavedThresholds(BaseModel, extra="forbid"):
    """The content of thresholds.json."""

    format: Literal[1] = 1
    weights: str
    """The SHA-256 of the weights.npz that gave the probabilities."""
    thresholds: dict[str, ChosenThreshold] = {}
    """The thresholds by their goals, such as `f1` or `cost=10:1`."""


def read_threshold(run: Run, goal: str) -> ChosenThreshold | None:
    """Return the threshold that was chosen for a goal, or None where none was for these weights.

    Args:
        run: The run directory.
        goal: The measure that the threshold was chosen by, as thresholds.json names it.

    Raises:
        RunError: thresholds.json cannot be read, or was altered.
    """
    return _read(run).thresholds.get(goal)


def write_threshold(run: Run, goal: str, chosen: ChosenThreshold) -> None:
    """Add a threshold to thresholds.json.

    Args:
        run: The run directory.
        goal: The goal, such as `f1`.
        chosen: The threshold, and the rows that it was chosen on.

    Raises:
        RunError: thresholds.json cannot be read, or was altered.
    """
    saved = _read(run)
    thresholds = {**saved.thresholds, goal: chosen}
    saved = saved.model_copy(update={"thresholds": thresholds})
    write_text(run.thresholds, to_json(saved.model_dump()))


def _read(run: Run) -> SavedThresholds:
    """Return what was saved of the run's weights, or an empty collection."""
    weights = run.read_info().checksums.get(run.weights.name, "")
    if not run.thresholds.is_file():
        return SavedThresholds(weights=weights)
    try:
        content = read_small(run.thresholds)
        saved = SavedThresholds.model_validate_json(content)
    except (OSError, ValidationError) as error:
        reason = f"cannot be read: {first_line(error)}; was it altered?"
        raise RunError(f"{run.thresholds}: {reason}") from None
    if saved.weights != weights:
        return SavedThresholds(weights=weights)
    return saved

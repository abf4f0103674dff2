"""The choice of a threshold: a number, or the best by a goal on rows held out."""

from pathlib import Path
from typing import Literal, NamedTuple, cast

from nnrun.errors import InputError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.held_out import Readers, held_out_rows
from nnrun.results.ranked_scores import RankedScores, ScoreCounter
from nnrun.results.row_losses import second_probability
from nnrun.results.saved_thresholds import ChosenThreshold, read_threshold, write_threshold
from nnrun.results.thresholds import ThresholdGoal, best_threshold, parse_goal
from nnrun.results.trained_run import TrainedRun
from nnrun.runs.directory import Run


class Threshold(NamedTuple):
    """A threshold, and where it comes from.

    Attributes:
        value: The probability from which on a row is called the second of two labels; None where
            none was asked for.
        note: A line that says how it was chosen, or "" where it was given as a number.
    """

    value: float | None
    note: str = ""


def threshold_for(run: Path, trained: TrainedRun, given: float | str | None) -> Threshold:
    """Return the threshold that a number is, or that is best by a goal on the rows held out.

    Args:
        run: The run directory.
        trained: The same run.
        given: The number, or a goal as `parse_goal` takes it: the threshold that was stored for
            it, or the one that the rows held out give now.

    Raises:
        InputError: The run has not two labels, or what was given is neither.
        RunError: The rows held out are needed, and cannot be read.
    """
    if given is None:
        return Threshold(None)
    goal = given if isinstance(given, float | int) else parse_goal(given)
    if not isinstance(goal, ThresholdGoal):
        trained.check_threshold(float(goal))
        return Threshold(float(goal))
    _check_labels(trained)
    directory = Run(run)
    chosen = read_threshold(directory, str(goal))
    if chosen is None:
        chosen = _choose(trained, held_out_rows(directory, trained), goal)
    return _told(chosen, goal)


def store_best_threshold(run: Path, trained: TrainedRun, readers: Readers, text: str) -> Threshold:
    """Choose the best threshold on the rows held out, and store it in the run.

    Args:
        run: The run directory.
        trained: The same run.
        readers: Its rows held out: those of validation choose, else those of the test table.
        text: The goal.

    Raises:
        InputError: The run has not two labels, or the goal is none.
    """
    goal = parse_goal(text)
    _check_labels(trained)
    chosen = _choose(trained, readers, goal)
    write_threshold(Run(run), str(goal), chosen)
    return _told(chosen, goal)


def best_threshold_of_table(trained: TrainedRun, reader: EncodedReader, text: str) -> Threshold:
    """Return the threshold that is best on the rows of a table.

    Raises:
        InputError: The run has not two labels, or the goal is none.
        TableError: The table has mistakes.
    """
    goal = parse_goal(text)
    _check_labels(trained)
    best = best_threshold(_scores(trained, reader), goal).threshold
    return Threshold(best, f"threshold {best:.4g} is best by {goal} on these very rows")


def _choose(trained: TrainedRun, readers: Readers, goal: ThresholdGoal) -> ChosenThreshold:
    """Return the threshold that is best on the first part of the rows held out."""
    part, reader = next(iter(readers.items()))
    scores = _scores(trained, reader)
    return ChosenThreshold(
        threshold=best_threshold(scores, goal).threshold,
        part=cast("Literal['validation', 'test']", part),
        rows=scores.positives + scores.negatives,
    )


def _told(chosen: ChosenThreshold, goal: ThresholdGoal) -> Threshold:
    note = (
        f"threshold {chosen.threshold:.4g} is best by {goal} on the {chosen.rows} rows of "
        f"{chosen.part}"
    )
    return Threshold(chosen.threshold, note)


def _scores(trained: TrainedRun, reader: EncodedReader) -> RankedScores:
    """Return the ranked probabilities of the second of two labels.

    Raises:
        InputError: All rows have the same label.
    """
    counter = ScoreCounter()
    for computed in trained.outputs(reader):
        probabilities = trained.probabilities(computed.outputs.predictions)
        counter.add(computed.y[:, 0] == 1, second_probability(probabilities))
    scores = counter.result()
    if not (scores.positives and scores.negatives):
        raise InputError(
            f"{reader.table.name}: all rows have the same label; "
            "a threshold is chosen on rows of both"
        )
    return scores


def _check_labels(trained: TrainedRun) -> None:
    """Raise an InputError unless the run tells two labels apart."""
    labels = len(trained.encoder.labels)
    if labels == 2:
        return
    received = f"this run has {labels}" if labels else "this run predicts numbers"
    raise InputError(f"a threshold is for a run with two labels; {received}")

"""The choice of a threshold: a number, or the best by a goal on rows held out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, cast

from nnrun.errors import InputError, RunError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.held_out import Readers, held_out_rows
from nnrun.results.ranked_scores import RankedScores, ScoreCounter
from nnrun.results.row_losses import DEFAULT_THRESHOLD, AnyThreshold
from nnrun.results.row_weights import counted_rows
from nnrun.results.saved_thresholds import ChosenThreshold, read_threshold, write_threshold
from nnrun.results.thresholds import ThresholdGoal, best_threshold, parse_goal
from nnrun.results.trained_run import TrainedRun
from nnrun.results.weighted_outputs import weighted_outputs
from nnrun.runs.directory import Run
from nnrun.wording import did_you_mean, listed

GivenThreshold = float | str | Mapping[str, object] | None


class Threshold(NamedTuple):
    """A threshold, and where it comes from.

    Attributes:
        value: The probability from which on a row is called the second of two labels, or that of
            each target; None where none was asked for.
        note: A line that says how it was chosen, or "" where it was given as a number.
    """

    value: AnyThreshold
    note: str = ""


def threshold_for(run: Path, trained: TrainedRun, wanted: GivenThreshold) -> Threshold:
    """Return the threshold that a number is, or that is best by a goal on the rows held out.

    Of several targets, a goal gives each its own.

    Args:
        run: The run directory.
        trained: The same run.
        wanted: The number; or those of some targets by name, as a mapping or as `a=0.3,b=0.6`; or a
            goal as `parse_goal` takes it: the threshold that was stored for it, or the one that
            the rows held out give now.

    Raises:
        InputError: The run has not two labels, or what was given is neither.
        RunError: The rows held out are needed, and cannot be read.
    """
    if wanted is None:
        return Threshold(None)
    if isinstance(wanted, str) and trained.encoder.is_multilabel:
        wanted = _by_name(wanted) or wanted
    if isinstance(wanted, Mapping):
        return Threshold(_of_each_target(trained, wanted))
    if not isinstance(wanted, str):
        number = float(wanted)
        trained.check_threshold(number)
        return Threshold(number)
    goal = parse_goal(wanted)
    trained.require_two_labels()
    directory = Run(run)
    chosen = read_threshold(directory, str(goal))
    if chosen is None:
        chosen = _choose(trained, held_out_rows(directory, trained), goal)
    _check_number(directory, trained, chosen)
    return _with_note(trained, chosen, goal)


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
    trained.require_two_labels()
    chosen = _choose(trained, readers, goal)
    write_threshold(Run(run), str(goal), chosen)
    return _with_note(trained, chosen, goal)


def best_threshold_of_table(trained: TrainedRun, reader: EncodedReader, text: str) -> Threshold:
    """Return the threshold that is best on the rows of a table.

    Args:
        trained: The run.
        reader: The rows, with their target.
        text: The goal, such as `f1` or `cost=10:1`.

    Raises:
        InputError: The run has not two labels, or the goal is none.
        TableError: The table has mistakes.
    """
    goal = parse_goal(text)
    trained.require_two_labels()
    scores, _ = _scores(trained, reader)
    best = _best(scores, goal)
    return Threshold(best, f"{_in_words(trained, best)} best by {goal} on these very rows")


def _choose(trained: TrainedRun, readers: Readers, goal: ThresholdGoal) -> ChosenThreshold:
    """Return the threshold that is best on the first part of the rows held out."""
    part, reader = next(iter(readers.items()))
    scores, rows = _scores(trained.before_refit(), reader)
    return ChosenThreshold(
        threshold=_best(scores, goal),
        part=cast("Literal['validation', 'test']", part),
        rows=rows,
    )


def _best(scores: list[RankedScores], goal: ThresholdGoal) -> float | tuple[float, ...]:
    """Return the threshold that is best, or that of each of several targets."""
    best = []
    for of_target in scores:
        row = best_threshold(of_target, goal)
        best.append(row.threshold)
    return tuple(best) if len(best) > 1 else best[0]


def _with_note(trained: TrainedRun, chosen: ChosenThreshold, goal: ThresholdGoal) -> Threshold:
    """Return a threshold, with the line that says how it was chosen."""
    words = _in_words(trained, chosen.threshold)
    rows = f"the {chosen.rows} rows of {chosen.part}"
    note = f"{words} best by {goal} on {rows}"
    return Threshold(chosen.threshold, note)


def _in_words(trained: TrainedRun, threshold: float | tuple[float, ...]) -> str:
    """Return the beginning of a sentence on thresholds, as in `threshold 0.4 is`."""
    if not isinstance(threshold, tuple):
        return f"threshold {threshold:.4g} is"
    shown = []
    for name, value in zip(trained.encoder.target_names, threshold, strict=True):
        shown.append(f"{name}={value:.4g}")
    return f"thresholds {','.join(shown)} are"


def _scores(trained: TrainedRun, reader: EncodedReader) -> tuple[list[RankedScores], int]:
    """Return the ranked probabilities of the second label of each target, which has two.

    Rows count by their weights, where the table has the column. How many there are is returned too.

    Raises:
        InputError: All rows have the same label of a target.
    """
    counters = [ScoreCounter() for _ in trained.encoder.targets]
    rows = 0
    for computed, weights in weighted_outputs(trained, reader):
        counting = counted_rows(weights)
        probabilities = trained.probabilities(computed.outputs.predictions)
        rows += len(computed.y)
        for number, counter in enumerate(counters):
            # one target may have an output for each of its two labels, of which this is the last
            column = number if len(counters) > 1 else -1
            has_label = computed.y[counting, number] == 1
            of_rows = None if weights is None else weights[counting]
            counter.add(has_label, probabilities[counting, column], of_rows)
    scores = [counter.result() for counter in counters]
    for target, of_target in zip(trained.encoder.targets, scores, strict=True):
        has_both_labels = of_target.positives and of_target.negatives
        if not has_both_labels:
            of_column = f" in column {target.name!r}" if len(scores) > 1 else ""
            raise InputError(
                f"{reader.table.name}: all rows have the same label{of_column}; "
                "a threshold is chosen on rows of both"
            )
    return scores, rows


def _by_name(text: str) -> Mapping[str, object] | None:
    """Return the thresholds of some of several targets by name, or None where a goal is given."""
    is_cost = text.startswith("cost=") and ":" in text
    if "=" not in text or is_cost:
        return None
    thresholds = {}
    for assignment in text.split(","):
        name, _, value = assignment.rpartition("=")
        thresholds[name.strip()] = value
    return thresholds


def _of_each_target(trained: TrainedRun, by_name: Mapping[str, object]) -> tuple[float, ...]:
    """Return the threshold of each target, the default for those that are not named.

    Raises:
        InputError: The run has not several targets of labels, a name is not a target, or a
            threshold is not a probability.
    """
    if not trained.encoder.is_multilabel:
        raise InputError("thresholds by name are for a run with several targets of two labels")
    names = trained.encoder.target_names
    problems = []
    for name in by_name:
        if name not in names:
            hint = f"{did_you_mean(name, names)}; its targets are {listed(names, 12)}"
            problems.append(f"--threshold: {name!r} is not a target of the run{hint}")
    thresholds = dict.fromkeys(names, DEFAULT_THRESHOLD)
    for name, value in by_name.items():
        probability = _probability(value)
        if probability is None:
            problems.append(f"--threshold: {name}={value}: a probability is from 0 to 1")
        else:
            thresholds[name] = probability
    if problems:
        raise InputError(problems)
    return tuple(thresholds.values())


def _probability(value: object) -> float | None:
    """Return the number that a value or its text is, or None unless it is from 0 to 1."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


def _check_number(run: Run, trained: TrainedRun, chosen: ChosenThreshold) -> None:
    """Raise a RunError unless what thresholds.json says is of as many targets as the run has."""
    thresholds = len(chosen.threshold) if isinstance(chosen.threshold, tuple) else 1
    if thresholds != len(trained.encoder.targets):
        raise RunError(f"{run.thresholds}: its targets are not those of the run; was it altered?")

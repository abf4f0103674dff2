"""What `nnrun init` makes of the target: labels or numbers, and the output that predicts them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from nnrun.checks.labels import rare_labels
from nnrun.errors import TableError
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.labels import KNOWN_LABELS, label_key
from nnrun.features.unfit_columns import why_unfit
from nnrun.reporting.starter_survey import TableSurvey
from nnrun.wording import counted, listed

Task = Literal["binary", "classes", "regression"]
"""What a target is: one of two labels, one of several, or a number."""

MAX_CLASSES = 20
"""Whole numbers from 0 or 1 on, with no gap up to so many, may be classes."""

FREQUENT = 0.25
"""Of the share that each of the labels would have if all had the same: whole numbers of which one
has less are counts, whose large values are rare, such as visits to a doctor."""

DOMINANT = 4
"""Times that share: whole numbers of which one has more are counts, most of which are 0 or 1."""

MOST_LABELS = 50
"""Text of more distinct ones is hardly a target, unless --task says so."""

SHARE_OF_LABELS = 0.4
"""Of the rows: two rows of each label, of those that are not held out."""

CLEAR_OF_ZERO = 0.5
"""Standard deviations from 0 to the least number, from which on an output that cannot be negative
is of no use, and in the way: it learns how far the numbers lie from 0 before it learns how they
differ. On test scores from 606 to 707 such a network erred three times as much as a linear one."""

LARGEST_SPREAD = 1e9
"""Gradients grow with the square of the target's scale, and Adam squares them again in float32."""


class Output(NamedTuple):
    """What a target is, and what predicts it.

    Attributes:
        kind: What it is, in words.
        units: The units of the last layer.
        activation: Its activation, as Keras names it.
        loss: The loss, as Keras names it.
    """

    kind: str
    units: int
    activation: str
    loss: str


@dataclass(frozen=True)
class TargetChoice:
    """What init makes of the target.

    Attributes:
        task: What the target is.
        output: What predicts it.
        alternative: What would predict it, if whole numbers are not what `output` takes them for.
        positives: The label of each target that probabilities are of, where the labels do not tell
            it themselves.
        rare: Which labels have few rows, in words; empty where none has.
    """

    task: Task
    output: Output
    alternative: Output | None
    positives: list[str]
    rare: str


def choose_target(survey: TableSurvey, task: Task | None = None) -> TargetChoice:
    """Return what predicts the target.

    Args:
        survey: What the table holds.
        task: What the target is, or None where its cells tell.

    Raises:
        TableError: Nothing can predict it, or not as the task says.
    """
    labels = count_labels(survey.label_counts)
    chosen = task or _guess_task(survey, labels)
    reason = _why_no_target(survey, labels, chosen, is_given=task is not None)
    if reason:
        name = survey.target.name
        raise TableError(f"{survey.name}: column {name!r} cannot be the target: {reason}")
    positives: list[str] = []
    rare = ""
    if chosen == "regression":
        _refuse_wrong_numbers(survey)
    else:
        rare = _rare_in_words(survey.label_counts)
    if chosen == "binary":
        positives = _choose_positive(survey.label_counts)
    return TargetChoice(
        task=chosen,
        output=_output(survey, labels, chosen),
        alternative=_alternative(survey, labels, chosen),
        positives=positives,
        rare=rare,
    )


def count_labels(label_counts: Mapping[str, int]) -> Counter[str]:
    """Return the rows of each label by its key, however it is spelt.

    Args:
        label_counts: The rows of each text of the target.
    """
    counts: Counter[str] = Counter()
    for text, rows in label_counts.items():
        counts[label_key(text)] += rows
    return counts


def _guess_task(survey: TableSurvey, labels: Mapping[str, int]) -> Task:
    """Return what the cells of the target tell of the task."""
    if len(labels) == 2:
        return "binary"
    if kind_of(survey.target.profile) != "number":
        return "classes"
    if _may_be_classes(survey, labels) and _are_frequent(labels):
        return "classes"
    return "regression"


def _may_be_classes(survey: TableSurvey, labels: Mapping[str, int]) -> bool:
    """Tell whether numbers are few whole ones from 0 or 1 on, without a gap."""
    target = survey.target.profile
    if not target.whole or target.minimum not in (0, 1):
        return False
    has_no_gap = target.maximum - target.minimum == len(labels) - 1
    most_labels = min(MAX_CLASSES, SHARE_OF_LABELS * survey.rows)
    return has_no_gap and len(labels) <= most_labels


def _are_frequent(labels: Mapping[str, int]) -> bool:
    """Tell whether no label is rare, and none has most of the rows."""
    rows = labels.values()
    fair_share = sum(rows) / len(rows)
    if min(rows) < FREQUENT * fair_share:
        return False
    return max(rows) <= DOMINANT * fair_share


def _why_no_target(
    survey: TableSurvey,
    labels: Mapping[str, int],
    task: Task,
    *,
    is_given: bool,
) -> str | None:
    """Return why the target cannot be what the task says, or None."""
    texts = list(survey.label_counts)
    if len(labels) < 2:
        value = listed(texts, 1) or "no value"
        return f"{value} in every row"
    if task == "binary" and len(labels) > 2:
        examples = listed(texts, 3)
        return f"--task binary needs two labels; received {examples}; give --task classes"
    if task == "classes":
        return _why_no_classes(survey, len(labels), is_given=is_given)
    if task == "regression":
        return _why_no_numbers(survey)
    return None


def _why_no_classes(survey: TableSurvey, labels: int, *, is_given: bool) -> str | None:
    """Return why the target's cells are not labels, or None."""
    target = survey.target.profile
    if not is_given and kind_of(target) in ("date", "text"):
        reason = why_unfit(target, expand_dates=False)
        if reason:
            return f"it {reason}"
        if labels > MOST_LABELS:
            return f"it has more than {MOST_LABELS} labels; if they are labels: --task classes"
    if labels > SHARE_OF_LABELS * survey.rows:
        counted_labels = counted(labels, "label")
        counted_rows = counted(survey.rows, "row")
        return f"it has few rows of each label ({counted_labels} in {counted_rows})"
    return None


def _why_no_numbers(survey: TableSurvey) -> str | None:
    """Return why the target's cells are not numbers that a network predicts, or None."""
    target = survey.target.profile
    spread = survey.target.spread
    if target.faults.is_text or kind_of(target) in ("boolean", "date"):
        return f"--task regression needs numbers; received {target.examples}"
    if spread > LARGEST_SPREAD:
        return f"it varies by {spread:.0e}, too much for float32; give it in another unit"
    return None


def _refuse_wrong_numbers(survey: TableSurvey) -> None:
    """Raise a TableError where cells of the target are not numbers."""
    problems = survey.target.profile.faults.number_messages({}, text_advice="")
    if problems:
        raise TableError(problems)


def _output(survey: TableSurvey, labels: Mapping[str, int], task: Task) -> Output:
    """Return the output that predicts a target of this kind."""
    if task == "binary":
        return Output("two labels", 1, "sigmoid", "BinaryCrossentropy")
    if task == "classes":
        count = len(labels)
        return Output(f"{count} labels", count, "softmax", "SparseCategoricalCrossentropy")
    target = survey.target.profile
    if _may_be_classes(survey, labels):  # many counts are 0, which softplus never gives
        extent = _extent(target)
        return Output(f"counts {extent}", 1, "relu", "MeanSquaredError")
    return _output_of_numbers(target, survey.target.spread)


def _output_of_numbers(target: ColumnProfile, spread: float) -> Output:
    """Return the output that predicts numbers whose standard deviation is `spread`."""
    extent = _extent(target)
    if target.minimum > CLEAR_OF_ZERO * spread:
        return Output(f"numbers {extent}, clear of 0", 1, "linear", "MeanSquaredError")
    if target.minimum >= 0:  # softplus: a ReLU that cannot die
        return Output(f"numbers {extent}, never negative", 1, "softplus", "MeanSquaredError")
    return Output(f"numbers {extent}, any number", 1, "linear", "MeanSquaredError")


def _extent(target: ColumnProfile) -> str:
    return f"from {target.minimum:g} to {target.maximum:g}"


def _alternative(survey: TableSurvey, labels: Mapping[str, int], task: Task) -> Output | None:
    """Return the output for the other reading of whole numbers, or None where there is none."""
    if task == "binary" or not _may_be_classes(survey, labels):
        return None
    other: Task = "regression" if task == "classes" else "classes"
    return _output(survey, labels, other)


def _rare_in_words(label_counts: Mapping[str, int]) -> str:
    """Return which labels have few rows, the rarest first, or an empty text."""
    rare = rare_labels(label_counts)
    if not rare:
        return ""
    rows = sum(label_counts.values())
    labels = listed(list(rare), 3)
    return f"Few of {rows:,} rows are {labels}"


def _choose_positive(label_counts: Mapping[str, int]) -> list[str]:
    """Return the rarer of two labels, as it is first spelt; none if the labels tell themselves."""
    rows_by_key = count_labels(label_counts)
    if tuple(sorted(rows_by_key)) in KNOWN_LABELS:
        return []
    rarer = min(label_counts, key=lambda text: rows_by_key[label_key(text)])
    return [rarer]


def combine_targets(
    choices: Sequence[TargetChoice], surveys: Sequence[TableSurvey]
) -> TargetChoice:
    """Return what predicts several targets together, given the choice and the survey of each.

    Args:
        choices: The choice of each target alone.
        surveys: The survey of the table by each target, in the same order.

    Raises:
        TableError: They are not all numbers, and not all of two labels.
    """
    _refuse_different_tasks(choices, surveys)
    positives: list[str] = []
    for choice, survey in zip(choices, surveys, strict=True):
        if not survey.label_counts.keys() & positives:  # targets may have the same two labels
            positives += choice.positives
    return TargetChoice(
        task=choices[0].task,
        output=_output_of_all(choices),
        alternative=None,
        positives=positives,
        rare="",  # a threshold for each target finds more of them, and no weight of a label does
    )


def _refuse_different_tasks(
    choices: Sequence[TargetChoice], surveys: Sequence[TableSurvey]
) -> None:
    """Raise a TableError where targets are not all numbers, and not all of two labels."""
    tasks = {choice.task for choice in choices}
    if tasks in ({"binary"}, {"regression"}):
        return
    kinds = []
    for choice, survey in zip(choices, surveys, strict=True):
        kinds.append(f"{survey.target.name!r} is {choice.output.kind}")
    kinds_in_words = ", ".join(kinds)
    raise TableError(
        f"{surveys[0].name}: several targets must be numbers alone, or have two labels each; "
        f"{kinds_in_words}; write a config for each, or give --task"
    )


def _output_of_all(choices: Sequence[TargetChoice]) -> Output:
    """Return the output that predicts all targets, which are of one task."""
    first = choices[0].output
    kind = "numbers"
    if choices[0].task == "binary":
        kind = f"{first.kind} each"
    activation = first.activation
    if any(choice.output.activation != activation for choice in choices):
        activation = "linear"  # it gives what any of them does
    return Output(
        kind=kind,
        units=len(choices),
        activation=activation,
        loss=first.loss,
    )

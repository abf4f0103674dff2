"""Rows with the target, evaluated: the loss, the measures, and the run beside simpler models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.matrix_store import Matrix
from nnrun.files import finite
from nnrun.results.array_types import RowWeights
from nnrun.results.assessment import AnyMetrics, Assessment
from nnrun.results.class_measure import LABELS_WITH_CONFUSION
from nnrun.results.evaluation import Evaluation
from nnrun.results.judged_run import Assessor, Judge, judge_of
from nnrun.results.label_measure import LabelAccumulator
from nnrun.results.multilabel_measure import MultilabelAccumulator
from nnrun.results.number_metrics import NumberAccumulator
from nnrun.results.ranked_scores import RankedScores
from nnrun.results.row_losses import AnyThreshold, threshold_of
from nnrun.results.row_weights import counted_rows
from nnrun.results.thresholds import ThresholdRow, threshold_table
from nnrun.results.trained_run import ComputedBlock, TrainedRun
from nnrun.results.weighted_outputs import weight_column, weighted_outputs

Metrics = dict[str, Any]
Accumulator = LabelAccumulator | MultilabelAccumulator | NumberAccumulator
EachBlock = Callable[[ComputedBlock], None]

JUDGED = ("baseline", "linear", "interval", "verdict")
"""The keys of a verdict in JSON, which are null where the run has none."""

CALLED = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
"""The measures that a threshold changes: with one, they are those of the threshold."""


@dataclass(frozen=True)
class EvaluatedRows:
    """What a run makes of rows with the target.

    Attributes:
        rows: The number of rows.
        metrics: The loss and the metrics of the config, and the usual measures.
        assessment: The run beside the simpler models, or None.
        threshold: The probability from which on a row was called the second of two labels, or that
            of each target, or None where none was given.
        scores: The ranked probabilities of the second of two labels, else None.
        reason: Why a simpler model is missing, or an empty text.
        weight: The column by which the loss and all measures count the rows, or "".
        targets: What the run makes of each of several targets of labels, by its name, as if it were
            the only one; else empty.
    """

    rows: int
    metrics: Metrics
    assessment: Assessment | None
    threshold: AnyThreshold
    scores: RankedScores | None
    reason: str = ""
    weight: str = ""
    targets: "Mapping[str, EvaluatedRows]" = field(default_factory=dict)

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        """Return what each of some thresholds gives; nothing but of two labels."""
        return threshold_table(self.scores) if self.scores else ()

    def as_json(self) -> dict[str, Any]:
        """Return `rows`, `metrics` and whatever else there is, as `evaluate --json` shows it."""
        summary: dict[str, Any] = {"rows": self.rows, "metrics": finite(self.metrics)}
        if self.weight:
            summary["sample_weight"] = {"column": self.weight}
        if isinstance(self.threshold, float):  # else each target has its own
            summary["threshold"] = self.threshold
        if self.scores:
            summary["thresholds"] = list(map(asdict, self.thresholds()))
        if self.targets:
            targets = {name: rows.as_json() for name, rows in self.targets.items()}
            summary["targets"] = targets
        judged = self.assessment.as_json() if self.assessment else dict.fromkeys(JUDGED)
        if self.reason:
            judged["reason"] = self.reason
        return {**summary, **judged}


def evaluate_rows(
    trained: TrainedRun,
    reader: EncodedReader,
    run: Path | None = None,
    threshold: AnyThreshold = None,
    each: EachBlock | None = None,
) -> EvaluatedRows:
    """Measure a run on rows with the target, beside the simpler models of its training rows.

    Args:
        trained: The run.
        reader: The rows.
        run: Its directory, which has the simpler models; without it, nothing is compared.
        threshold: The probability from which on a row is called the second of two labels, or that
            of each target.
        each: What is called with each block too.

    Raises:
        InputError: The threshold is none.
        RunError: verdict.json was altered.
        TableError: The table has mistakes, or an output is not finite.
    """
    trained.check_threshold(threshold)
    evaluation = Evaluation(trained.config, trained.network)
    judge = judge_of(run, trained, threshold) if run else Judge(None)
    measure = judge.assessor or _Measure.of(trained, threshold)
    weight = weight_column(trained, reader)
    rows = 0
    for computed, weights in weighted_outputs(trained, reader):
        evaluation.add(computed.x, computed.y, computed.outputs, weights)
        predictions = trained.probabilities(computed.outputs.predictions)
        if measure:
            measure.add(computed.x, computed.y, predictions, weights)
        if each:
            each(computed)
        rows += len(computed.x)
    names = trained.encoder.target_names
    logs = evaluation.result()
    evaluated = _evaluated(rows, logs, measure, threshold, names)
    return replace(evaluated, reason=judge.reason, weight=weight, rows=rows)


def summarize(evaluated: Mapping[str, EvaluatedRows]) -> dict[str, Any]:
    """Return what `evaluate --json` prints.

    Args:
        evaluated: The rows of a table, by ""; or the parts that were held out.

    Returns:
        What `EvaluatedRows.as_json` returns of the last part, which the verdict goes by: that of
        the test table, where there is one. Of rows held out also `part`, and `parts`, where each
        has its own.
    """
    parts = {part: rows.as_json() for part, rows in evaluated.items()}
    last = next(reversed(parts))
    if not last:
        return parts[last]
    return {"part": last, **parts[last], "parts": parts}


class _Measure:
    """Measures rows where there is nothing to compare them with.

    Args:
        accumulator: Sums the measures.
    """

    def __init__(self, accumulator: Accumulator) -> None:
        self._accumulator = accumulator

    @classmethod
    def of(cls, trained: TrainedRun, threshold: AnyThreshold) -> "_Measure | None":
        """Return what measures a run, or None where it has too many labels."""
        if trained.encoder.is_multilabel:
            pairs = list(map(tuple, trained.encoder.labels_of_targets))
            return cls(MultilabelAccumulator(pairs, threshold))
        labels = tuple(trained.encoder.labels)
        if len(labels) > LABELS_WITH_CONFUSION:
            return None
        if labels:
            of_target = threshold_of(threshold, 0)
            return cls(LabelAccumulator(labels, of_target))
        targets = len(trained.encoder.targets)
        return cls(NumberAccumulator(targets))

    def add(self, _: Matrix, y: Matrix, outputs: Matrix, weights: RowWeights) -> None:
        """Take rows into account; those of weight 0 do not count."""
        if weights is not None:
            counting = counted_rows(weights)
            y = y[counting]
            outputs = outputs[counting]
            weights = weights[counting]
        self._accumulator.add(y, outputs, weights)

    def of_targets(self) -> "list[_Measure]":
        """Return what measured each of several targets of labels, else nothing."""
        if not isinstance(self._accumulator, MultilabelAccumulator):
            return []
        return list(map(_Measure, self._accumulator.of_targets()))

    def result(self) -> tuple[AnyMetrics, Mapping[int, RankedScores]]:
        """Return the measures, and the ranked probabilities of labels by their numbers."""
        if isinstance(self._accumulator, LabelAccumulator):
            return self._accumulator.result(), self._accumulator.scores()
        return self._accumulator.result(), {}


def _evaluated(
    rows: int,
    logs: Mapping[str, float],
    measure: Assessor | _Measure | None,
    threshold: AnyThreshold,
    names: Sequence[str],
) -> EvaluatedRows:
    """Return the measures of all rows; of several targets of labels, those of each too."""
    if measure is None:
        return EvaluatedRows(rows, dict(logs), None, threshold, None)
    targets = {}
    if isinstance(measure, _Measure):
        whole = _of_measure(measure, logs, threshold)
        for number, alone in enumerate(measure.of_targets()):
            of_target = threshold_of(threshold, number)
            targets[names[number]] = _of_measure(alone, {}, of_target)
    else:
        assessment = measure.result()
        whole = _of_assessment(assessment, logs, threshold)
        for number, of_one in enumerate(assessment.targets):
            of_target = threshold_of(threshold, number)
            targets[names[number]] = _of_assessment(of_one, {}, of_target)
    return replace(whole, targets=targets)


def _of_assessment(
    assessment: Assessment, logs: Mapping[str, float], threshold: AnyThreshold
) -> EvaluatedRows:
    """Return the measures of rows that were compared with simpler models."""
    metrics = _merged(logs, assessment.metrics, threshold)
    second = _scores_of_second(assessment.scores)
    return EvaluatedRows(assessment.rows, metrics, assessment, threshold, second)


def _of_measure(
    measure: _Measure, logs: Mapping[str, float], threshold: AnyThreshold
) -> EvaluatedRows:
    """Return the measures of rows that were compared with nothing."""
    measures, scores = measure.result()
    metrics = _merged(logs, measures, threshold)
    second = _scores_of_second(scores)
    return EvaluatedRows(measures.rows, metrics, None, threshold, second)


def _scores_of_second(scores: Mapping[int, RankedScores]) -> RankedScores | None:
    """Return the scores of the second of two labels; of more labels each has its own."""
    return scores[1] if len(scores) == 1 else None


def _merged(logs: Mapping[str, float], measures: AnyMetrics, threshold: AnyThreshold) -> Metrics:
    """Return the metrics of the config, which come first and win where names are the same.

    Keras's metrics call labels at 0.5 unless the config says otherwise: measures of a threshold
    win over them.
    """
    usual = measures.as_json()
    metrics: Metrics = {**logs, **usual, **logs}
    if threshold is None:
        return metrics
    for name in CALLED:
        if name in usual:
            metrics[name] = usual[name]
    return metrics

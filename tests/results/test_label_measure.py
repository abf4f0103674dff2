"""Measures of labels are scikit-learn's, and stream."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.preprocessing import label_binarize
from support.known_tables import LABELLED, known_table, outputs

from nnrun.results.label_measure import LabelAccumulator, LabelMetrics


def measured(name: str, blocks: int = 3) -> LabelMetrics:
    table = known_table(name)
    measure = LabelAccumulator(table.labels)
    parts = zip(
        np.array_split(table.held_y, blocks), np.array_split(outputs(name), blocks), strict=True
    )
    for y, p in parts:
        measure.add(y, p)
    return measure.result()


def called(name: str) -> Any:
    p = outputs(name)
    return p.argmax(axis=1) if p.shape[1] > 1 else (p[:, 0] >= 0.5).astype(int)


@pytest.mark.parametrize("name", LABELLED)
def test_measures_of_called_labels_are_those_of_scikit_learn(name):
    actual = known_table(name).actual
    ours = measured(name)
    assert ours.rows == len(actual)
    assert ours.accuracy == pytest.approx(metrics.accuracy_score(actual, called(name)), abs=1e-6)
    assert ours.balanced_accuracy == pytest.approx(
        metrics.balanced_accuracy_score(actual, called(name)), abs=1e-6
    )
    theirs = metrics.precision_recall_fscore_support(actual, called(name), average="macro")
    macro = [ours.macro_precision, ours.macro_recall, ours.macro_f1]
    assert macro == pytest.approx(theirs[:3], abs=1e-6)
    assert np.array_equal(ours.confusion_matrix, metrics.confusion_matrix(actual, called(name)))


@pytest.mark.parametrize("name", LABELLED)
def test_measures_of_each_label_are_those_of_scikit_learn(name):
    actual = known_table(name).actual
    theirs = metrics.precision_recall_fscore_support(actual, called(name))
    ours = [(s.precision, s.recall, s.f1, s.rows) for s in measured(name).labels]
    measures = np.array(ours).T
    assert measures == pytest.approx(np.array(theirs), abs=1e-6)


@pytest.mark.parametrize("name", LABELLED)
def test_measures_of_probabilities_are_those_of_scikit_learn(name):
    actual = known_table(name).actual
    p = outputs(name)
    ours = measured(name)
    both = p if p.shape[1] > 1 else np.hstack([1 - p, p])
    assert ours.log_loss == pytest.approx(metrics.log_loss(actual, both), abs=1e-6)
    scores = p if p.shape[1] > 1 else p[:, 0]
    assert ours.auc == pytest.approx(
        metrics.roc_auc_score(actual, scores, multi_class="ovr"), abs=1e-6
    )
    assert ours.brier_score == pytest.approx(metrics.brier_score_loss(actual, both), abs=1e-6)
    is_label = label_binarize(actual, classes=range(len(ours.labels)))
    assert ours.average_precision == pytest.approx(
        metrics.average_precision_score(is_label, p), abs=1e-6
    )


@pytest.mark.parametrize("name", LABELLED)
def test_average_precision_of_each_label_is_that_of_scikit_learn(name):
    actual = known_table(name).actual
    p = outputs(name)
    if p.shape[1] == 1:
        p = np.hstack([1 - p, p])
    for number, score in enumerate(measured(name).labels):
        theirs = metrics.average_precision_score(actual == number, p[:, number])
        assert score.average_precision == pytest.approx(theirs, abs=1e-6)
        assert score.auc == pytest.approx(
            metrics.roc_auc_score(actual == number, p[:, number]), abs=1e-6
        )


def test_precision_recall_and_f1_are_those_of_the_second_of_two_labels():
    actual = known_table("breast_cancer").actual
    ours = measured("breast_cancer")
    theirs = metrics.precision_recall_fscore_support(
        actual, called("breast_cancer"), average="binary"
    )
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx(theirs[:3], abs=1e-6)


def test_several_labels_have_no_single_precision():
    ours = measured("wine")
    assert ours.precision is ours.recall is ours.f1 is None
    assert "precision" not in ours.numbers()


@pytest.mark.parametrize("name", LABELLED)
def test_the_reliability_curve_is_that_of_scikit_learn(name):
    actual = known_table(name).actual
    p = outputs(name)
    truth, probability = actual, p[:, 0]
    if p.shape[1] > 1:
        truth, probability = actual == p.argmax(axis=1), p.max(axis=1)
    shares, means = calibration_curve(truth, probability, n_bins=10)
    bins = measured(name).reliability
    assert [b.share for b in bins] == pytest.approx(shares, abs=1e-6)
    assert [b.probability for b in bins] == pytest.approx(means, abs=1e-6)
    assert sum(b.rows for b in bins) == len(actual)


def test_blocks_of_rows_give_what_all_rows_at_once_give():
    assert measured("digits", blocks=7).numbers() == pytest.approx(
        measured("digits", blocks=1).numbers(), abs=1e-12
    )


def test_two_outputs_of_two_labels_measure_as_one_does():
    table = known_table("breast_cancer")
    p = outputs("breast_cancer")
    measure = LabelAccumulator(table.labels)
    measure.add(table.held_y, np.hstack([1 - p, p]))
    assert measure.result().numbers() == pytest.approx(
        measured("breast_cancer").numbers(), abs=1e-6
    )


def test_labels_that_no_row_has_or_is_called_are_left_out_of_means():
    measure = LabelAccumulator(("a", "b", "c"))
    measure.add(np.array([[0], [1.0]]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0]], np.float32))
    ours = measure.result()
    assert ours.macro_f1 == ours.balanced_accuracy == 1
    assert ours.labels[2].recall is ours.labels[2].precision is ours.labels[2].auc is None


def test_auc_and_average_precision_are_none_where_all_rows_have_one_label():
    measure = LabelAccumulator(("a", "b"))
    measure.add(np.zeros((3, 1)), np.full((3, 1), 0.1, np.float32))
    ours = measure.result()
    assert ours.auc is ours.average_precision is ours.precision is ours.recall is None
    assert ours.accuracy == 1


def test_a_threshold_decides_what_the_second_label_is_called():
    measure = LabelAccumulator(("a", "b"), threshold=0.3)
    measure.add(np.array([[0], [1.0], [1]]), np.array([[0.2], [0.3], [0.9]], np.float32))
    assert measure.result().confusion_matrix == ((1, 0), (0, 2))


def test_a_probability_of_0_for_the_truth_is_clipped_as_scikit_learn_clips():
    measure = LabelAccumulator(("a", "b"))
    p = np.array([[0], [1], [0.5]], np.float32)
    measure.add(np.array([[1.0], [0], [1]]), p)
    theirs = metrics.log_loss([1, 0, 1], np.hstack([1 - p, p]))
    assert measure.result().log_loss == pytest.approx(theirs, abs=1e-6)

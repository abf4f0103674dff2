"""What became of predictions: the panels that fit the measure of labels, or that of numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nnrun.features.encoder import Encoder
from nnrun.reporting.pictures.confusion import draw_confusion
from nnrun.reporting.pictures.label_curves import draw_label_curves
from nnrun.reporting.pictures.names import all_shortened, shortened
from nnrun.reporting.pictures.scatter import TargetSample, draw_predictions, draw_residuals
from nnrun.results.class_measure import ClassMeasure, MultilabelMeasure
from nnrun.results.number_measure import NumberMeasure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.reporting.pictures.figure import Panel

MOST_TARGETS = 9  # that are drawn, with two panels each
LABEL_LENGTH = 12  # characters of a label, beside a matrix


def outcome_panels(
    encoder: Encoder, measure: ClassMeasure | MultilabelMeasure | NumberMeasure
) -> list[Panel]:
    """Return a confusion matrix and curves of labels, and two panels for each number.

    Args:
        encoder: The encoder of the run, which has the labels.
        measure: What its rows were measured with.
    """
    if isinstance(measure, ClassMeasure):
        return _label_panels(encoder, measure)
    if isinstance(measure, MultilabelMeasure):
        return _panels_of_targets(encoder, measure)
    panels: list[Panel] = []
    for sample in _samples(encoder, measure):
        panels.append(partial(draw_predictions, sample))
        panels.append(partial(draw_residuals, sample))
    return panels


def _label_panels(encoder: Encoder, measure: ClassMeasure) -> list[Panel]:
    """Return the confusion matrix, and the curves of the labels that have scores."""
    labels = all_shortened(encoder.labels, LABEL_LENGTH)
    panels: list[Panel] = []
    if measure.confusion is not None:  # it is of too many labels
        panels.append(partial(draw_confusion, labels, measure.confusion))
    scores = measure.scores
    if scores:
        panels.append(partial(draw_label_curves, labels, scores))
    return panels


def _panels_of_targets(encoder: Encoder, measure: MultilabelMeasure) -> list[Panel]:
    """Return the panels of each target that is drawn, whose titles name it."""
    panels: list[Panel] = []
    encoders = encoder.of_each_target()[:MOST_TARGETS]
    for of_target, own_measure in zip(encoders, measure.targets, strict=False):
        (target,) = of_target.targets
        name = shortened(target.name)
        for panel in _label_panels(of_target, own_measure):
            panels.append(partial(_draw_titled, name, panel))
    return panels


def _draw_titled(name: str, panel: Panel, axes: Axes) -> None:
    """Draw a panel, and put the name of the target above its title."""
    panel(axes)
    title = axes.get_title()
    axes.set_title(f"{name}\n{title}")


def _samples(encoder: Encoder, measure: NumberMeasure) -> list[TargetSample]:
    """Return the sample of each target that is drawn."""
    extent = _extent(measure)
    names = _target_names(encoder)[:MOST_TARGETS]
    samples = []
    for number, name in enumerate(names):
        actual, predicted = measure.sample[:, :, number].T
        samples.append(TargetSample(name, actual, predicted, extent))
    return samples


def _target_names(encoder: Encoder) -> list[str]:
    names = all_shortened(encoder.target_names)
    count = len(names)
    if count == 1:
        return names
    return [f"{name} ({number} of {count})" for number, name in enumerate(names, 1)]


def _extent(measure: NumberMeasure) -> str:
    """Return how many rows of how many the measure keeps for pictures, if these are not all."""
    drawn = len(measure.sample)
    rows = int(measure.actual.count.max())
    if drawn >= rows:
        return ""
    return f" ({drawn:,} of {rows:,} rows)"

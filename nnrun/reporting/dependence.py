"""Partial dependence of a column of the table, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnrun.reporting.pictures.dependence import TITLE_LENGTH, Dependence
from nnrun.reporting.pictures.names import shortened
from nnrun.results.partial_dependence import partial_dependence, value_grid

if TYPE_CHECKING:
    from nnrun.features.encoder import Encoder
    from nnrun.features.feature import Feature
    from nnrun.reporting.measured_rows import MeasuredRows
    from nnrun.results.array_types import Floats, Numbers

MOST_LINES = 6  # as many colours as there are
NAME_LENGTH = 12


def dependence_of(held_out: MeasuredRows, column: str) -> Dependence:
    """Return what the network answers along a column; of a date, along its most telling part.

    Args:
        held_out: The rows over which answers are averaged, and the run.
        column: The name of a feature.
    """
    dependences = []
    for inputs in _input_groups(held_out.trained.encoder, column):
        dependences.append(_along_inputs(held_out, inputs))
    return max(dependences, key=_largest_change)


def _largest_change(dependence: Dependence) -> float:
    changes = np.ptp(dependence.answers, axis=0)
    return float(changes.max())


def _input_groups(encoder: Encoder, column: str) -> list[list[int]]:
    """Return the inputs that take one value together: all of a text column's, one of others."""
    inputs = encoder.column_inputs[column]
    if encoder.inputs[inputs[0]].kind == "text":
        return [inputs]
    return [[number] for number in inputs]


def _along_inputs(held_out: MeasuredRows, inputs: list[int]) -> Dependence:
    """Return what the network answers for values of some inputs, on the rows held out."""
    trained = held_out.trained
    encoder = trained.encoder
    x = np.asarray(held_out.rows.x)
    grid = value_grid(x, inputs)
    if len(inputs) > 1:
        grid = grid[::-1]  # categories in their own order
    seed = trained.config.seed
    answers = partial_dependence(trained.forward, x, inputs, grid, seed=seed)
    shown = _most_changing(answers)
    drawn_answers = _in_one_unit(encoder, answers)
    feature = encoder.inputs[inputs[0]]
    name = feature.name if feature.kind == "text" else feature.input_names[0]
    return Dependence(
        column=shortened(name, TITLE_LENGTH),
        values=_values(feature, grid),
        answers=drawn_answers[:, shown],
        lines=[_line_name(encoder, number) for number in shown],
        answer=_answer(encoder, answers.shape[1]),
    )


def _most_changing(answers: Floats) -> list[int]:
    """Return the outputs that change most along the column, in their order."""
    changes = np.ptp(answers, axis=0)
    largest_first = np.argsort(-changes, kind="stable")
    shown = largest_first[:MOST_LINES]
    return sorted(shown.tolist())


def _values(feature: Feature, grid: Numbers) -> Floats | list[str]:
    """Return the values of the grid: numbers, or what a boolean's and a category's are called."""
    if feature.kind == "boolean":
        return list(np.where(grid[:, 0], "yes", "no"))
    if feature.kind != "text":
        return grid[:, 0].astype(np.float64)
    names = feature.category_names()
    return [_category_name(names, row) for row in grid]


def _category_name(names: Sequence[str], row: Numbers) -> str:
    if not row.any():  # a category that training never saw
        return "none"
    name = names[int(row.argmax())]
    return shortened(name, NAME_LENGTH)


def _line_name(encoder: Encoder, number: int) -> str:
    if encoder.labels:
        label = shortened(encoder.labels[number], NAME_LENGTH)
        return repr(label)
    target = encoder.targets[number]
    return shortened(target.name, NAME_LENGTH)


def _in_one_unit(encoder: Encoder, answers: Floats) -> Floats:
    """Return answers in the target's unit; of several targets, each in its own range."""
    if encoder.labels or encoder.is_multilabel or len(encoder.targets) == 1:
        return answers
    lows = [target.minimum for target in encoder.targets]
    return np.asarray((answers - lows) / encoder.target_ranges)


def _answer(encoder: Encoder, outputs: int) -> str:
    """Return what is drawn."""
    if encoder.labels and outputs == 1:
        label = shortened(encoder.labels[-1], NAME_LENGTH)
        return f"probability of {label!r}"
    if encoder.labels or encoder.is_multilabel:
        return "probability"
    if len(encoder.targets) == 1:
        (target,) = encoder.targets
        return shortened(target.name, TITLE_LENGTH)
    return "share of the target's range"

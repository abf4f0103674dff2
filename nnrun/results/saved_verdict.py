"""verdict.json: the verdict on a run, and the simpler models that it was compared with.

The file may come from strangers: it is bounded before it is read, and its shapes are checked.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.files import to_json, write_text
from nnrun.json_mistakes import json_mistakes
from nnrun.ordinary_files import LARGEST_FILE, read_small
from nnrun.results.assessment import Assessment
from nnrun.results.baseline import LabelBaseline, MultilabelBaseline, NumberBaseline
from nnrun.results.linear_model import LinearModel
from nnrun.results.simpler_models import Baseline
from nnrun.runs.directory import Judgement
from nnrun.wording import first_line

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Metrics = dict[str, Finite]


class SavedLinearModel(BaseModel, extra="forbid"):
    """A linear model, as LinearModel has it."""

    output: Literal["sigmoid", "softmax", "linear"]
    """What it gives."""
    weights: list[list[Finite]]
    """The weights of each standardised input: one for each output."""
    intercepts: list[Finite]
    """What a row of means gets, for each output."""
    mean: list[Finite]
    """The mean of each input."""
    scale: list[Positive]
    """The standard deviation of each input, 1 of a constant."""
    rows: int
    """How many rows it was fitted on."""
    rows_given: int
    """How many rows it could have been fitted on."""


class SavedInterval(BaseModel, extra="forbid"):
    """The ends of a 95 % interval."""

    low: Finite
    high: Finite


class SavedVerdict(BaseModel, extra="forbid"):
    """The verdict on a run, and whatever `evaluate` needs to judge it on another table."""

    format: Literal[1] = 1
    part: Literal["test", "validation"]
    """The part of the rows that the run was judged on."""
    rows: int
    """How many they are."""
    metric: str
    """The metric that the verdict goes by."""
    value: Finite
    """That metric of the network."""
    verdict: Judgement
    """Whether the network is better than the baseline."""
    sentence: str
    """The verdict for people."""
    advice: str
    """What to do where another threshold may help; else an empty text."""
    baseline: Metrics
    """The measures of the baseline, by name."""
    linear: Metrics | None
    """Those of the linear model, or null where there is none."""
    interval: dict[str, SavedInterval]
    """The 95 % interval of each measure of the network, by name."""
    shares: list[Finite] = []
    """The share of each label among the training rows, or of the second label of each of several
    targets; empty for numbers."""
    means: list[Finite] = []
    """The mean of each target over the training rows; empty for labels."""
    deviations: list[Positive] = []
    """The standard deviation of each target over the training rows, 1 of a constant."""
    linear_model: SavedLinearModel | None = None
    """The linear model of the training rows, unless it is too large for the file."""
    targets: dict[str, str] = {}
    """The sentence on each of several targets of labels, by its name."""

    def as_json(self) -> dict[str, Any]:
        """Return `baseline`, `linear`, `interval` and `verdict`, as `--json` shows them."""
        return self.model_dump(include={"baseline", "linear", "interval", "verdict"})

    def models(self, encoder: Encoder) -> tuple[Baseline, LinearModel | None]:
        """Return the baseline, and the linear model where there is one.

        Args:
            encoder: The encoder of the same run.

        Raises:
            ValueError: They do not fit the encoder.
        """
        wanted = len(encoder.labels or encoder.targets)
        has_all = len(self.shares or self.means) == wanted
        has_units = len(self.means) == len(self.deviations)
        if not (has_all and has_units):
            raise ValueError("its baseline is not one of this run")
        linear = None
        if self.linear_model:
            linear = _linear_model(self.linear_model, encoder)
        return self._baseline(encoder), linear

    def _baseline(self, encoder: Encoder) -> Baseline:
        """Return the baseline, of the kind of the targets."""
        if encoder.labels:
            return LabelBaseline(tuple(encoder.labels), tuple(self.shares))
        if encoder.is_multilabel:
            return MultilabelBaseline.of_shares(encoder.labels_of_targets, self.shares)
        return NumberBaseline(tuple(self.means), tuple(self.deviations))


def write_verdict(
    path: Path,
    assessment: Assessment,
    part: Literal["test", "validation"],
    baseline: Baseline,
    linear: LinearModel | None,
    names: Sequence[str],
) -> SavedVerdict:
    """Write verdict.json, and return its content.

    A linear model that would make the file larger than files are read is left out.

    Args:
        path: The file.
        assessment: The rows held out, measured.
        part: Which rows they are.
        baseline: The baseline that they were compared with.
        linear: The linear model, if there is one.
        names: The names of the targets.

    Raises:
        OSError: The file cannot be written.
    """
    saved = _content(assessment, part, baseline, linear, names)
    text = _as_text(saved)
    if len(text.encode()) > LARGEST_FILE:
        saved = saved.model_copy(update={"linear_model": None})
        text = _as_text(saved)
    write_text(path, text)
    return saved


def _content(
    assessment: Assessment,
    part: Literal["test", "validation"],
    baseline: Baseline,
    linear: LinearModel | None,
    names: Sequence[str],
) -> SavedVerdict:
    """Return the content of verdict.json."""
    verdict = assessment.verdict
    sentences = [of_target.verdict.sentence for of_target in assessment.targets]
    targets = dict(zip(names, sentences, strict=True)) if sentences else {}
    judged = assessment.as_json()
    del judged["verdict"]  # it stands among the others
    return SavedVerdict(
        part=part,
        rows=assessment.rows,
        metric=verdict.metric,
        value=verdict.value,
        verdict=verdict.verdict,
        sentence=verdict.sentence,
        advice=verdict.advice,
        shares=_shares(baseline),
        means=list(getattr(baseline, "means", [])),
        deviations=list(getattr(baseline, "deviations", [])),
        linear_model=_saved_linear_model(linear) if linear else None,
        targets=targets,
        **judged,
    )


def read_verdict(path: Path) -> SavedVerdict | None:
    """Return the content of verdict.json, or None where the run has none.

    Args:
        path: The file.

    Raises:
        RunError: The file cannot be read, or was altered.
    """
    if not path.is_file():
        return None
    try:
        content = read_small(path)
        return SavedVerdict.model_validate_json(content)
    except ValidationError as error:
        reason = f"cannot be read: {json_mistakes(error)}; was it altered?"
        raise RunError(f"{path}: {reason}") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {first_line(error)}; was it altered?") from None


def _as_text(saved: SavedVerdict) -> str:
    left_out = None if saved.targets else {"targets"}
    return to_json(saved.model_dump(exclude=left_out))


def _shares(baseline: Baseline) -> list[float]:
    return [] if isinstance(baseline, NumberBaseline) else list(baseline.shares)


def _saved_linear_model(model: LinearModel) -> SavedLinearModel:
    """Return a linear model with lists in place of arrays."""
    values = asdict(model)
    for name in ("weights", "intercepts", "mean", "scale"):
        values[name] = np.asarray(values[name]).tolist()
    return SavedLinearModel(**values)


def _linear_model(saved: SavedLinearModel, encoder: Encoder) -> LinearModel:
    """Return the linear model of a verdict, or raise a ValueError where it does not fit."""
    inputs = len(encoder.inputs)
    outputs = len(saved.intercepts)
    has_all_inputs = len(saved.weights) == len(saved.mean) == len(saved.scale) == inputs
    has_all_outputs = all(len(row) == outputs for row in saved.weights)
    has_all_targets = not encoder.is_multilabel or outputs == len(encoder.targets)
    if not (has_all_inputs and has_all_outputs and has_all_targets):
        raise ValueError("its linear model is not one of this run")
    return LinearModel(
        output=saved.output,
        weights=np.array(saved.weights).reshape(inputs, outputs),
        intercepts=np.array(saved.intercepts),
        mean=np.array(saved.mean),
        scale=np.array(saved.scale),
        rows=saved.rows,
        rows_given=saved.rows_given,
    )

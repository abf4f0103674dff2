"""The piecewise-linear code of numbers, as the units of a layer that is not trained.

A column of T bins becomes T + 1 units: one that is 0 at its first edge and 1 at its last, and one
for each bin, likewise. Gorishniy et al. (2022), "On Embeddings for Numerical Features in Tabular
Deep Learning", have the bins alone, the first and the last of them without an end.

Of an input x, a unit that begins at b and has the width w is
`hard_sigmoid(6 (x - b) / w - 3) == clip((x - b) / w, 0, 1)`.

With `values`, the first unit of a column is within LARGEST_VALUE of the median, and a layer after
the code makes of it what it was: `w unit + b == clip(x, b, b + w)`.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nnrun.config.named import Spec
from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.features.matrix_store import FLOAT32_BYTES

SLOPE = 6
OFFSET = 3
"""Keras's hard_sigmoid(x) is relu6(x + 3) / 6."""

LARGEST_VALUE = 3.0
"""Interquartile ranges from the median, that is, four standard deviations of normal numbers: the
network is linear in what is nearer, and no cell further out is an input of hundreds."""

Float32s = np.ndarray[tuple[int], np.dtype[np.float32]]


class CodeUnits(NamedTuple):
    """The units of the layer; unit u is hard_sigmoid(slopes[u] * x[inputs[u]] + offsets[u]).

    Attributes:
        inputs: The input of each unit, integers (units,).
        slopes: float32 (units,).
        offsets: float32 (units,).
    """

    inputs: "np.ndarray[tuple[int], np.dtype[np.intp]]"
    slopes: Float32s
    offsets: Float32s


class ValueScales(NamedTuple):
    """What makes numbers of their units again: unit u becomes scales[u] * unit + offsets[u].

    Attributes:
        scales: float32 (units,); 1 for a unit that is not a number itself.
        offsets: float32 (units,); 0 for such a unit.
    """

    scales: Float32s
    offsets: Float32s


def code_units(encoder: Encoder, numeric: Spec) -> CodeUnits:
    """Return the units that take the standardised inputs of an encoder.

    Args:
        encoder: Its inputs have the edges of the bins.
        numeric: The encoding as the config has it.
    """
    inputs: list[int] = []
    starts: list[float] = []
    ends: list[float] = []
    for place, feature in enumerate(encoder.inputs):
        for start, end in _intervals(feature, has_values=numeric["values"]):
            inputs.append(place)
            starts.append(start)
            ends.append(end)
    widths = np.subtract(ends, starts)
    slopes = SLOPE / widths
    offsets = -SLOPE * np.array(starts) / widths - OFFSET
    return CodeUnits(
        inputs=np.array(inputs, np.intp),
        slopes=slopes.astype(np.float32),
        offsets=offsets.astype(np.float32),
    )


def value_scales(encoder: Encoder) -> ValueScales:
    """Return what the layer after a code with `values` multiplies and adds.

    Args:
        encoder: Its inputs have the edges of the bins.
    """
    scales: list[float] = []
    offsets: list[float] = []
    for feature in encoder.inputs:
        other_units = len(_intervals(feature, has_values=True))
        if _has_bins(feature):
            start, end = _value_range(feature)
            scales.append(end - start)
            offsets.append(start)
            other_units -= 1
        scales += [1.0] * other_units
        offsets += [0.0] * other_units
    return ValueScales(
        scales=np.array(scales, np.float32),
        offsets=np.array(offsets, np.float32),
    )


def code_size(config: Config, encoder: Encoder) -> int:
    """Return the bytes of the layer's weights, one for each input and unit; 0 without a code.

    Args:
        config: Says whether numbers are coded.
        encoder: Has the edges of their bins.
    """
    if config.data.numeric["name"] != "ple":
        return 0
    weights_of_a_unit = len(encoder.inputs) + 1  # and a bias
    return FLOAT32_BYTES * encoder.width * weights_of_a_unit


def _intervals(feature: Feature, *, has_values: bool) -> list[tuple[float, float]]:
    """Return where the units of an input begin and end; one without bins passes 0 and 1 on."""
    edges = feature.edges
    if len(edges) < 2:
        return [(0.0, 1.0)]
    if not _has_bins(feature):
        return [(edges[0], edges[1])]
    whole_range = (edges[0], edges[-1])
    if has_values:
        whole_range = _value_range(feature)
    return [whole_range, *pairwise(edges)]


def _has_bins(feature: Feature) -> bool:
    """Tell whether an input becomes a unit for its range and one for each of several bins."""
    return len(feature.edges) > 2


def _value_range(feature: Feature) -> tuple[float, float]:
    """Return between which bounds the first unit of an input with bins is the number itself."""
    start = max(feature.edges[0], -LARGEST_VALUE)
    end = min(feature.edges[-1], LARGEST_VALUE)
    return start, end

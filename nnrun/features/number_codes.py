"""The piecewise-linear code of numbers, as the units of a layer that is not trained.

A column of T bins becomes T + 1 units: one that is 0 at its first edge and 1 at its last, and one
for each bin, likewise. Gorishniy et al. (2022), "On Embeddings for Numerical Features in Tabular
Deep Learning", have the bins alone, the first and the last of them without an end.

Of an input x, a unit that begins at b and has the width w is
`hard_sigmoid(6 (x - b) / w - 3) == clip((x - b) / w, 0, 1)`.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.features.matrix_store import FLOAT32_BYTES

SLOPE = 6
OFFSET = 3
"""Keras's hard_sigmoid(x) is relu6(x + 3) / 6."""

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


def code_units(encoder: Encoder) -> CodeUnits:
    """Return the units that take the standardised inputs of an encoder."""
    inputs: list[int] = []
    starts: list[float] = []
    ends: list[float] = []
    for place, feature in enumerate(encoder.inputs):
        for start, end in _intervals(feature):
            inputs.append(place)
            starts.append(start)
            ends.append(end)
    widths = np.subtract(ends, starts)
    return CodeUnits(
        np.array(inputs, np.intp),
        (SLOPE / widths).astype(np.float32),
        (-SLOPE * np.array(starts) / widths - OFFSET).astype(np.float32),
    )


def code_size(config: Config, encoder: Encoder) -> int:
    """Return the bytes of the layer's weights, one for each input and unit; 0 without a code."""
    if config.data.numeric["name"] != "ple":
        return 0
    return FLOAT32_BYTES * encoder.width * (len(encoder.inputs) + 1)


def _intervals(feature: Feature) -> list[tuple[float, float]]:
    """Return where the units of an input begin and end; one without bins passes 0 and 1 on."""
    edges = feature.edges
    if len(edges) < 2:
        return [(0.0, 1.0)]
    if len(edges) == 2:
        return [(edges[0], edges[1])]
    return [(edges[0], edges[-1]), *pairwise(edges)]

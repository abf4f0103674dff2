"""Names for the arrays that measures take and return."""

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Booleans = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[np.floating[Any]]]
"""Floats of any size: outputs of a network are float32, those of a linear model float64."""

RowWeights = Floats | None
"""The weight of each row, float64 (rows,); None where all count alike."""

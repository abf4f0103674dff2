"""The probabilities of a label as two histograms, of which ROC curves and areas are made."""

import numpy as np

from nnrun.runs.arrays import Array

FINE_BITS = 9
"""Of float32's 24 that are left out where there is one label.

Scores tie that agree to 2^-14 of p, or of 1 - p.
"""
COARSE_BITS = 16
"""The same where each of several labels has scores: half a megabyte each."""

Rates = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Scores:
    """Counts rows without a label, and rows with it, by their probability of it.

    A float32 from 0 to 1 has bits in the order of the numbers, so that their first ones are the
    place in a histogram. Above 0.5 the bits of 1 - p are taken, which are as fine near 1 as those
    of p near 0.

    Args:
        bits: How many of the last bits are left out.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._half = int(np.float32(0.5).view(np.int32)) >> bits
        self._counts = np.zeros((2, 2 * self._half + 1), np.int64)

    def add(self, labelled: Array, probability: Array) -> None:
        """Count rows.

        Args:
            labelled: Whether they have the label, bool (rows,).
            probability: Their probability of it, (rows,); what is beyond 0 and 1, as a linear
                output can be, counts as that bound.
        """
        p = np.clip(np.ascontiguousarray(probability, np.float32), 0, 1)
        bits = np.minimum(p, 1 - p).view(np.int32) >> self._bits
        places = np.where(p < 0.5, bits, 2 * self._half - bits)
        np.add.at(self._counts, (labelled.astype(int), places), 1)

    def auc(self) -> float | None:
        """Return the area under the ROC curve.

        It is the share of pairs that are ranked rightly, ties counting half. It is None where all
        rows have the label, or none has.
        """
        if not self._counts.any(axis=1).all():
            return None
        false_positives, true_positives = self.roc()
        return float(np.trapezoid(true_positives, false_positives))

    def roc(self) -> Rates:
        """Return the rates of false and of true positives, float64 (2, thresholds).

        The threshold falls from above 1 to 0.
        """
        occupied = self._counts.any(axis=0)
        falling = self._counts[:, occupied][:, ::-1]
        called = np.cumsum(np.pad(falling, ((0, 0), (1, 0))), axis=1)
        rates: Rates = called / np.maximum(1, falling.sum(axis=1, keepdims=True))
        return rates

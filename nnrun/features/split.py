"""Rows held out for validation."""

import numpy as np
import polars as pl

RowNumbers = np.ndarray[tuple[int], np.dtype[np.intp]]


def hold_out(
    labels: pl.Series | None, count: int, fraction: float, seed: int
) -> tuple[RowNumbers, RowNumbers]:
    """Draw which of `count` rows to train on and which to hold out, each ascending, the same share of every label."""
    generator = np.random.default_rng([seed, 0, 1])  # row orders of epochs use [seed, epoch]
    codes = pl.zeros(count, eager=True) if labels is None else labels
    groups = [(codes == code).arg_true().to_numpy() for code in codes.unique().sort()]
    ends = np.rint(fraction * np.cumsum([0, *map(len, groups)])).astype(int)  # the shares add up
    sizes = np.minimum(
        np.diff(ends), [len(rows) - (labels is not None) for rows in groups]
    )  # each stays in training
    held = [generator.permutation(rows)[:size] for rows, size in zip(groups, sizes, strict=True)]
    validation = np.sort(np.concatenate(held)).astype(np.intp)
    return np.setdiff1d(np.arange(count), validation), validation

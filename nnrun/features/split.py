"""The rows of a training table that are trained on, and those that are held out."""

import numpy as np
import polars as pl

from nnrun.errors import ConfigError
from nnrun.features.kept_rows import RowMask, RowNumbers
from nnrun.features.profile import TableProfile
from nnrun.features.split_by_column import split_by_column


def split_rows(profile: TableProfile) -> dict[str, RowMask]:
    """Return for each part of a training table which rows are its own, those to train on first.

    Args:
        profile: The whole table, surveyed.

    Returns:
        A bool array of shape (rows,) for each part; a part that has no rows is left out.

    Raises:
        ConfigError: No row is left to train on, or none to validate on.
    """
    if profile.split:
        parts = split_by_column(profile, profile.split)
    else:
        is_held_out = _draw_held_out_rows(profile)
        parts = {"train": ~is_held_out, "validation": is_held_out}
    rows_by_part = {}
    for part, is_row in parts.items():
        if part == "train" or is_row.any():
            rows_by_part[part] = is_row
    return rows_by_part


def _draw_held_out_rows(profile: TableProfile) -> RowMask:
    """Return whether each row is held out for validation, as the config's `split_seed` decides."""
    rows = profile.rows
    fraction = profile.config.data.validation_split
    is_held_out = np.zeros(rows, bool)
    if not fraction:
        return is_held_out
    labels = _labels_to_share(profile)
    keep = 1 if len(profile.labels) == 1 else 0  # there may be as many combinations as rows
    _, held_out = hold_out(labels, rows, fraction, profile.config.split_seed, keep=keep)
    if not 0 < len(held_out) < rows:
        place = profile.config.where("data", "validation_split")
        lack = "none to train on" if len(held_out) else "none to validate on"
        is_for_labels = keep and labels is not None
        if is_for_labels and fraction * rows >= 0.5:  # a row, but for labels
            lack += "; every label needs a row to train on"
        raise ConfigError(f"{place}: {fraction} of {rows} rows leaves {lack}")
    is_held_out[held_out] = True
    return is_held_out


def hold_out(
    labels: pl.Series | None,
    count: int,
    fraction: float,
    seed: int,
    keep: int = 1,
) -> tuple[RowNumbers, RowNumbers]:
    """Draw which of `count` rows to train on and which to hold out, each ascending.

    Args:
        labels: The label of each row, or None. The same share of every label is held out.
        count: The number of rows.
        fraction: The share of them to hold out.
        seed: Decides the draw.
        keep: How many rows of each label stay at least.
    """
    if labels is None:  # all rows are one group
        labels = pl.zeros(count, eager=True)
        keep = 0
    generator = np.random.default_rng([seed, 0, 1])  # row orders of epochs use [seed, epoch]
    groups = _rows_of_each(labels)
    sizes = _sizes_to_hold_out(groups, fraction, keep)
    held_out = []
    for rows, size in zip(groups, sizes, strict=True):
        shuffled = generator.permutation(rows)
        held_out.append(shuffled[:size])
    validation = np.sort(np.concatenate(held_out)).astype(np.intp)
    is_trained = np.ones(count, bool)
    is_trained[validation] = False
    return np.flatnonzero(is_trained), validation


def _rows_of_each(codes: pl.Series) -> list[RowNumbers]:
    """Return the numbers of the rows that have each of some codes, by the order of the codes."""
    places = codes.rank("dense").to_numpy()
    order = np.argsort(places, kind="stable").astype(np.intp)
    is_last_of_code = np.diff(places[order]) != 0
    ends = np.flatnonzero(is_last_of_code) + 1
    return np.split(order, ends)


def _sizes_to_hold_out(
    groups: list[RowNumbers],
    fraction: float,
    keep: int,
) -> RowNumbers:
    """Return how many rows of each group to hold out, so that the shares add up.

    Args:
        groups: The rows of each label.
        fraction: The share of all rows to hold out.
        keep: How many rows of each group stay at least.
    """
    lengths = np.array([len(rows) for rows in groups])
    bounds = np.cumsum([0, *lengths])
    ends = np.rint(fraction * bounds).astype(int)
    most = lengths - keep
    sizes: RowNumbers = np.minimum(np.diff(ends), most)
    return sizes


def _labels_to_share(profile: TableProfile) -> pl.Series | None:
    """Return the label of each row, or of several targets the number of their combination.

    None stands for numbers, and for as many labels as lint refuses.
    """
    if not profile.labels:
        return None
    most = 2 if profile.config.is_binary else profile.rows / 2
    for labels in profile.labels.values():
        if not 2 <= len(labels.spellings) <= most:
            return None
    return profile.label_combinations()

"""The rows of a training table as a column splits them: by groups, by time, or as it says."""

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.kept_rows import RowMask
from nnrun.features.profile import TableProfile
from nnrun.features.split_column import PARTS_NAMED, SplitColumn

_REMEDIES = {
    "train": "write it in the rows to train on",
    "validation": "write it in some of the rows to train on, to be measured after every epoch",
}
"""What to do about a part that no cell names."""


def split_by_column(profile: TableProfile, column: SplitColumn) -> dict[str, RowMask]:
    """Return for each part which rows are its own, those to train on first.

    Args:
        profile: The profile of the training table, whose column has no problems.
        column: The column that splits it.

    Raises:
        ConfigError: No row is left to train on, or none to validate on, or the config gives a
            table to test on besides the rows of that part.
    """
    if column.split.kind == "column":
        return _parts_named(profile.config, column)
    ranks = column.cells.rank("dense").to_numpy().astype(np.intp) - 1
    sizes = np.bincount(ranks)
    if len(sizes) < 2:
        place = profile.config.where("data", "split", column.split.kind)
        values = f"column {column.split.name!r} has the same value in all rows"
        raise ConfigError(f"{place}: {values}, so no row could be held out; name another column")
    if column.split.kind == "time":
        is_held_out = _last_times(sizes, column.split.share)
    else:
        is_held_out = _draw_groups(sizes, column.split.share, profile.config.split_seed)
    held_out = is_held_out[ranks]
    return {"train": ~held_out, "validation": held_out}


def _draw_groups(sizes: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return whether each group is held out.

    They come in drawn order, and each that still fits into the share is held out. Where none
    fits, the first of the smallest ones is.

    Args:
        sizes: The rows of each group, in the order of their texts.
        share: The share of the rows to hold out.
        seed: Decides the draw.
    """
    generator = np.random.default_rng([seed, 0, 1])  # as for single rows
    order = generator.permutation(len(sizes))
    is_held_out = np.zeros(len(sizes), bool)
    room = round(share * int(sizes.sum()))
    for group in order.tolist():
        if sizes[group] <= room:
            is_held_out[group] = True
            room -= sizes[group]
    if not is_held_out.any():
        is_held_out[order[np.argmin(sizes[order])]] = True
    return is_held_out


def _last_times(sizes: np.ndarray, share: float) -> np.ndarray:
    """Return whether each time is held out: so many last ones that the share is nearest.

    Rows of one time stay on one side.

    Args:
        sizes: The rows of each time, ascending.
        share: The share of the rows to hold out.
    """
    earlier = np.cumsum(sizes)[:-1]  # rows before each time but the first, which is trained on
    wanted = (1 - share) * sizes.sum()
    first = 1 + int(np.argmin(np.abs(earlier - wanted)))
    return np.arange(len(sizes)) >= first


def _parts_named(config: Config, column: SplitColumn) -> dict[str, RowMask]:
    """Return which rows each part has that the cells name."""
    parts = {part: (column.cells == part).to_numpy() for part in PARTS_NAMED}
    place = config.where("data", "split", "column")
    for part in ("train", "validation"):
        if not parts[part].any():
            lacked = f"no row of column {column.split.name!r} says {part}"
            raise ConfigError(f"{place}: {lacked}; {_REMEDIES[part]}")
    if parts["test"].any() and config.data.test:
        rule = "it names rows to test on, and so does data.test"
        raise ConfigError(f"{place}: {rule}; leave one of the two out")
    return parts

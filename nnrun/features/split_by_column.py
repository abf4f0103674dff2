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
    split = column.split
    group_of_row = column.group_of_row()
    sizes = np.bincount(group_of_row)
    if len(sizes) < 2:
        place = profile.config.where("data", "split", split.kind)
        problem = f"column {split.name!r} has the same value in all rows"
        reason = "so no row could be held out"
        raise ConfigError(f"{place}: {problem}, {reason}; name another column")
    if split.kind == "time":
        is_group_held_out = _last_times(sizes, split.share)
    else:
        is_group_held_out = _draw_groups(sizes, split.share, profile.config.split_seed)
    is_held_out = is_group_held_out[group_of_row]
    return {"train": ~is_held_out, "validation": is_held_out}


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
        smallest = order[np.argmin(sizes[order])]
        is_held_out[smallest] = True
    return is_held_out


def _last_times(sizes: np.ndarray, share: float) -> np.ndarray:
    """Return whether each time is held out: so many last ones that the share is nearest.

    Rows of one time stay on one side.

    Args:
        sizes: The rows of each time, ascending.
        share: The share of the rows to hold out.
    """
    earlier_rows = np.cumsum(sizes)[:-1]  # of each time but the first, which is trained on
    wanted_rows = (1 - share) * sizes.sum()
    differences = np.abs(earlier_rows - wanted_rows)
    first_held_out = 1 + int(np.argmin(differences))
    times = np.arange(len(sizes))
    return times >= first_held_out


def _parts_named(config: Config, column: SplitColumn) -> dict[str, RowMask]:
    """Return which rows each part has that the cells name."""
    parts = {}
    for part in PARTS_NAMED:
        is_row = column.cells == part
        parts[part] = is_row.to_numpy()
    place = config.where("data", "split", "column")
    for part in ("train", "validation"):
        if not parts[part].any():
            problem = f"no row of column {column.split.name!r} says {part}"
            remedy = _REMEDIES[part]
            raise ConfigError(f"{place}: {problem}; {remedy}")
    if parts["test"].any() and config.data.test:
        problem = "it names rows to test on, and so does data.test"
        raise ConfigError(f"{place}: {problem}; leave one of the two out")
    return parts

"""The folds of a cross-validation: which rows each trains on, and which it is measured on."""

from typing import NamedTuple

import numpy as np
import polars as pl

from nnrun.errors import InputError
from nnrun.features.kept_rows import RowMask, RowNumbers
from nnrun.features.labels import LabelProfile
from nnrun.features.profile import TableProfile
from nnrun.features.split_column import SplitColumn

FOLD_STREAM = 2  # of generators [seed, repeat, stream]; that of validation has [seed, 0, 1]


class FoldRows(NamedTuple):
    """The rows of a fold.

    Attributes:
        trained: Whether each row of the table is trained on, or held out from it for validation.
        held_out: Whether each row is measured, which the training never sees.
    """

    trained: RowMask
    held_out: RowMask


def draw_folds(profile: TableProfile, count: int, repeat: int = 0) -> list[FoldRows]:
    """Return the folds of a training table, as its config splits it.

    - By single rows: each is held out once, and every label has the same share of each fold, as
      nearly as its rows allow.
    - By groups: each row is held out once, and no group is in two folds.
    - By time: each fold holds out the rows that follow those it trains on, so that the first rows
      are never held out.
    - As a column says: rows of `train` are dealt to the folds, those of `validation` belong to each
      training, and those of `test` to none.

    Args:
        profile: The profile of the table, whose config has the seed that decides the draw.
        count: How many folds there are.
        repeat: Which of several draws this is, from 0 on.

    Raises:
        InputError: There are fewer rows, groups or times than folds, a label has a
            single row, or a split by time is to be dealt anew.
    """
    split = profile.split
    kind = split.split.kind if split else None
    seeds = [profile.config.split_seed, repeat, FOLD_STREAM]
    generator = np.random.default_rng(seeds)
    if split and kind == "time":
        if repeat:
            rule = "a split by time has one order, and is dealt once"
            raise InputError(f"--repeats: {rule}; leave it out, or give --seeds")
        return _folds_by_time(split, count)
    if split and kind == "group":
        _check_labels(profile, np.ones(profile.rows, bool))
        fold_of_row = _folds_of_groups(split, count, generator)
    else:
        fold_of_row = _folds_of_rows(profile, count, generator)
    is_always_trained_on = np.zeros(profile.rows, bool)
    if split and kind == "column":
        is_always_trained_on = (split.cells == "validation").to_numpy()
    is_dealt = fold_of_row >= 0
    folds = []
    for fold in range(count):
        is_held_out = fold_of_row == fold
        is_of_another_fold = is_dealt & ~is_held_out
        rows = FoldRows(
            trained=is_of_another_fold | is_always_trained_on,
            held_out=is_held_out,
        )
        folds.append(rows)
    return folds


def _folds_by_time(split: SplitColumn, count: int) -> list[FoldRows]:
    """Return folds of about equally many rows, each of which follow those that it trains on."""
    place = f"--folds {count}: column {split.split.name!r}"
    time_of_row = split.group_of_row()
    sizes = np.bincount(time_of_row)
    parts = count + 1  # the first one is trained on alone
    if parts > len(sizes):
        problem = f"has {len(sizes)} times"
        remedy = "give fewer than these, since each fold follows rows to train on"
        raise InputError(f"{place} {problem}; {remedy}")
    earlier_rows = np.cumsum(sizes) - sizes
    part_of_time = earlier_rows * parts // sizes.sum()
    if len(np.unique(part_of_time)) < parts:
        raise InputError(f"{place} has times of too many rows each to be dealt so; give fewer")
    part_of_row = part_of_time[time_of_row]
    folds = []
    for part in range(1, parts):
        rows = FoldRows(
            trained=part_of_row < part,
            held_out=part_of_row == part,
        )
        folds.append(rows)
    return folds


def _folds_of_rows(
    profile: TableProfile,
    count: int,
    generator: np.random.Generator,
) -> RowNumbers:
    """Return the fold of each row, shape (rows,), or -1 where a column says it is not of `train`.

    Every label has the same share of each fold, as nearly as its rows allow.
    """
    is_dealt = np.ones(profile.rows, bool)
    if profile.split:
        is_dealt = (profile.split.cells == "train").to_numpy()
    rows = int(is_dealt.sum())
    if count > rows:
        problem = f"{profile.name} has {rows} rows"
        raise InputError(f"--folds {count}: {problem}; give fewer")
    _check_labels(profile, is_dealt)
    order = _shuffled_by_label(profile, generator)
    dealt_rows = order[is_dealt[order]]
    fold_of_row: RowNumbers = np.full(profile.rows, -1, np.intp)
    fold_of_row[dealt_rows] = np.arange(rows) % count
    return fold_of_row


def _folds_of_groups(
    split: SplitColumn,
    count: int,
    generator: np.random.Generator,
) -> RowNumbers:
    """Return the fold of each row, shape (rows,), where all rows of a group are in one."""
    group_of_row = split.group_of_row()
    groups = int(group_of_row.max()) + 1
    if count > groups:
        problem = f"column {split.split.name!r} has {groups} groups"
        raise InputError(f"--folds {count}: {problem}; give fewer")
    fold_of_group = generator.permutation(groups) % count
    fold_of_row: RowNumbers = fold_of_group[group_of_row]
    return fold_of_row


def _shuffled_by_label(
    profile: TableProfile,
    generator: np.random.Generator,
) -> RowNumbers:
    """Return the numbers of all rows, those of a label together, and each label's shuffled.

    Rows that are dealt to the folds in this order are shared out evenly, and so is each label.
    """
    shuffled = generator.permutation(profile.rows)
    if not profile.labels:
        return shuffled
    codes = _codes_of_labels(profile)
    order = np.argsort(codes[shuffled], kind="stable")
    return shuffled[order]


def _check_labels(profile: TableProfile, is_dealt: RowMask) -> None:
    """Raise an InputError where a label has one row, which could not be trained on and measured."""
    problems = []
    for name, labels in profile.labels.items():
        of_target = ""
        if len(profile.labels) > 1:
            of_target = f" of {name!r}"
        for label in _labels_of_one_row(labels, is_dealt):
            place = f"{profile.name}: the label {label!r}{of_target}"
            rule = "has 1 row, and cannot be both trained on and measured"
            remedy = "give it 2 or more, or leave its row out"
            problems.append(f"{place} {rule}; {remedy}")
    if problems:
        raise InputError(problems)


def _labels_of_one_row(labels: LabelProfile, is_dealt: RowMask) -> list[str]:
    """Return the labels that a single one of the rows has, in the order of their codes."""
    codes = labels.codes.filter(pl.Series(is_dealt))
    counts = codes.value_counts(name="rows")
    has_one_row = pl.col("rows") == 1
    codes_of_one_row = counts.filter(has_one_row)[codes.name].sort()
    spellings = list(labels.spellings.values())
    return [spellings[code] for code in codes_of_one_row]


def _codes_of_labels(profile: TableProfile) -> RowNumbers:
    """Return a number for each label, or each combination of labels of several targets."""
    if len(profile.labels) == 1:
        (labels,) = profile.labels.values()
        codes = labels.codes
    else:
        codes = profile.label_combinations()
    return codes.to_numpy().astype(np.intp)

"""The folds of a cross-validation: which rows each trains on, and which it is measured on."""

from typing import NamedTuple

import numpy as np
import polars as pl

from nnrun.errors import InputError
from nnrun.features.kept_rows import RowMask
from nnrun.features.labels import LabelProfile
from nnrun.features.profile import TableProfile
from nnrun.features.split import RowNumbers
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
    """Return the folds of a training table; each of its rows is held out once.

    Every label has the same share of each fold, as nearly as its rows allow; or, where the config
    splits by groups, no group is in two folds.

    Args:
        profile: The profile of the table, whose config has the seed that decides the draw.
        count: How many folds there are.
        repeat: Which of several draws this is, from 0 on.

    Raises:
        InputError: There are fewer rows or groups than folds, a label has a single row, or the
            config splits by time or as a column says.
    """
    if count > profile.rows:
        raise InputError(f"--folds {count}: {profile.name} has {profile.rows} rows; give fewer")
    _check_labels(profile)
    generator = np.random.default_rng([profile.config.seed, repeat, FOLD_STREAM])
    if profile.split:
        fold_of_row = _folds_of_groups(profile.split, count, generator)
    else:
        order = _shuffled_by_label(profile, generator)
        fold_of_row = np.empty(profile.rows, np.intp)
        fold_of_row[order] = np.arange(profile.rows) % count
    return [FoldRows(fold_of_row != fold, fold_of_row == fold) for fold in range(count)]


def _folds_of_groups(split: SplitColumn, count: int, generator: np.random.Generator) -> RowNumbers:
    """Return the fold of each row, shape (rows,), where all rows of a group are in one."""
    if split.split.kind != "group":
        raise InputError(
            f"data.split: {split.split.kind}: cv deals rows to folds by chance, which no split "
            f"by {split.split.kind} allows; `nnrun train` takes it"
        )
    group_of_row = split.cells.rank("dense").to_numpy().astype(np.intp) - 1
    groups = int(group_of_row.max()) + 1
    if count > groups:
        name = split.split.name
        raise InputError(f"--folds {count}: column {name!r} has {groups} groups; give fewer")
    fold_of_group = generator.permutation(groups) % count
    fold_of_row: RowNumbers = fold_of_group[group_of_row]
    return fold_of_row


def _shuffled_by_label(profile: TableProfile, generator: np.random.Generator) -> RowNumbers:
    """Return the numbers of all rows, those of a label together, and each label's shuffled.

    Rows that are dealt to the folds in this order are shared out evenly, and so is each label.
    """
    shuffled = generator.permutation(profile.rows)
    if not profile.labels:
        return shuffled
    codes = _codes_of_labels(profile)
    return shuffled[np.argsort(codes[shuffled], kind="stable")]


def _check_labels(profile: TableProfile) -> None:
    """Raise an InputError where a label has one row, which could not be trained on and measured."""
    problems = []
    for name, labels in profile.labels.items():
        of_target = f" of {name!r}" if len(profile.labels) > 1 else ""
        problems += [
            f"{profile.name}: the label {label!r}{of_target} has 1 row, and cannot be both trained "
            "on and measured; give it 2 or more, or leave its row out"
            for label in _labels_of_one_row(labels)
        ]
    if problems:
        raise InputError(problems)


def _labels_of_one_row(labels: LabelProfile) -> list[str]:
    counts = labels.codes.value_counts(name="rows")
    codes = counts.filter(pl.col("rows") == 1)[labels.codes.name].sort()
    spellings = list(labels.spellings.values())
    return [spellings[code] for code in codes]


def _codes_of_labels(profile: TableProfile) -> RowNumbers:
    """Return a number for each label, or each combination of labels of several targets."""
    if len(profile.labels) == 1:
        (labels,) = profile.labels.values()
        return labels.codes.to_numpy().astype(np.intp)
    return profile.label_combinations().to_numpy().astype(np.intp)

"""What was made of the cells of a column in a later table, where training saw no such cells."""

from collections.abc import Iterator, Mapping

from nnrun.features.cells import FaultKind
from nnrun.features.faults import ColumnFaults, Fault
from nnrun.features.feature import Feature
from nnrun.wording import counted, short_number

FEW = 0.05
"""A share of the training rows: where fewer lack a cell, each that is filled later is told."""

MANY_TIMES = 2
"""So many times the share of training must lack the cell, where training lacked more than few."""

BAD_CELLS: Mapping[FaultKind, str] = {
    "not_number": "not a number",
    "not_finite": "not finite",
    "too_large": "beyond what float32 holds",
    "other_format": "not a date of the form that training read",
}


def unseen_note(table: str, faults: ColumnFaults) -> str | None:
    """Return how many cells hold categories that training never saw, and which, or None.

    Args:
        table: The table, as messages call it.
        faults: The cells of a column of categories that are of none.
    """
    unseen = faults["unseen_category"]
    if not unseen.count:
        return None
    return f"{table}: column {faults.name!r}: {_describe_unseen(unseen)}"


def column_note(table: str, faults: ColumnFaults, feature: Feature) -> str | None:
    """Return a line on the cells that are unlike those of training, or None.

    Args:
        table: The table, as messages call it.
        faults: The cells of a column that are missing, wrong, far or of no category.
        feature: The column in training, or the first part of its dates.
    """
    clauses = "; ".join(_clauses(table, faults, feature))
    if not clauses:
        return None
    return f"{table}: column {faults.name!r}: {clauses}"


def _clauses(table: str, faults: ColumnFaults, feature: Feature) -> Iterator[str]:
    """Yield a clause for each way in which the cells are unlike those of training."""
    for kind, description in BAD_CELLS.items():
        bad = faults[kind]
        if bad.count:
            cells = f"{_cells_are(bad.count)} {description} ({_examples(table, bad)})"
            be = _is_or_are(bad.count)
            yield f"{cells}, and {be} taken as missing and filled with {_fill_of(feature)}"
    if _tells_missing(faults, feature):
        yield _describe_missing(faults, feature)
        if not faults.present:
            return
    if faults["far"].count:
        yield _describe_far(table, faults, feature)
    if faults["unseen_category"].count:
        yield _describe_unseen(faults["unseen_category"])
    if faults["other_category"].count:
        other = faults["other_category"]
        cells = f"{_cells_hold(other.count)} categories that are rare or new to training"
        yield f"{cells} ({other.examples}), and {_is_or_are(other.count)} taken as other"


def _tells_missing(faults: ColumnFaults, feature: Feature) -> bool:
    """Return whether training lacked fewer cells, or all are missing."""
    missing = faults["missing"].count
    if not missing:
        return False
    if missing == faults.rows:
        return True
    if feature.missing_share is None or not _has_a_fill(feature):
        return False  # a run of an earlier version; or cells that are of no category, told as such
    is_more = missing / faults.rows > MANY_TIMES * feature.missing_share
    return feature.missing_share < FEW or is_more


def _describe_missing(faults: ColumnFaults, feature: Feature) -> str:
    """Return how many cells are missing, what they became, and how many training lacked."""
    missing = faults["missing"].count
    every = missing == faults.rows > 1
    cells = "every cell is missing" if every else f"{_cells_are(missing)} missing"
    be = "is" if every else _is_or_are(missing)
    became = f"and {be} filled with {_fill_of(feature)}"
    if feature.kind == "text":
        became = f"and {be} taken as {_category_of_missing(feature)}"
    if feature.missing_share is None:
        return f"{cells}, {became}"
    if not feature.missing_share:
        return f"{cells}, {became}; none were missing in training"
    share = f"{100 * feature.missing_share:.2g} %"
    return f"{cells}, {became}; {share} of the rows were missing in training"


def _has_a_fill(feature: Feature) -> bool:
    return feature.kind != "text" or None in feature.categories


def _fill_of(feature: Feature) -> str:
    """Return what stands in place of a missing number or date."""
    if feature.part is not None:
        return "the means of training"
    return f"the mean of training, {short_number(feature.mean)}"


def _category_of_missing(feature: Feature) -> str:
    if None in feature.categories:
        return "a category of their own"
    return "other" if feature.other else "none of the categories"


def _describe_far(table: str, faults: ColumnFaults, feature: Feature) -> str:
    """Return how many numbers are far beyond the range of training, and what that range is."""
    far = faults["far"]
    numbers = counted(far.count, feature.part or "number")
    if feature.minimum == feature.maximum:
        differ = "differs" if far.count == 1 else "differ"
        constant = f"{feature.minimum:.6g}, which the column constantly is in training"
        return f"{numbers} {differ} from {constant} ({_examples(table, far)})"
    lie = "lies" if far.count == 1 else "lie"
    span = f"{feature.minimum:.6g} to {feature.maximum:.6g} of training by more than its width"
    return f"{numbers} {lie} beyond the range {span} ({_examples(table, far)})"


def _describe_unseen(unseen: Fault) -> str:
    cells = f"{_cells_hold(unseen.count)} categories that training never saw"
    return f"{cells} ({unseen.examples}), and {_is_or_are(unseen.count)} taken as no category"


def _cells_are(count: int) -> str:
    return f"{counted(count, 'cell')} {_is_or_are(count)}"


def _cells_hold(count: int) -> str:
    return f"{counted(count, 'cell')} {'holds' if count == 1 else 'hold'}"


def _is_or_are(count: int) -> str:
    return "is" if count == 1 else "are"


def _examples(table: str, fault: Fault) -> str:
    """Return the first distinct cells, and where the first ones stand."""
    file = "" if fault.file == table else f"{fault.file}, "
    return f"{fault.examples}; {file}{fault.where()}"

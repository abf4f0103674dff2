"""What was made of the cells of a column in a later table, where training saw no such cells."""

from collections.abc import Iterator, Mapping

from nnrun.features.cells import FaultKind
from nnrun.features.faults import ColumnFaults, Fault
from nnrun.features.feature import Feature
from nnrun.wording import counted, short_number, without_middle

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
    clause = _describe_unseen(unseen)
    return without_middle(f"{table}: column {faults.name!r}: {clause}")


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
    return without_middle(f"{table}: column {faults.name!r}: {clauses}")


def _clauses(table: str, faults: ColumnFaults, feature: Feature) -> Iterator[str]:
    """Yield a clause for each way in which the cells are unlike those of training."""
    for kind, description in BAD_CELLS.items():
        bad = faults[kind]
        if bad.count:
            yield _describe_bad(table, bad, description, feature)
    if _tells_missing(faults, feature):
        yield _describe_missing(faults, feature)
        if not faults.present:
            return
    far = faults["far"]
    if far.count:
        yield _describe_far(table, far, feature)
    unseen = faults["unseen_category"]
    if unseen.count:
        yield _describe_unseen(unseen)
    other = faults["other_category"]
    if other.count:
        yield _describe_other(other)


def _describe_bad(
    table: str,
    bad: Fault,
    description: str,
    feature: Feature,
) -> str:
    """Return how many cells could not be read, which they are, and what they became."""
    cells = f"{_cells_are(bad.count)} {description}"
    examples = _examples(table, bad)
    be = _is_or_are(bad.count)
    fill = _fill_of(feature)
    return f"{cells} ({examples}), and {be} taken as missing and filled with {fill}"


def _tells_missing(faults: ColumnFaults, feature: Feature) -> bool:
    """Return whether training lacked fewer cells, or all are missing."""
    missing = faults["missing"].count
    if not missing:
        return False
    if missing == faults.rows:
        return True
    if feature.missing_share is None or not _has_a_fill(feature):
        return False  # a run of an earlier version; or cells that are of no category, told as such
    if feature.missing_share < FEW:
        return True
    share = missing / faults.rows
    return share > MANY_TIMES * feature.missing_share


def _describe_missing(faults: ColumnFaults, feature: Feature) -> str:
    """Return how many cells are missing, what they became, and how many training lacked."""
    missing = faults["missing"].count
    if missing == faults.rows > 1:
        be = "is"
        cells = "every cell is missing"
    else:
        be = _is_or_are(missing)
        cells = f"{_cells_are(missing)} missing"
    if feature.kind == "text":
        became = f"taken as {_category_of_missing(feature)}"
    else:
        became = f"filled with {_fill_of(feature)}"
    clause = f"{cells}, and {be} {became}"
    if feature.missing_share is None:
        return clause
    if not feature.missing_share:
        return f"{clause}; none were missing in training"
    per_cent = 100 * feature.missing_share
    return f"{clause}; {per_cent:.2g} % of the rows were missing in training"


def _has_a_fill(feature: Feature) -> bool:
    return feature.kind != "text" or None in feature.categories


def _fill_of(feature: Feature) -> str:
    """Return what stands in place of a missing number or date."""
    if feature.part is not None:
        return "the means of training"
    mean = short_number(feature.mean)
    return f"the mean of training, {mean}"


def _category_of_missing(feature: Feature) -> str:
    if None in feature.categories:
        return "a category of their own"
    return "other" if feature.other else "none of the categories"


def _describe_far(table: str, far: Fault, feature: Feature) -> str:
    """Return how many numbers are far beyond the range of training, and what that range is."""
    numbers = counted(far.count, feature.part or "number")
    examples = _examples(table, far)
    low = f"{feature.minimum:.6g}"
    high = f"{feature.maximum:.6g}"
    if feature.minimum == feature.maximum:
        differ = "differs" if far.count == 1 else "differ"
        constant = f"{low}, which the column constantly is in training"
        return f"{numbers} {differ} from {constant} ({examples})"
    lie = "lies" if far.count == 1 else "lie"
    span = f"{low} to {high} of training by more than its width"
    return f"{numbers} {lie} beyond the range {span} ({examples})"


def _describe_unseen(unseen: Fault) -> str:
    cells = f"{_cells_hold(unseen.count)} categories that training never saw"
    be = _is_or_are(unseen.count)
    return f"{cells} ({unseen.examples}), and {be} taken as no category"


def _describe_other(other: Fault) -> str:
    cells = f"{_cells_hold(other.count)} categories that are rare or new to training"
    be = _is_or_are(other.count)
    return f"{cells} ({other.examples}), and {be} taken as other"


def _cells_are(count: int) -> str:
    cells = counted(count, "cell")
    return f"{cells} {_is_or_are(count)}"


def _cells_hold(count: int) -> str:
    cells = counted(count, "cell")
    verb = "holds" if count == 1 else "hold"
    return f"{cells} {verb}"


def _is_or_are(count: int) -> str:
    return "is" if count == 1 else "are"


def _examples(table: str, fault: Fault) -> str:
    """Return the first distinct cells, and where the first ones stand."""
    places = fault.where()
    if fault.file != table:
        places = f"{fault.file}, {places}"
    return f"{fault.examples}; {places}"

"""Rules about the columns of the training table: their ranges, and whether they tell anything."""

from collections.abc import Sequence

import numpy as np

from nnrun.checks.registry import Found, rule
from nnrun.config.lines_to_paste import leave_out_line
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.encoding_size import TOO_LONG, encoding_text, is_too_long
from nnrun.features.feature import Feature, Target
from nnrun.wording import listed

SMALLEST_SPREAD = 1e-6
"""Keras divides by at least 1e-7."""

LARGEST_SPREAD = 1e18
"""The squares of larger deviations do not fit in float32, which ends at 3e38."""

COARSE = 0.02 / float(np.finfo(np.float32).eps)
"""Beyond this many deviations from 0, the steps of float32 blur a column."""

LARGE = 10.0
"""Inputs beyond this saturate or dominate a freshly initialised layer."""

LARGEST_INTEGER = 2**24
"""float32 holds every integer up to this one."""

SHOWN = 3  # columns that a message names


@rule("feature-range", level="error")
def columns_fit_in_float32(config: Config, dataset: Dataset) -> Found:
    """Every column varies by an amount that float32 can standardise."""
    table = dataset.train.name
    if config.data.normalize:
        for feature in dataset.encoder.features:
            reason = _why_not_standardised(feature)
            if reason:
                yield table, f"column {feature.name!r} varies by {reason}"
    for target in dataset.encoder.targets:
        # Adam squares gradients, which grow with the square of the target's scale.
        if target.scale > LARGEST_SPREAD**0.5:
            yield (
                table,
                f"column {target.name!r} varies by {target.scale:.0e}, too much for gradients "
                "in float32; give it in another unit",
            )


def _why_not_standardised(feature: Feature) -> str | None:
    """Return by what a feature varies and what to do, or None where it can be standardised."""
    spread = feature.variance**0.5
    largest = _largest(feature)
    for unit in (spread, feature.scale or spread):
        if not SMALLEST_SPREAD < unit < LARGEST_SPREAD:
            return f"{unit:.0e}, which float32 cannot standardise; give it in another unit"
    varies = feature.minimum < feature.maximum
    if varies and largest > COARSE * spread:
        return f"{spread:.2g} around {largest:.3g}, too little for float32; subtract an offset"
    return None


def _largest(column: Feature | Target) -> float:
    return max(abs(column.minimum), abs(column.maximum))


def _smallest(column: Feature | Target) -> float:
    """Return how near to zero the column comes, 0 where its numbers are of both signs."""
    if column.minimum <= 0 <= column.maximum:
        return 0.0
    return min(abs(column.minimum), abs(column.maximum))


@rule("encoding-size", level="error")
def the_encoding_can_be_saved(_: Config, dataset: Dataset) -> Found:
    """The columns fit in encoding.json."""
    if is_too_long(encoding_text(dataset.encoder)):
        yield ("data",), TOO_LONG


@rule("unscaled", level="warning")
def large_inputs_are_standardised(config: Config, dataset: Dataset) -> Found:
    """Inputs that are large are standardised."""
    if config.data.normalize:
        return
    large = []
    for feature in dataset.encoder.features:
        if _largest(feature) > LARGE:
            large.append(feature.name)
    if large:
        yield (
            ("data", "normalize"),
            f"columns hold values beyond {LARGE:g}, and normalize is false: "
            f"{listed(large, SHOWN)}; leave normalize out",
        )


@rule("target-copy", level="warning")
def no_column_equals_the_target(config: Config, dataset: Dataset) -> Found:
    """No input is the target itself, which would be known at no other time."""
    line = leave_out_line(config.data, dataset.copies).strip("`")
    for name in dataset.copies:
        yield dataset.train.name, f"column {name!r} equals the target; {line}"


@rule("constant", level="warning")
def columns_are_not_constant(config: Config, dataset: Dataset) -> Found:
    """Every column has more than one value among the training rows."""
    encoder = dataset.encoder
    varied = set()
    for feature in encoder.features:
        if not _is_constant(feature):
            varied.add(feature.name)
    constant = [name for name in encoder.column_names if name not in varied]
    if not constant:
        return
    advice = "leave them out"
    if len(constant) <= SHOWN:  # a table of pictures has hundreds, whose line nobody reads
        line = leave_out_line(config.data, constant)
        advice = f"{advice}: {line}"
    shown = listed(constant, SHOWN)
    text = f"columns have one value in all training rows: {shown}; {advice}"
    yield dataset.train.name, text


def _is_constant(feature: Feature) -> bool:
    """Tell whether a column has one value among the training rows."""
    if feature.categories:
        return feature.width == 1
    return feature.minimum == feature.maximum


@rule("big-integers", level="warning")
def whole_numbers_fit_in_float32(_: Config, dataset: Dataset) -> Found:
    """No column holds integers that float32 rounds, all of them of about as many digits.

    Integers of many orders of magnitude, such as populations and budgets, are quantities, of which
    float32 holds seven digits. Others differ in digits that it may not hold.
    """
    columns: Sequence[Feature | Target] = [*dataset.encoder.features, *dataset.encoder.targets]
    for column in columns:
        largest = _largest(column)
        is_quantity = _smallest(column) < max(LARGEST_INTEGER, largest / 10)
        fits_in_float64 = largest < 2**53
        if column.whole and fits_in_float64 and not is_quantity:
            yield (
                dataset.train.name,
                f"column {column.name!r} holds integers beyond 2^24, which float32 rounds; "
                "subtract an offset, or drop it if it is an identifier",
            )

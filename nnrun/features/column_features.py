"""The features that a column of a table becomes, without statistics."""

from nnrun.config.schema import Data
from nnrun.features.categories import choose_categories, count_spellings
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.dates import date_parts
from nnrun.features.feature import Feature
from nnrun.features.kept_rows import RowMask
from nnrun.features.text_survey import count_rows


def column_features(
    column: ColumnProfile,
    data: Data,
    is_trained: RowMask | None = None,
) -> list[Feature]:
    """Return what the column becomes, without statistics: of dates a feature for each part.

    Args:
        column: What the training table tells of it.
        data: Says how many categories are inputs.
        is_trained: Which rows of the table are trained on; by default all.
    """
    kind = kind_of(column)
    if kind == "text":
        return [_text_feature(column, data, is_trained)]
    if kind == "date":
        return _date_features(column)
    return [Feature(name=column.name, kind=kind, sign=column.sign)]


def _date_features(column: ColumnProfile) -> list[Feature]:
    """Return a feature for each part of the dates."""
    dates = column.dates[0]
    date_format, *more_formats = dates.formats
    features = []
    for part in date_parts(date_format):
        feature = Feature(
            name=column.name,
            kind="date",
            format=date_format,
            more_formats=more_formats,
            example=dates.example,
            part=part,
        )
        features.append(feature)
    return features


def _text_feature(
    column: ColumnProfile,
    data: Data,
    is_trained: RowMask | None,
) -> Feature:
    """Return the feature with an input for each frequent category of the rows trained on."""
    counts = column.text_counts or dict.fromkeys(column.texts, 1)  # too many are refused
    missing_share = column.missing / max(1, column.rows)
    places = column.text_places
    if is_trained is not None and places is not None:
        counts = count_rows(column.texts, places, is_trained)
        is_missing = places.is_null().to_numpy()
        missing_share = float(is_missing[is_trained].mean())
    spells_numbers = column.declared == "text" or column.holds_codes or column.is_named_code
    if spells_numbers:
        counts = count_spellings(counts)
    frequent, other = choose_categories(
        counts,
        max_categories=data.max_categories,
        min_frequency=data.min_frequency,
    )
    categories: list[str | None] = [*frequent]
    if missing_share:
        categories.append(None)
    return Feature(
        name=column.name,
        kind="text",
        categories=categories,
        other=other,
        spells_numbers=spells_numbers,
        missing_share=missing_share,
    )

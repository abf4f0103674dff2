"""Features and targets with the statistics of the rows that are trained on."""

from itertools import compress
from typing import NamedTuple

from nnrun.config.schema import Config
from nnrun.features.feature import Feature, Target
from nnrun.features.number_scales import NumberScales
from nnrun.features.statistics import Moments


class TargetMoments(NamedTuple):
    """Statistics of the targets of the training rows.

    Attributes:
        values: Of the numbers as the table has them.
        logs: Of log(1 + number), where the config has them learnt so.
    """

    values: Moments
    logs: Moments


def fit_features(
    features: list[Feature],
    x: Moments,
    scales: NumberScales,
    *,
    has_categories: bool,
) -> list[Feature]:
    """Return the features with their statistics.

    Categories that no training row has, and parts of dates that are the same in all, go.

    Args:
        features: The features, without statistics.
        x: Statistics of their inputs.
        scales: Scales of the inputs that are numbers.
        has_categories: Whether the inputs of text are among those of `x`. Otherwise text is left
            as it is.
    """
    fitted = _with_statistics(features, x, scales, has_categories=has_categories)
    return _without_constant_parts(fitted)


def fit_targets(targets: list[Target], y: TargetMoments, config: Config) -> list[Target]:
    """Return the targets with their statistics, as far as they are numbers.

    Args:
        targets: The targets, without statistics.
        y: Their statistics.
        config: Says whether they are labels, and whether numbers are rescaled.
    """
    if config.is_classes:
        return targets
    fitted = []
    for column, target in enumerate(targets):
        fitted.append(_fitted_target(target, y, column, config))
    return fitted


def _with_statistics(
    features: list[Feature],
    x: Moments,
    scales: NumberScales,
    *,
    has_categories: bool,
) -> list[Feature]:
    """Return the features with their statistics, without categories that no training row has."""
    fitted = []
    start = 0
    for feature in features:
        if feature.kind == "text" and not has_categories:
            fitted.append(feature)
            continue
        if feature.kind == "text":
            fitted.append(_fitted_text(feature, x, start))
        else:
            statistics = x.describe(start)
            update = {**statistics._asdict(), **scales.describe(start, statistics)}
            fitted.append(feature.model_copy(update=update))
        start += feature.width
    return fitted


def _fitted_text(feature: Feature, x: Moments, start: int) -> Feature:
    """Return a feature of text whose inputs are the columns of `x` from `start` on."""
    end = start + len(feature.categories)
    is_seen = x.maximum[start:end] > 0
    categories = list(compress(feature.categories, is_seen))
    missing_share = 0.0
    if None in categories:
        column = start + feature.categories.index(None)
        missing = x.mean[column] * x.rows
        missing_share = round(missing) / x.rows  # sums of blocks differ in their last bits
    update = {"categories": categories, "missing_share": missing_share}
    return feature.model_copy(update=update)


def _without_constant_parts(features: list[Feature]) -> list[Feature]:
    """Leave out the parts of a date that are the same in all rows, unless all are."""
    dates_that_vary = set()
    for feature in features:
        if feature.part and _varies(feature):
            dates_that_vary.add(feature.name)
    kept = []
    for feature in features:
        if _varies(feature) or feature.name not in dates_that_vary:
            kept.append(feature)
    return kept


def _varies(feature: Feature) -> bool:
    return feature.minimum < feature.maximum


def _fitted_target(
    target: Target,
    y: TargetMoments,
    column: int,
    config: Config,
) -> Target:
    """Return a target with its statistics, and the scale that the network's output has."""
    update = y.values.describe(column)._asdict()
    del update["missing_share"]  # no row without a target is trained on
    del update["variance"]
    if config.rescales:
        learnt_values = y.logs if config.data.target_transform else y.values
        learnt = learnt_values.describe(column)
        is_linear = config.output_activation() == "linear"
        update["scale"] = learnt.variance**0.5
        update["offset"] = learnt.mean if is_linear else 0.0  # other outputs stay at 0 or above
    return target.model_copy(update=update)

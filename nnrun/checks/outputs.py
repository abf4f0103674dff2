"""Rules about the output of the network: its units, its range, probabilities and logits."""

import math

import numpy as np

from nnrun.checks.registry import Found, Place, rule
from nnrun.config.architecture import summarize
from nnrun.config.keras_catalog import largest_output
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.feature import Target

RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0, np.inf)),
    "relu6": (0, 6),
}
"""The least and the largest output of an activation; one that is not listed gives any number."""

ANY_NUMBER = (-np.inf, np.inf)

FAR_FROM_ZERO = 5
"""Standard deviations between 0 and the least number, from which on a ReLU output does harm: the
last layer must first grow to that size, and Dropout and noise grow with it."""

NEVER_NEGATIVE = ("MeanSquaredLogarithmicError", "Poisson")
"""The losses whose logarithms take no number below 0."""

LOSSES_OF_LOGS = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
"""The losses of differences: others take logarithms themselves, or count by the units."""

FAR_FROM_SPREAD = 20
"""Times the standard deviation, or a part of it so small, Huber is another loss."""

NORMALISED_OVER_UNITS = ("softmax", "log_softmax", "sparsemax")
PROBABILITIES_OF_ONE = ("sigmoid", "hard_sigmoid", "sparse_sigmoid")


@rule("output-units", level="error")
def outputs_fit_the_target(config: Config, dataset: Dataset) -> Found:
    """The last layer gives a unit for each label, of more than two, or for each target column."""
    targets = len(config.data.target)
    if config.is_classes and not config.is_binary and targets > 1:
        yield (
            ("data", "target"),
            f"{config.loss['name']} takes one target; received {targets}; "
            "for several targets of two labels each, use BinaryCrossentropy",
        )
        return
    last_layer = summarize(config, dataset.encoder.width)[-1]
    units = last_layer.units
    noun = "target column"
    wanted = targets
    if config.is_classes and not config.is_binary:
        noun = "label"
        wanted = len(dataset.encoder.labels)
    if units != wanted:
        yield (
            _place_of_last_units(config),
            f"the last layer gives one unit for each {noun} ({wanted}); received {units}",
        )


def _place_of_last_units(config: Config) -> Place:
    """Return the keys of the units of the last layer that has some."""
    dense = config.layers_with("units")
    if not dense:
        return ("layers",)
    return ("layers", dense[-1], "units")


def _place_of_output(config: Config) -> Place:
    """Return the keys of the activation of the outputs, or of the layer that has none."""
    place = config.place_of_output()
    if place is None:
        return ("layers",)
    if "activation" in config.layers[place]:
        return ("layers", place, "activation")
    return ("layers", place)


@rule("softmax-one-unit", level="error")
def no_softmax_over_one_unit(config: Config, dataset: Dataset) -> Found:
    """No softmax is taken over one unit, where it gives 1 for every row."""
    layers = summarize(config, dataset.encoder.width)
    for i in config.layers_with("activation"):
        activation = config.layers[i]["activation"]
        if layers[i].units == 1 and activation in NORMALISED_OVER_UNITS:
            yield (
                ("layers", i, "activation"),
                f"{activation} over one unit gives the same value for every row; use sigmoid",
            )


@rule("target-transform", level="error")
def logarithms_are_of_numbers(config: Config, dataset: Dataset) -> Found:
    """Logarithms are taken of numbers that are never negative, under a loss that fits them."""
    if not config.data.target_transform:
        return
    place = ("data", "target_transform")
    loss = config.loss["name"]
    if loss not in LOSSES_OF_LOGS:
        fitting = ", ".join(LOSSES_OF_LOGS)
        yield place, f"{loss} does not work with it; use {fitting}, or leave it out"
        return
    for target in dataset.encoder.targets:
        if target.minimum < 0:
            yield (
                place,
                f"log1p takes numbers that are never negative, but {target.name!r} goes from "
                f"{target.minimum:g}; leave it out, or use Huber",
            )


@rule("mse-range", level="error")
def outputs_reach_the_target(config: Config, dataset: Dataset) -> Found:
    """The range of the output's activation covers that of the target, or of its logarithm."""
    if config.is_classes:
        return
    prefix = "log1p of " if config.data.target_transform else ""
    output = config.output_activation()
    for target in dataset.encoder.targets:
        low, high = _output_range(config, target)
        allowed = f"{low} and above"
        if high < np.inf:
            allowed = f"{low:g}..{high:g}"
        least, most = learnt_range(config, target)
        if least < low or most > high:
            yield (
                _place_of_output(config),
                f"{output} gives {allowed}, but {prefix}{target.name!r} goes from "
                f"{least:g} to {most:g}; use linear",
            )


def _output_range(config: Config, target: Target) -> tuple[float, float]:
    """Return the least and the largest number that the network can give for a target."""
    low, high = RANGES.get(config.output_activation(), ANY_NUMBER)
    place = config.place_of_output()
    if place is None:
        return low, high
    bound = largest_output(config.layers[place])
    if bound is None:
        return low, high
    if config.rescales:
        bound *= target.scale
    return low, bound


def learnt_range(config: Config, target: Target) -> tuple[float, float]:
    """Return the least and the largest number that the network is to give for a target.

    Args:
        config: The config, which may say that the network learns logarithms.
        target: A target that is a number.
    """
    if not config.data.target_transform:
        return target.minimum, target.maximum
    least = max(target.minimum, 0)
    largest = max(target.maximum, 0)
    return math.log1p(least), math.log1p(largest)


@rule("loss-range", level="error")
def loss_takes_the_target(config: Config, dataset: Dataset) -> Found:
    """A loss of numbers that are never negative gets such targets, and such outputs."""
    loss = config.loss["name"]
    if loss not in NEVER_NEGATIVE:
        return
    for target in dataset.encoder.targets:
        if target.minimum < 0:
            yield (
                ("loss",),
                f"{loss} takes numbers that are never negative, but {target.name!r} goes from "
                f"{target.minimum:g}; use MeanSquaredError, or Huber",
            )
    output = config.output_activation()
    low, _ = RANGES.get(output, ANY_NUMBER)
    if low < 0:
        yield (
            _place_of_output(config),
            f"{loss} takes outputs that are never negative, and {output} gives others; "
            "end in activation: softplus, relu or exponential",
        )


@rule("far-from-zero", level="warning")
def outputs_begin_near_the_target(config: Config, dataset: Dataset) -> Found:
    """An output that begins at 0 is for numbers that come near 0."""
    output = config.output_activation()
    begins_at_zero = output in ("relu", "softplus")
    if not begins_at_zero or not config.rescales:
        return
    if config.loss["name"] in NEVER_NEGATIVE:
        return
    prefix = "log1p of " if config.data.target_transform else ""
    for target in dataset.encoder.targets:
        least, most = learnt_range(config, target)
        distance = least / target.scale
        if distance > FAR_FROM_ZERO:
            yield (
                _place_of_output(config),
                f"{output} begins at 0, and {prefix}{target.name!r} goes from {least:g} to "
                f"{most:g}, {distance:.0f} standard deviations from there: the network "
                "learns that distance first, and errs more; use linear",
            )


@rule("log-exponential", level="warning")
def powers_are_taken_once(config: Config, _: Dataset) -> Found:
    """An output on the scale of logarithms is not an exponential: the model takes that itself."""
    if config.data.target_transform and config.output_activation() == "exponential":
        yield (
            _place_of_output(config),
            "the model itself takes the exponential of the output, which is log1p of the target; "
            "the exponential of an exponential grows too fast to be learnt well; use linear",
        )


@rule("percentage-zero", level="warning")
def percentages_are_of_something(config: Config, dataset: Dataset) -> Found:
    """MeanAbsolutePercentageError is for targets that keep away from 0, by which it divides."""
    if config.loss["name"] != "MeanAbsolutePercentageError":
        return
    for target in dataset.encoder.targets:
        if target.minimum <= 0 <= target.maximum:
            yield (
                ("loss",),
                f"it divides by the target, and {target.name!r} goes from {target.minimum:g} to "
                f"{target.maximum:g}: rows near 0 outweigh all others; use MeanAbsoluteError",
            )


@rule("huber-delta", level="warning")
def delta_is_of_the_size_of_errors(config: Config, dataset: Dataset) -> Found:
    """Huber's delta, which is in the target's units, is neither tiny nor huge beside its spread."""
    delta = config.loss.get("delta")
    if delta is None or not config.rescales:  # which alone measures the spread
        return
    units = "in the units of"
    if config.data.target_transform:
        units = "of log1p of"
    for target in dataset.encoder.targets:
        ratio = delta / target.scale
        if 1 / FAR_FROM_SPREAD <= ratio <= FAR_FROM_SPREAD:
            continue
        simpler_loss = "MeanAbsoluteError" if ratio < 1 else "MeanSquaredError"
        yield (
            ("loss",),
            f"delta: {delta:g} is {units} {target.name!r}, whose standard deviation is "
            f"{target.scale:.3g}: this is no more than {simpler_loss}; "
            f"set delta: {target.scale:.1g}",
        )


@rule("logits-activation", level="error")
def logits_come_from_a_linear_output(config: Config, _: Dataset) -> Found:
    """A loss that takes logits gets them from a linear output."""
    output = config.output_activation()
    if config.from_logits and output != "linear":
        yield (
            ("loss", "from_logits"),
            f"logits need a linear output; received {output}: remove one of the two",
        )


@rule("bce-output", level="warning")
def two_labels_need_a_probability(config: Config, _: Dataset) -> Found:
    """Of two labels, an output is the probability of the second, or its logit."""
    if config.is_binary:
        yield from _not_a_probability(config, PROBABILITIES_OF_ONE)


@rule("softmax-output", level="warning")
def several_labels_need_probabilities(config: Config, _: Dataset) -> Found:
    """Of several labels, the outputs are their probabilities, or logits."""
    if config.is_classes and not config.is_binary:
        yield from _not_a_probability(config, ("softmax",))


def _not_a_probability(config: Config, fitting: tuple[str, ...]) -> Found:
    """Yield the loss where no fitting activation makes probabilities of the output."""
    output = config.output_activation()
    if config.from_logits or output in fitting:
        return
    loss = config.loss["name"]
    yield (
        ("loss",),
        f"the output is {output}, which is not a probability; end in activation: {fitting[0]}, "
        f"or in linear with loss: {{name: {loss}, from_logits: true}}",
    )

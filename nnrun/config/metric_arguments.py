"""The arguments with which Keras makes a metric of the config."""

from math import log

from nnrun.config.named import Spec
from nnrun.config.schema import Config

MARGINS = ("Hinge", "SquaredHinge")
"""The metrics of scores: Keras gives them no `from_logits`."""


def metric_arguments(config: Config, metric: Spec) -> Spec:
    """Return the `class` of a metric and its arguments.

    Where the network gives logits, the metric is told so.

    Args:
        config: The config, whose loss and labels decide what a metric is given.
        metric: The metric as the config has it.
    """
    arguments = {"class": config.metric_class(metric), **metric}
    if arguments["class"] == "SparseCategoricalAccuracy":
        arguments.pop("threshold", None)  # accuracy of two labels has one
    if config.from_logits:
        _expect_logits(arguments)
    return arguments


def _expect_logits(arguments: Spec) -> None:
    """Set the argument by which a metric takes logits in place of probabilities."""
    if arguments["class"] == "BinaryAccuracy":  # it knows no logits, but any threshold
        threshold = arguments.get("threshold", 0.5)
        arguments["threshold"] = log(threshold / (1 - threshold))
    elif _depends_on_logits(arguments["class"]):
        arguments["from_logits"] = True


def _depends_on_logits(metric_class: str) -> bool:
    """Return whether a metric computes something else of logits than of probabilities.

    Accuracy of several labels goes by the largest output, which is the same for both. A margin is
    computed of scores, which logits are.
    """
    return not metric_class.endswith("Accuracy") and metric_class not in MARGINS

"""The arguments with which Keras makes a metric of the config."""

from math import log

from nnrun.config.named import Spec
from nnrun.config.schema import Config


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
    elif not arguments["class"].endswith("Accuracy"):
        # Accuracy of several labels goes by the largest output, which is the same for logits.
        arguments["from_logits"] = True

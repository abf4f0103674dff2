"""Rules about metrics, and about the quantities that a config names."""

from collections.abc import Iterator

from nnrun.checks.registry import Found, rule
from nnrun.config.expectations import BASELINE
from nnrun.config.keras_catalog import CATEGORICAL_METRICS, METRIC, NUMBER_METRICS
from nnrun.config.named import Spec
from nnrun.config.places import Keys
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.wording import did_you_mean

TAKE_LOGITS = ("BinaryAccuracy", "BinaryCrossentropy", "AUC", "Hinge", "SquaredHinge")
"""The metrics of two labels that can be computed of logits. Those of margins want nothing else."""

NEED_AN_AVERAGE = ("F1Score", "FBetaScore")
"""The metrics that are a number for each output, and without a threshold call the largest one."""

UNDIRECTED = {"FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"}
"""The metrics of which Keras's `mode: auto` does not know which way is better."""


@rule("metric-loss", level="error")
def metrics_fit_the_loss(config: Config, _: Dataset) -> Found:
    """Every metric is for the kind of target that the loss is for."""
    for i, metric in enumerate(config.metrics or []):
        reason = why_metric_does_not_fit(config, metric)
        if reason:
            yield ("metrics", i), f"{metric['name']} {reason}"


def why_metric_does_not_fit(config: Config, arguments: Spec) -> str | None:
    """Return a reason that follows the metric's name, or None where the metric fits.

    Args:
        config: The config, whose loss and target the metric must fit.
        arguments: The metric, with the arguments that the file gives.
    """
    metric = config.metric_class(arguments)
    if not config.is_classes:
        if metric not in NUMBER_METRICS:
            return "is for classes; for numbers, use one such as mean_absolute_error"
    elif config.is_binary == (metric in CATEGORICAL_METRICS):
        labels = "several" if config.is_binary else "two"
        return f"is for {labels} labels; use one such as accuracy"
    elif config.is_multilabel and metric in NEED_AN_AVERAGE and not _is_averaged(arguments):
        return (
            "needs a threshold and an average for several targets, as in "
            f"{{name: {arguments['name']}, threshold: 0.5, average: macro}}"
        )
    elif arguments.get("multi_label") and not config.is_multilabel:
        return "has multi_label, which is only for several targets; remove it"
    elif config.is_binary and config.from_logits and metric not in TAKE_LOGITS:
        return "needs probabilities; leave from_logits out and end in a sigmoid"
    return None


def _is_averaged(metric: Spec) -> bool:
    return metric.get("threshold") is not None and metric.get("average") is not None


@rule("monitor", level="error")
def named_quantities_are_logged(config: Config, dataset: Dataset) -> Found:
    """Whatever a callback monitors or `expect` names is logged by the run."""
    yield from _monitors_without_direction(config)
    if BASELINE in config.expect and dataset.held_out is None:
        yield ("expect", BASELINE), "no rows are held out; set validation_split: 0.2 under data"
    for keys, name in _named_quantities(config):
        in_expect = keys[0] == "expect"
        logged = config.logged
        if in_expect:
            logged = logged + _tested(dataset)
        if name not in logged:
            hint = _hint(name, logged, in_expect=in_expect)
            yield keys, f"the run does not log {name!r}{hint}"


@rule("plateau-schedule", level="error")
def one_rule_sets_the_learning_rate(config: Config, _: Dataset) -> Found:
    """ReduceLROnPlateau sets the learning rate, which a schedule computes at every step."""
    if config.reduce_lr_on_plateau and config.schedule:
        yield (
            ("reduce_lr_on_plateau",),
            f"the learning rate follows {config.schedule['name']}; leave out one of the two",
        )


@rule("schedule-values", level="error")
def arguments_of_a_schedule_fit(config: Config, _: Dataset) -> Found:
    """The arguments of a schedule that go together are given together."""
    schedule = config.schedule
    if not schedule:
        return
    if "boundaries" in schedule:
        yield from _pieces_without_value(schedule)
    if schedule.get("warmup_steps") and schedule["warmup_target"] is None:
        yield (
            ("optimizer", "learning_rate", "warmup_steps"),
            "there is no warm-up without warmup_target, the learning rate that it reaches; give "
            "it too",
        )


def _pieces_without_value(schedule: Spec) -> Found:
    """Yield what is wrong unless boundaries rise, and there is one value more than boundaries."""
    boundaries = schedule["boundaries"]
    values = len(schedule["values"])
    if values != len(boundaries) + 1:
        yield (
            ("optimizer", "learning_rate", "values"),
            "there must be one value more than boundaries; "
            f"received {values} for {len(boundaries)}",
        )
    if sorted(set(boundaries)) != boundaries:
        yield (
            ("optimizer", "learning_rate", "boundaries"),
            "each boundary must be larger than the one before",
        )


def _monitors_without_direction(config: Config) -> Found:
    """Yield a violation for each callback whose metric tells not which way is better."""
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        callback = getattr(config, key)
        if not callback or callback["mode"] != "auto":
            continue
        monitor = callback["monitor"]
        metric = METRIC.canonical(monitor.removeprefix("val_"))
        if metric in UNDIRECTED:
            yield (key,), f"set mode: min or mode: max for {monitor}"


def _named_quantities(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield the keys of each quantity that `expect` or a callback names, and its name."""
    for name in config.expect:
        if name != BASELINE:
            yield ("expect", name), name
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        callback = getattr(config, key)
        if callback:
            yield (key, "monitor"), callback["monitor"]


def _tested(dataset: Dataset) -> list[str]:
    """Return the names of the quantities that are measured once, on the rows of the test."""
    if dataset.test is None:
        return []
    return dataset.config.tested


def _hint(name: str, logged: list[str], *, in_expect: bool) -> str:
    """Return what to do about a quantity that the run does not log."""
    if _lacks_part(name, "val_", logged):
        return "; hold rows out: validation_split: 0.2 under data"
    if in_expect and _lacks_part(name, "test_", logged):
        return "; give a table to measure: test under data"
    return did_you_mean(name, logged) or f"; it logs {', '.join(logged)}"


def _lacks_part(name: str, prefix: str, logged: list[str]) -> bool:
    """Tell whether a name is of a part of the rows of which the run logs nothing."""
    is_logged = any(other.startswith(prefix) for other in logged)
    return name.startswith(prefix) and not is_logged

"""Rules about the labels of the target, and the weights that the config gives them."""

from collections.abc import Iterator, Mapping

from nnrun.checks.registry import Found, rule
from nnrun.config.schema import Config
from nnrun.config.yaml_output import in_yaml
from nnrun.features.dataset import Dataset
from nnrun.features.labels import KNOWN_LABELS, label_key
from nnrun.features.number_hint import number_hint, written_elsewhere
from nnrun.wording import counted, listed, received

RARE = 0.1
"""A label of two is rare below this share of the rows; of several, accordingly less."""

WEIGHT_ADVICE = (
    "consider class_weight: balanced if finding them counts for more than good probabilities"
)
"""On six tables whose rarest label has 0.5 to 15 % of the rows, in two splits, weights raised the
balanced accuracy by 0.08, and gave a worse log loss in all twelve runs, a worse AUC in eleven."""

SHOWN = 3  # groups of labels that a message names

FOR_NUMBERS = "for numbers, use loss: MeanSquaredError"


@rule("labels", level="error")
def labels_fit_the_loss(config: Config, dataset: Dataset) -> Found:
    """The target has as many labels as the loss is for; of two, one is known to be 1."""
    if not config.is_classes or len(config.data.target) > 1:
        return
    if config.is_binary:
        yield from _two_labels(config, list(dataset.label_counts))
    else:
        yield from _several_labels(config, dataset)


def _several_labels(config: Config, dataset: Dataset) -> Found:
    """Yield a violation where labels are too few, or too many to be labels."""
    labels = list(dataset.label_counts)
    if len(labels) < 2 or len(labels) > dataset.train.rows / 2:
        yield (
            ("data", "target"),
            f"{config.loss['name']} needs two labels or more, and rows of each; "
            f"received {listed(labels, 3)}; {FOR_NUMBERS}{_number_advice(labels)}",
        )
    if config.data.positive is not None:
        yield (
            ("data", "positive"),
            "is for two labels under BinaryCrossentropy; remove it",
        )


def _number_advice(labels: list[str]) -> str:
    """Return how a config says that labels are numbers, where they are written in another way."""
    return number_hint(*labels) if len(written_elsewhere(labels)) == len(labels) else ""


def _two_labels(config: Config, labels: list[str]) -> Found:
    """Yield a violation where there are not two labels, or it is open which of them is 1."""
    loss = config.loss["name"]
    if len(labels) == 1:
        yield (
            ("data", "target"),
            f"{loss} needs two labels; every row has {labels[0]!r}",
        )
    elif len(labels) > 2:
        dots = ", ..." if len(labels) > 5 else ""
        shown = ", ".join(map(repr, labels[:5])) + dots
        yield (
            ("data", "target"),
            f"{loss} needs two labels; received {len(labels)}: {shown}; {FOR_NUMBERS}, "
            f"for several labels SparseCategoricalCrossentropy{_number_advice(labels)}",
        )
    else:
        yield from _positive_label(config, labels)


def _positive_label(config: Config, labels: list[str]) -> Found:
    """Yield a violation where the positive label is neither known by itself nor rightly given."""
    positive = config.data.positive
    keys = sorted(map(label_key, labels))
    if positive is None and tuple(keys) not in KNOWN_LABELS:
        lines = " or ".join(f"`positive: {in_yaml(label)}`" for label in labels)
        yield (
            ("data", "target"),
            f"nothing tells which label is 1; say so under data: {lines}",
        )
    elif positive is not None and label_key(str(positive)) not in keys:
        known = " and ".join(map(repr, labels))
        yield (
            ("data", "positive"),
            f"{received(positive)} is no label of the target; its labels are {known}",
        )


@rule("label-spelling", level="warning")
def labels_differ_by_more_than_case(_: Config, dataset: Dataset) -> Found:
    """No two labels differ only by the case of letters, or by spaces."""
    spellings: dict[str, list[str]] = {}
    for label in dataset.label_counts:
        spellings.setdefault("".join(label.split()).casefold(), []).append(label)
    alike = [labels for labels in spellings.values() if len(labels) > 1]
    if alike:
        shown = "; ".join(" and ".join(map(repr, labels)) for labels in alike[:SHOWN])
        yield (
            ("data", "target"),
            f"labels differ only by case or spaces, and count as several: {shown}; "
            "spell each in one way in the table",
        )


@rule("class-weight", level="error")
def weights_are_for_known_labels(config: Config, dataset: Dataset) -> Found:
    """Class weights are given for labels, and for each of them."""
    weights = config.class_weight
    if weights is None:
        return
    if not config.is_classes:
        text = f"weights are for classes; the loss is {config.loss['name']}"
        yield ("class_weight",), text
    elif isinstance(weights, dict):
        for text in _wrong_weights(list(dataset.label_counts), list(weights)):
            yield ("class_weight",), text


def _wrong_weights(labels: list[str], weighted: list[str]) -> Iterator[str]:
    known = {label_key(label): label for label in labels}
    given = {label_key(label): label for label in weighted}
    for key in sorted(known.keys() - given.keys()):
        yield f"label {known[key]!r} has no weight"
    for key in sorted(given.keys() - known.keys()):
        yield f"{given[key]!r} is no label of the target"


@rule("imbalance", level="warning")
def labels_are_not_rare(config: Config, dataset: Dataset) -> Found:
    """Every label has a fair share of the rows, unless weights make up for it."""
    if config.class_weight is not None or not config.is_classes:
        return
    total = sum(dataset.label_counts.values())
    if len(dataset.label_counts) > total / 2:  # they are no labels, which another rule says
        return
    rare = rare_labels(dataset.label_counts)
    if not rare:
        return
    (label, count), *others = rare.items()
    text = f"only {count} of {total} rows are {label!r}"
    if others:
        text += f", and {counted(len(others), 'other label')} {_be(len(others))} rare too"
    yield ("data", "target"), f"{text}; {WEIGHT_ADVICE}"


def rare_labels(label_counts: Mapping[str, int]) -> dict[str, int]:
    """Return the rows of each label that has too few of them, the rarest first."""
    least = RARE * sum(label_counts.values()) * 2 / max(1, len(label_counts))
    rarest_first = sorted(label_counts.items(), key=lambda item: item[1])
    return {label: count for label, count in rarest_first if count < least}


def _be(count: int) -> str:
    return "is" if count == 1 else "are"

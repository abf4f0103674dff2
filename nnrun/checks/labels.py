"""Rules about the labels of the target, and the weights that the config gives them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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

THRESHOLD_ADVICE = "a threshold below 0.5 may find more of them; predict takes one with --threshold"

SHOWN = 3  # groups of labels that a message names
MOST_SHOWN = 5  # labels that a message names

FOR_NUMBERS = "use loss: MeanSquaredError for numbers"


@rule("labels", level="error")
def labels_fit_the_loss(config: Config, dataset: Dataset) -> Found:
    """The target has as many labels as the loss is for; of two, one is known to be 1."""
    if config.is_multilabel:
        yield from _two_labels_of_each_target(config, dataset)
    elif config.is_binary:
        yield from _two_labels(config, list(dataset.label_counts))
    elif config.is_classes and len(config.data.target) == 1:
        yield from _several_labels(config, dataset)
    elif config.data.positive is not None and not config.is_classes:
        yield (
            ("data", "positive"),
            f"is for labels, and {config.loss['name']} predicts numbers; remove it",
        )


def _two_labels_of_each_target(config: Config, dataset: Dataset) -> Found:
    """Yield a violation for each of several targets that has not two labels, one known to be 1."""
    label_counts = dataset.label_counts_of_targets
    labels_of_targets = zip(config.data.target, label_counts, strict=True)
    for number, (name, counts) in enumerate(labels_of_targets):
        labels = list(counts)
        place = ("data", "target", number)
        if len(labels) == 2:
            text = _why_none_is_positive(config, name, labels)
            if text:
                yield place, text
        else:
            yield place, _not_two_labels(config, name, labels)
    yield from _positive_labels_of_no_target(config, label_counts)


def _not_two_labels(config: Config, name: str, labels: list[str]) -> str:
    """Return why a column is none of several targets of two labels, and what to do."""
    loss = config.loss["name"]
    if len(labels) == 1:
        rows = f"every row of column {name!r} has {labels[0]!r}"
        return f"{loss} needs two labels in each target; {rows}; leave it out"
    return (
        f"{loss} needs two labels in each target; column {name!r} has {len(labels)}: "
        f"{_shown(labels)}; numbers and columns of more labels are predicted by runs of their own"
    )


def _why_none_is_positive(config: Config, name: str, labels: list[str]) -> str:
    """Return why it is open which of two labels of a target is 1, or "" where it is not."""
    keys = set(map(label_key, config.data.positives))
    positives = [label for label in labels if label_key(label) in keys]
    if len(positives) == 1:
        return ""
    if not positives and _are_known(labels):
        return ""
    shown = " and ".join(map(repr, labels))
    if positives:
        return f"both labels of column {name!r} are in `positive` under data ({shown}); name one"
    return (
        f"nothing tells which label of column {name!r} is 1 ({shown}); "
        "name it in the list `positive` under data"
    )


def _positive_labels_of_no_target(
    config: Config, label_counts: Sequence[Mapping[str, int]]
) -> Found:
    """Yield a violation for each of the positive labels that none of several targets has."""
    keys: set[str] = set()
    for counts in label_counts:
        keys.update(map(label_key, counts))
    for positive in config.data.positives:
        if label_key(positive) not in keys:
            yield ("data", "positive"), f"{received(positive)} is a label of none of the targets"


def _several_labels(config: Config, dataset: Dataset) -> Found:
    """Yield a violation where labels are too few, or too many to be labels."""
    labels = list(dataset.label_counts)
    are_too_many = len(labels) > dataset.train.rows / 2
    if len(labels) < 2 or are_too_many:
        advice = f"{FOR_NUMBERS}{_number_advice(labels)}"
        yield (
            ("data", "target"),
            f"{config.loss['name']} needs two labels or more, and rows of each; "
            f"received {listed(labels, 3)}; {advice}",
        )
    if config.data.positive is not None:
        yield (
            ("data", "positive"),
            "is for two labels under BinaryCrossentropy; remove it",
        )


def _number_advice(labels: list[str]) -> str:
    """Return how a config says that labels are numbers, where they are written in another way."""
    are_all_numbers = len(written_elsewhere(labels)) == len(labels)
    return number_hint(*labels) if are_all_numbers else ""


def _two_labels(config: Config, labels: list[str]) -> Found:
    """Yield a violation where there are not two labels, or it is open which of them is 1."""
    loss = config.loss["name"]
    if len(labels) == 1:
        yield (
            ("data", "target"),
            f"{loss} needs two labels; every row has {labels[0]!r}",
        )
    elif len(labels) > 2:
        yield (
            ("data", "target"),
            f"{loss} needs two labels; received {len(labels)}: {_shown(labels)}; {FOR_NUMBERS}, "
            f"or SparseCategoricalCrossentropy for several labels{_number_advice(labels)}",
        )
    else:
        yield from _positive_label(config, labels)


def _positive_label(config: Config, labels: list[str]) -> Found:
    """Yield a violation where the positive label is neither known by itself nor rightly given."""
    positive = config.data.positive
    keys = [label_key(label) for label in labels]
    if isinstance(positive, list):
        yield ("data", "positive"), "is a list for several targets; name one label"
    elif positive is None and not _are_known(labels):
        lines = [f"`positive: {in_yaml(label)}`" for label in labels]
        yield (
            ("data", "target"),
            f"nothing tells which label is 1; set under data: {' or '.join(lines)}",
        )
    elif positive is not None and label_key(str(positive)) not in keys:
        shown = " and ".join(map(repr, labels))
        yield (
            ("data", "positive"),
            f"{received(positive)} is not a label of the target; its labels are {shown}",
        )


def _are_known(labels: list[str]) -> bool:
    """Tell whether two labels tell by themselves which of them is 1."""
    keys = sorted(map(label_key, labels))
    return tuple(keys) in KNOWN_LABELS


def _shown(labels: list[str]) -> str:
    """Return the first labels in quotes."""
    text = ", ".join(map(repr, labels[:MOST_SHOWN]))
    if len(labels) > MOST_SHOWN:
        text += ", ..."
    return text


@rule("label-spelling", level="warning")
def labels_differ_by_more_than_case(_: Config, dataset: Dataset) -> Found:
    """No two labels differ only by the case of letters, or by spaces."""
    alike: list[list[str]] = []
    for counts in dataset.label_counts_of_targets:
        alike += _labels_alike(counts)
    if alike:
        groups = []
        for labels in alike[:SHOWN]:
            groups.append(" and ".join(map(repr, labels)))
        shown = "; ".join(groups)
        yield (
            ("data", "target"),
            f"labels differ only by case or spaces, and count as several: {shown}; "
            "spell each in one way in the table",
        )


def _labels_alike(labels: Iterable[str]) -> list[list[str]]:
    """Return the groups of labels that differ only by the case of letters, or by spaces."""
    spellings: dict[str, list[str]] = {}
    for label in labels:
        without_spaces = "".join(label.split())
        spellings.setdefault(without_spaces.casefold(), []).append(label)
    return [alike for alike in spellings.values() if len(alike) > 1]


@rule("class-weight", level="error")
def weights_are_for_known_labels(config: Config, dataset: Dataset) -> Found:
    """Class weights are given for labels, and for each of them."""
    weights = config.class_weight
    if weights is None:
        return
    if not config.is_classes:
        text = f"weights are only for classes; the loss is {config.loss['name']}"
        yield ("class_weight",), text
    elif config.is_multilabel:
        text = "weights are for the labels of one target; for several, weigh rows by sample_weight"
        yield ("class_weight",), text
    elif isinstance(weights, dict):
        for text in _wrong_weights(list(dataset.label_counts), list(weights)):
            yield ("class_weight",), text


def _wrong_weights(labels: list[str], weighted: list[str]) -> Iterator[str]:
    """Yield a line for each label without a weight, and for each weight of no label."""
    labels_by_key = {label_key(label): label for label in labels}
    weighted_by_key = {label_key(label): label for label in weighted}
    without_weight = labels_by_key.keys() - weighted_by_key.keys()
    for key in sorted(without_weight):
        yield f"label {labels_by_key[key]!r} has no weight"
    of_no_label = weighted_by_key.keys() - labels_by_key.keys()
    for key in sorted(of_no_label):
        yield f"{weighted_by_key[key]!r} is not a label of the target"


@rule("imbalance", level="warning")
def labels_are_not_rare(config: Config, dataset: Dataset) -> Found:
    """Every label has a fair share of the rows, unless weights make up for it."""
    if config.class_weight is not None or not config.is_classes:
        return
    if config.is_multilabel:
        yield from _rare_labels_of_targets(config, dataset)
        return
    total = sum(dataset.label_counts.values())
    if len(dataset.label_counts) > total / 2:  # they are not labels, which another rule says
        return
    rare = rare_labels(dataset.label_counts)
    if not rare:
        return
    (label, count), *others = rare.items()
    text = f"only {count} of {total} rows are {label!r}"
    if others:
        other_labels = counted(len(others), "other label")
        text += f", and {other_labels} {_be(len(others))} rare too"
    yield ("data", "target"), f"{text}; {WEIGHT_ADVICE}"


def _rare_labels_of_targets(config: Config, dataset: Dataset) -> Found:
    """Yield a line on the targets that have a rare label; it names the rarest."""
    rare = []
    label_counts = dataset.label_counts_of_targets
    for name, counts in zip(config.data.target, label_counts, strict=True):
        if len(counts) == 2:  # another rule refuses all else
            for label, rows in rare_labels(counts).items():
                rare.append((rows, label, name))
    if not rare:
        return
    (count, label, name), *others = sorted(rare)
    text = f"only {count} of {dataset.train.rows} rows are {label!r} in column {name!r}"
    if others:
        other_targets = counted(len(others), "other target")
        text += f", and {other_targets} {_have(len(others))} a rare label too"
    yield ("data", "target"), f"{text}; {THRESHOLD_ADVICE}"


def rare_labels(label_counts: Mapping[str, int]) -> dict[str, int]:
    """Return the rows of each label that has too few of them, the rarest first.

    Args:
        label_counts: The number of rows of each label.
    """
    rows = sum(label_counts.values())
    least = RARE * rows * 2 / max(1, len(label_counts))
    rare = {}
    for label in sorted(label_counts, key=lambda label: label_counts[label]):
        if label_counts[label] < least:
            rare[label] = label_counts[label]
    return rare


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"

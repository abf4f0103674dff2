"""Rules about the rows of the tables: which are held out, left out, or unlike those of training."""

from collections.abc import Iterator

from nnrun.checks.registry import Found, rule
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset, Part
from nnrun.features.kept_rows import left_out
from nnrun.wording import counted, listed


@rule("nothing-held-out", level="warning")
def rows_are_held_out(_: Config, dataset: Dataset) -> Found:
    """Some rows are held out, or nothing tells how good the network is."""
    if dataset.validation is None:
        yield (
            ("data",),
            "nothing is held out for validation; add validation_split: 0.2 under data",
        )


@rule("sample-weight", level="error")
def some_rows_count(config: Config, dataset: Dataset) -> Found:
    """Not all weights of a part are 0, by whose sum its metrics are divided."""
    for name, part in dataset.parts.items():
        if part.weights is not None and not part.weights.any():
            yield (
                ("data", "sample_weight"),
                f"every {name} row has the weight 0 in column {config.data.sample_weight!r}",
            )


@rule("no-weights", level="warning")
def every_table_has_the_weights(config: Config, dataset: Dataset) -> Found:
    """The tables to validate and to test on have the column of weights too."""
    for part in dataset.parts.values():
        if config.data.sample_weight is not None and part.weights is None:
            column = config.data.sample_weight
            yield part.name, f"has no column {column!r} of weights: all its rows count alike"


@rule("split-labels", level="error")
def every_label_is_trained_on(config: Config, dataset: Dataset) -> Found:
    """Each label has rows on the side that is trained on; a draw of single rows sees to that.

    Weights of an earlier run know labels that this table may lack.
    """
    missing = []
    for counts in dataset.label_counts_of_targets:
        if config.is_multilabel and len(counts) != 2:
            continue  # the target is none of labels, as the rule `labels` says
        for label, rows in counts.items():
            if not rows:
                missing.append(label)
    if not missing or dataset.from_run:
        return
    text = f"no row to train on has the label {listed(missing, 3)}"
    if config.data.split:
        yield ("data", "split"), f"{text}; split by another column, or otherwise"
    elif config.is_multilabel:
        yield (
            ("data", "target"),
            f"{text}, which only rows held out have; leave its column out, or hold "
            "another share of the rows out",
        )


@rule("split-share", level="warning")
def groups_fit_the_share(config: Config, dataset: Dataset) -> Found:
    """The rows of whole groups or times come near to the share that the config holds out."""
    split = config.data.split
    if split is None or dataset.validation is None:
        return
    if split.kind == "column":  # its cells decide, not a share
        return
    rows = dataset.validation.rows
    share = rows / (rows + dataset.train.rows)
    is_far = abs(share - split.share) > split.share / 2
    if is_far:
        held_out = counted(rows, "row")
        yield (
            ("data", "split"),
            f"{held_out} are held out, {share:.0%} in place of {split.share:.0%}: "
            f"{split.kind}s of column {split.name!r} have too many rows to come nearer",
        )


@rule("repeated-rows", level="warning")
def no_row_is_on_both_sides(_: Config, dataset: Dataset) -> Found:
    """No row to validate or to test on is trained on too, with equal inputs and targets."""
    for key, part in dataset.parts.items():
        if part.repeated:
            verb = "stands" if part.repeated == 1 else "stand"
            subject = counted(part.repeated, "row")
            yield (
                part.name,
                f"{subject} {verb} among the {key} rows and among the training rows, "
                f"with equal inputs and target: {key} looks better than new rows will; remove them",
            )


@rule("dropped-rows", level="warning")
def no_rows_are_left_out(config: Config, dataset: Dataset) -> Found:
    """No row is left out for what it lacks."""
    for part in _parts(dataset):
        is_of_training_table = part.name == dataset.train.name
        is_split = is_of_training_table and part is not dataset.train
        if part.dropped and not is_split:  # the training rows' line tells of both
            yield part.name, left_out(part.dropped, config.data.missing)


@rule("unseen-category", level="warning")
def categories_were_seen_in_training(_: Config, dataset: Dataset) -> Found:
    """Every category of the other tables occurs among the training rows."""
    for part in _parts(dataset):
        for text in part.unseen:
            yield part.name, text.removeprefix(f"{part.name}: ")


def _parts(dataset: Dataset) -> Iterator[Part]:
    """Yield the parts that the dataset has, those to train on first."""
    for part in (dataset.train, dataset.validation, dataset.test):
        if part is not None:
            yield part

"""A smoke test: all that a training and a prediction do, on little, in a temporary folder."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.errors import Interrupted
from nnrun.features.dataset import Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.loading import KEPT, open_tables
from nnrun.features.matrices import encode
from nnrun.features.profile import profile_table
from nnrun.features.selection import used_columns
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan

ROWS = 256  # to train on at the most, and of each block beyond the head
EPOCHS = 2


def smoke(config: Config, engine: Literal["compiled", "keras"] = "compiled") -> dict[str, Any]:
    """Read, check, train 2 epochs on at most 256 rows, save, load and predict.

    Of a table beyond 32 MiB only its head is read, or as much as shows every label. No file is
    left; `expect` is not checked.

    Args:
        config: The config.
        engine: nnrun's compiled epochs, or Keras's own `fit`.

    Returns:
        How many `rows`, `epochs` and `predictions` there were, and the `seconds` that they took.

    Raises:
        NnrunError: As the training, or a step before or behind it, does.
    """
    began = time.monotonic()
    heads = {}
    for key, table in open_tables(config).items():
        heads[key] = read_head(table, config)
    dataset = _load_heads(config, heads)
    raise_errors(lint(dataset))
    parts: dict[str, Any] = {}
    for key, part in dataset.parts.items():
        parts[key] = few_rows(part, dataset.encoder)
    small = replace(dataset, **parts)
    epochs, predictions = _train_and_predict(small, heads["train"], engine)
    seconds = time.monotonic() - began
    return {
        "rows": len(small.train.x),
        "epochs": epochs,
        "predictions": predictions,
        "seconds": round(seconds, 3),
    }


def read_head(table: Table, config: Config) -> Table:
    """Return the first rows, as many as are kept in memory; then few of each block.

    Blocks are read until they show all labels.

    Args:
        table: The table of a part.
        config: The config, which says what its target is.
    """
    # the profile refuses a target that is not there
    targets = [name for name in config.data.target if name in table.columns]
    labels: dict[str, set[str | None]] = {name: set() for name in targets}
    wanted = _labels_of_a_target(config)
    plan = ReadingPlan(columns=used_columns(config, table))
    blocks: list[Block] = []
    size = 0.0  # bytes that the blocks so far take in memory
    for block in table.blocks(plan):
        kept_block = block
        if size >= KEPT:
            first_row = _first_new_label(block, labels)
            kept_block = block.slice(first_row, ROWS)
        blocks.append(kept_block)
        for name, labels_seen in labels.items():
            labels_seen.update(kept_block.texts(name).unique())
        size += block.frame.estimated_size()
        shows_all_labels = all(len(labels_seen) >= wanted for labels_seen in labels.values())
        if size > KEPT and shows_all_labels:
            break
    return table.with_blocks(blocks)


def few_rows(part: Part, encoder: Encoder) -> Part:
    """Return the part's first rows, a row of each label among them.

    Args:
        part: A part of a dataset.
        encoder: The encoder of the dataset, which knows whether its targets are labels.
    """
    chosen: list[int] = []
    if encoder.labels or encoder.is_multilabel:
        for column in part.y.T:
            _, first_of_each = np.unique(column, return_index=True)
            chosen += first_of_each.tolist()
    other_rows = np.setdiff1d(np.arange(len(part.y)), chosen)
    chosen_first = [*chosen, *other_rows]
    rows = np.unique(chosen_first[:ROWS])
    return part._replace(x=part.x[rows], y=part.y[rows])


def _labels_of_a_target(config: Config) -> int:
    """Return how many labels a target should show: of numbers any one."""
    if not config.is_classes:
        return 1
    if config.is_binary:
        return 2
    last_layer = summarize(config, 0)[-1]
    return max(2, last_layer.units)


def _first_new_label(block: Block, labels: Mapping[str, set[str | None]]) -> int:
    """Return the row of a block with a label that is not among those of its target, or 0."""
    for name, labels_seen in labels.items():
        is_new = ~block.texts(name).is_in(list(labels_seen))
        if is_new.any():
            return int(is_new.arg_max() or 0)
    return 0


def _load_heads(config: Config, heads: Mapping[str, Table]) -> Dataset:
    """Return the dataset of the heads of tables, with few epochs."""
    epochs = min(config.epochs, EPOCHS)
    short = config.model_copy(update={"epochs": epochs})
    profile = profile_table(heads["train"], short)
    return encode(heads, profile)


def _train_and_predict(
    dataset: Dataset, table: Table, engine: Literal["compiled", "keras"]
) -> tuple[int, int]:
    """Train, save, load and predict in a temporary folder.

    Returns:
        How many epochs, and how many predictions there were.
    """
    from nnrun.results.trained_run import load_run
    from nnrun.training.trainer import train

    with TemporaryDirectory(prefix="nnrun-") as folder:
        path = Path(folder) / "run"
        try:
            result = train(dataset, stem="", path=path, engine=engine)
        except Interrupted as error:  # it names the folder to go on with, which is removed
            line = "the training was interrupted, and leaves no file"
            raise Interrupted(line, error.exit_code - 128) from None
        trained = load_run(result.run.path)
        reader = trained.reader(table, target=False)
        predictions = sum(len(frame) for frame in trained.predictions(reader))
        return result.epochs, predictions

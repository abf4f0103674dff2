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

    Returns:
        How many `rows`, `epochs` and `predictions` there were, and the `seconds` that they took.

    Raises:
        NnrunError: As the training, or a step before or behind it, does.
    """
    began = time.monotonic()
    heads = {key: read_head(table, config) for key, table in open_tables(config).items()}
    dataset = _load_heads(config, heads)
    raise_errors(lint(dataset))
    few: dict[str, Any] = {
        key: few_rows(part, dataset.encoder) for key, part in dataset.parts.items()
    }
    epochs, predictions = _train_and_predict(replace(dataset, **few), heads["train"], engine)
    return {
        "rows": len(few["train"].x),
        "epochs": epochs,
        "predictions": predictions,
        "seconds": round(time.monotonic() - began, 3),
    }


def read_head(table: Table, config: Config) -> Table:
    """Return the first rows, as many as are kept in memory; then few of each block.

    Blocks are read until they show all labels.
    """
    names = [name for name in config.data.target if name in table.columns]
    target = (
        names[0] if names else table.columns[0]
    )  # the profile refuses a target that is not there
    wanted = max(2, summarize(config, 0)[-1].units) if config.is_classes else 1
    blocks: list[Block] = []
    labels: set[str | None] = set()
    size = 0.0
    for block in table.blocks(ReadingPlan(columns=used_columns(config, table))):
        kept = block if size < KEPT else block.slice(_first_new_label(block, target, labels), ROWS)
        blocks.append(kept)
        labels.update(kept.texts(target).unique())
        size += block.frame.estimated_size()
        if size > KEPT and len(labels) >= wanted:
            break
    return table.with_blocks(blocks)


def few_rows(part: Part, encoder: Encoder) -> Part:
    """Return the part's first rows, a row of each label among them."""
    chosen: list[int] = []
    if encoder.labels:
        _, first_of_each = np.unique(part.y[:, 0], return_index=True)
        chosen = first_of_each.tolist()
    others = np.setdiff1d(np.arange(len(part.y)), chosen)
    rows = np.sort([*chosen, *others][:ROWS])
    return part._replace(x=part.x[rows], y=part.y[rows])


def _first_new_label(block: Block, target: str, labels: set[str | None]) -> int:
    """Return the row of a block at which a label stands that is not among `labels`, or 0."""
    is_new = ~block.texts(target).is_in(list(labels))
    return int(is_new.arg_max() or 0)


def _load_heads(config: Config, heads: Mapping[str, Table]) -> Dataset:
    short = config.model_copy(update={"epochs": min(config.epochs, EPOCHS)})
    return encode(heads, profile_table(heads["train"], short))


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
            raise Interrupted("interrupted; nothing is left", error.exit_code - 128) from None
        trained = load_run(result.run.path)
        reader = trained.reader(table, target=False)
        return result.epochs, sum(len(frame) for frame in trained.predictions(reader))

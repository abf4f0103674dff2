"""A smoke test: all that a training and a prediction do, on little, in a temporary folder."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.errors import Interrupted
from nnrun.features.dataset import PARTS, Dataset, Part
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.loading import KEPT, choose_features, encode, open_tables
from nnrun.features.profile import Survey
from nnrun.tables.block import Block
from nnrun.tables.table import Table

ROWS, EPOCHS = 256, 2


def smoke(config: Config, engine: Any = "compiled") -> dict[str, Any]:
    """Read, check, train 2 epochs on at most 256 rows, save, load and predict, and return how much and how long.

    Of a table beyond 32 MiB only its head is read, or as much as shows every label. Leaves no file; `expect` is not
    checked. Raises what these steps raise.
    """
    began, tables = time.monotonic(), open_tables(config)
    heads = {key: _head(table, config) for key, table in tables.items()}
    short = config.model_copy(update={"epochs": min(config.epochs, EPOCHS)})
    dataset = encode(
        heads, Survey(short, heads["train"], choose_features(config, heads["train"])), None
    )
    raise_errors(lint(dataset))
    parts: dict[str, Any] = {
        key: _few(part, dataset) for key in PARTS if (part := getattr(dataset, key))
    }

    from nnrun.results.trained_run import load_run
    from nnrun.training.trainer import train

    with TemporaryDirectory(prefix="nnrun-") as folder:
        try:
            result = train(
                replace(dataset, **parts), stem="", path=Path(folder) / "run", engine=engine
            )
        except Interrupted as error:
            raise Interrupted("interrupted; nothing is left", error.exit_code - 128) from None
        trained = load_run(result.run.path)
        reading = EncodedReader(trained.encoder, heads["train"], target=False)
        predicted = sum(len(frame) for frame in trained.predictions(reading))
    done = {"rows": len(parts["train"].x), "epochs": result.epochs, "predictions": predicted}
    return done | {"seconds": round(time.monotonic() - began, 3)}


def _head(table: Table, config: Config) -> Table:
    """Return the first rows, as many as are kept in memory, then few of each block until all labels are seen."""
    blocks, size, labels = list[Block](), 0.0, set[Any]()
    wanted = max(2, summarize(config, 0)[-1].units) if config.is_classes else 1
    target = next(name for name in (*config.data.target, *table.columns) if name in table.columns)
    for block in table.blocks():
        start = int(
            (~block.texts(target).is_in(list(labels))).arg_max() or 0
        )  # of a label that is new
        blocks.append(block if size < KEPT else block.slice(start, ROWS))
        size += block.frame.estimated_size()
        labels.update(blocks[-1].texts(target).unique())
        if size > KEPT and len(labels) >= wanted:
            break
    return replace(table, keep=sys.maxsize, _blocks=blocks)


def _few(part: Part, dataset: Dataset) -> Part:
    """Return the part's first rows, a row of each label among them."""
    of_each = np.unique(part.y[:, 0], return_index=True)[1][
        : len(dataset.encoder.labels)
    ]  # none where it is numbers
    rows = np.sort(np.r_[of_each, np.setdiff1d(np.arange(len(part.y)), of_each)][:ROWS])
    return part._replace(x=part.x[rows], y=part.y[rows])

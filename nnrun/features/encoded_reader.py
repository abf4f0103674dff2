"""A table read through an encoder."""

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from nnrun.errors import TableError
from nnrun.features.column import Column
from nnrun.features.encoder import Encoder, Kind
from nnrun.features.faults import MISSING, NO_TARGET, OWED
from nnrun.features.labels import label_key
from nnrun.features.statistics import Values
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.wording import counted, listed


def kept_rows(
    table: Table, missing: str, features: list[str], targets: list[str], numbers: Iterable[str] = ()
) -> Iterator[tuple[Block, int]]:
    """Yield each block without the rows that `missing` leaves out for a missing cell, and how many these are."""
    needed = {"error": [], "mean": targets, "drop": [*features, *targets]}[missing]
    for block in table.blocks(numbers):
        kept = block.without_missing(needed)
        yield kept, len(block.frame) - len(kept.frame)


class EncodedReader:
    """A table read through an encoder, with its targets or without; `dropped` rows were left out so far.

    Where every row is `owed` a prediction, none is left out. Without `fill`, missing numbers stay NaN.
    """

    def __init__(
        self, encoder: Encoder, table: Table, *, target: bool, owed: bool = False, fill: bool = True
    ) -> None:
        self.encoder, self.table, self.fill, self.dropped = encoder, table, fill, 0
        self.missing = "error" if owed and encoder.missing == "drop" else encoder.missing
        missing, form = (
            OWED if owed else MISSING,
            "is not of the form {}, as training read this column",
        )
        forms = {f.name: form.format(f.format) for f in encoder.features}
        self.columns = {
            name: Column(name, missing=missing, not_known=form) for name, form in forms.items()
        }
        saw = f"is no label that training saw ({listed(encoder.labels, 10)})"
        self.targets = [
            Column(t.name, missing=NO_TARGET, not_known=saw) for t in encoder.targets if target
        ]

    def __iter__(self) -> Iterator[tuple[Block, Values, Values]]:
        """Yield blocks with float64 x (rows, inputs), y (rows, targets); at a mistake raise all of the whole table."""
        features, targets = list(self.columns), [column.name for column in self.targets]
        self.table.require([*features, *targets])
        problems: list[str] = []
        numbers = [f.name for f in self.encoder.features if f.kind == "number"] + targets * (
            not self.encoder.labels
        )
        for block, dropped in kept_rows(self.table, self.missing, features, targets, numbers):
            self.dropped += dropped
            x, y = self._features(block), self._targets(block)
            problems = self._problems()
            if not problems:
                yield block, x, y
        if problems or not self.columns[features[0]].rows:
            raise TableError(
                problems or f"{self.table.name}: every row is left out for a missing cell"
            )

    def notes(self) -> list[str]:
        """Return how many rows were left out, and a line for each column with categories that training never saw."""
        left_out = f"{self.table.name}: {counted(self.dropped, 'row')} left out for a missing cell"
        return [left_out] * bool(self.dropped) + self.unseen()

    def unseen(self) -> list[str]:
        """Return a line for each column with categories that training never saw, which are all zeros."""
        return [
            line
            for column in self.columns.values()
            if (line := column.unseen_message(self.table.name))
        ]

    def _problems(self) -> list[str]:
        kinds = {feature.name: feature.kind for feature in self.encoder.features}
        missing, advice = self.missing == "error", ", and training read numbers here"
        found = [
            c.problems(kinds[name], missing=missing, text_advice=advice)
            for name, c in self.columns.items()
        ]
        kind: Kind = "text" if self.encoder.labels else "number"
        found += [
            column.problems(kind, missing=True, text_advice=advice) for column in self.targets
        ]
        return [line for lines in found for line in lines]

    def _features(self, block: Block) -> Values:
        x = np.zeros((len(block.frame), len(self.encoder.inputs)), order="F")
        at, dates = 0, {}
        for feature in self.encoder.features:
            column = self.columns[feature.name]
            if feature.kind == "text":
                codes = column.codes(block, feature.categories)
                known = codes.is_not_null().arg_true().to_numpy()
                x[known, at + codes.drop_nulls().to_numpy()] = 1
            elif feature.format:
                if feature.name not in dates:
                    dates[feature.name] = column.dates(block, feature.format)
                x[:, at] = (
                    getattr(dates[feature.name].dt, str(feature.part))().cast(pl.Float64).to_numpy()
                )
            else:
                x[:, at] = column.numbers(block, boolean=feature.kind == "boolean").to_numpy()
            at += feature.width
        if self.fill:
            np.copyto(x, [feature.mean for feature in self.encoder.inputs], where=np.isnan(x))
        return x

    def _targets(self, block: Block) -> Values:
        known = {label_key(label): code for code, label in enumerate(self.encoder.labels)}
        y = np.empty((len(block.frame), len(self.targets)))
        for i, column in enumerate(self.targets):
            y[:, i] = (
                column.labels(block, known) if known else column.numbers(block, boolean=False)
            ).to_numpy()
        return y

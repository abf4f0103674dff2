"""The training table seen once: what its columns hold, its labels, the rows to hold out."""

from contextlib import suppress

import numpy as np
import polars as pl

from nnrun.config.schema import Config
from nnrun.config.yaml_source import in_yaml
from nnrun.errors import ConfigError
from nnrun.features.column import Column
from nnrun.features.dates import date_parts
from nnrun.features.encoded_reader import kept_rows
from nnrun.features.encoder import MAX_CATEGORIES, Encoder, Feature, Kind, Target
from nnrun.features.faults import NO_TARGET
from nnrun.features.labels import label_key
from nnrun.features.split import hold_out
from nnrun.tables.table import Table


class Survey:
    """What one reading of the table tells of features and targets; of its rows, `dropped` lack a cell."""

    def __init__(self, config: Config, table: Table, features: list[str]) -> None:
        self.config, self.table = config, table
        self.columns = [Column(name) for name in features]
        targets = config.data.target[
            : 1 if config.is_classes else None
        ]  # lint says what is wrong with more
        self.targets = [Column(name, missing=NO_TARGET) for name in targets]
        self.rows = self.dropped = 0
        self._spelt: dict[str, str] = {}  # a label's key -> how it is first written
        self._codes: list[pl.Series] = []  # each row's place in _spelt
        for block, dropped in kept_rows(table, config.data.missing, features, targets):
            self.rows += len(block.frame)
            self.dropped += dropped
            for column in self.columns:
                column.survey(block)
            if config.is_classes:
                for text in (
                    block.texts(config.data.target[0]).drop_nulls().unique(maintain_order=True)
                ):
                    self._spelt.setdefault(label_key(text), text)
                self._codes.append(
                    self.targets[0].labels(block, {key: i for i, key in enumerate(self._spelt)})
                )
            else:
                for target in self.targets:
                    target.numbers(block, boolean=False)

    def problems(self) -> list[str]:
        """Return a line for each column that cannot be used, or each kind of wrong cell in it."""
        problems, data = [], self.config.data
        if not self.rows:
            advice = (
                "; say missing: mean under data"
                if data.missing == "drop"
                else ", that of the target"
            )
            return [f"{self.table.name}: every row is left out for a missing cell{advice}"]
        for column in self.columns:
            if unfit := column.unfit(expand_dates=data.dates == "expand"):
                drop = f"to train without it: `drop: [{in_yaml(column.name)}]`"
                problems.append(f"{self.table.name}: column {column.name!r} {unfit}; {drop}")
            else:
                kind: Kind = (
                    "text" if column.kind == "boolean" else column.kind
                )  # true and false are no numbers
                problems += column.problems(kind, missing=data.missing == "error", text_advice="")
        advice = "; for labels, use loss: BinaryCrossentropy, or SparseCategoricalCrossentropy for more than two"
        kind = "text" if self.config.is_classes else "number"
        for target in self.targets:
            problems += target.problems(kind, missing=True, text_advice=advice)
        return problems

    def encoder(self) -> Encoder:
        """Return the encoder, without statistics; labels are in order, numbers by value, the positive one last."""
        features = [feature for column in self.columns for feature in _features(column)]
        targets = [
            Target(name=name)
            for name in self.config.data.target[: 1 if self.config.is_classes else None]
        ]
        keys, positive = sorted(self._spelt), self.config.data.positive
        with suppress(ValueError):
            keys.sort(key=float)
        if positive is not None:
            keys.sort(key=lambda key: key == label_key(str(positive)))
        labels = [self._spelt[key] for key in keys]
        # not validated: of too few labels lint says what is wrong
        return Encoder.model_construct(
            features=features, targets=targets, labels=labels, missing=self.config.data.missing
        )

    def held_out(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return whether each row is held out for validation, drawn by the config's seed."""
        config, fraction = self.config, self.config.data.validation_split
        if not fraction:
            return np.zeros(self.rows, bool)
        groups = len(self._spelt) if config.is_classes else 0
        labels = None
        if (
            groups == 2 if config.is_binary else 1 < groups <= self.rows / 2
        ):  # lint says what is wrong with others
            labels = pl.Series(list(self._spelt)).rank("ordinal").gather(pl.concat(self._codes))
        rows = hold_out(labels, self.rows, fraction, config.seed)[1]
        if not 0 < len(rows) < self.rows:
            place = config.where("data", "validation_split")
            what = "none to validate on" if not len(rows) else "none to train on"
            why = (
                "; every label needs a row to train on"
                if labels is not None and fraction * self.rows >= 0.5
                else ""
            )
            raise ConfigError(f"{place}: {fraction} of {self.rows} rows leaves {what}{why}")
        return np.isin(np.arange(self.rows), rows)


def _features(column: Column) -> list[Feature]:
    if column.kind == "text":
        categories = [*sorted(column.texts)[:MAX_CATEGORIES], *[None] * bool(column.missing.count)]
        return [Feature(name=column.name, kind="text", categories=categories)]
    if column.kind == "date":
        form = column.formats[0]
        return [
            Feature(name=column.name, kind="date", format=form, part=part)
            for part in date_parts(form)
        ]
    return [Feature(name=column.name, kind=column.kind)]

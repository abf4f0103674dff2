"""The encoder: columns to a float32 matrix, labels to 0 and 1, and predictions back to labels.

It is fitted on the training rows alone, saved as `encoding.json`, and treats every later table as the
training table was treated.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, ValidationError

from nnrun.config import Config
from nnrun.data import Table, parse_numbers
from nnrun.errors import RunError, TableError
from nnrun.named import Positive, Strict

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
KNOWN_LABELS = {("0.0", "1.0"), ("false", "true"), ("no", "yes")}  # whose second is the positive one


class Feature(Strict):
    """One input column, standardised as (x - mean) / sqrt(variance), both of the training rows."""

    name: str
    kind: Literal["number", "boolean"] = "number"
    mean: float
    variance: Positive


class Target(Strict):
    """One target column, restored from the network's output as output * scale + offset."""

    name: str
    scale: Positive = 1.0
    offset: float = 0.0


class Encoder(Strict):
    """What turns tables into matrices and predictions into labels.

    Columns are in the matrix's order; `labels` are the table's own, the second is what probabilities are of.
    """

    features: Annotated[list[Feature], Field(min_length=1)]
    targets: Annotated[list[Target], Field(min_length=1)]
    labels: list[str]

    @classmethod
    def fit(cls, config: Config, numbers: pl.DataFrame, booleans: Collection[str], target: pl.DataFrame) -> "Encoder":
        """Fit an encoder on the training rows.

        `numbers` are the features as Float64, of which `booleans` were true and false; `target` the targets of
        the same rows, Float64 or one String column of labels.
        """
        features = []
        for column in numbers:
            variance = _spread(column) ** 2 or 1.0  # of a constant: Keras would divide by 1e-7
            kind: Literal["number", "boolean"] = "boolean" if column.name in booleans else "number"
            features.append(Feature(name=column.name, kind=kind, mean=_center(column), variance=variance))
        if config.is_binary:
            labels = order_labels(target.to_series().unique(maintain_order=True), config.data.positive)
            return cls(features=features, targets=[Target(name=target.columns[0])], labels=labels)
        targets = [_fit_target(column, config) for column in target]
        return cls(features=features, targets=targets, labels=[])

    def matrix(self, numbers: pl.DataFrame) -> Matrix:
        """Return the features as a C-ordered float32 matrix of shape (rows, features)."""
        columns = [numbers[feature.name].cast(pl.Float32) for feature in self.features]
        return pl.DataFrame(columns).to_numpy(order="c")

    def target_matrix(self, target: pl.DataFrame) -> Matrix:
        """Return the targets as a float32 matrix of shape (rows, targets); labels as 0 and 1."""
        if self.labels:
            target = target.select(self.codes(target.to_series()))
        return np.ascontiguousarray(target.to_numpy(), dtype=np.float32)

    def codes(self, texts: pl.Series) -> pl.Series:
        """Return the index of each label in `labels`, null where the label is not known."""
        known = {label_key(label): code for code, label in enumerate(self.labels)}
        codes = {text: known.get(label_key(text)) for text in texts.drop_nulls().unique()}
        return texts.replace_strict(codes, default=None, return_dtype=pl.Int32)  # type: ignore[no-any-return]

    def read_features(self, table: Table) -> pl.DataFrame:
        """Return the feature columns of a table, found by name, as Float64; else raise a TableError."""
        names = [feature.name for feature in self.features]
        require_columns(table, names)
        booleans = {feature.name for feature in self.features if feature.kind == "boolean"}
        numbers, problems = parse_numbers(table, names, "training read numbers here", booleans)
        if problems:
            raise TableError(problems)
        return numbers

    def read_target(self, table: Table) -> pl.DataFrame:
        """Return the targets of a table, Float64 or one String column of known labels; else raise a TableError."""
        names = [t.name for t in self.targets]
        require_columns(table, names)
        target, problems = read_target(table, names, is_binary=bool(self.labels))
        if not problems and self.labels:
            unknown = self.codes(target.to_series()).is_null().arg_true()
            if len(unknown):
                row = int(unknown[0])
                problems = [
                    f"{table.file.name}:{table.lines([row])[0]}: column {names[0]!r}: {target[row, 0]!r} is "
                    f"no label that training saw ({', '.join(map(repr, self.labels))})"
                ]
        if problems:
            raise TableError(problems)
        return target

    @classmethod
    def read(cls, path: Path) -> "Encoder":
        """Return the encoder that encoding.json holds; else raise a RunError."""
        try:
            encoder = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise RunError(f"{path}: {place}: {first['msg']}; the file was altered") from None
        if len(encoder.labels) not in (0, 2) or len(set(encoder.labels)) < len(encoder.labels):
            raise RunError(f"{path}: labels: must be two or none; the file was altered")
        return encoder


def read_target(table: Table, names: Sequence[str], *, is_binary: bool) -> tuple[pl.DataFrame, list[str]]:
    """Return the target columns, as Float64 or as one String column of labels, and the mistakes."""
    if not is_binary:
        return parse_numbers(table, names, "for two labels, use loss: BinaryCrossentropy", ())
    texts = table.texts(names[0]).to_frame()
    missing = texts.to_series().is_null().arg_true()
    if not len(missing):
        return texts, []
    line = table.lines([int(missing[0])])[0]
    return texts, [
        f"{table.file.name}:{line}: column {names[0]!r}: no target in {len(missing)} row{'s' * (len(missing) > 1)}"
    ]


def require_columns(table: Table, names: Iterable[str]) -> None:
    """Raise a TableError that lists every column of `names` that the table lacks."""
    missing = [name for name in names if name not in table.frame.columns]
    if missing:
        listed = ", ".join(map(repr, missing))
        s = "s are" if len(missing) > 1 else " is"
        raise TableError(f"{table.file.name}:1: {len(missing)} column{s} missing: {listed}")


def label_key(text: str) -> str:
    """Return what spellings of one label have in common: `1`, `1.0`; `True`, `true`; `Yes`, `yes`."""
    stripped = text.strip()
    if re.fullmatch(r"[-+]?(\d{1,15}\.?\d*|\.\d+)", stripped):  # beyond 15 digits floats merge integers
        return repr(float(stripped))
    lowered = stripped.lower()
    return lowered if lowered in ("true", "false", "yes", "no") else stripped


def order_labels(texts: pl.Series, positive: Any) -> list[str]:
    """Return the distinct labels, as first spelt, the positive one last where it can be told."""
    spelt: dict[str, str] = {}
    for text in texts:
        spelt.setdefault(label_key(text), text)
    keys = sorted(spelt)
    chosen = keys[-1] if positive is None else label_key(str(positive))
    return [spelt[key] for key in sorted(keys, key=lambda key: key == chosen)]


def _fit_target(column: pl.Series, config: Config) -> Target:
    """Return the target's scale and offset: none under an output that is bounded, or unscaled."""
    if not config.rescales:
        return Target(name=column.name)
    offset = _center(column) if config.output_activation() == "linear" else 0.0  # else it stays non-negative
    return Target(name=column.name, scale=_spread(column) or 1.0, offset=offset)


def _center(column: pl.Series) -> float:
    """Return the mean; of a constant exactly that."""
    return float(column[0] if _spread(column) == 0 else column.mean())  # type: ignore[arg-type]


def _spread(column: pl.Series) -> float:
    """Return the standard deviation; of a constant exactly 0, which rounding would hide."""
    return 0.0 if column.min() == column.max() else float(column.std(ddof=0))  # type: ignore[arg-type]

"""What a column holds: numbers, true and false, dates or text, told block by block, with every wrong cell."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from nnrun.data import Block
from nnrun.errors import counted, received

Values = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Kind = Literal["number", "boolean", "text", "date"]

FLOAT32_MAX = float(np.finfo(np.float32).max)
SHOWN = 3  # how many lines or cells a message names
MAX_CATEGORIES = (
    50  # a text column of more is refused: an input each, and few rows to learn it from
)
_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%B %d %Y",
    "%d %B %Y",
)  # %B: short names too
_TIMES = ("%H:%M", "%H:%M:%S%.f")  # %.f may be absent
_ISO = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f%:z",
)
# the dates and times that are recognised, in the letters of C's strftime
FORMATS = (*_DATES, *_TIMES, *_ISO, *(f"{date} {time}" for date in _DATES for time in _TIMES))
UNPRINTABLE = (
    "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"  # what JSON leaves as it is and YAML does not
)
MISSING = "the cell is missing; fill it in, or say missing: mean or missing: drop under data"


@dataclass
class Fault:
    """Cells that are wrong in one way: how many, the first places (`file:line`) and the first distinct texts."""

    what: str
    count: int = 0
    name: str = ""
    places: list[str] = field(default_factory=list)
    cells: list[str | None] = field(default_factory=list)

    def add(self, block: Block, mask: pl.Series, texts: pl.Series) -> None:
        """Count the cells of a block that `mask` is true of."""
        rows = mask.fill_null(value=False).arg_true()
        if (
            len(rows) and len(self.places) < SHOWN and self.name in ("", block.name)
        ):  # lines of one file
            self.name = block.name
            self.places += block.places(rows.head(SHOWN - len(self.places)).to_list())
        if len(rows) and len(self.cells) < SHOWN:
            cells = [*self.cells, *texts.gather(rows).unique(maintain_order=True).head(SHOWN)]
            self.cells = list(dict.fromkeys(cells))[:SHOWN]
        self.count += len(rows)

    def message(self, column: str) -> str:
        """Return a line that names the first cell, and the lines of the others."""
        cell, lines = self.cells[0], "lines " * self.places[0].isdigit() + ", ".join(self.places)
        dots = ", ..." * (self.count > len(self.places))
        more = f" ({self.count} such cells: {lines}{dots})" * (self.count > 1)
        shown = "" if cell is None else f"{received(cell)} "
        return f"{self.name}:{self.places[0]}: column {column!r}: {shown}{self.what}{_hint(cell or '')}{more}"


class Column:
    """A column of one table: what its cells are, and which are wrong."""

    def __init__(self, name: str, *, missing: str = MISSING, not_known: str = "") -> None:
        self.name = name
        self.rows = 0
        self.texts: list[str] = []  # the distinct ones, up to one more than MAX_CATEGORIES
        self.is_boolean = True
        self.formats = list(FORMATS)
        self.not_number = Fault("is not a number")
        self.not_finite = Fault("is not finite")
        self.too_large = Fault("is beyond what float32 holds")
        self.not_known = Fault(not_known)  # a date of another form, a label that training never saw
        self.unseen = Fault("")  # categories that training never saw
        self.missing = Fault(missing)

    def survey(self, block: Block) -> None:
        """Take a block into account for `kind`."""
        numbers = self.numbers(block, boolean=False)
        self.formats = (
            self.formats if numbers.null_count() or not len(numbers) else []
        )  # no date is a number
        if len(self.texts) > MAX_CATEGORIES and not self.formats and not numbers.null_count():
            return
        if numbers.null_count() or not len(numbers):
            texts = block.texts(self.name).drop_nulls().unique(maintain_order=True)
            self.is_boolean = (
                self.is_boolean and texts.str.to_lowercase().is_in(["true", "false"]).all()
            )
        else:  # the usual case, in few calls of polars: each takes 0.1 ms, and tables can have thousands of columns
            texts = block.cells(self.name).cast(pl.String).unique(maintain_order=True)
            self.is_boolean = False
        seen = map(str.strip, texts.head(MAX_CATEGORIES + 1))
        self.texts = list(dict.fromkeys([*self.texts, *seen]))[: MAX_CATEGORIES + 1]
        for sample in (texts.head(20), texts):
            self.formats = [f for f in self.formats if not _parse(sample, f).null_count()]
        if len(self.texts) > MAX_CATEGORIES and not self.formats and not numbers.null_count():
            block.numbers.add(self.name)

    @property
    def kind(self) -> Kind:
        """What the surveyed cells are; a few wrong ones among numbers do not make them text."""
        if (self.is_boolean or self.formats) and self.rows > self.missing.count:
            return "boolean" if self.is_boolean else "date"
        return "text" if self._is_text() else "number"

    def numbers(self, block: Block, *, boolean: bool) -> pl.Series:
        """Return the cells as Float64, null where they are missing or wrong; true and false as 1 and 0 if `boolean`."""
        numbers: pl.Series = block.frame[self.name].cast(pl.Float64, strict=False)
        values = (
            numbers.to_numpy()
        )  # faster than polars on what is mostly in order; null is NaN, as is a minimum with it
        is_finite = values.min(initial=0) >= -FLOAT32_MAX and values.max(initial=0) <= FLOAT32_MAX
        if is_finite and not (block.null_numbers and np.isin(values, block.null_numbers).any()):
            self.rows += len(numbers)
            return numbers
        texts = cells = self._texts(block)
        if boolean:
            texts = texts.str.to_lowercase().replace({"true": "1", "false": "0"})
        numbers = texts.str.replace(r"^\+([\d.])", "$1").cast(pl.Float64, strict=False)
        fits = numbers.is_between(-FLOAT32_MAX, FLOAT32_MAX)  # false for NaN too
        self.not_number.add(block, numbers.is_null() & texts.is_not_null(), cells)
        self.not_finite.add(block, ~numbers.is_finite(), cells)
        self.too_large.add(block, numbers.is_finite() & ~fits, cells)
        return numbers.set(~fits, None)

    def dates(self, block: Block, form: str) -> pl.Series:
        """Return the cells as Datetime or Time, null where they are missing or of another form."""
        texts = self._texts(block)
        dates = _parse(texts, form)
        self.not_known.add(block, dates.is_null() & texts.is_not_null(), texts)
        return dates

    def codes(self, block: Block, categories: list[str | None]) -> pl.Series:
        """Return the index of each cell among the categories, null for others; null itself can be a category."""
        texts, known = self._texts(block), pl.Series(categories, dtype=pl.String)
        codes: pl.Series = texts.replace_strict(
            known, range(len(known)), default=None, return_dtype=pl.Int64
        )
        self.unseen.add(block, codes.is_null(), texts)
        return codes

    def labels(self, block: Block, known: dict[str, int]) -> pl.Series:
        """Return the number of each label; `known` gives it by the label's key."""
        texts = self._texts(block)
        keys = {text: known.get(label_key(text)) for text in texts.drop_nulls().unique()}
        codes: pl.Series = texts.replace_strict(keys, default=None, return_dtype=pl.Int32)
        self.not_known.add(block, codes.is_null() & texts.is_not_null(), texts)
        return codes

    def unseen_message(self, table: str) -> str | None:
        """Return how many cells hold categories that training never saw, and which, or None."""
        cells = counted(self.unseen.count, "cell")
        shown = ", ".join(
            "a missing cell" if text is None else repr(text) for text in self.unseen.cells
        )
        text = f"{table}: column {self.name!r}: {cells} of categories that training never saw ({shown}); taken as none"
        return text if self.unseen.count else None

    def problems(self, kind: Kind, *, missing: bool, text_advice: str) -> list[str]:
        """Return a line for each way in which cells are wrong where `kind` is expected; missing ones, if `missing`."""
        wrong = [self.not_known, *[self.missing] * missing]
        if kind in ("number", "boolean"):
            wrong = [self.not_number, self.not_finite, self.too_large, *wrong]
            if self._is_text():
                examples = ", ".join(map(repr, self.not_number.cells))
                return [
                    f"{self.not_number.name}: column {self.name!r} holds text ({examples}){text_advice}"
                ]
        return [fault.message(self.name) for fault in wrong if fault.count]

    def unfit(self, *, expand_dates: bool) -> str | None:
        """Return why a surveyed column cannot be an input as it stands, or None."""
        examples, present = ", ".join(map(repr, self.texts[:SHOWN])), self.rows - self.missing.count
        if not present:
            return "has no value: every cell is missing"
        if self.kind == "date" and not expand_dates:
            return f"holds dates or times ({examples}), which `dates: expand` under data makes numbers of"
        if self.kind == "date" and len(self.formats) > 1:
            return f"holds dates of which day or month may be first ({examples}); write them as 2012-03-31"
        if self.kind == "text" and len(self.texts) > MAX_CATEGORIES:
            return f"holds text of more than {MAX_CATEGORIES} categories ({examples})"
        if self.kind == "text" and len(self.texts) > max(1, 0.9 * present):
            return f"holds text ({examples}), nearly all of it distinct, as of an identifier"
        return None

    def _texts(self, block: Block) -> pl.Series:
        texts = block.texts(self.name)
        self.rows += len(texts)
        self.missing.add(block, texts.is_null(), texts)
        return texts

    def _is_text(self) -> bool:
        number, present = self.not_number, self.rows - self.missing.count
        return number.count > max(1, present / 2) and not _hint(number.cells[0] or "")


class Moments:
    """Count, mean, variance and range of each column of blocks of rows; NaN cells are left out."""

    def __init__(self, columns: int) -> None:
        self.count = np.zeros(columns, np.int64)
        self.mean = np.zeros(columns)
        self.squares = np.zeros(columns)  # the sum of squared deviations from the mean
        self.minimum, self.maximum = np.full(columns, np.inf), np.full(columns, -np.inf)
        self.whole = np.ones(columns, bool)

    def add(self, values: Values) -> None:
        """Take a float64 block of shape (rows, columns) into account."""
        present = ~np.isnan(values)
        count = present.sum(axis=0)
        known = values if present.all() else np.where(present, values, 0.0)
        mean = known.sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(present, known - mean, 0.0) ** 2).sum(axis=0)
        # combined as in Chan, Golub and LeVeque (1979), which loses nothing to large means
        total, shift = np.maximum(self.count + count, 1), mean - self.mean
        self.squares += squares + shift**2 * (self.count * count / total)
        self.mean += shift * (count / total)
        self.count += count
        self.minimum = np.minimum(
            self.minimum, np.min(known, axis=0, initial=np.inf, where=present)
        )
        self.maximum = np.maximum(
            self.maximum, np.max(known, axis=0, initial=-np.inf, where=present)
        )
        self.whole &= (known == np.rint(known)).all(axis=0)

    def describe(self, column: int) -> dict[str, Any]:
        """Return mean, variance (1 of a constant: Keras would divide by 1e-7), range and whether all are whole."""
        count = self.count[column]
        low, high = (
            (float(self.minimum[column]), float(self.maximum[column])) if count else (0.0, 0.0)
        )
        mean, variance = (
            (low, 0.0)
            if low == high
            else (float(self.mean[column]), float(self.squares[column] / count))
        )
        whole = bool(count and self.whole[column])
        return {
            "mean": mean,
            "variance": variance or 1.0,
            "minimum": low,
            "maximum": high,
            "whole": whole,
        }


def in_yaml(name: str) -> str:
    """Return a name as it can be pasted into a config: quoted, unless it is a plain word."""
    is_word = re.fullmatch(r"[A-Za-z_][\w-]*", name) and name.lower() not in (
        "true",
        "false",
        "null",
    )
    quoted = json.dumps(name, ensure_ascii=False)
    return name if is_word else re.sub(UNPRINTABLE, lambda found: f"\\u{ord(found[0]):04x}", quoted)


def label_key(text: str) -> str:
    """Return what spellings of one label have in common: `1`, `1.0`; `True`, `true`; `Yes`, `yes`."""
    stripped = text.strip()
    if re.fullmatch(
        r"[-+]?(\d{1,15}\.?\d*|\.\d+)", stripped
    ):  # beyond 15 digits floats merge integers
        return repr(float(stripped))
    return stripped.lower() if stripped.lower() in ("true", "false", "yes", "no") else stripped


def _parse(texts: pl.Series, form: str) -> pl.Series:
    if "%d" in form:
        dates: pl.Series = texts.str.to_datetime(form, strict=False, time_unit="us")
        return dates.set(dates.dt.year() < 1000, None)  # versions such as 1.2.3
    return texts.str.to_time(form, strict=False)


def _hint(cell: str) -> str:
    if re.fullmatch(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*", cell):
        return "; numbers are written without separators of thousands and with a decimal point, as in 1234.5"
    if re.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*", cell):
        return "; decimals are written with a point, as in 1.5"
    return "; it holds a NUL byte" if "\0" in cell else ""

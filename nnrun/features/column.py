"""What a column holds: numbers, true and false, dates or text, told block by block, with every wrong cell."""

import numpy as np
import polars as pl

from nnrun.features.dates import FORMATS, parse_dates
from nnrun.features.encoder import MAX_CATEGORIES, Kind
from nnrun.features.faults import MISSING, SHOWN, Fault, number_hint
from nnrun.features.labels import label_key
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.tables.block import Block
from nnrun.wording import counted


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
            self.formats = [f for f in self.formats if not parse_dates(sample, f).null_count()]
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
        dates = parse_dates(texts, form)
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
        return number.count > max(1, present / 2) and not number_hint(number.cells[0] or "")

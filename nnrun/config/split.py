"""The split of a training table by a column, where a draw of single rows would leak."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from nnrun.config.field_rules import Column
from nnrun.config.strict_model import Strict, problem
from nnrun.wording import received

SplitKind = Literal["group", "time", "column"]
"""How a column splits: no group on both sides, the last rows by time, or as its cells say."""

KINDS: tuple[SplitKind, ...] = ("group", "time", "column")

FORMS = "{group: COLUMN}, {time: COLUMN} or {column: COLUMN}"

DEFAULT_SHARE = 0.2


class Split(Strict):
    """The column by which the training table is split, and how."""

    group: Column | None = None
    """The column of groups, such as patients. Rows of one group are never on both sides."""
    time: Column | None = None
    """The column of dates or numbers by which rows are in order. The last ones are held out."""
    column: Column | None = None
    """The column that says of each row `train`, `validation` or `test`."""
    validation: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The share of the rows to hold out, about which groups and equal times decide. Default: 0.2;
    none beside `column`, whose cells decide."""

    @property
    def kind(self) -> SplitKind:
        """How the column splits."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def name(self) -> str:
        """The name of the column."""
        name: str = getattr(self, self.kind)
        return name

    @property
    def share(self) -> float:
        """The share of the rows to hold out."""
        return DEFAULT_SHARE if self.validation is None else self.validation

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_share(cls, value: object) -> object:
        """Refuse what is not a mapping, and write the default share out where one is needed."""
        if isinstance(value, Split):
            return value
        if not isinstance(value, Mapping):
            raise problem(
                f"must be {FORMS}; received {received(value)}; "
                "a share of single rows is `validation_split: 0.2`"
            )
        has_share = value.get("validation") is not None
        if has_share or value.get("column") is not None:
            return value
        return {**value, "validation": DEFAULT_SHARE}

    @model_validator(mode="after")
    def _one_column(self) -> "Split":
        """Refuse several columns, or none, and a share where cells decide."""
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            names = " and ".join(kinds) or "none of these keys"
            raise problem(f"must be {FORMS}; received {names}")
        if self.column is not None and self.validation is not None:
            raise problem("the column says where each row belongs; leave validation out")
        return self

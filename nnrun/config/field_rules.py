"""Rules that the fields of a config obey, beyond their types."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, ValidationInfo

from nnrun.config.named import Spec
from nnrun.config.strict_model import problem
from nnrun.wording import received

if TYPE_CHECKING:
    from nnrun.config.schema import Data
    from nnrun.config.split import Split

CLIPPINGS = ("clipnorm", "clipvalue", "global_clipnorm")
"""The arguments by which an optimizer of Keras clips gradients."""


def column_names(value: object) -> list[str]:
    """Return a list of column names: of one column too, and of columns whose names are numbers.

    Args:
        value: What the config has.

    Raises:
        PydanticCustomError: An item is no name, or a name stands twice.
    """
    items = value if isinstance(value, list) else [value]
    names = [_name_of_column(item) for item in items]
    if any(name is None for name in names):
        raise problem(
            "must be a column's name or a list of them, quoted if need be; "
            f"received {received(value)}"
        )
    columns = [name for name in names if name is not None]
    repeated = _repeated(columns)
    if repeated:
        raise problem(f"must name each column once; it repeats {_in_quotes(repeated)}")
    return columns


def column_name(value: object) -> object:
    """Return the name of one column, which may be a number; what is none stays, to be refused.

    Args:
        value: What the config has.
    """
    name = _name_of_column(value)
    return value if name is None else name


def _name_of_column(item: object) -> str | None:
    """Return the name that a text or a number is, or None for anything else."""
    if isinstance(item, bool):
        return None
    if isinstance(item, str | int | float):
        return str(item)
    return None


Columns = Annotated[
    list[str],
    BeforeValidator(column_names, json_schema_input_type=str | float | list[str | float]),
]


Column = Annotated[str, BeforeValidator(column_name, json_schema_input_type=str | float)]


def listed_alone(value: object) -> object:
    """Return a list of one for a name that stands alone.

    Args:
        value: What the config has; anything but text stays as it is, to be refused or taken later.
    """
    return [value] if isinstance(value, str) else value


def path_of_table(value: object) -> object:
    """Refuse a share of rows where a table is to be named.

    Args:
        value: What the config has; anything but such a share stays as it is.

    Raises:
        PydanticCustomError: The value is a number between 0 and 1.
    """
    if isinstance(value, float) and 0 < value < 1:
        raise problem(
            f"must be the path of a table; received {received(value)}; a share of the training "
            f"rows is `validation_split: {value:g}`"
        )
    return value


def distinct_metrics(metrics: list[Spec]) -> list[Spec]:
    """Refuse two metrics of one name, since each is logged by its name.

    Args:
        metrics: The validated metrics, which stay as they are.

    Raises:
        PydanticCustomError: Two metrics have the same name.
    """
    repeated = _repeated([metric["name"] for metric in metrics])
    if repeated:
        raise problem(
            f"each metric must have a name of its own; received twice: {', '.join(repeated)}"
        )
    return metrics


def one_validation(split: float, info: ValidationInfo) -> float:
    """Refuse a share of rows to hold out beside a table of such rows.

    Args:
        split: The share of rows to hold out; 0 for none.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: Both are given.
    """
    if split and info.data.get("validation"):
        raise problem("give validation or validation_split, not both")
    return split


def one_split(split: "Split | None", info: ValidationInfo) -> "Split | None":
    """Refuse a split by a column beside another way to hold rows out, or by the target.

    Args:
        split: The column and its parts, or None.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: Rows are held out in another way too, or the column is a target.
    """
    if split is None:
        return None
    for other in ("validation", "validation_split"):
        if info.data.get(other):
            raise problem(f"give {other} or split, not both")
    if split.name in info.data.get("target", []):
        raise problem(f"{split.name!r} is the target; split by another column")
    return split


def no_other_column(name: str | None, info: ValidationInfo) -> str | None:
    """Refuse a column of weights that is a target or a feature too.

    Args:
        name: The column of weights, or None.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: The column is a target or a feature too.
    """
    for other in ("target", "features"):
        if name in (info.data.get(other) or []):
            raise problem(
                f"data.{other} names {name!r} too; weights are neither targets nor features"
            )
    return name


def of_standardised_inputs(clip: float | None, info: ValidationInfo) -> float | None:
    """Refuse a bound in standard deviations where inputs are not standardised.

    Args:
        clip: The bound in standard deviations, or None.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: There is a bound, and inputs are not standardised.
    """
    if clip is not None and not info.data.get("normalize", True):
        raise problem("applies to standardised inputs alone; remove it, or remove normalize: false")
    return clip


def of_normalized_numbers(numeric: Spec, info: ValidationInfo) -> Spec:
    """Refuse another way to standardise where inputs are not standardised.

    Args:
        numeric: The way numbers are encoded.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: The way standardises, and `normalize` is false.
    """
    if numeric["name"] != "standard" and not info.data.get("normalize", True):
        raise problem(
            f"{numeric['name']} encodes standardised inputs; remove it, or remove normalize: false"
        )
    return numeric


def of_rows_to_refit(refit: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's
    """Refuse to train again on rows held out where none come from the training table.

    Args:
        refit: Whether networks are trained again on all rows.
        info: The keys of the config that were validated before.

    Raises:
        PydanticCustomError: They are, and `data` holds none of its rows out for validation, or
            keeps them in files.
    """
    data: Data | None = info.data.get("data")
    if not refit or data is None:
        return refit
    if data.in_memory is False:
        raise problem("all rows must be in memory; remove data.in_memory: false, or remove refit")
    if data.validation_split or data.split:
        return refit
    rule = "trains again on the rows that were held out of the training table"
    reason = "data.validation is another table" if data.validation else "none are"
    raise problem(f"{rule}, but {reason}; set data.validation_split or data.split, or remove refit")


def disjoint_columns(columns: list[str], info: ValidationInfo) -> list[str]:
    """Refuse columns that another key names too.

    Args:
        columns: The columns that this key names.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: One of them is a target, or is listed as a feature.
    """
    for other in ("target", "features"):
        named = set(info.data.get(other) or []) - {""}
        shared = sorted(named & set(columns))
        if shared:
            raise problem(f"data.{other} names {_in_quotes(shared)} too")
    return columns


def unlike_the_decimal_mark(thousands: str, info: ValidationInfo) -> str:
    """Refuse one mark for decimals and between groups of digits.

    Args:
        thousands: The mark between groups of digits; an empty text for none.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: Both marks are the same.
    """
    if thousands and thousands == info.data.get("decimal"):
        raise problem(f"{thousands!r} is also the decimal mark; set data.decimal to another mark")
    return thousands


def text_encoding(name: str) -> str:
    """Refuse what Python does not know as a text encoding.

    Args:
        name: What the config has under `encoding`.

    Raises:
        PydanticCustomError: Python has no text encoding of this name.
    """
    try:
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        examples = "such as latin-1, cp1252 or utf-16"
        raise problem(f"{name!r} is not a text encoding that Python knows, {examples}") from None
    return name


def one_kind(columns: list[str], info: ValidationInfo) -> list[str]:
    """Refuse columns that another key says to be of another kind.

    Args:
        columns: The columns that this key says to be of its kind.
        info: The keys of `data` that were validated before.

    Raises:
        PydanticCustomError: A column is named by two of the keys.
    """
    for other in ("categorical", "numeric_columns"):
        if other == info.field_name:
            continue
        others = info.data.get(other, [])
        shared = sorted(set(others).intersection(columns))
        if shared:
            raise problem(f"data.{other} names {_in_quotes(shared)} too")
    return columns


def one_clipping(optimizer: Spec) -> Spec:
    """Refuse several ways to clip gradients, of which Keras takes one.

    Args:
        optimizer: The validated optimizer, with every argument; it stays as it is.

    Raises:
        PydanticCustomError: Two arguments that clip gradients, or all three, are given.
    """
    clippings = [name for name in CLIPPINGS if optimizer.get(name) is not None]
    if len(clippings) > 1:
        raise problem(f"give one of {', '.join(clippings)}, not several")
    return optimizer


def _repeated(names: list[str]) -> list[str]:
    """Return the names that stand more than once, in their order."""
    counts = Counter(names)
    return sorted(name for name in counts if counts[name] > 1)


def _in_quotes(names: list[str]) -> str:
    return ", ".join(map(repr, names))

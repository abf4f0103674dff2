"""A folder that predicts without nnrun: the network, encoding.json, and a script to read."""

import codecs
import json
from itertools import chain
from pathlib import Path
from typing import Any

from nnrun.config.schema import Data
from nnrun.features.categories import NUMBER as SPELT_NUMBER
from nnrun.features.dates import DATES, ORDERS, DateOrder
from nnrun.features.encoder import Encoder
from nnrun.features.encoding_size import encoding_text
from nnrun.features.feature import Feature, Kind
from nnrun.features.numbers import WORDS
from nnrun.reporting.export import load_exportable, whole_output, write_network
from nnrun.reporting.rendering import render
from nnrun.results.network_outputs import output_name
from nnrun.results.row_losses import DEFAULT_THRESHOLD
from nnrun.results.trained_run import TrainedRun
from nnrun.tables.block import NullValues
from nnrun.tables.dialect import UTF_8
from nnrun.tables.number_format import NumberFormat

NETWORKS = {
    "saved_model": "network",
    "litert": "network.tflite",
    "onnx": "network.onnx",
}
"""The file or folder of each format."""

UNNAMED = "Unnamed: 0"  # what csv_header calls a first column without a name
PYTHON_TIMES = ("", "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H:%M%z", "%H:%M:%S%z")
"""The times of day behind a date, as Python's strptime reads those of `dates.TIMES` and zones."""

MOST_EXAMPLES = 4  # columns in the example of a row: it fits a line
OTHER_ORDERS: tuple[DateOrder, ...] = ("year first", "dots", "words")
"""The orders that `parse_dates` reads in every column of dates."""


def export_bundle(run: Path, form: str, folder: Path) -> list[str]:
    """Write a folder that predicts without nnrun. Nothing is left behind where that fails.

    Args:
        run: The run directory of a run that has a model.
        form: One of the formats of `nnrun.reporting.export`.
        folder: The folder to write, which must not exist.

    Returns:
        The names of the files in it.

    Raises:
        RunError: The path is not a run, has no model, or its files were altered.
        InputError: A package is missing.
        NnrunError: The format lacks what the network needs.
        OSError: The folder cannot be written.
    """
    trained = load_exportable(run, form)
    with whole_output(folder) as temporary:
        temporary.mkdir()
        write_network(run, trained, form, temporary / NETWORKS[form])
        write_script(trained, form, temporary)
    return [NETWORKS[form], "encoding.json", "predict.py"]


def write_script(trained: TrainedRun, form: str, folder: Path) -> None:
    """Write encoding.json and predict.py into the folder of a network of the format.

    Args:
        trained: The run.
        form: The format of its network.
        folder: The folder, which exists.
    """
    texts = {
        "encoding.json": encoding_text(trained.encoder),
        "predict.py": prediction_script(trained, form),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def prediction_script(trained: TrainedRun, form: str) -> str:
    """Return predict.py, which has no more than the columns of this run need.

    Args:
        trained: The run.
        form: The format of the network beside the script, one of NETWORKS.
    """
    config = trained.config
    encoder = trained.encoder
    return render(
        "predict.py.j2",
        is_plain=_has_plain_numbers(trained),
        refuses_missing=_refuses_missing(trained),
        form=form,
        network=NETWORKS[form],
        output=output_name(trained),
        config=config,
        data=config.data,
        targets=encoder.target_names,
        **_threshold(trained),
        **_features(encoder),
        **_cells(config.data),
    )


def _threshold(trained: TrainedRun) -> dict[str, Any]:
    """Return whether a label depends on a threshold, and what it is by default."""
    config = trained.config
    has_two_labels = len(trained.encoder.labels) == 2
    return {
        "has_threshold": config.is_binary or has_two_labels,
        "default_threshold": DEFAULT_THRESHOLD if config.is_binary else None,
        "multilabel": config.is_multilabel,
    }


def _features(encoder: Encoder) -> dict[str, Any]:
    """Return what the script needs to know of the features, for what none has is left out."""
    date_formats = _date_formats(encoder)
    forms = list(chain.from_iterable(date_formats.values()))
    return {
        "features": encoder.features,
        "kinds": encoder.kinds,
        "readers": _readers(encoder.kinds),
        "missing": encoder.missing,
        "example": _example(encoder),
        "has_unnamed": UNNAMED in encoder.column_names,
        "spelt_number": SPELT_NUMBER,
        "date_formats": date_formats,
        "has_short_years": "%y" in " ".join(forms),
        "times": list(PYTHON_TIMES),
    }


def _has_plain_numbers(trained: TrainedRun) -> bool:
    """Tell whether every cell is a text, a truth value or a number such as 1234.5."""
    encoder = trained.encoder
    data = trained.config.data
    if not encoder.kinds - {"text"} or encoder.kinds & {"date"}:
        return False
    has_signs = any(feature.sign for feature in encoder.features)
    number_format = NumberFormat(data.decimal, data.thousands)
    return number_format.is_plain and not has_signs


def _refuses_missing(trained: TrainedRun) -> bool:
    """Tell whether a missing cell is refused as any text is that cannot be read as a number."""
    encoder = trained.encoder
    null_values = NullValues.of(trained.config.data.null_values)
    if encoder.missing == "mean" or null_values.numbers:
        return False
    return encoder.kinds == {"number"} and _has_plain_numbers(trained)


def _readers(kinds: set[Kind]) -> dict[str, str]:
    """Return the functions of the script that read cells of these kinds."""
    readers = {}
    if kinds & {"number", "boolean"}:
        readers["number"] = "read_number"
    if "boolean" in kinds:
        readers["boolean"] = "read_boolean"
    if "date" in kinds:
        readers["date"] = "read_date_part"
    return readers


def _cells(data: Data) -> dict[str, Any]:
    """Return how the cells of a table are written."""
    null_texts = ["", *data.null_values]
    null_numbers = NullValues.of(data.null_values).numbers
    return {
        "encoding": _python_encoding(data.encoding),
        "nulls": list(dict.fromkeys(null_texts)),
        "null_numbers": sorted(set(null_numbers)),
        "numbers": NumberFormat(data.decimal, data.thousands),
        "truth_words": json.dumps(WORDS),
    }


def _python_encoding(encoding: str) -> str:
    """Return the encoding in which Python leaves out the mark that a file may begin with."""
    name = codecs.lookup(encoding).name
    if name in UTF_8:
        return "utf-8-sig"
    return encoding


def _date_formats(encoder: Encoder) -> dict[str, list[str]]:
    """Return for each column of dates the formats of Python's strptime, without times of day."""
    formats = {}
    for feature in encoder.features:
        name = feature.name
        if feature.format is not None and name not in formats:
            formats[name] = _python_dates(feature.format, feature.more_formats)
    return formats


def _python_dates(date_format: str, other_formats: list[str]) -> list[str]:
    """Return the dates that `parse_dates` reads in a column, those of training first."""
    order = ORDERS[date_format]
    if order == "time":
        return [""]
    dates = [_date_of(date_format)]
    for other_format in other_formats:
        dates.append(_date_of(other_format))
    for each_order in (order, *OTHER_ORDERS):
        dates += DATES[each_order]
    python_dates = []
    for date in dict.fromkeys(dates):
        python_dates.append(date)
        if "%B" in date:  # in Python it reads no short names
            python_dates.append(date.replace("%B", "%b"))
    return python_dates


def _date_of(date_format: str) -> str:
    """Return the part of a format that is the date."""
    dates = DATES[ORDERS[date_format]]
    return max(filter(date_format.startswith, dates), key=len)


def _example(encoder: Encoder) -> str:
    """Return a row as a dict of Python that is typical of training, or "" where it is too long."""
    if len(encoder.column_names) > MOST_EXAMPLES:
        return ""
    row = {}
    for feature in encoder.features:
        row[feature.name] = _typical_cell(feature)
    text = repr(row)
    ends_docstring = "\\" in text or '"""' in text
    if ends_docstring or not text.isprintable():
        return ""
    return text


def _typical_cell(feature: Feature) -> Any:  # noqa: ANN401 - a text or a number
    """Return a cell that is near those of training."""
    if feature.kind == "text":
        return next(filter(None, feature.categories), "other")
    if feature.kind == "date":
        return feature.example or "2024-12-31"
    if feature.kind == "boolean":
        return "yes"
    number = float(f"{feature.mean:.3g}")
    if feature.sign:
        return f"{number:g}{feature.sign}"
    if feature.whole:
        return round(number)
    return number

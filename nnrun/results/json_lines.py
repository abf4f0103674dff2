"""Predictions for programs that keep `nnrun predict RUN --json-lines` running.

A line comes in, a line goes out.

A line is a JSON object with a value for each column, by its name: a number, a text, true, false or
null. The answer is an object with the columns of predictions, and `notes` where there is something
to tell; or with `error` alone. Every line has one answer, in its order, and a wrong line does not
end the rest.
"""

import json
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import polars as pl

from nnrun.errors import InputError
from nnrun.features.matrix_store import Matrix
from nnrun.results.ensemble import spread_of
from nnrun.results.interval import Interval
from nnrun.results.plain_rows import PlainRows
from nnrun.results.predicted import interpret_outputs, spread_columns
from nnrun.results.reading import Reading
from nnrun.results.row_losses import AnyThreshold
from nnrun.results.trained_run import NOT_FINITE, STDIN, TrainedRun
from nnrun.tables.block import Block, NullValues
from nnrun.tables.missing_columns import missing_columns
from nnrun.tables.table import Table
from nnrun.wording import first_line, joined, received

LONGEST_LINE = 16 << 20  # bytes, as of a record in a CSV file
SHOWN_NAMES = 10  # names of keys in a message, at most
INT64 = range(-(2**63), 2**63)  # the whole numbers that polars holds

Row = dict[str, Any]
Answer = dict[str, Any]


def answer_lines(
    trained: TrainedRun,
    stream: IO[bytes],
    threshold: AnyThreshold = None,
    reading: Reading | None = None,
    interval: Interval | None = None,
    *,
    spread: bool = False,
) -> Iterator[str]:
    """Yield the answer to each line of a stream, without a line end, as soon as the line is there.

    Args:
        trained: The run that predicts.
        stream: Lines of JSON in UTF-8.
        threshold: The probability from which the second of two labels is predicted, or that of each
            target; by default 0.5.
        reading: How strictly a line is read, by default as a table is. What makes a mistake of a
            table makes an error of a line.
        interval: How far the truth may be from predictions, which answers tell too.
        spread: Whether answers tell how far the members of an ensemble are apart.

    Raises:
        InputError: The threshold is none, or there is no ensemble.
    """
    trained.check_threshold(threshold)
    if spread:
        trained.check_has_spread()
    predictor = _RowPredictor(trained, threshold, reading or Reading(), interval, spread=spread)
    for number, line in enumerate(_lines(stream), start=1):
        try:
            answer = predictor.answer(_parse(line), number)
        except InputError as error:
            answer = {"error": "\n".join(error.problems)}
        yield json.dumps(answer)


class _RowPredictor:
    """Predicts one row at a time."""

    def __init__(
        self,
        trained: TrainedRun,
        threshold: AnyThreshold,
        reading: Reading,
        interval: Interval | None,
        *,
        spread: bool,
    ) -> None:
        self._trained = trained
        self._threshold = threshold
        self._reading = reading
        self._interval = interval
        self._spread = spread
        null_values = [*trained.config.data.null_values, *reading.null_values]
        self._nulls = NullValues.of(null_values)
        self._names = trained.encoder.column_names
        self._needed = set(self._names)
        self._plain = PlainRows(trained.encoder, self._nulls)

    def answer(self, row: Row, number: int) -> Answer:
        """Return the answer to a line's row, or raise an InputError with all its mistakes."""
        if not row.keys() >= self._needed:
            missing = missing_columns(self._names, list(row))
            keys = "keys are" if len(missing) > 1 else "key is"
            names = joined(missing, SHOWN_NAMES)
            raise InputError(f"{len(missing)} {keys} missing: {names}")
        x = self._plain.encode(row)
        if x is None:
            return self._answer_as_table(row, number)
        return self._predict(x, number)

    def _answer_as_table(self, row: Row, number: int) -> Answer:
        """Return the answer to a row read as a table of one row, which tells every mistake."""
        cells = [_cell(name, row[name]) for name in self._names]
        frame = pl.DataFrame(cells)
        block = Block(STDIN, frame, lambda _: [str(number)], lambda: frame, self._nulls)
        table = Table(STDIN, self._names, [], 0).with_blocks([block])
        reader = self._trained.reader(
            table, target=False, owed=True, bad_cells=self._reading.bad_cells
        )
        ((_, x, _),) = reader
        self._reading.check(reader)
        answer = self._predict(x.astype(np.float32), number)
        notes = reader.notes()
        return {**answer, "notes": notes} if notes else answer

    def _predict(self, x: Matrix, number: int) -> Answer:
        """Return what the run answers to one encoded row, x of shape (1, inputs)."""
        outputs = self._trained.forward(x)
        if not np.isfinite(outputs).all():
            raise InputError(f"{STDIN}:{number}: {NOT_FINITE}")
        trained = self._trained
        predicted = interpret_outputs(trained.config, trained.encoder, outputs, self._threshold)
        answer = predicted.first_row()
        if self._interval:
            probabilities = trained.probabilities(outputs)
            ranges = self._interval.columns(trained.encoder, probabilities)
            for name, cells in ranges.items():
                answer[name] = _value(cells[0])
        if self._spread:
            spread = spread_of(trained.network, x)
            for column in spread_columns(predicted, spread):
                answer[column.name] = _value(column.to_numpy()[0])
        return answer


def _value(cell: object) -> object:
    """Return a cell for JSON, a number with the digits that its float32 needs."""
    return cell if isinstance(cell, str) else float(str(cell))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream; of one that is too long its beginning."""
    line = stream.readline(LONGEST_LINE)
    while line:
        yield line
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE)
        line = stream.readline(LONGEST_LINE)


def _parse(line: bytes) -> Row:
    """Return the object of a line, whose values are what a cell can be."""
    if len(line) == LONGEST_LINE:
        raise InputError(f"the line is longer than {LONGEST_LINE:,} bytes")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the line is not JSON: {first_line(error)}") from None
    if not isinstance(row, dict):
        raise InputError(
            f"a line must be a JSON object with a key for each column; received {received(row)}"
        )
    for name, value in row.items():
        if isinstance(value, dict | list):
            raise InputError(f"{name!r} must be a number, a text, true, false or null")
        if isinstance(value, str) and not value.isascii():
            _check_encodable(name, value)
    return row


def _check_encodable(name: str, text: str) -> None:
    """Raise an InputError where a text cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name!r} contains half of a surrogate pair, which is not text") from None


def _cell(name: str, value: object) -> pl.Series:
    """Return a column of one cell: a number as it is, all else as text."""
    if isinstance(value, bool):
        return _text_cell(name, str(value).lower())
    is_whole_number = isinstance(value, int) and value in INT64
    if is_whole_number or isinstance(value, float):
        return pl.Series(name, [value])
    text = None if value is None else str(value)
    return _text_cell(name, text)


def _text_cell(name: str, text: str | None) -> pl.Series:
    return pl.Series(name, [text], dtype=pl.String)

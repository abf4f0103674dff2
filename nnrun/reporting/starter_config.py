"""A working config for a table: what `nnrun init` writes."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from nnrun.errors import TableError
from nnrun.features.column_profile import kind_of
from nnrun.features.column_survey import ColumnSurvey
from nnrun.reporting.rendering import render
from nnrun.reporting.starter_codes import choose_bins
from nnrun.reporting.starter_columns import DEFAULTS, ColumnChoice, choose_columns, describe_cells
from nnrun.reporting.starter_form import TableForm, find_form
from nnrun.reporting.starter_numbers import find_number_format, format_in_words
from nnrun.reporting.starter_reading import survey_as_fits
from nnrun.reporting.starter_survey import NULL_VALUES, Reading, TableSurvey
from nnrun.reporting.starter_target import TargetChoice, Task, choose_target, combine_targets
from nnrun.tables.table import Table, open_table
from nnrun.wording import did_you_mean, listed, short_path

KEPT = 32 << 20  # bytes of a table that are not read from its file a second time
UNITS = 128  # of the first hidden layer: no size did better on 15 public tables of 344 rows or more
FEWEST_UNITS = 8  # units come in steps of so many, too
ROWS_PER_UNIT = 3  # smaller tables get fewer units
STEPS = 600  # of an epoch, at the most: larger tables get larger batches
BATCH_SIZES = (32, 1024)  # the least and the most

FEW_ROWS = 100
UNITS_OF_FEW_ROWS = 64
BATCH_SIZE_OF_FEW_ROWS = 8
"""Where a number is predicted from fewer than FEW_ROWS rows. With the 8 to 32 units and the batches
of 32 that such tables would get, the error was larger on each of ten public tables of 25 to 87 rows
(two splits), by 37 % in the geometric mean. Where labels are predicted, it was as large."""

MEMBERS = 3
"""Networks whose predictions are averaged. On each of eleven public tables in docs/results.md the
mean of three errs less than one. More were not measured, and each takes as long as the first."""

ROWS_OF_MEMBERS = (100, 20_000)
"""The least and the most rows of a table that is trained by several networks. On eight tables of 80
to 430 training rows of which a number is predicted, three erred less than one on six, and by 8 % in
the geometric mean; where labels are predicted, they erred as much. Of fewer rows the first run has
one curve to read where labels are predicted. Where a number is, three networks of ten tables of 25
to 87 rows erred less on seven, by 8 % in the geometric mean. Of a larger table the time counts."""


@dataclass(frozen=True)
class StarterConfig:
    """A config for a table, and what was made of the table.

    Attributes:
        text: The config as YAML, with comments.
        columns: What was made of each column, in the order of the table, the target among them.
        notes: A sentence for each way in which the table is not written as most are.
    """

    text: str
    columns: list[ColumnChoice]
    notes: list[str]


class _Study(NamedTuple):
    """What a reading of the table tells of one target, and what was chosen for it."""

    survey: TableSurvey
    reading: Reading
    target: TargetChoice
    columns: list[ColumnChoice]


def write_config(
    data: Path,
    target: str,
    folder: Path,
    task: Task | None = None,
) -> str:
    """Return the text of `start_config`.

    Args:
        data: The table.
        target: The column to predict.
        folder: The folder that the config's paths are relative to.
        task: What the target is, or None where its cells tell.
    """
    return start_config(data, target, folder, task).text


def start_config(
    data: Path,
    target: str | Sequence[str],
    folder: Path,
    task: Task | None = None,
) -> StarterConfig:
    """Return a commented config for a table, and what was made of the table.

    Args:
        data: The table.
        target: The column to predict, or several columns: numbers, or two labels each.
        folder: The folder that the config's paths are relative to.
        task: What the target is, or None where its cells tell.

    Raises:
        TableError: The table cannot be read, has no such column, or cannot be trained on.
    """
    path = os.path.relpath(data, folder)
    if path != path.encode(errors="replace").decode():
        raise TableError(f"{path!r}: the name is not UTF-8, as a config is; rename the file")
    table, form = _open(data)
    targets = [target] if isinstance(target, str) else list(dict.fromkeys(target))
    _require_columns(table, targets)
    studies = [_study(table, name, form, task, targets) for name in targets]
    study = _of_all_targets(studies)
    _require_an_input(study.survey, study.columns)
    return StarterConfig(
        text=_render(study, studies, path, form),
        columns=_describe_all(table, form, study, studies),
        notes=form.notes(),
    )


def _describe_all(
    table: Table,
    form: TableForm,
    study: _Study,
    studies: Sequence[_Study],
) -> list[ColumnChoice]:
    """Return what was made of each column, the targets among them, in the order of the table."""
    targets = []
    for each in studies:
        targets.append(_describe_target(each.survey, each.target))
    columns = _in_order(table, [*targets, *study.columns])
    columns = _with_words(columns, form.marked, format_in_words(form.numbers))
    day_order = study.reading.day_order
    if day_order:
        columns = _with_words(columns, day_order.columns, day_order.in_words)
    return columns


def _require_columns(table: Table, targets: Sequence[str]) -> None:
    """Raise a TableError with every target that is not a column."""
    problems = []
    for target in targets:
        if target not in table.columns:
            hint = did_you_mean(target, table.columns)
            if not hint:
                columns = listed(table.columns, 12)
                hint = f"; it has {columns}"
            problems.append(f"{table.name}: {target!r} is not a column{hint}")
    if problems:
        raise TableError(problems)


def _study(
    table: Table,
    target: str,
    form: TableForm,
    task: Task | None,
    targets: Sequence[str],
) -> _Study:
    """Read the table for one target; the columns to choose from have none of the targets."""
    has_decimal_comma = form.numbers.decimal == ","
    survey, reading = survey_as_fits(table, target, has_decimal_comma=has_decimal_comma)
    chosen = choose_target(survey, task)
    inputs = []
    for column in survey.columns:
        if column.name not in targets:
            inputs.append(column)
    return _Study(
        survey=replace(survey, columns=inputs),
        reading=reading,
        target=chosen,
        columns=choose_columns(inputs, target),
    )


def _of_all_targets(studies: Sequence[_Study]) -> _Study:
    """Return what becomes of the table where all targets are predicted together.

    A column that tells one of the targets exactly is left out.
    """
    first = studies[0]
    if len(studies) == 1:
        return first
    target = combine_targets(
        [study.target for study in studies], [study.survey for study in studies]
    )
    columns = list(first.columns)
    null_values = list(first.reading.null_values)
    for study in studies[1:]:
        for place, choice in enumerate(study.columns):
            if choice.drop_reason and not columns[place].drop_reason:
                columns[place] = choice
        null_values = [text for text in null_values if text in study.reading.null_values]
    reading = replace(first.reading, null_values=tuple(null_values))
    return _Study(first.survey, reading, target, columns)


def list_columns(data: Path) -> list[ColumnChoice]:
    """Return what each column of a table holds, of which one is to be chosen as the target.

    Args:
        data: The table, or the pattern of its parts.

    Raises:
        TableError: The table cannot be read.
    """
    table, _ = _open(data)
    surveys = list(map(ColumnSurvey, table.columns))
    for block in table.blocks():
        for survey in surveys:
            survey.add(block)
    profiles = [survey.result() for survey in surveys]
    return list(map(describe_cells, profiles))


def _open(data: Path) -> tuple[Table, TableForm]:
    """Open a table as it is written, and return that too."""
    form = find_form(data)
    name = short_path(str(data))
    table = open_table(data, NULL_VALUES, name, keep=KEPT, dialect=form.dialect)
    numbers, marked = find_number_format(next(table.blocks()))
    if numbers.is_plain:
        return table, form
    form = form._replace(numbers=numbers, marked=tuple(marked))
    return open_table(data, NULL_VALUES, name, keep=KEPT, dialect=form.dialect), form


def _require_an_input(survey: TableSurvey, columns: list[ColumnChoice]) -> None:
    """Raise a TableError where every column is left out."""
    if not all(column.drop_reason for column in columns):
        return
    reasons = "; ".join(_reasons(columns))
    raise TableError(f"{survey.name}: no column is left to be an input: {reasons}")


def _with_words(
    columns: list[ColumnChoice], names: Collection[str], words: str
) -> list[ColumnChoice]:
    """Return the choices, in which inputs of these names say how their cells are written."""
    choices = []
    for column in columns:
        choice = column
        if column.name in names and not column.drop_reason:
            choice = replace(column, made=f"{column.made}, {words}")
        choices.append(choice)
    return choices


def _describe_target(survey: TableSurvey, chosen: TargetChoice) -> ColumnChoice:
    """Return a target as a column of the table, with the share of rows that lack it."""
    rows = survey.rows + survey.left_out
    return ColumnChoice(
        name=survey.target.name,
        kind="target",
        made=f"target: {chosen.output.kind}",
        missing=survey.left_out / rows,
    )


def _in_order(table: Table, columns: list[ColumnChoice]) -> list[ColumnChoice]:
    """Return what was made of the columns in the order of the table."""
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in table.columns]


def _reasons(columns: list[ColumnChoice]) -> list[str]:
    """Return a sentence for each column that is left out, or had better be."""
    reasons = []
    for column in columns:
        reason = column.drop_reason or column.note
        if reason:
            reasons.append(f"{column.name!r} {reason}")
    return reasons


def _render(
    study: _Study,
    studies: Sequence[_Study],
    path: str,
    form: TableForm,
) -> str:
    """Return the config of a table of which everything is decided.

    Args:
        study: What becomes of the table.
        studies: What the table tells of each target.
        path: The table's path in the config.
        form: How the table is written.
    """
    survey, reading, target, columns = study
    inputs = [column for column in columns if not column.drop_reason]
    dropped = [column.name for column in columns if column.drop_reason]
    input_names = set(_names(inputs))
    categorical = []
    for name in _names(inputs):
        if name in reading.categorical:
            categorical.append(name)
    incomplete = [column.name for column in inputs if column.missing]
    targets = []
    for each in studies:
        targets.append(each.survey.target.name)
        if each.survey.left_out:
            incomplete.append(each.survey.target.name)
    return render(
        "starter_config.yaml.j2",
        rows=f"{survey.rows:,}",
        table=repr(survey.name),
        path=path,
        form=form,
        targets=targets,
        output=target.output,
        alternative=target.alternative,
        positives=target.positives,
        rare=target.rare,
        null_values=_stated_null_values(reading, survey),
        categorical=categorical,
        units_like=_begin_with_digits(survey, set(categorical)),
        dropped=dropped,
        reasons=_reasons(columns),
        incomplete=listed(incomplete, 3),
        has_dates=any(column.kind == "date" for column in inputs),
        day_order=_stated_day_order(reading, input_names),
        bins=choose_bins(survey, input_names, target.task),
        units=_choose_units(survey.rows, target.task),
        batch_size=_choose_batch_size(survey.rows, target.task),
        usual_batch_size=BATCH_SIZES[0],
        members=_choose_members(survey.rows, target.task),
    )


def _stated_day_order(reading: Reading, inputs: Collection[str]) -> dict[str, object] | None:
    """Return the guess that the config states of day and month, or None where no input needs it."""
    guess = reading.day_order
    if guess is None or not guess.about(inputs):
        return None
    return {"day_first": guess.day_first, "comment": guess.about(inputs)}


def _begin_with_digits(survey: TableSurvey, names: Collection[str]) -> bool:
    """Tell whether each cell of a column of these names has text beside its number, as in 7 kg."""
    for column in survey.columns:
        profile = column.profile
        if column.name in names and profile.number_like and not profile.numbers:
            return True
    return False


def _names(columns: list[ColumnChoice]) -> list[str]:
    return [column.name for column in columns]


def _stated_null_values(reading: Reading, survey: TableSurvey) -> list[str]:
    """Return the null values that the config states.

    They may be the default ones. Of these `check` warns where they stand among text, or in the
    target, unless the config says that they are meant.
    """
    null_values = list(reading.null_values)
    if null_values != DEFAULTS.null_values or survey.left_out:
        return null_values
    for column in survey.columns:
        if kind_of(column.profile) == "text" and column.null_texts:
            return null_values
    return []


def _has_few_rows(rows: int, task: Task) -> bool:
    """Tell whether a number is predicted from few rows."""
    return task == "regression" and rows < FEW_ROWS


def _choose_units(rows: int, task: Task) -> int:
    """Return the units of the first hidden layer, of which the second has half."""
    if _has_few_rows(rows, task):
        return UNITS_OF_FEW_ROWS
    steps = rows // ROWS_PER_UNIT // FEWEST_UNITS
    return max(FEWEST_UNITS, min(UNITS, steps * FEWEST_UNITS))


def _choose_batch_size(rows: int, task: Task) -> int:
    """Return the least power of 2 that keeps an epoch below STEPS, within BATCH_SIZES."""
    if _has_few_rows(rows, task):
        return BATCH_SIZE_OF_FEW_ROWS
    least, most = BATCH_SIZES
    power = (rows // STEPS).bit_length()
    return max(least, min(most, 1 << power))


def _choose_members(rows: int, task: Task) -> int:
    """Return how many networks are trained and averaged."""
    least, most = ROWS_OF_MEMBERS
    if _has_few_rows(rows, task) or least <= rows <= most:
        return MEMBERS
    return 1

"""The options that say how strictly a command reads the table that a run is applied to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import click

from nnrun.results.reading import Reading

if TYPE_CHECKING:
    from nnrun.features.encoded_reader import BadCells

NULL_VALUES_HELP = "Treat cells with this text as missing too, as in --null-values '?'. Repeatable."
BAD_CELLS = click.Choice(["error", "missing"])
BAD_CELLS_HELP = (
    "Refuse a cell that should be a number or a date and is not, or treat it as missing. Missing "
    "cells are then filled with the mean of training and counted.  [default: error]"
)
STRICT_HELP = (
    "Exit with 2 and save nothing if cells are unlike those of training: missing, far outside its "
    "range, or of other categories."
)


def reading_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --null-values, --bad-cells and --strict, which it takes as `reading`.

    Args:
        function: The body of the command.
    """

    @click.option(
        "--null-values",
        multiple=True,
        metavar="TEXT",
        help=NULL_VALUES_HELP,
    )
    @click.option(
        "--bad-cells",
        type=BAD_CELLS,
        default="error",
        help=BAD_CELLS_HELP,
    )
    @click.option("--strict", is_flag=True, help=STRICT_HELP)
    @wraps(function)
    def command(
        *,
        null_values: tuple[str, ...],
        bad_cells: BadCells,
        strict: bool,
        **others: object,
    ) -> None:
        function(reading=Reading(null_values, bad_cells, strict), **others)

    return command

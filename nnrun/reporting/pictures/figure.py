"""Figures: panels beside and below each other, drawn by matplotlib with nnrun's own settings."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnrun.errors import NnrunError
from nnrun.reporting.pictures.matplotlib_import import import_matplotlib
from nnrun.wording import first_line

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Panel = Callable[[Axes], None]  # draws on the axes

PICTURE_ENDINGS = (".png", ".svg", ".pdf")
STYLE = Path(__file__).with_name("style.mplstyle")
INK = "#262626"  # the colour of text and axes, for which a page puts its own
GROUND = "#fefefe"  # the colour behind text that lies on lines, for which a page puts its own
WIDTH = 4.0  # inches of a panel
HEIGHT = 3.0
LETTERS = 11  # of the legend's font to an inch
LINE_SAMPLE = 6  # letters that the line before an entry of the legend takes
LEGEND_ROW = 0.2  # inches


@contextmanager
def _own_settings() -> Iterator[None]:
    """Draw as nnrun draws, whatever the user's own settings say.

    Raises:
        NnrunError: matplotlib is missing or broken.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # else it tells of its cache
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that matplotlib's fonts lack
        try:
            import_matplotlib()
        except Exception as error:
            reason = f"matplotlib cannot be imported: {first_line(error)}"
            raise NnrunError(f"{reason}; install nnrun again") from None
        import matplotlib

        with matplotlib.rc_context(fname=STYLE):
            yield


@_own_settings()
def make_figure(panels: Sequence[Panel], columns: int = 3, *, wide: Sequence[Panel] = ()) -> Figure:
    """Return a figure of the panels, with one legend below them all.

    Args:
        panels: At least one, unless there are wide ones.
        columns: The number of panels that stand beside each other at the most.
        wide: Panels above the others, each as wide as a whole row.
    """
    from matplotlib.figure import Figure

    if not wide:
        columns = min(columns, len(panels))
    rows = len(wide) + math.ceil(len(panels) / columns)
    size = (WIDTH * columns, HEIGHT * rows)
    figure = Figure(size, layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    for row, draw in enumerate(wide):
        axes = figure.add_subplot(grid[row, :])
        draw(axes)
    first_place = len(wide) * columns
    for place, draw in enumerate(panels, first_place):
        row, column = divmod(place, columns)
        axes = figure.add_subplot(grid[row, column])
        draw(axes)
    _add_legend(figure)
    return figure


def _add_legend(figure: Figure) -> None:
    """Explain every label of the panels once, below them, and make room for that."""
    entries: dict[str, Artist] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    if not entries:
        return
    width, height = figure.get_size_inches()
    longest = max(map(len, entries))
    letters_of_entry = longest + LINE_SAMPLE
    columns = max(1, int(width * LETTERS / letters_of_entry))
    rows = math.ceil(len(entries) / columns)
    figure.set_size_inches(width, height + LEGEND_ROW * rows)
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=columns,
    )


@_own_settings()
def encode_figure(figure: Figure, ending: str) -> bytes:
    """Return the bytes of the picture's file, whose name ends in one of PICTURE_ENDINGS.

    Args:
        figure: The picture.
        ending: How the name of the file ends.
    """
    file = io.BytesIO()
    if ending == ".png":
        _write_png(figure, file)
    else:
        figure.savefig(file, format=ending.removeprefix("."))
    return file.getvalue()


def _write_png(figure: Figure, file: io.BytesIO) -> None:
    """Write what `savefig` writes, drawn once: it draws first to find what takes which room."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imsave

    figure.set_dpi(matplotlib.rcParams["savefig.dpi"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    imsave(file, np.asarray(pixels), format="png")

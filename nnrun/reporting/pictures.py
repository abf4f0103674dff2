"""Pictures: the curves of runs; of predictions the confusion matrix and ROC, or predicted against actual and residuals.

A panel draws one quantity on axes of its own. matplotlib is imported by what draws, without pyplot.
"""

import csv
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nnrun.errors import NnrunError, RunError
from nnrun.features.encoder import Encoder
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.files import atomic_path, read_small
from nnrun.runs.directory import Run
from nnrun.wording import first_line, printable

FORMATS = (".png", ".svg", ".pdf")
INK = "#262626"  # of text and axes; a page makes it its own
LARGEST_HISTORY = 128 << 20  # bytes: a million epochs
CURVES = ("training", "validation")
WIDTH, HEIGHT = 4.0, 3.0  # inches of a panel
POINTS, PANELS = (
    2_000,
    9,
)  # of a line, more than a picture has pixels; quantities of a run, or targets, that are drawn
WITH_SHARES, WITH_COUNTS = (
    10,
    30,
)  # labels of a confusion matrix up to which it tells shares, counts and labels

History = dict[str, np.ndarray[Any, np.dtype[np.float64]]]
Panel = Callable[[Any], None]  # draws on matplotlib's Axes


@contextmanager
def _settings() -> Iterator[None]:
    """Draw as nnrun draws, whatever the user's own settings; raise an NnrunError where there is no matplotlib."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its cache
    try:
        import matplotlib
    except Exception as error:
        raise NnrunError(
            f"matplotlib cannot be imported: {first_line(error)}; pip install nnrun again"
        ) from None
    with (
        warnings.catch_warnings(),
        matplotlib.rc_context(fname=Path(__file__).with_name("pictures.mplstyle")),
    ):
        warnings.simplefilter("ignore")  # of letters that its fonts lack
        yield


@_settings()
def make_figure(panels: Sequence[Panel], columns: int = 3) -> Any:
    """Return a matplotlib Figure of the panels, beside and below each other, with one legend below them all."""
    from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure((WIDTH * columns, HEIGHT * rows), layout="constrained")
    for place, panel in enumerate(panels, 1):
        panel(figure.add_subplot(rows, columns, place))
    known = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in figure.axes]
    if entries := {label: handle for pairs in known for handle, label in pairs}:
        width, height = figure.get_size_inches()
        across = max(
            1, int(width * 11 / (max(map(len, entries)) + 6))
        )  # 11 letters an inch, and a line before them
        figure.set_size_inches(width, height + 0.2 * -(-len(entries) // across))
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=across)
    return figure


@_settings()
def render(figure: Any, form: str) -> bytes:
    """Return the picture in one of FORMATS."""
    file = io.BytesIO()
    figure.savefig(file, format=form.removeprefix("."))
    return file.getvalue()


def save_curves(run: Run) -> None:
    """Draw a finished run's curves.png, or say on stderr why not; raise an NnrunError where it cannot be written."""
    try:
        with atomic_path(run.curves) as temporary:
            temporary.write_bytes(render(make_figure(curve_panels([run.path])), ".png"))
    except OSError as error:
        advice = f"the run is finished; once that is mended, nnrun plot {run.path} -o {run.curves}"
        raise NnrunError(f"{error.filename}: {error.strerror or error}; {advice}") from None
    except (
        Exception
    ) as error:  # matplotlib raises what it likes, and the run is finished without a picture
        with suppress(OSError):
            print(printable(f"{run.curves}: not drawn: {first_line(error)}"), file=sys.stderr)


def read_history(run: Run) -> tuple[History, int]:
    """Return the columns of history.csv, what is not finite as NaN, and the epoch of the least (val_)loss, or 0.

    Raises a RunError where there is no epoch yet, or the file was altered.
    """
    run.read_info()
    try:
        whole = read_small(run.history, LARGEST_HISTORY) if run.history.exists() else b""
        header, _, rows = (
            whole.decode().rpartition("\n")[0].partition("\n")
        )  # a kill may leave half a row
        if not rows.strip():
            raise RunError(f"{run.path}: no epoch has ended yet, so there is nothing to draw")
        table = np.loadtxt(io.StringIO(rows), delimiter=",", comments=None, ndmin=2)
        table[~(np.abs(table) <= FLOAT32_MAX)] = np.nan
        history = dict(zip(next(csv.reader([header])), table.T, strict=True))
        losses = np.nan_to_num(history.get("val_loss", history["loss"]), nan=np.inf)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise RunError(
            f"{run.history}: cannot be read: {first_line(error)}; was it altered?"
        ) from None
    return history, int(np.argmin(losses)) + 1 if np.isfinite(losses).any() else 0


def curve_panels(paths: Sequence[Path]) -> list[Panel]:
    """Return a panel for the loss, and one for each metric, of one run or of several; raise a RunError."""
    runs = [(_shown(str(path)), *read_history(Run(path))) for path in paths]
    names = dict.fromkeys(
        key for _, history, _ in runs for key in history if not key.startswith("val_")
    )
    drawn = [name for name in names if name != "epoch"][:PANELS]
    return [partial(_curves, name, runs) for name in drawn]


def _curves(name: str, runs: list[tuple[str, History, int]], axes: Any) -> None:
    several, values = len(runs) > 1, np.empty(0)
    for i, (run, history, best) in enumerate(runs):
        epochs = np.arange(1, len(history["loss"]) + 1)
        step = 1 + len(epochs) // POINTS
        points = slice((best - 1) % step, None, step)  # the best epoch among them
        for j, key in enumerate(key for key in (name, f"val_{name}") if key in history):
            color, dash, label = (
                (f"C{i}", ("--", "-")[j], None) if several else (f"C{j}", "-", CURVES[j])
            )
            marker = "o" * (len(epochs) == 1)
            axes.plot(
                epochs[points], history[key][points], dash, color=color, marker=marker, label=label
            )
            values = np.append(values, history[key][np.isfinite(history[key])])
        label = f"{run!r}: " * several + f"best epoch {best or 'unknown'}"
        axes.axvline(best or np.nan, linestyle=":", color=f"C{i}" if several else INK, label=label)
    for dash, part in zip(("--", "-"), CURVES, strict=True) if several else ():
        axes.plot([], [], dash, color=INK, label=part)
    _set_scale(name, values, axes)
    axes.set(title=_shown(name), xlabel="epoch")
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def _set_scale(name: str, values: Any, axes: Any) -> None:
    is_share = name not in ("loss", "learning_rate") and (values <= 1).all()  # such as accuracy
    if len(values) and not is_share and 0 < 100 * values.min() <= values.max():  # decades
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")  # matplotlib's own is a formula
        axes.minorticks_off()


def outcome_panels(encoder: Encoder, measure: Any) -> list[Panel]:
    """Return confusion matrix and ROC curves; or predicted against actual, and residuals, of each target."""
    if labels := [_shown(label, 12) for label in encoder.labels]:
        roc = partial(_roc, labels, measure.scores)
        return [partial(_confusion, labels, measure.confusion), *[roc] * bool(measure.scores)]
    panels, count, rows = list[Panel](), len(measure.sample), int(measure.actual.count.max())
    sampled = f" ({count:,} of {rows:,} rows)" * (count < rows)
    for i, target in enumerate(encoder.targets[:PANELS]):
        name = _shown(target.name) + f" ({i + 1} of {len(encoder.targets)})" * (
            len(encoder.targets) > 1
        )
        actual, predicted = measure.sample[:, :, i].T
        panels.append(
            partial(_scatter, name, f"actual{sampled}", actual, "predicted", predicted, 1)
        )
        panels.append(
            partial(
                _scatter, name, f"predicted{sampled}", predicted, "residual", actual - predicted, 0
            )
        )
    return panels


def _confusion(labels: list[str], confusion: Any, axes: Any) -> None:
    share = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    axes.figure.set_size_inches(axes.figure.get_size_inches() * min(3, max(1, len(labels) / 6)))
    axes.imshow(
        np.full_like(share, 0.75), cmap="Blues", vmin=0, vmax=1, alpha=0.65 * share
    )  # text is read on it
    axes.grid(visible=False)
    named = labels if len(labels) <= WITH_COUNTS else []
    ticks = {
        "xticks": range(len(named)),
        "yticks": range(len(named)),
        "xticklabels": named,
        "yticklabels": named,
    }
    axes.set(title="confusion matrix", xlabel="predicted", ylabel="actual", **ticks)
    axes.tick_params(labelsize=8)
    axes.tick_params("x", rotation=45 * (max(map(len, labels)) > 3))
    for (row, column), count in np.ndenumerate(confusion[: len(named)]):
        told = f"\n{share[row, column]:.0%}" if len(labels) <= WITH_SHARES and count else ""
        axes.text(column, row, f"{count:,}{told}", ha="center", va="center", fontsize=8)


def _roc(labels: list[str], scores: dict[int, Any], axes: Any) -> None:
    for i, (label, counted) in enumerate(scores.items()):
        told = "undefined" if (auc := counted.auc()) is None else f"{auc:.3f}"
        axes.plot(
            *counted.roc(),
            ("-", "--")[i // 6],
            color=f"C{i}",
            label=f"{labels[label]!r}: AUC {told}",
        )
    axes.plot([0, 1], [0, 1], ":", color=INK)
    title = "ROC" + ", each label against the others" * (len(scores) > 1)
    axes.set(title=title, xlabel="rate of false positives", ylabel="rate of true positives")


def _scatter(title: str, xlabel: str, x: Any, ylabel: str, y: Any, slope: int, axes: Any) -> None:
    axes.plot(x, y, ".", rasterized=True, alpha=0.5, markersize=4, markeredgewidth=0, color="C0")
    axes.axline((x.mean(), slope * x.mean()), slope=slope, linestyle=":", color=INK)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)


def _shown(name: str, most: int = 40) -> str:
    return printable(
        name if len(name) <= most else f"{name[: most // 2 - 2]}...{name[-most // 2 + 1 :]}"
    )

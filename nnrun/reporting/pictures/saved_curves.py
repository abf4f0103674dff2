"""The picture that a finished run has in its directory: curves.png."""

from nnrun.errors import NnrunError
from nnrun.files import atomic_path
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.figure import encode_figure, make_figure
from nnrun.runs.directory import Run
from nnrun.wording import first_line


def save_curves(run: Run) -> str | None:
    """Draw a finished run's curves.png, or return a line that says why it is not drawn.

    Args:
        run: The run directory.

    Raises:
        NnrunError: The file cannot be written.
    """
    try:
        with atomic_path(run.curves) as temporary:
            temporary.write_bytes(draw_curves(run))
    except OSError as error:
        advice = f"the run is finished; once that is mended, nnrun plot {run.path} -o {run.curves}"
        reason = error.strerror or error
        raise NnrunError(f"{error.filename}: {reason}; {advice}") from None
    except Exception as error:  # matplotlib raises anything, and the run is whole without a picture
        reason = first_line(error)
        return f"{run.curves}: not drawn: {reason}"
    return None


def draw_curves(run: Run) -> bytes:
    """Return the PNG of a run's curves; raise a RunError where there is nothing to draw.

    Args:
        run: The run directory.

    Raises:
        RunError: There is nothing to draw.
    """
    panels = curve_panels([run.path])
    figure = make_figure(panels)
    return encode_figure(figure, ".png")

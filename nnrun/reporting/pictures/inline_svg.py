"""Panels as SVG in the body of a page, in the page's own colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnrun.reporting.pictures.figure import GROUND, INK, WIDTH, encode_figure, make_figure

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from nnrun.reporting.pictures.figure import Panel

WIDE = 2  # usual panels, about as many as stand beside each other on a page
BLUE = "#0072b2"  # the first colour of style.mplstyle


@dataclass(frozen=True)
class InlineSvg:
    """A picture that stands in a page.

    Attributes:
        element: The <svg> element.
        scale: Its width as a multiple of a panel's usual width.
    """

    element: Markup
    scale: float


def inline_svg(panel: Panel) -> InlineSvg:
    """Return the panel as a picture of its own.

    Args:
        panel: Draws on the axes that it is given.
    """
    figure = make_figure([panel])
    return _inline(figure)


def wide_svg(panel: Panel) -> InlineSvg:
    """Return a panel as a picture of its own, which is as wide as the page.

    Args:
        panel: Draws on the axes that it is given.
    """
    figure = make_figure([], WIDE, wide=[panel])
    return _inline(figure)


def _inline(figure: Figure) -> InlineSvg:
    """Return the figure as an element.

    It is marked safe, since matplotlib escapes every text that it writes.
    """
    from markupsafe import Markup

    document = encode_figure(figure, ".svg").decode()
    begin = document.index("<svg")
    tag, _, inside = document[begin:].partition(">")
    opening = f'{_without_namespaces(tag)} role="img">'
    content = _in_page_colours(_plain(inside))
    return InlineSvg(
        element=Markup(opening + content),  # noqa: S704
        scale=figure.get_figwidth() / WIDTH,
    )


def _without_namespaces(opening: str) -> str:
    """Return the tag without its xmlns: HTML needs none, and a page is to hold no address."""
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", opening)


def _plain(content: str) -> str:
    """Leave out metadata, and the names of groups: every picture of a page has the same ones."""
    content = re.sub(r"<metadata>.*?</metadata>", "", content, flags=re.DOTALL)
    return re.sub(r'(?<=<g) id="[^"]*"', "", content)


def _in_page_colours(content: str) -> str:
    """Return the picture in the page's colours; texts, which stand between tags, stay."""
    return re.sub(r"<[^<>]*>", lambda tag: _recoloured(tag[0]), content)


def _recoloured(tag: str) -> str:
    tag = tag.replace("fill: #ffffff", "fill: none")
    tag = tag.replace(f"fill: {GROUND}", "fill: var(--page)")
    tag = tag.replace(f": {INK}", ": currentColor")
    return tag.replace(f"stroke: {BLUE}", "stroke: var(--blue)")

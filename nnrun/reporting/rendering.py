"""The Jinja2 environment of every template in `templates`, in one place.

A template whose name ends in .html.j2 escapes every value by itself. A value that a template names
but that its caller forgot is an error. `render` imports Jinja2; this module does not.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nnrun.config.yaml_output import in_yaml
from nnrun.reporting.python_code import packed_list, python_code
from nnrun.wording import printable

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **values: object) -> str:
    """Return the text of a template, in which each of `values` stands under its name.

    Args:
        template: The name of a file in `templates`, such as "page.html.j2".
        values: What the template names. An .html.j2 escapes them, but for `markupsafe.Markup`.

    Raises:
        jinja2.UndefinedError: The template names a value that was not given.
    """
    environment = _environment()
    return environment.get_template(template).render(values)


@cache
def _environment() -> Environment:
    """Return Jinja2 as the templates need it: pages escape, and a missing name is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["python"] = python_code
    environment.filters["packed"] = packed_list
    environment.filters["yaml"] = in_yaml
    environment.filters["printable_lines"] = _printable_lines
    return environment


def _printable_lines(value: object) -> str:
    """Return the value as text of which line ends alone are left as they are."""
    lines = str(value).split("\n")
    return "\n".join(map(printable, lines))

"""Values as Python code: every literal and every call that the script of `show --code` contains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WIDTH = 88  # columns of a line, as ruff and black have it by default
INDENT = "    "

Items = list[tuple[str, object]]  # what stands before each value, and the value


@dataclass(frozen=True)
class Call:
    """A call in the script.

    Attributes:
        function: The name of the function, which is Keras's, never a file's.
        arguments: The positional arguments, each a value as `python_code` takes them.
        keywords: The keyword arguments; their names are Keras's, never a file's.
    """

    function: str
    arguments: Sequence[object] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)


def python_code(value: object, before: str = "", after: str = "") -> str:
    r"""Return the value as Python code, in one line where it fits and otherwise an item a line.

    The comma after the last item keeps ruff and black from joining such lines again.

    Args:
        value: None, a bool, number or str, a list or dict of values, or a Call.
        before: Code that stands before the value in its line, with the line's indentation.
        after: Code that follows the value.

    Returns:
        Printable text: strings have an escape such as \x1b for whatever could command a terminal.
    """
    line = f"{before}{_in_one_line(value)}{after}"
    opening, items, closing = _parts(value)
    if not items or len(line) <= WIDTH:
        return line
    indent = before[: len(before) - len(before.lstrip())]
    lines = [f"{before}{opening}"]
    for start, item in items:
        lines.append(python_code(item, f"{indent}{INDENT}{start}", ","))
    lines.append(f"{indent}{closing}{after}")
    return "\n".join(lines)


def packed_list(values: Sequence[object], before: str = "", width: int = WIDTH) -> str:
    """Return a list as Python code, with as many items in each line as fit.

    Args:
        values: What is in the list: what `python_code` takes.
        before: Code that stands before the list in its line.
        width: The columns that a line may have.
    """
    items = list(map(_in_one_line, values))
    inside = ", ".join(items)
    code = f"{before}[{inside}]"
    if len(code) <= width:
        return code
    lines = [f"{before}["]
    line = INDENT
    for item in items:
        is_full = len(f"{line}{item},") > width
        if is_full and line != INDENT:
            lines.append(line.rstrip())
            line = INDENT
        line += f"{item}, "
    lines.append(line.rstrip())
    lines.append("]  # fmt: skip")
    return "\n".join(lines)


def _in_one_line(value: object) -> str:
    """Return the value as Python code in one line, however long it is."""
    opening, items, closing = _parts(value)
    codes = []
    for start, item in items:
        codes.append(start + _in_one_line(item))
    inside = ", ".join(codes)
    return f"{opening}{inside}{closing}"


def _parts(value: object) -> tuple[str, Items, str]:
    """Return what opens the value's code, its items, and what closes it."""
    items: Items = []
    if isinstance(value, Call):
        for argument in value.arguments:
            items.append(("", argument))
        for name, argument in value.keywords.items():
            items.append((f"{name}=", argument))
        return f"{value.function}(", items, ")"
    if isinstance(value, list):
        for item in value:
            items.append(("", item))
        return "[", items, "]"
    if isinstance(value, dict):
        for key, item in value.items():
            items.append((f"{_literal(key)}: ", item))
        return "{", items, "}"
    return _literal(value), items, ""


def _literal(value: object) -> str:
    """Return the literal of a value that holds no others; ruff wants double quotes around text."""
    literal = repr(value)
    if isinstance(value, str) and '"' not in value:
        return f'"{literal[1:-1]}"'
    return literal

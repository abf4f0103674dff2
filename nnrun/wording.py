"""Words for messages: near names, lists, counts, values and lines as people read them."""

import math
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

# Files of strangers can hold millions of mistakes, and mistakes of millions of characters. A
# terminal shows about so much; the errors themselves keep all.
LONGEST_LINE = 1_000  # characters
LONGEST_MESSAGE = 16_000  # characters
LONGEST_VALUE = 80  # characters: a line of a terminal
LONGEST_NAME = 400  # characters of a name that others are compared with, in the square of the time
DIGITS = 4  # of a number that is not a whole one, as many as a person compares
MOST_DIGITS = 17  # which a float64 has
MOST_PLAIN = 1e15  # from which on a number is shorter with an exponent


def first_line(error: BaseException) -> str:
    """Return the first line of another library's error, or the name of its class.

    Args:
        error: The error. Its class stands for a message that is empty.
    """
    text = str(error) or type(error).__name__
    return text.partition("\n")[0]


def printable(text: str) -> str:
    r"""Return a line in which whatever could command a terminal is an escape such as \x1b.

    Args:
        text: One line, of a file or of a user.
    """
    if text.isprintable():
        return text
    return "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    return ascii(character)[1:-1]


def shown_lines(lines: Sequence[str]) -> str:
    """Return lines as one text that fits a terminal.

    Long lines lose their middle. Lines that no longer fit are counted in a last one.

    Args:
        lines: The lines, each without its newline.
    """
    shown: list[str] = []
    characters = 0
    for line in lines:
        short = printable(without_middle(line))
        characters += len(short)
        if characters > LONGEST_MESSAGE:
            others = counted(len(lines) - len(shown), "more mistake")
            shown.append(f"and {others}")
            break
        shown.append(short)
    return "\n".join(shown)


def without_middle(line: str) -> str:
    """Return a line that is too long without its middle; a place begins it, a remedy ends it.

    Args:
        line: The line, which may have names and cells of any length.
    """
    if len(line) <= LONGEST_LINE:
        return line
    half = LONGEST_LINE // 2
    return f"{line[:half]} ... {line[-half:]}"


def received(value: object) -> str:
    """Return a value as a message shows it: as YAML writes it, and not too long.

    Args:
        value: Any value, a stranger's too: None is "nothing", and a class without a `repr` is
            named.
    """
    return _shortened(_in_words(value))


def _shortened(text: str) -> str:
    """Return a text that fits a line, with dots for its end where that is left out."""
    if len(text) <= LONGEST_VALUE:
        return text
    return text[: LONGEST_VALUE - 3] + "..."


def _in_words(value: object) -> str:
    """Return a value in one line, whatever it is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return repr(value)
    except Exception:  # a class of the caller's, or a number of more digits than Python writes
        return f"a value of the class {type(value).__name__}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the known name nearest to `name`, or "".

    Args:
        name: The name that is not known.
        known: The names that are.
    """
    near = nearest_name(name, known)
    return "" if near is None else f"; did you mean {near_in_quotes(name, near)}?"


def nearest_name(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that is spelt most nearly as `name`, or None where none is near.

    Args:
        name: The name that is not known.
        known: The names that are.
    """
    if len(name) > LONGEST_NAME:
        return None
    spellings = {}
    for each in known:
        if len(each) <= LONGEST_NAME:
            spellings[_folded(each)] = each
    nearest = get_close_matches(_folded(name), list(spellings), n=1, cutoff=0.6)
    return spellings[nearest[0]] if nearest else None


def _folded(name: str) -> str:
    """Return a name in one Unicode form and in small letters."""
    return unicodedata.normalize("NFKC", name).lower()


def near_in_quotes(name: str, near: str) -> str:
    """Return a near name in quotes, and how it differs from `name` where nobody can see it.

    Args:
        name: The name that is not known.
        near: The known name that it is near to.
    """
    composed_name = unicodedata.normalize("NFC", name)
    composed_near = unicodedata.normalize("NFC", near)
    if composed_name == composed_near:
        return f"{near!r} in another Unicode normal form"
    return repr(near)


def listed(names: Sequence[object], most: int) -> str:
    """Return `'a', 'b', ... (7 in all)`: at most `most` of the names.

    Args:
        names: The names.
        most: How many of them are shown.
    """
    text = ", ".join(map(received, names[:most]))
    if len(names) > most:
        text += f", ... ({len(names)} in all)"
    return text


def joined(names: Sequence[str], most: int) -> str:
    """Return `a, b, ... (7 in all)`, as `listed` does without quotes.

    Args:
        names: The names.
        most: How many of them are shown.
    """
    text = ", ".join(_shortened(name) for name in names[:most])
    if len(names) > most:
        text += f", ... ({len(names)} in all)"
    return text


def one_of(words: Sequence[str]) -> str:
    """Return words as alternatives, as in `.png, .svg or .pdf`.

    Args:
        words: One word at least.
    """
    *first, last = words
    if not first:
        return last
    return f"{', '.join(first)} or {last}"


def counted(count: int, noun: str) -> str:
    """Return `1 row`, or `1,234 rows`.

    Args:
        count: How many there are.
        noun: What they are, in the singular; its plural ends in s.
    """
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun}s"


def short_number(value: float) -> str:
    """Return a number in four digits, or in as many as its whole part has.

    Args:
        value: Any float: NaN and infinities are `nan`, `inf` and `-inf`.
    """
    if not math.isfinite(value):
        return str(value)
    if 1_000 <= abs(value) < MOST_PLAIN:
        return f"{value:.0f}"
    for digits in range(DIGITS, MOST_DIGITS):
        text = f"{value:.{digits}g}"
        if abs(float(text)) != 1 or abs(value) == 1:  # a share of 0.99998 is not all
            return text
    return str(value)


def short_path(path: str) -> str:
    """Return a path relative to the working directory, where it is below that.

    Args:
        path: An absolute path, or a relative one, which stays as it is.
    """
    here = Path.cwd()
    if Path(path).is_relative_to(here):
        return str(Path(path).relative_to(here))
    return path

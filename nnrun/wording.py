"""Words for messages: did-you-mean, lists, counts and values as people read them."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path


def first_line(error: BaseException) -> str:
    """Return what another library's error says in its first line, or the name of its class."""
    return (str(error) or type(error).__name__).partition("\n")[0]


def printable(text: str) -> str:
    r"""Return a line with whatever could command a terminal, line ends too, as an escape such as \x1b."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    )


def received(value: object) -> str:
    """Return a value as a message shows it: as YAML writes it, and not too long."""
    text = (
        "nothing"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else repr(value)
    )
    return text if len(text) <= 80 else text[:77] + "..."


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the known name nearest to `name`, or ""."""
    folded = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def listed(names: Sequence[object], most: int) -> str:
    """Return `'a', 'b', ... (7 in all)`: `most` of the names at the most."""
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def counted(count: int, noun: str) -> str:
    """Return `1 row`, or `1,234 rows`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def short_path(path: str) -> str:
    """Return the path as short as it can be said from here."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path

"""YAML text read to plain values with their places.

The values are made of PyYAML's events, so that no tag can construct an object.
"""

import math
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from nnrun.config.places import Keys, YamlValue, dotted
from nnrun.config.yaml_scalars import parse_scalar
from nnrun.config.yaml_source import Place, YamlSource
from nnrun.errors import ConfigError
from nnrun.near_files import CONFIG_ENDINGS, TABLE_ENDINGS, URL, as_written, missing_file_hint
from nnrun.ordinary_files import NotOrdinaryError, read_named
from nnrun.wording import received

YamlEvent = Any
"""An event of PyYAML, whose types do not tell its attributes."""

MAX_BYTES = 256 << 10
MAX_DEPTH = 32


_UNFINISHED = {
    "while scanning a quoted scalar": "the quote that opens here is not closed",
    "while scanning a simple key": "a key is followed by a colon and a space",
    "while parsing a flow mapping": (
        "the bracket that opens here is not closed, or a comma is missing"
    ),
    "while parsing a flow sequence": (
        "the bracket that opens here is not closed, or a comma is missing"
    ),
}
"""The things that libyaml reads, for lines perhaps, until it meets a mistake, and the mistakes
that stand where such a thing begins."""


def read_file(path: Path, content: bytes | None = None) -> YamlSource:
    """Read a YAML file.

    Args:
        path: The file.
        content: Its bytes, where they were read already.

    Raises:
        ConfigError: It cannot be read, or it is not a mapping of what a config may hold.
    """
    data = _read_bytes(path) if content is None else content
    _check_size(path, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        readable = error.object[: error.start].decode()
        place = TextPlaces(str(path)).end_of(readable)
        byte = error.object[error.start]
        raise ConfigError(
            f"{place}: not UTF-8: byte {byte:#04x}; save the config as UTF-8 text"
        ) from None
    source = read_text(text, TextPlaces(str(path)))
    if not isinstance(source.values, dict):
        raise ConfigError(
            f"{path}:1:1: a config is a mapping of keys to values; "
            f"received {_kind_of(source.values)}"
        )
    return source


def _read_bytes(path: Path) -> bytes:
    """Return the bytes of a config, or raise a ConfigError where the file is none."""
    has_name_of_table = path.name.lower().endswith(TABLE_ENDINGS)
    if has_name_of_table and not URL.match(str(path)):
        command = f"nnrun init {shlex.quote(str(path))} --target ..."
        raise ConfigError(f"{path}: this is a table; write a config for it with: {command}")
    try:
        data = read_named(path, MAX_BYTES + 1)
    except NotOrdinaryError as error:
        place = as_written(str(path))
        raise ConfigError(f"{place}: {error.strerror}; give the path of a YAML config") from None
    except OSError as error:
        hint = ""
        if isinstance(error, FileNotFoundError):
            hint = missing_file_hint(path, CONFIG_ENDINGS)
        raise ConfigError(
            f"{as_written(str(path))}: cannot be read: {error.strerror}{hint}"
        ) from None
    return data


def _check_size(path: Path, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: a config is at most 256 KiB; give tables as separate files")


def _kind_of(values: object) -> str:
    """Return what a file holds that is not a mapping."""
    if values is None:
        return "an empty file"
    if isinstance(values, list):
        return "a list"
    return f"only {received(values)}"


class TextPlaces:
    """The names of places in a text: `name:line:column`, or the name alone where it has no lines.

    Args:
        name: The file's name, or the argument that gave the text.
        has_lines: Whether the text is a file's.
    """

    def __init__(self, name: str, *, has_lines: bool = True) -> None:
        self.name = name
        self.has_lines = has_lines

    def at(self, line: int, column: int) -> str:
        """Return the name of a place whose line and column are counted from 0.

        Args:
            line: The line, from 0 on.
            column: The character in the line, from 0 on.
        """
        if not self.has_lines:
            return self.name
        return f"{self.name}:{line + 1}:{column + 1}"

    def end_of(self, text: str) -> str:
        """Return the name of the place behind a text.

        Args:
            text: The beginning of the text, up to the place.
        """
        lines = text.split("\n")
        last = lines[-1]
        return self.at(len(lines) - 1, len(last))


def read_text(text: str, places: TextPlaces) -> YamlSource:
    """Read a YAML text.

    Args:
        text: The text.
        places: Says where in a file something stands.

    Raises:
        ConfigError: The text is no YAML, or what a config does not allow. Every mistake is in it.
    """
    check_characters(text, places)
    return YamlReader(text, places).read()


def check_characters(text: str, places: TextPlaces) -> None:
    """Refuse a character that YAML does not allow.

    Args:
        text: The text of a config.
        places: What names places in the text.

    Raises:
        ConfigError: With the place of the first such character.
    """
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if bad:  # in an argument, a byte that is not UTF-8 either
        place = places.end_of(text[: bad.start()])
        code = ord(bad[0])
        raise ConfigError(f"{place}: character U+{code:04X} is not allowed in a config")


class YamlReader:
    """Reads one text, event by event, and notes every mistake that it can go on after.

    Args:
        text: The YAML text.
        places: The names of places in it.
    """

    def __init__(self, text: str, places: TextPlaces) -> None:
        self._text = text
        self._places = places
        self._events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._value_places: dict[Keys, Place] = {}
        self._problems: list[str] = []

    def read(self) -> YamlSource:
        """Return the values with their places.

        Returns:
            The values of the text; None where it has no document.

        Raises:
            ConfigError: The text is no YAML, or what a config does not allow. Every mistake is in
                it.
        """
        values = None
        try:
            values = self._read_document()
        except yaml.MarkedYAMLError as error:
            if "nesting depth" in str(error.problem):
                # libyaml looks ahead: the text before this place is too deep already.
                index = error.problem_mark.index  # type: ignore[union-attr]
                return YamlReader(self._text[:index], self._places).read()
            self._problems.append(self._syntax_problem(error))
        if self._problems:
            raise ConfigError(self._problems)
        return YamlSource(self._places.name, values, self._value_places)

    def _read_document(self) -> YamlValue:
        """Return the value of the one document, or None where there is none."""
        values = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if self._value_places:
                rule = "a config is one document; remove what follows '---'"
                raise self._problem(event, (), rule)
            values = self._value(next(self._events), ())
        return values

    def _value(self, event: YamlEvent, keys: Keys, key_event: YamlEvent = None) -> YamlValue:
        """Return the value that begins with an event, whose place is noted."""
        place_of_key = self._at(key_event or event)
        self._value_places[keys] = Place(self._at(event), place_of_key)
        if len(keys) > MAX_DEPTH:
            raise self._problem(event, keys, f"a config is at most {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            rule = "aliases (*name) are not allowed; write the value out"
            self._problem(event, keys, rule)
            return None
        if event.tag not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(event, keys, f"tags are not allowed; remove {tag!r}")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, keys)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(keys)
        return self._mapping(keys)

    def _list(self, keys: Keys) -> list[YamlValue]:
        """Return the list that comes next, and note where its items stand."""
        items = []
        for number, event in enumerate(self._children()):
            items.append(self._value(event, (*keys, number)))
        return items

    def _scalar(self, event: yaml.ScalarEvent, keys: Keys) -> YamlValue:
        """Return the value of a scalar, which is text where it is quoted."""
        if event.style:  # quoted, or a block: text
            return event.value
        value = parse_scalar(event.value)
        if value in (math.inf, -math.inf):
            self._problem(event, keys, f"numbers must be finite; received {event.value}")
        return value

    def _mapping(self, keys: Keys) -> dict[str, Any]:
        """Return the mapping that comes next, and note where its keys and values stand."""
        mapping: dict[str, Any] = {}
        for key_event in self._children():
            if not isinstance(key_event, yaml.ScalarEvent):
                raise self._problem(key_event, keys, "a key must be a word")
            below = (*keys, key_event.value)
            if key_event.value in mapping:
                place = self._value_places[below].key
                first = place.removeprefix(f"{self._places.name}:")
                self._problem(key_event, below, f"duplicate key; the first one is at {first}")
            event = next(self._events)
            mapping[key_event.value] = self._value(event, below, key_event)
        return mapping

    def _children(self) -> Iterator[yaml.Event]:
        """Yield the events up to the end of the collection that was begun last."""
        return takewhile(lambda event: not isinstance(event, yaml.CollectionEndEvent), self._events)

    def _problem(self, event: yaml.Event, keys: Keys, message: str) -> ConfigError:
        """Note a mistake; the caller raises the error that is returned where it cannot go on."""
        parts = [self._at(event), dotted(keys), message]
        line = ": ".join(part for part in parts if part)
        self._problems.append(line)
        return ConfigError(self._problems)

    def _at(self, event: YamlEvent) -> str:
        mark = event.start_mark
        return self._places.at(mark.line, mark.column)

    def _syntax_problem(self, error: yaml.MarkedYAMLError) -> str:
        """Return a line for what libyaml calls a mistake, at the place where a person made it."""
        mark: Any = error.problem_mark
        begun: Any = error.context_mark
        reason = f"not YAML: {error.problem}"
        if error.context in _UNFINISHED and begun.line < mark.line:
            mark = begun
            reason = f"not YAML: {_UNFINISHED[error.context]}"
        place = self._place_of(mark)
        return f"{place}: {self._better_reason(mark, reason)}"

    def _place_of(self, mark: yaml.Mark) -> str:
        # libyaml counts on where a text ends early, and takes U+2028 for the end of a line.
        """Return the name of the place that libyaml means by a mark."""
        if mark.line > self._text.count("\n"):
            return self._places.end_of(self._text)
        return self._places.at(mark.line, mark.column)

    def _better_reason(self, mark: yaml.Mark, reason: str) -> str:
        """Return the reason that the text at the place shows, or libyaml's."""
        following = self._text.split("\n")[mark.line :]
        if following and following[0].lstrip(" ").startswith("\t"):
            return "tabs cannot indent YAML; use spaces"
        if "escape character" in reason or "expected hex" in reason:
            return (
                "not YAML: a backslash in double quotes begins an escape, such as \\n; "
                "use single quotes, in which it is itself, or / in a path"
            )
        if "start any token" in reason:
            character = self._text[mark.index : mark.index + 1]
            return f"not YAML: text cannot begin with {character!r}; quote it"
        return reason

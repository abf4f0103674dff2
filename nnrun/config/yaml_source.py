"""YAML text to plain values with their places, from PyYAML's events: no tag can construct an object."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from nnrun.errors import ConfigError
from nnrun.wording import received

MAX_BYTES = 256 << 10
MAX_DEPTH = 32
Keys = tuple[str | int, ...]

# Scalars are read as in YAML 1.2: `1e-3` is a number, `no` and `2012-01-01` are text, `010` is not octal.
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(
    r"[-+]?(0|[1-9][0-9]{0,17}|[1-9][0-9]{0,2}(_[0-9]{3}){1,5}|[1-9][0-9]{0,17}[eE]\+?([0-9]|1[0-5]))"
)
_FLOAT = re.compile(r"[-+]?(?!0[0-9]+\Z)([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_RULES = {
    "missing": "this key is required",
    **dict.fromkeys(("int_type", "int_from_float"), "must be a whole number"),
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text (quote it if need be)",
    **dict.fromkeys(("dict_type", "model_type"), "must be a mapping"),
    "list_type": "must be a list",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    **dict.fromkeys(("too_short", "string_too_short"), "must not be empty"),
}
_BEGUN = {  # what libyaml was reading, for lines perhaps, when it met a mistake: what is wrong where that begins
    "while scanning a quoted scalar": "the quote that opens here is not closed",
    "while scanning a simple key": "a key is followed by a colon and a space",
    "while parsing a flow mapping": "the bracket that opens here is not closed, or a comma is missing",
    "while parsing a flow sequence": "the bracket that opens here is not closed, or a comma is missing",
}


@dataclass
class YamlSource:
    """Plain values and, by key path, the places "name:line:column" of each value and of its key."""

    name: str
    has_lines: bool = True  # else the name is the place of everything
    values: Any = None
    marks: dict[Keys, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def locate(self, keys: Keys, *, key: bool = False) -> str:
        """Return the place of the value at `keys` (of its key if `key`), or of its nearest parent."""
        while keys and keys not in self.marks:
            keys = keys[:-1]
        return self.marks[keys][key] if keys else f"{self.name}:1:1"

    def read(self, text: str) -> "YamlSource":
        """Read the text, or raise a ConfigError."""
        self._check(text)
        self.events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        try:
            for event in filter(
                lambda event: isinstance(event, yaml.DocumentStartEvent), self.events
            ):
                if self.marks:
                    raise self._problem(
                        event, (), "a config is one document; remove what follows '---'"
                    )
                self.values = self._value(next(self.events), ())
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark
            begun: Any = error.context_mark
            if "nesting depth" in str(
                error.problem
            ):  # libyaml looks ahead: what comes before is too deep already
                return YamlSource(self.name, self.has_lines).read(text[: mark.index])
            reason = f"not YAML: {error.problem}"
            if error.context in _BEGUN and begun.line < mark.line:
                mark, reason = begun, f"not YAML: {_BEGUN[error.context]}"
            ended = mark.line > text.count("\n")  # libyaml's place for an early end
            if not ended and text.split("\n")[mark.line].lstrip(" ").startswith("\t"):
                reason = "tabs cannot indent YAML; use spaces"
            elif "start any token" in reason:
                reason = f"not YAML: text cannot begin with {text[mark.index : mark.index + 1]!r}; quote it"
            self.problems.append(f"{self._end(text) if ended else self._at(mark)}: {reason}")
        if self.problems:
            raise ConfigError(self.problems)
        return self

    def override(self, text: str) -> None:
        """Set one value, given as `KEY=VALUE` with KEY dotted (`layers[0].units`) and VALUE in YAML."""
        mark = f"--set {text}"
        YamlSource(mark, has_lines=False)._check(text)
        name, equals, value = text.partition("=")
        name = re.sub(r"\[(\d+)\]", r".\1", name.strip())
        if not equals or not re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", name):
            raise ConfigError(f"{mark}: the form is KEY=VALUE, as in optimizer.learning_rate=0.01")
        new = YamlSource(mark, has_lines=False).read(value)
        keys: Keys = ()
        place = parent = self.values
        for part in name.split("."):
            if isinstance(place, str):  # optimizer: adam, then --set optimizer.learning_rate=...
                place = parent[keys[-1]] = {"type" if keys[0] == "layers" else "name": place}
            parent, in_list = place, isinstance(place, list)
            if not isinstance(parent, dict) and not (
                in_list and part.isdigit() and int(part) < len(parent)
            ):
                size = f"a list of {len(parent)}, counted from 0" if in_list else repr(parent)
                raise ConfigError(f"{mark}: {part!r} names nothing in {size}")
            keys += (int(part) if in_list else part,)
            self.marks.setdefault(keys, (mark, mark))
            place = parent[keys[-1]] if in_list else parent.setdefault(part, {})
        parent[keys[-1]] = new.values
        self.marks = {k: at for k, at in self.marks.items() if k[: len(keys)] != keys} | {
            keys: (mark, mark)
        }
        self.marks |= {(*keys, *below): at for below, at in new.marks.items()}

    def explain(self, error: ValidationError) -> Iterator[str]:
        """Yield a line for each place with a mistake, in the order of the file: path, rule, received."""
        found: dict[Keys, list[Any]] = {}
        for e in error.errors(include_url=False):
            keys: Keys = ()
            for key in e["loc"]:
                if (*keys, key) in self.marks or e[
                    "type"
                ] == "missing":  # else the name of a union's member
                    keys += (key,)
            found.setdefault(keys, []).append(e)
        # Of a union's members, the one that fits best has the deepest mistake.
        shallow = {keys[:end] for keys in found for end in range(1, len(keys))}
        order = {place: i for i, (place, _) in enumerate(self.marks.values())}
        for keys in sorted(found, key=lambda keys: order.get(self.locate(keys), 0)):
            errors, kinds = found[keys], {e["type"] for e in found[keys]}
            message, given = errors[0]["msg"], errors[0]["input"]
            if kinds.isdisjoint(("nnrun", "unknown_key")):
                rules = (_RULES.get(e["type"], e["msg"]).format(**e.get("ctx", {})) for e in errors)
                message = " or ".join(rules).replace("Input should be", "must be")
                message = message.replace(" or must be true", ", true").replace(
                    " or must be ", " or "
                )
                if not kinds & {"missing", "too_short", "string_too_short"}:
                    message += f"; received {received(given)}"
                if kinds & {"int_type", "float_type", "bool_type"} and isinstance(given, str):
                    is_plain = isinstance(_plain(given.lstrip("0") or "0"), int | float)
                    message += "; write it without quotes and leading zeros" * is_plain
            if keys not in shallow:
                yield f"{self.locate(keys, key='unknown_key' in kinds)}: {dotted(keys)}: {message}"

    def _value(self, event: Any, keys: Keys, key_event: Any = None) -> Any:
        self.marks[keys] = self._at(event.start_mark), self._at((key_event or event).start_mark)
        if len(keys) > MAX_DEPTH:
            raise self._problem(event, keys, f"a config is at most {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, keys, "aliases (*name) are not allowed; write the value out")
            return None
        if event.tag not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(event, keys, f"tags are not allowed; remove {tag!r}")
        if isinstance(event, yaml.ScalarEvent):
            value = event.value if event.style else _plain(event.value)  # quoted, or a block: text
            if value in (math.inf, -math.inf):
                self._problem(event, keys, f"numbers must be finite; received {event.value}")
            return value
        children = takewhile(
            lambda event: not isinstance(event, yaml.CollectionEndEvent), self.events
        )
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, (*keys, i)) for i, item in enumerate(children)]
        mapping: dict[str, Any] = {}
        for child in children:
            if not isinstance(child, yaml.ScalarEvent):
                raise self._problem(child, keys, "a key must be a word")
            below = (*keys, child.value)
            if child.value in mapping:
                first = self.marks[below][1].removeprefix(f"{self.name}:")
                self._problem(child, below, f"duplicate key; it stands at {first} already")
            mapping[child.value] = self._value(next(self.events), below, child)
        return mapping

    def _problem(self, event: yaml.Event, keys: Keys, message: str) -> ConfigError:
        """Note a mistake; raise what is returned where reading cannot go on."""
        self.problems.append(
            ": ".join(filter(None, (self._at(event.start_mark), dotted(keys), message)))
        )
        return ConfigError(self.problems)

    def _check(self, text: str) -> None:
        if bad := yaml.reader.Reader.NON_PRINTABLE.search(
            text
        ):  # in an argument, bytes that are no UTF-8 too
            place = self._end(text[: bad.start()])
            raise ConfigError(f"{place}: character U+{ord(bad[0]):04X} is not allowed in a config")

    def _at(self, mark: Any) -> str:
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if self.has_lines else self.name

    def _end(self, text: str) -> str:
        lines = text.split("\n")
        return f"{self.name}:{len(lines)}:{len(lines[-1]) + 1}" if self.has_lines else self.name


def dotted(keys: Keys) -> str:
    """Return `layers[1].activation` for ("layers", 1, "activation")."""
    return "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys).removeprefix(".")


def read_source(path: Path) -> YamlSource:
    """Read a YAML file; raise a ConfigError where it cannot be read or is no mapping of what a config may hold."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "; give the path of a YAML config" * isinstance(error, IsADirectoryError)
        raise ConfigError(f"{path}: cannot be read: {error.strerror}{hint}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: a config is at most 256 KiB; give tables as separate files")
    try:
        source = YamlSource(str(path)).read(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        place = YamlSource(str(path))._end(error.object[: error.start].decode())
        what = f"not UTF-8: byte {error.object[error.start]:#04x}"
        raise ConfigError(f"{place}: {what}; save the config as UTF-8 text") from None
    if not isinstance(source.values, dict):
        got = {type(None): "an empty file", list: "a list"}.get(
            type(source.values), f"only {received(source.values)}"
        )
        raise ConfigError(f"{path}:1:1: a config is a mapping of keys to values; received {got}")
    return source


def to_yaml(values: dict[str, Any]) -> str:
    """Return YAML that means the same: without what is None, and a mapping that is only a name as the name."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    def represent_data(self, data: Any) -> yaml.Node:
        if isinstance(data, dict):
            data = {k: v for k, v in data.items() if v is not None}
            data = data["name"] if set(data) == {"name"} else data
        return super().represent_data(data)

    def represent_scalar(self, tag: str, value: Any, style: str | None = None) -> yaml.ScalarNode:
        if tag == "tag:yaml.org,2002:str":
            style = (
                '"' if not value.isprintable() else None if isinstance(_plain(value), str) else "'"
            )
        return super().represent_scalar(tag, value, style)


def _plain(text: str) -> Any:
    """Return what an unquoted scalar means: a word of YAML's, a number, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(Decimal(text))  # exact for 1e15 too
    return float(text) if _FLOAT.fullmatch(text) else text


UNPRINTABLE = (
    "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"  # what JSON leaves as it is and YAML does not
)


def in_yaml(name: str) -> str:
    """Return a name as it can be pasted into a config: quoted, unless it is a plain word."""
    is_word = re.fullmatch(r"[A-Za-z_][\w-]*", name) and name.lower() not in (
        "true",
        "false",
        "null",
    )
    quoted = json.dumps(name, ensure_ascii=False)
    return name if is_word else re.sub(UNPRINTABLE, lambda found: f"\\u{ord(found[0]):04x}", quoted)

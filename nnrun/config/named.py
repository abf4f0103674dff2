"""A field of the config that names a Keras object: its class, and every argument."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from pydantic import ValidationError, create_model
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from nnrun.config.habits import bare_name, call_as_mapping
from nnrun.config.places import YamlValue
from nnrun.config.strict_model import Strict, problem
from nnrun.wording import did_you_mean, received

Spec = dict[str, Any]
"""A Keras object: the name of its class under a key, and its arguments."""

Catalog = dict[str, dict[str, tuple[Any, Any]]]
"""The type and default of each argument of each class, as pydantic takes them."""

_KEYS_OF_CLASSES = ("class", "class_name", "kind", "name", "type")
"""The keys under which programs name a class."""

REQUIRED: Any = ...
"""The default of an argument that must be given."""


def snake_case(name: str) -> str:
    """Return Keras's snake_case of a class name: `BinaryAccuracy` -> `binary_accuracy`.

    Args:
        name: The class name in CamelCase.
    """
    return re.sub(r"(?<=.)(?=[A-Z][a-z0-9])|(?<=[a-z])(?=[A-Z])", "_", name).lower()


@dataclass(eq=False)
class Named:
    """Annotation for a field that holds a Keras object.

    Attributes:
        kind: The word for such an object in messages, as in `an optimizer`.
        catalog: The classes that it can be.
        key: The key under which a mapping names the class.
        default: The class of a mapping that names none.
        aliases: Other names of classes.
        keep_spelling: Whether the name stays as it was written: a metric is logged by it.
        not_offered: The classes of this kind that Keras has and a config cannot name.
        reasons: Why not, for some of them, and what to write in their place.
        number_means: The argument of the default class that people mean by a mere number, as units
            by the 25 of `layers: [25, 1]`; "" where they mean none.
        example: The arguments to write where a mapping is needed and no number was given.
        elsewhere: What to write for names that other programs have, in lower case without `_`.
    """

    kind: str
    catalog: Catalog
    key: str = "name"
    default: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    keep_spelling: bool = False
    not_offered: Collection[str] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    number_means: str = ""
    example: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)

    def validate(self, value: YamlValue) -> Spec:
        """Return the canonical name with every argument.

        Args:
            value: What the config has: a name, or a mapping of the key and arguments.

        Returns:
            The name under `key`, and the arguments, those that are not given with Keras's defaults.
            Where the spelling is kept, a mere name stays alone.

        Raises:
            PydanticCustomError: The value is neither text nor a mapping.
            ValidationError: No class has the name, or an argument is unknown, missing or out of its
                range.
        """
        if not isinstance(value, str | dict):
            rule = f"must be {self._forms()}; received {received(value)}"
            raise problem(f"{rule}{self._advice_on_kind(value)}")
        self._refuse_class_as_key(value)
        given_arguments = {self.key: value} if isinstance(value, str) else dict(value)
        spelling = given_arguments.pop(self.key, self.default)
        name = self.canonical(str(spelling))
        if not name:
            raise self._unknown(spelling)
        model = argument_model(self, name)
        arguments = model.model_validate(given_arguments).model_dump()
        if not self.keep_spelling:
            return {self.key: name, **arguments}
        if isinstance(value, str):
            return {self.key: spelling}
        return {self.key: spelling, **arguments}

    def canonical(self, name: str) -> str | None:
        """Return the class that `name` means, or None.

        Args:
            name: A spelling of it: `_` and capitals do not matter.
        """
        return self._by_folded_spelling.get(folded(name))

    @cached_property
    def spellings(self) -> dict[str, str]:
        """The names that a config may call each class; hints prefer the last."""
        spellings = dict(self.aliases)
        for name in self.catalog:
            for spelling in (name.lower(), snake_case(name), name):
                spellings[spelling] = name
        return spellings

    @cached_property
    def _by_folded_spelling(self) -> dict[str, str]:
        return {folded(spelling): name for spelling, name in self.spellings.items()}

    def _forms(self) -> str:
        """Return how such an object is written."""
        if len(self.catalog) > 1:
            return f"a name or a mapping with {self.key!r}"
        return "a mapping of arguments"

    def _advice_on_kind(self, value: YamlValue) -> str:
        """Return what to write for a value of a wrong kind, after the message that refuses it."""
        if value is False:
            return "; leave it out"
        is_number = isinstance(value, int | float) and value is not True
        if is_number and self.number_means:
            return f"; write {{{self.number_means}: {value}}}"
        return f"; write {{{self.example}}}" if self.example else ""

    def _refuse_class_as_key(self, value: YamlValue) -> None:
        """Refuse a mapping that names its class by another key, or has it as a key.

        They are `{type: adam}`, where the key is `name`, and `{adam: {learning_rate: 0.01}}`.

        Raises:
            ValidationError: The value is such a mapping.
        """
        if not isinstance(value, dict) or self.key in value:
            return
        arguments = self.catalog[self.default] if self.default else {}
        for key, inner in value.items():
            if key in arguments:
                continue
            names_a_class = key in _KEYS_OF_CLASSES
            name = inner if names_a_class else key
            is_class = isinstance(name, str) and self.canonical(name) is not None
            is_meant = names_a_class or len(value) == 1
            if is_class and is_meant:
                form = f"{{{self.key}: {name}, ...}}"
                message = f"unknown key; the class has the key {self.key!r}: {form}"
                raise self._error("unknown_key", message, key, inner)

    @property
    def _known(self) -> str:
        """The classes that a config can name, as a message ends."""
        return f"known: {', '.join(self.catalog)}"

    def _unknown(self, spelling: object) -> ValidationError:
        """Return the error of a name that is missing, or that no class has."""
        message = self._why_unknown(spelling)
        return self._error("nnrun", message, self.key, spelling)

    def _error(self, kind: str, message: str, key: str, value: object) -> ValidationError:
        """Return pydantic's error of a value below a key."""
        error = PydanticCustomError(kind, "{message}", {"message": message})
        details = InitErrorDetails(type=error, loc=(key,), input=value)
        return ValidationError.from_exception_data(self.kind, [details])

    def _why_unknown(self, spelling: object) -> str:
        """Return the message for a name that is missing, or that no class has."""
        classes = f"; {self._known}"
        article = "an" if self.kind[0] in "aeiou" else "a"
        kind = f"{article} {self.kind}"
        if spelling is None:
            return f"{self.key!r} is missing; it names {kind}{classes}"
        text = str(spelling)
        shown = received(spelling)
        if len(self.catalog) == 1 and "(" not in text:
            return f"must be {self._forms()}; received {shown}; write {{{self.example}}}"
        of_python = self._why_python_code(text)
        if of_python:
            return f"{shown} is {of_python}"
        advice = self.elsewhere.get(folded(bare_name(text)))
        if advice:
            return f"{shown} is not {kind} of Keras; {advice}"
        hint = did_you_mean(text, list(self.spellings)) or classes
        refusal = self.refusal(text)
        return refusal or f"{shown} is not {kind}{hint}"

    def _why_python_code(self, text: str) -> str:
        """Return what a name is that looks like Python, and what to write instead, or ""."""
        mapping = call_as_mapping(text, self.key, self.catalog, self.canonical)
        if mapping:
            return f"Python code; in a config, write {mapping}"
        if text.count(")") > text.count("("):
            return "the rest of Python code that YAML divided at its comma"
        return ""

    def refusal(self, text: str) -> str:
        """Return why a class of Keras cannot be named, or "" where Keras has none of this name.

        Args:
            text: The name, or a call of it.
        """
        spelling = folded(bare_name(text))
        for name in self.not_offered:
            if folded(name) == spelling:
                message = f"nnrun does not support {received(text)}, which Keras has"
                reason = self.reasons.get(name)
                return f"{message}: {reason}" if reason else f"{message}; {self._known}"
        return ""

    def __get_pydantic_core_schema__(self, *_: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        alone = self._alone
        spellings = [spelling for spelling, name in self.spellings.items() if name in alone]
        forms: list[dict[str, Any]] = _name_schemas(self._offered, spellings)
        for name in self.catalog:
            forms.append(self.form_of(name))
        return {"title": self.kind, "anyOf": forms}

    @property
    def _alone(self) -> list[str]:
        """The classes whose name may stand alone, since no argument must be given."""
        names = []
        for name, arguments in self.catalog.items():
            defaults = [default for _, default in arguments.values()]
            if REQUIRED not in defaults:
                names.append(name)
        return names

    @property
    def _offered(self) -> list[str]:
        """The one spelling that editors offer of each class whose name may stand alone."""
        short = ["accuracy"] if "accuracy" in self.aliases else []
        return [*short, *map(self._offered_spelling, self._alone)]

    def _offered_spelling(self, name: str) -> str:
        """Return a metric as the history writes it, and any other class as Keras does."""
        return snake_case(name) if self.keep_spelling else name

    def form_of(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a mapping that means this class.

        Args:
            name: The class, as the catalog has it.
        """
        form = argument_model(self, name).model_json_schema()
        spellings = [spelling for spelling, of_name in self.spellings.items() if of_name == name]
        required = form.get("required", [])
        if name != self.default:
            required = [self.key, *required]
        offered = [self._offered_spelling(name)]
        name_schema = {"anyOf": _name_schemas(offered, spellings)}
        properties = {self.key: name_schema, **form["properties"]}
        return {**form, "properties": properties, "required": required}


def _name_schemas(offered: list[str], spellings: list[str]) -> list[dict[str, Any]]:
    """Return schemas of a name: editors complete those of an enum, and others are valid too."""
    others = [spelling for spelling in spellings if spelling not in offered]
    schemas: list[dict[str, Any]] = []
    if offered:
        schemas.append({"enum": offered})
    if others:
        alternatives = "|".join(others)
        schemas.append({"type": "string", "pattern": f"^({alternatives})$"})
    return schemas


@cache
def argument_model(named: Named, name: str) -> type[Strict]:
    """Return the model of the arguments of a class.

    Args:
        named: The kind of the class, such as optimizers.
        name: The class.
    """
    fields: dict[str, Any] = named.catalog[name]
    model: type[Strict] = create_model(name, __base__=Strict, **fields)
    model.class_key = named.key
    return model


def changed_arguments(named: Named, spec: Spec) -> Spec:
    """Return the arguments of a Keras object that are not Keras's defaults.

    Args:
        named: The kind of object.
        spec: The validated object.
    """
    name = spec[named.key]
    required = {}
    for argument, (_, default) in named.catalog[name].items():
        if default is REQUIRED:
            required[argument] = spec[argument]
    defaults = named.validate({named.key: name, **required})
    changed = {}
    for argument, value in spec.items():
        if argument != named.key and value != defaults.get(argument):
            changed[argument] = value
    return changed


def folded(name: str) -> str:
    """Return a name in small letters without `_`, in which all its spellings are alike.

    Args:
        name: Any spelling of a class, such as `BinaryAccuracy` or `binary_accuracy`.
    """
    return name.replace("_", "").lower()

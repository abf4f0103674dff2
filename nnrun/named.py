"""Keras objects in YAML: a name, or a mapping of a name and Keras's own arguments.

    optimizer: adam
    optimizer: {name: adam, learning_rate: 0.01}

A table says which names there are and what each takes; `Named` is the pydantic annotation that
checks a value against one and fills in the defaults.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, create_model, model_validator
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from nnrun.errors import did_you_mean, received

Spec = dict[str, Any]
Table = dict[str, dict[str, tuple[Any, Any]]]
"""Class name -> argument -> (type, default), as pydantic takes them."""

REQUIRED: Any = ...
Positive = Annotated[float, Gt(0)]
Units = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Lt(2**32)]


def problem(message: str) -> PydanticCustomError:
    """Return an error that pydantic reports with exactly this message."""
    return PydanticCustomError("nnrun", "{message}", {"message": message})


class Strict(BaseModel):
    """Base of every model here: unknown keys, wrong types and non-finite numbers are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _answer_unknown_keys(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        """Name the nearest right key for each unknown one."""
        try:
            return handler(value)
        except ValidationError as error:
            details = [_answer(e, cls) for e in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def _answer(error: Any, model: type[BaseModel]) -> InitErrorDetails:
    kind, context = error["type"], {"message": error["msg"], **error.get("ctx", {})}
    if kind == "extra_forbidden":
        known = list(model.model_fields)
        hint = did_you_mean(str(error["loc"][-1]), known) or f"; {model.__name__} takes {', '.join(known) or 'none'}"
        kind, context = "unknown_key", {"message": f"unknown key{hint}"}
    custom = PydanticCustomError(kind, "{message}", context)
    return InitErrorDetails(type=custom, loc=error["loc"], input=error["input"])


def snake_case(name: str) -> str:
    """Return Keras's snake_case of a class name: `BinaryAccuracy` -> `binary_accuracy`."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _cases(name: str) -> list[str]:
    return list(dict.fromkeys((name.lower(), snake_case(name), name)))  # hints prefer the last


def fold(name: str) -> str:
    """Return what class names and snake_case have in common."""
    return name.replace("_", "").lower()


@dataclass(frozen=True)
class Named:
    """Annotation for a field that holds a Keras object, which messages call `what`.

    The validated value is a dict: the class's own name under `key`, then every argument of `table`. Where a
    mapping has no name it is `default`, or `shorthand` if every key is an argument of that class
    (`kernel_regularizer: {l2: 0.01}`). `aliases` are further names; `keep_spelling` leaves a name as it was written.
    """

    what: str
    table: Table = field(hash=False)
    key: str = "name"
    default: str | None = None
    shorthand: str | None = None
    aliases: dict[str, str] = field(default_factory=dict, hash=False)
    keep_spelling: bool = False

    def validate(self, value: Any) -> Spec | str:
        """Return `value` with its name made canonical and every default filled in."""
        if not isinstance(value, str | dict):
            forms = f"a name or a mapping with {self.key!r}" if len(self.table) > 1 else "a mapping of arguments"
            raise problem(f"must be {forms}; received {received(value)}")
        arguments = dict(value) if isinstance(value, dict) else {self.key: value}
        spelt = arguments.get(self.key)
        name = self._name(arguments, () if isinstance(value, str) else (self.key,))
        arguments = _model(self, name).model_validate(arguments).model_dump()
        if not self.keep_spelling:
            return {self.key: name, **arguments}
        return value if isinstance(value, str) else {self.key: spelt, **arguments}

    def canonical(self, name: str) -> str | None:
        """Return the class that `name` means, or None."""
        known = {fold(k): k for k in self.table} | {fold(k): v for k, v in self.aliases.items()}
        return known.get(fold(name))

    def _name(self, arguments: Spec, place: tuple[str, ...]) -> str:
        """Take the name out of `arguments`."""
        short = self.shorthand
        if short and self.key not in arguments and arguments.keys() <= self.table[short].keys():
            return short
        given = arguments.pop(self.key, self.default)
        if isinstance(given, str) and (name := self.canonical(given)):
            return name
        details = InitErrorDetails(type=problem(self._unknown(given)), loc=place, input=given)
        raise ValidationError.from_exception_data(self.what, [details])

    def _unknown(self, given: Any) -> str:
        what = f"an {self.what}" if self.what[0] in "aeiou" else f"a {self.what}"
        hint = did_you_mean(str(given), self._spellings())
        known = "" if hint else f"; known: {', '.join(self.table)}"
        if given is None:
            return f"{self.key!r} is missing: the name of {what}{known}"
        return f"{received(given)} is not {what}{hint}{known}"

    def _spellings(self) -> list[str]:
        """Return the names that a config may use, class names and snake_case alike."""
        return list(dict.fromkeys([*self.aliases, *(s for name in self.table for s in _cases(name))]))

    def __get_pydantic_core_schema__(self, *_: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, *_: Any) -> dict[str, Any]:
        """Return the JSON Schema of the field: any of the names, or a mapping for one of them."""
        forms: list[dict[str, Any]] = [{"enum": self._spellings()}]
        for name in self.table:
            form = _model(self, name).model_json_schema()
            known = [*_cases(name), *(alias for alias, meant in self.aliases.items() if meant == name)]
            form["properties"] = {self.key: {"enum": known}, **form.get("properties", {})}
            if name not in (self.default, self.shorthand):
                form["required"] = [self.key, *form.get("required", [])]
            forms.append(form)
        return {"title": self.what, "anyOf": forms}


@cache
def _model(named: Named, name: str) -> type[Strict]:
    fields: dict[str, Any] = named.table[name]
    return create_model(name, __base__=Strict, **fields)

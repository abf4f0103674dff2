"""Keras objects in YAML: a name, or a mapping of one and Keras's arguments: `{name: adam, learning_rate: 0.01}`."""

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
            known, details = list(cls.model_fields), []
            for e in error.errors(include_url=False):
                kind, message = e["type"], e["msg"]
                if kind == "extra_forbidden":
                    takes = f"; {cls.__name__} takes {', '.join(known) or 'none'}"
                    kind, message = "unknown_key", f"unknown key{did_you_mean(str(e['loc'][-1]), known) or takes}"
                custom = PydanticCustomError(kind, "{message}", {"message": message, **e.get("ctx", {})})
                details.append(InitErrorDetails(type=custom, loc=e["loc"], input=e["input"]))
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def snake_case(name: str) -> str:
    """Return Keras's snake_case of a class name: `BinaryAccuracy` -> `binary_accuracy`."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


@dataclass(eq=False)
class Named:
    """Annotation for a field that holds a Keras object of those in `table`, which messages call `what`.

    The validated value is a dict: the class's own name under `key`, then every argument. Where a mapping has no
    name it is `default`. `aliases` are further names; `keep_spelling` leaves a name as it was written.
    """

    what: str
    table: Table
    key: str = "name"
    default: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    keep_spelling: bool = False

    def validate(self, value: Any) -> Spec | str:
        """Return `value` with its name made canonical and every default filled in."""
        if not isinstance(value, str | dict):
            forms = f"a name or a mapping with {self.key!r}" if len(self.table) > 1 else "a mapping of arguments"
            raise problem(f"must be {forms}; received {received(value)}")
        arguments = {self.key: value} if isinstance(value, str) else dict(value)
        given = arguments.pop(self.key, self.default)
        name = self.canonical(given) if isinstance(given, str) else None
        if not name:
            what = f"an {self.what}" if self.what[0] in "aeiou" else f"a {self.what}"
            wrong = f"{self.key!r} is missing: the name of" if given is None else f"{received(given)} is not"
            near = did_you_mean(str(given), list(self._spellings())) if given is not None else ""
            hint = near or f"; known: {', '.join(self.table)}"
            details = InitErrorDetails(type=problem(f"{wrong} {what}{hint}"), loc=(self.key,), input=given)
            raise ValidationError.from_exception_data(self.what, [details])
        arguments = _model(self, name).model_validate(arguments).model_dump()
        if self.keep_spelling:
            return value if isinstance(value, str) else {self.key: given, **arguments}
        return {self.key: name, **arguments}

    def canonical(self, name: str) -> str | None:
        """Return the class that `name` means, or None."""
        meant = {spelling.replace("_", "").lower(): known for spelling, known in self._spellings().items()}
        return meant.get(name.replace("_", "").lower())

    def _spellings(self) -> dict[str, str]:
        """Return what a config may call each class; hints prefer the last."""
        return self.aliases | {s: name for name in self.table for s in (name.lower(), snake_case(name), name)}

    def __get_pydantic_core_schema__(self, *_: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, *_: Any) -> dict[str, Any]:
        """Return the JSON Schema of the field: any of the names, or a mapping for one of them."""
        forms: list[dict[str, Any]] = [{"enum": list(self._spellings())}]
        for name in self.table:
            form = _model(self, name).model_json_schema()
            known = [spelling for spelling, meant in self._spellings().items() if meant == name]
            form["properties"] = {self.key: {"enum": known}, **form["properties"]}
            if name != self.default:
                form["required"] = [self.key, *form.get("required", [])]
            forms.append(form)
        return {"title": self.what, "anyOf": forms}


@cache
def _model(named: Named, name: str) -> type[Strict]:
    fields: dict[str, Any] = named.table[name]
    return create_model(name, __base__=Strict, **fields)

"""The base of every model whose values come from people or strangers."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from nnrun.config.habits import habit_hint
from nnrun.config.places import YamlValue
from nnrun.wording import did_you_mean

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Units = Annotated[int, Field(ge=1)]
SEEDS = 2**32
"""NumPy and Keras take seeds from 0 on that are less."""

Seed = Annotated[int, Field(ge=0, lt=SEEDS)]

MOST_UNKNOWN_KEYS = 1_000
"""An error for each of millions of keys would take gigabytes."""


def problem(message: str) -> PydanticCustomError:
    """Return an error that pydantic reports with exactly this message.

    Args:
        message: The message. Braces in it stand as they are.
    """
    return PydanticCustomError("nnrun", "{message}", {"message": message})


_CALLED = {
    "CheckpointOptions": "checkpoint",
    "Config": "a config",
    "Data": "data",
    "Split": "split",
    "SweepPlan": "sweep",
}


def _called(model: str) -> str:
    """Return what people call a model; that of a Keras class has its name."""
    return _CALLED.get(model, model)


class Strict(BaseModel):
    """Base of every model here: unknown keys, wrong types and non-finite numbers are errors."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True
    )

    class_key: ClassVar[str] = ""
    """The key that names a class of Keras, beside those of its arguments."""

    @model_validator(mode="wrap")
    @classmethod
    def _answer_unknown_keys(cls, value: YamlValue, handler: YamlValue) -> YamlValue:
        """Validate a mapping, and say of each unknown key which one was meant."""
        keys = list(cls.model_fields)
        most = len(keys) + MOST_UNKNOWN_KEYS
        if isinstance(value, dict) and len(value) > most:
            names = ", ".join(keys)
            raise problem(f"{len(value):,} keys are too many; {cls.__name__} takes {names}")
        try:
            return handler(value)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            details = [cls._answered(each, keys) for each in errors]
            raise ValidationError.from_exception_data(cls.__name__, details) from None

    @classmethod
    def _answered(cls, error: ErrorDetails, keys: list[str]) -> InitErrorDetails:
        """Return an error of pydantic, which for an unknown key names the one that was meant."""
        kind = error["type"]
        message = error["msg"]
        if kind == "extra_forbidden":
            kind = "unknown_key"
            unknown_key = str(error["loc"][-1])
            message = f"unknown key{cls._hint(unknown_key, keys)}"
        context = {"message": message, **error.get("ctx", {})}
        custom = PydanticCustomError(kind, "{message}", context)
        return InitErrorDetails(type=custom, loc=error["loc"], input=error["input"])

    @classmethod
    def _hint(cls, unknown_key: str, keys: list[str]) -> str:
        """Return what to write in place of an unknown key."""
        habit = habit_hint(cls.__name__, unknown_key, keys)
        if habit:
            return f"; {habit}"
        for name, field in cls.model_fields.items():
            inner_fields = getattr(field.annotation, "model_fields", {})
            if unknown_key in inner_fields:
                return f"; it belongs under {name}"
        names = ", ".join(keys) or "none"
        takes = f"; {_called(cls.__name__)} takes {names}"
        candidates = [*keys, cls.class_key] if cls.class_key else keys
        return did_you_mean(unknown_key, candidates) or takes

"""Lines for people from what pydantic says of a config."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nnrun.config.examples import example_of
from nnrun.config.places import Keys, YamlValue
from nnrun.config.yaml_output import in_flow
from nnrun.config.yaml_scalars import parse_scalar
from nnrun.config.yaml_source import YamlSource
from nnrun.wording import received

_RULES = {
    "missing": "this key is required",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text (quote it if need be)",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "list_type": "must be a list",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
"""Sentences in place of pydantic's, by the type of its error."""

_OWN = {"nnrun", "unknown_key"}
"""The types of errors whose messages are whole already."""

_NOTHING_RECEIVED = {"missing", "too_short", "string_too_short"}
_WRONG_KINDS = {kind for kind in _RULES if kind.endswith("_type")} - {"bool_type"}
"""The types of errors after which a value is shown that the key may have."""
_NOT_QUOTED = {"int_type", "float_type", "bool_type"}

Errors = dict[Keys, list[ErrorDetails]]


def explain(error: ValidationError, source: YamlSource) -> Iterator[str]:
    """Yield a line for each place with a mistake, in the order of the file.

    A line has the place, the path, the rule and what was received.

    Args:
        error: The mistakes of one validation.
        source: Where each value stands in the file, or in --set.
    """
    errors_by_keys = _by_keys(error, source)
    # Of the members of a union, the one that fits best has the deepest mistake.
    shallow: set[Keys] = set()
    for keys in errors_by_keys:
        shallow.update(keys[:end] for end in range(1, len(keys)))
    order = {place.value: number for number, place in enumerate(source.places.values())}
    for keys in sorted(errors_by_keys, key=lambda keys: order.get(source.locate(keys), 0)):
        if keys in shallow:
            continue
        errors = errors_by_keys[keys]
        is_unknown = "unknown_key" in _kinds(errors)
        place = source.where(keys, of_key=is_unknown)
        yield f"{place}: {_message(errors)}{_example(keys, errors)}"


def _by_keys(error: ValidationError, source: YamlSource) -> Errors:
    """Return the errors by the key path that the config has, without names of unions."""
    errors_by_keys: Errors = {}
    for details in error.errors(include_url=False):
        keys: Keys = ()
        is_missing = details["type"] == "missing"
        for key in details["loc"]:
            if is_missing or (*keys, key) in source.places:
                keys += (key,)
        errors_by_keys.setdefault(keys, []).append(details)
    return errors_by_keys


def _kinds(errors: list[ErrorDetails]) -> set[str]:
    """Return the types of errors, as pydantic names them."""
    return {details["type"] for details in errors}


def _message(errors: list[ErrorDetails]) -> str:
    """Return the rule that is broken, and what was received."""
    kinds = _kinds(errors)
    if kinds & _OWN:
        return errors[0]["msg"]
    value = errors[0]["input"]
    message = _rule(errors)
    if not kinds & _NOTHING_RECEIVED:
        message += f"; received {received(value)}"
    if kinds & _NOT_QUOTED and _is_quoted_number(value):
        message += "; write it without quotes and leading zeros"
    return message


def _example(keys: Keys, errors: list[ErrorDetails]) -> str:
    """Return how to write a value, after the message on one of a wrong kind, or ""."""
    value = errors[0]["input"]
    kinds = _kinds(errors)
    if not kinds & _WRONG_KINDS or _is_quoted_number(value):
        return ""
    if value is False and not kinds & _NOT_QUOTED:
        return "; leave it out"
    example = example_of(keys)
    if example is None:
        return ""
    return f"; write it as in `{keys[-1]}: {in_flow(example)}`"


def _rule(errors: list[ErrorDetails]) -> str:
    """Return the rules of several errors as one: `must be a number, true or false`."""
    rules = []
    for details in errors:
        rule = _RULES.get(details["type"], details["msg"])
        context = details.get("ctx", {})
        if details["type"] == "too_short" and context["min_length"] > 1:
            rule = "must have at least {min_length} entries"
        rules.append(rule.format(**context))
    rule = " or ".join(rules)
    rule = rule.replace("Input should be", "must be")
    rule = rule.replace(" or must be true", ", true")
    return rule.replace(" or must be ", " or ")


def _is_quoted_number(value: YamlValue) -> bool:
    """Tell whether a value is text that is a number but for quotes or zeros before it."""
    if not isinstance(value, str):
        return False
    without_zeros = value.lstrip("0") or "0"
    return isinstance(parse_scalar(without_zeros), int | float)

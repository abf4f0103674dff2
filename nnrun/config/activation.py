"""A field of the config that names an activation of Keras, alone or with its arguments."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import CoreSchema, core_schema

from nnrun.config.habits import bare_name, call_as_mapping
from nnrun.config.named import Named, Spec, folded
from nnrun.config.places import YamlValue
from nnrun.config.strict_model import problem
from nnrun.wording import did_you_mean, received


@dataclass(frozen=True, eq=False)
class Activation:
    """Annotation for a field that holds an activation.

    Attributes:
        named: The activations and their arguments.
    """

    named: Named

    def validate(self, value: YamlValue) -> str | Spec:
        """Return the name where every argument is Keras's default, else all with it.

        Args:
            value: What the config has: a name, or a mapping of `name` and arguments.

        Raises:
            PydanticCustomError: Keras has no such activation, or the value is Python code.
            ValidationError: An argument is unknown, missing or out of its range.
        """
        if isinstance(value, str):
            return self._known(value)
        spec = self.named.validate(value)
        name = str(spec["name"])
        defaults = self.named.validate(name)
        return name if spec == defaults else spec

    def _known(self, name: str) -> str:
        """Return the name of an activation, or raise an error that says how to write it."""
        if name in self.named.catalog:
            return name
        raise problem(self._why_unknown(name))

    def _why_unknown(self, name: str) -> str:
        """Return the message for a name that no activation has."""
        activations = list(self.named.catalog)
        mapping = call_as_mapping(name, "name", self.named.catalog, self.named.canonical)
        bare = bare_name(name)
        if mapping is None and bare != name and bare in activations:
            mapping = bare
        if mapping is not None:
            return f"{received(name)} is Python code; in a config, write {mapping}"
        advice = self.named.elsewhere.get(folded(bare))
        if advice:
            return f"{received(name)} is not an activation of Keras; {advice}"
        hint = did_you_mean(name, activations) or f"; known: {', '.join(activations)}"
        refusal = self.named.refusal(name)
        return refusal or f"{received(name)} is not an activation{hint}"

    def __get_pydantic_core_schema__(self, *_: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        forms: list[dict[str, Any]] = [{"enum": list(self.named.catalog)}]
        for name, arguments in self.named.catalog.items():
            if arguments:
                forms.append(self.named.form_of(name))
        return {"title": self.named.kind, "anyOf": forms}

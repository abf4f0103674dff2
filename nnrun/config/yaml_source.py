"""A YAML text that was read: plain values, and the place of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nnrun.config.places import Keys, dotted


class Place(NamedTuple):
    """The places of a value and of its key, as `config.yaml:3:14`.

    Attributes:
        value: The place of the value.
        key: The place of its key.
        names_the_key: Whether the places name the key themselves, as `--set epochs=5` does.
    """

    value: str
    key: str
    names_the_key: bool = False


@dataclass(frozen=True)
class YamlSource:
    """Plain values with their places.

    Attributes:
        name: The file's name, or the argument that gave the text.
        values: Mappings, lists and scalars.
        places: The place of every key path, in the order of the file.
        has_no_lines: Whether the values are not text's, but a program's.
    """

    name: str
    values: Any = None
    places: Mapping[Keys, Place] = field(default_factory=dict)
    has_no_lines: bool = False

    def locate(self, keys: Keys) -> str:
        """Return the place of the value at `keys`, or of its nearest parent that has one.

        Args:
            keys: The key path, which the source may lack.
        """
        place = self._nearest(keys)
        return place.value if place else self._begin

    def locate_key(self, keys: Keys) -> str:
        """Return the place of the key that ends `keys`, or of its nearest parent that has one.

        Args:
            keys: The key path, which the source may lack.
        """
        place = self._nearest(keys)
        return place.key if place else self._begin

    def where(self, keys: Keys, *, of_key: bool = False) -> str:
        """Return the place and the dotted path of a key, for a message about its value.

        It is `config.yaml:3:14: data.target`, or the place alone where this names the key.

        Args:
            keys: The key path.
            of_key: Whether the message is about the key, not about its value.
        """
        place = self.locate_key(keys) if of_key else self.locate(keys)
        own = self.places.get(keys)
        if own is not None and own.names_the_key:
            return place
        return f"{place}: {dotted(keys)}"

    @property
    def _begin(self) -> str:
        """Return the place of the whole: of Python's values, which have no lines, the name."""
        return self.name if self.has_no_lines else f"{self.name}:1:1"

    def _nearest(self, keys: Keys) -> Place | None:
        """Return the places of the value at `keys`, or of its nearest parent, or None."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places[keys] if keys else None

"""Options that take a whole number, and say in words which."""

from typing import Any

import click


class WholeNumber(click.IntRange):
    """A whole number within bounds. What is none is refused with the rule and what was received."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Return the number.

        Args:
            value: What is typed after the option, or its default.
            param: The option, which a message names; None outside a command.
            ctx: The call of the command; None outside one.

        Raises:
            click.BadParameter: It is no whole number, or out of bounds.
        """
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            bounds = self._bounds()
            self.fail(f"must be a whole number{bounds}; received {value}", param, ctx)

    def _bounds(self) -> str:
        """Return the bounds in words, as ` from 1 to 1,000,000`."""
        if self.min is None:
            return ""
        if self.max is None:
            return f" from {self.min} on"
        return f" from {self.min} to {self.max:,}"

"""The option --threshold: a probability, or what it is to be best at."""

import click

from nnrun.cli.completion import complete_goal

THRESHOLD_HELP = (
    "For two labels: the probability from which the positive label is predicted, for all targets "
    "or as a=0.3,b=0.6 for some; or f1, balanced_accuracy or cost=FP:FN for the best one on the "
    "rows held out.  [default: 0.5]"
)


class ThresholdType(click.ParamType[float | str]):
    """A number from 0 to 1, or text that names a goal, which results read."""

    name = "number|goal"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return the number, or the text where it is none.

        Args:
            value: What is typed after the option.
            param: The option, which a message names; None outside a command.
            ctx: The call of the command; None outside one.

        Raises:
            click.BadParameter: The number is not a probability.
        """
        try:
            number = float(str(value))
        except ValueError:
            return str(value)
        if number < 0 or number > 1:
            self.fail(f"must be a probability from 0 to 1; received {value}", param, ctx)
        return number


threshold_option = click.option(
    "-t",
    "--threshold",
    type=ThresholdType(),
    help=THRESHOLD_HELP,
    shell_complete=complete_goal,
)

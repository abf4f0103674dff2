"""nnrun train --smoke: every step tried on little."""

from pathlib import Path

from nnrun.cli.printing import Printing
from nnrun.cli.terminal import say, say_json
from nnrun.cli.training_result import Engine


def smoke_test(
    config: Path,
    overrides: tuple[str, ...],
    engine: Engine,
    printing: Printing,
) -> None:
    """Try a config on few rows and epochs, and print how many there were.

    Args:
        config: The path of the config.
        overrides: What --set says.
        engine: nnrun's compiled epochs, or Keras's own `fit`.
        printing: Whether the result is printed as JSON, or nothing is told.
    """
    from nnrun.config.loading import load_config
    from nnrun.workflows.smoke import smoke

    loaded = load_config(config, overrides)
    result = smoke(loaded, engine)
    if printing.as_json:
        say_json({"smoke": "ok", **result})
    elif not printing.quiet:
        counts = "{rows} rows, {epochs} epochs, {predictions} predictions".format_map(result)
        seconds = result["seconds"]
        say(f"smoke: ok: {counts} in {seconds:.1f} s")

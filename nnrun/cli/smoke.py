"""nnrun train --smoke: every step tried on little."""

import json
from pathlib import Path

import click

from nnrun.cli.printing import Printing
from nnrun.cli.training_result import Engine


def smoke_test(
    config: Path, overrides: tuple[str, ...], engine: Engine, printing: Printing
) -> None:
    """Try a config on few rows and epochs, and print how many there were."""
    from nnrun.config.loading import load_config
    from nnrun.workflows.smoke import smoke

    done = smoke(load_config(config, overrides), engine)
    if printing.as_json:
        click.echo(json.dumps({"smoke": "ok", **done}))
    elif not printing.quiet:
        counts = "{rows} rows, {epochs} epochs, {predictions} predictions".format_map(done)
        click.echo(f"smoke: ok: {counts} in {done['seconds']:.1f} s")

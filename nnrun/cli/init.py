"""nnrun init: a config for a table."""

import json
import shlex
from pathlib import Path

import click

from nnrun.cli.options import check_output, command, data_argument, output_option
from nnrun.files import write_texts

SCHEMA = "nnrun.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA}\n"  # by which editors find the schema


@command("init configs/diabetes.csv --target progression -o diabetes.yaml")
@data_argument
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@output_option("The YAML file to write. Default: stdout.")
def init(data: Path, target: str, output: Path | None) -> None:
    """Write a config that trains on DATA as it stands, with comments."""
    from nnrun.reporting.starter_config import write_config

    if output is None:
        click.echo(write_config(data, target, Path()), nl=False)
        return
    check_output(output, data, new=True)
    _write_with_schema(output, write_config(data, target, output.parent))
    click.echo(f"saved in {output}\nnext: nnrun train {shlex.quote(str(output))}")


def _write_with_schema(output: Path, config: str) -> None:
    """Write the config and, unless it is there already, the schema beside it; or neither."""
    from nnrun.config.json_schema import config_schema

    texts = {output: SCHEMA_LINE + config}
    schema = output.with_name(SCHEMA)
    if not schema.exists():
        texts[schema] = f"{json.dumps(config_schema())}\n"
    write_texts(texts)

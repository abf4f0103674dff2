"""What the commands of the command line share: how one is made, options and arguments, checks of what was given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nnrun.errors import printable

PATH = click.Path(path_type=Path)
SET_HELP = "Override a key of the config, as in optimizer.learning_rate=0.01. Repeatable."
SetOption = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=SET_HELP)
QuietOption = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
JsonOption = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
RunArgument, DataArgument, ConfigArgument = (click.argument(name, type=PATH) for name in ("run", "data", "config"))


def command(example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a command of a function; its help ends with the example."""
    return click.command(epilog=f"\b\nExample:\n  nnrun {example}")


def check_output(output: Path, data: Path, endings: tuple[str, ...] = ()) -> None:
    """Refuse a file that cannot be written, or has none of the endings, before the work is done."""
    if endings and output.suffix.lower() not in endings:
        raise click.UsageError(f"-o {output}: must end in {' or '.join(endings)}")
    if not output.parent.is_dir() or output.is_dir():
        raise click.UsageError(f"-o {output}: there is no folder to write such a file in")
    if output.exists() and data.exists() and output.samefile(data):
        raise click.UsageError(f"-o {output}: would replace DATA itself")


def prepare(config: Path, overrides: tuple[str, ...], *, quiet: bool = False, runs: Path = Path("runs")) -> Any:
    """Return the Dataset of a config; print the warnings and raise the errors of lint."""
    from nnrun.config import load_config
    from nnrun.dataset import load_dataset
    from nnrun.lint import lint, raise_errors

    dataset = load_dataset(load_config(config, overrides), runs / ".cache")
    findings = lint(dataset)
    warnings = [f"{printable(str(finding))}\n" for finding in findings if finding.level == "warning" and not quiet]
    click.echo("".join(warnings), err=True, nl=False)
    raise_errors(findings)
    return dataset

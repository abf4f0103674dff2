"""What the commands of the command line share: how one is made, options and arguments, checks of what was given."""

from collections.abc import Callable
from glob import escape, glob
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnrun.wording import printable

PATH = click.Path(path_type=Path)
RUN, CONFIG, TABLE = ("/run.json",), (".yaml", ".yml"), (".csv", ".csv.gz", ".tsv", ".parquet")
SET_HELP = "Override a key of the config, as in optimizer.learning_rate=0.01. Repeatable."
SetOption = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=SET_HELP)
QuietOption = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
JsonOption = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
DEVICES = click.Choice(["auto", "none", "mirrored", "multiworker"])
DEVICES_HELP = "Train on this machine's GPUs (mirrored), the workers of TF_CONFIG (multiworker), or one device (none)."
DistributeOption = click.option("--distribute", type=DEVICES, default="auto", help=DEVICES_HELP)


def path_argument(name: str, endings: tuple[str, ...], **options: Any) -> Callable[..., Any]:
    """Return an argument that the shell completes to files that end so, or run directories, here or a folder down."""

    def complete(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
        found = [
            path
            for deep in ("*", "*/*")
            for end in endings
            for path in glob(escape(typed) + deep + end)
        ]
        items = [
            CompletionItem(path)
            for path in sorted(path.removesuffix("/run.json") for path in found)
        ]
        return items or [CompletionItem(typed, type="file")]  # the shell goes on by itself

    return click.argument(name, type=PATH, shell_complete=complete, **options)


RunArgument, DataArgument, ConfigArgument = map(
    path_argument, ("run", "data", "config"), (RUN, TABLE, CONFIG)
)
PathArgument = path_argument("path", (*RUN, *CONFIG), metavar="RUN|CONFIG")


def output_option(told: str, **options: Any) -> Callable[..., Any]:
    """Return the option -o, whose help tells what is written."""
    return click.option("-o", "--output", type=PATH, help=told, **options)


def command(example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a command of a function; its help ends with the example."""
    return click.command(epilog=f"\b\nExample:\n  nnrun {example}")


def check_output(
    output: Path, data: Path, endings: tuple[str, ...] = (), *, new: bool = False
) -> None:
    """Refuse a file that cannot be written, or has none of the endings, or is not `new`, before the work is done."""
    if endings and output.suffix.lower() not in endings:
        raise click.UsageError(f"-o {output}: must end in {' or '.join(endings)}")
    if output.exists() and not data.is_dir() and data.exists() and output.samefile(data):
        raise click.UsageError(f"-o {output}: would replace DATA itself")
    if new and output.exists():
        raise click.UsageError(f"-o {output}: exists; choose another name, or remove it")
    if not output.parent.is_dir() or output.is_dir():
        raise click.UsageError(f"-o {output}: there is no folder to write such a file in")


def load_dataset(
    config: Path, overrides: tuple[str, ...], *, quiet: bool = False, runs: Path = Path("runs")
) -> Any:
    """Return the Dataset of a config; print the warnings and raise the errors of lint."""
    from nnrun.checks.loading import load_checked
    from nnrun.config.loading import load_config

    return load_checked(load_config(config, overrides), runs / ".cache", None if quiet else tell)


def tell(*lines: str) -> None:
    """Print lines on stderr, as text that commands no terminal."""
    for line in lines:
        click.echo(printable(line), err=True)

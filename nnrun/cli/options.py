"""What commands share: how one is made, its arguments and options, and how it writes a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from nnrun.cli.completion import complete_setting
from nnrun.cli.terminal import say, tell
from nnrun.files import open_output
from nnrun.near_files import CONFIG_ENDINGS, TABLE_ENDINGS
from nnrun.wording import one_of

if TYPE_CHECKING:
    from nnrun.features.dataset import Dataset

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class LocalPath(click.Path):
    """A path in which `~` is the home folder, where a shell leaves it as it is."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the path.

        Args:
            value: The path as it is typed, or a default.
            param: The parameter that takes it, which a message names; None outside a command.
            ctx: The call of the command; None outside one.

        Raises:
            click.BadParameter: The path is not as click.Path requires.
        """
        if isinstance(value, str):
            value = os.path.expanduser(value)  # noqa: PTH111  unlike Path's it never raises
        return super().convert(value, param, ctx)


PATH = LocalPath(path_type=Path)
RUN_INFO = "/run.json"  # the file by which a folder is a run
RUN = (RUN_INFO,)
DEPTHS = ("*", "*/*")  # completion looks for files here and a folder down
SET_HELP = (
    "Override a key of the config, as in optimizer.learning_rate=0.01 or layers.0.units=50. After "
    "CONFIG, --set may be left out. Repeatable."
)

quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


def set_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --set, and settings behind CONFIG without it; it takes both as `overrides`.

    Args:
        function: The body of the command.

    Returns:
        The command, which raises a click.UsageError where what follows CONFIG is no setting.
    """

    @click.argument(
        "settings",
        nargs=-1,
        metavar="[KEY=VALUE]...",
        shell_complete=complete_setting,
    )
    @click.option(
        "-s",
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help=SET_HELP,
        shell_complete=complete_setting,
    )
    @wraps(function)
    def command(*, settings: tuple[str, ...], overrides: tuple[str, ...], **others: object) -> None:
        for text in settings:
            if "=" not in text:
                rule = "what follows CONFIG must be settings, as in epochs=50"
                raise click.UsageError(f"{rule}; received {text!r}")
        function(overrides=(*overrides, *settings), **others)

    return command


def path_argument(
    name: str,
    endings: tuple[str, ...],
    *,
    metavar: str | None = None,
    several: bool = False,
    required: bool = True,
) -> Decorator:
    """Return an argument that the shell completes.

    Args:
        name: The parameter that takes the path.
        endings: How the files end, RUN_INFO for the folder of a run.
        metavar: What the help calls it. Defaults to the name in capitals.
        several: Whether it takes one path or more, as a tuple.
        required: Whether it must be given.
    """

    def complete(
        _context: click.Context, _parameter: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        paths = _paths_that_begin(typed, endings)
        if not paths:
            return [CompletionItem(typed, type="file")]  # the shell goes on by itself
        return [CompletionItem(path) for path in paths]

    count = -1 if several else 1
    return click.argument(
        name,
        type=PATH,
        shell_complete=complete,
        metavar=metavar,
        nargs=count,
        required=required,
    )


def _paths_that_begin(typed: str, endings: tuple[str, ...]) -> list[str]:
    """Return the files and runs whose path begins with what was typed."""
    paths = []
    for depth in DEPTHS:
        for ending in endings:
            paths += glob(escape(typed) + depth + ending)  # noqa: PTH207  it is not a folder's path
    return sorted(path.removesuffix(RUN_INFO) for path in paths)


run_argument = path_argument("run", RUN)
data_argument = path_argument("data", TABLE_ENDINGS)
config_argument = path_argument("config", CONFIG_ENDINGS)
run_or_config_argument = path_argument("path", (*RUN, *CONFIG_ENDINGS), metavar="RUN|CONFIG")


def output_option(
    description: str, *, required: bool = False, default: str | None = None
) -> Decorator:
    """Return the option -o, whose help describes what is written.

    Args:
        description: The help of the option, a sentence.
        required: Whether the command needs it.
        default: The path where it is left out, which the help tells; None for no default.
    """
    return click.option(
        "-o",
        "--output",
        type=PATH,
        help=description,
        required=required,
        default=default,
        show_default=default is not None,
    )


def command(example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a command of a function; its help ends with the example.

    Args:
        example: The command line of the example without `nnrun`, as in `check iris.yaml`.
    """
    return click.command(epilog=f"\b\nExample:\n  nnrun {example}")


OTHER_FORMATS = (".parquet", ".xlsx", ".xls", ".gz", ".zip", ".json", ".jsonl")
"""The endings of files in which a CSV would not be read as one."""


def check_csv_output(output: Path, data: Path) -> None:
    """Refuse a path for CSV that cannot be written, or whose ending says another format.

    Args:
        output: The path that -o says.
        data: What the command reads, which it must not replace.

    Raises:
        click.UsageError: The output is refused.
    """
    if output.suffix.lower() in OTHER_FORMATS:
        rule = "is written as CSV"
        raise click.UsageError(f"-o {output}: {rule}; give a name that ends in .csv")
    check_output(output, data)


def check_output(
    output: Path,
    data: Path,
    endings: tuple[str, ...] = (),
    *,
    new: bool = False,
    option: str = "-o",
) -> None:
    """Refuse an output that cannot be written, before the work is done.

    Args:
        output: The path that the option says.
        data: What the command reads, which it must not replace.
        endings: How the name may end; () allows every ending.
        new: Whether nothing may stand there yet.
        option: The option, as messages name it.

    Raises:
        click.UsageError: The output cannot be written, or would replace what must stay.
    """
    if endings and output.suffix.lower() not in endings:
        raise click.UsageError(f"{option} {output}: must end in {one_of(endings)}")
    if output.exists() and data.is_file() and output.samefile(data):
        raise click.UsageError(f"{option} {output}: would replace DATA itself")
    if new and output.exists():
        raise click.UsageError(f"{option} {output}: exists; choose another name, or remove it")
    if output.is_dir():
        raise click.UsageError(f"{option} {output}: is a folder; give the path of a file in it")
    if not output.parent.is_dir():
        rule = "must be in a folder that exists"
        raise click.UsageError(f"{option} {output}: {rule}; make {output.parent} first")


def load_dataset(
    config: Path,
    overrides: tuple[str, ...],
    *,
    quiet: bool = False,
    runs: Path = Path("runs"),
    has_matrices: bool = True,
) -> Dataset:
    """Return the dataset of a config. Print the warnings of the checks, and raise their errors.

    Args:
        config: The path of the YAML file.
        overrides: What --set says.
        quiet: Whether warnings are left out.
        runs: The folder of the run directories, which has the cache.
        has_matrices: Whether the dataset is to train on, and not to be checked alone.
    """
    from nnrun.checks.loading import load_checked
    from nnrun.config.loading import load_config
    from nnrun.features.cache_folder import CACHE

    warn = None if quiet else tell
    loaded = load_config(config, overrides)
    return load_checked(loaded, runs / CACHE, warn, has_matrices=has_matrices)


def save(output: Path, content: bytes, *, quiet: bool) -> None:
    """Write a file, and say so unless all is to be quiet.

    Args:
        output: The file, which is replaced if it exists.
        content: Its bytes.
        quiet: Whether nothing is said.

    Raises:
        OSError: The file cannot be written.
    """
    with open_output(output) as file:
        file.write(content)
    if not quiet:
        say(f"saved in {output}")

"""nnrun check: every mistake in a config and its tables."""

from pathlib import Path

from nnrun.cli.options import command, config_argument, json_option, load_dataset, set_option
from nnrun.cli.terminal import say_json, say_text


@command("check configs/digits-relu.yaml")
@config_argument
@set_option
@json_option
def check(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Report every mistake in CONFIG and its tables.

    Where there is none, it summarizes tables and network. It warns of what is probably not meant,
    and needs no TensorFlow.
    """
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.text import describe_dataset

    dataset = load_dataset(config, overrides, has_matrices=False)
    if as_json:
        say_json(summarize_dataset(dataset))
    else:
        say_text(describe_dataset(dataset))

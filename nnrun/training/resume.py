"""A run taken up again: nothing that its numbers depend on may differ from what it started with."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nnrun.checks.loading import load_checked
from nnrun.config.architecture import summarize
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.files import remove_temporaries
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import changed_tables, check_encoding, differences, versions


@contextmanager
def reopen(
    path: Path, *, epochs: int | None = None, force: bool = False, is_chief: bool = True
) -> Iterator[tuple[Run, Dataset]]:
    """Yield a run, locked, and its dataset, to be trained until it has `epochs`, or as many as it was to have.

    Of several workers only the chief locks it, and writes there.
    Raises a RunError that names all that differs from what the run started with: config, versions (unless `force`),
    tables; and a ConfigError or TableError where these cannot be read.
    """
    run = Run(path)
    run.read_info()
    with ExitStack() as stack:
        if is_chief:
            stack.enter_context(run.locked())
            remove_temporaries(run.path)
        info = run.read_info()
        config = load_config(run.config)
        if problems := _what_differs(run, info, config, force=force):
            raise RunError(problems)
        if (info.checksums or info.epochs) and not run.checkpoint.exists():
            raise RunError(f"{path}: cannot go on: it has no checkpoint.npz any more; train anew")
        config = config.model_copy(update={"epochs": epochs or info.goal or config.epochs})
        encoder = Encoder.load(run.encoding)
        needed = sum(4 * layer.parameters for layer in summarize(config, len(encoder.inputs)))
        if (
            run.checkpoint.exists() and run.checkpoint.stat().st_size < needed
        ):  # before anything is built
            raise RunError(
                f"{run.checkpoint}: is smaller than the network of {run.config}; was it altered?"
            )
        dataset = load_checked(config, path.resolve().parent / ".cache")
        check_encoding(run, encoder, dataset)
        yield run, dataset


def _what_differs(run: Run, info: RunInfo, config: Config, *, force: bool) -> list[str]:
    then, now = info.config, config.model_dump(mode="json")
    if config.epochs == info.goal:  # a kill came while the longer run was saved
        then = then | {"epochs": config.epochs}
    lines = [
        f"{run.config}: {line}"
        for line in differences(then | {"checkpoint": now["checkpoint"]}, now)
    ]
    if then.get("epochs") != config.epochs:
        lines.append(f"{run.config}: leave epochs as it was, and give --epochs {config.epochs}")
    lines += changed_tables(config, info)
    lines += [f"{run.path}: cannot go on from here: undo that, or train anew"] * bool(lines)
    changed = [] if force else differences(info.versions, versions())
    return [
        f"{run.info}: {line}; --force goes on with the versions of now" for line in changed
    ] + lines

"""A run taken up again: nothing that its numbers depend on may differ from what it started with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnrun.config import load_config
from nnrun.data import find_files, fingerprint
from nnrun.dataset import PARTS, Dataset, load_dataset
from nnrun.encoding import Encoder
from nnrun.errors import RunError
from nnrun.files import remove_temporaries
from nnrun.lint import lint, raise_errors
from nnrun.runs import Run, circumstances, differences


@contextmanager
def reopen(path: Path, *, epochs: int | None = None, force: bool = False) -> Iterator[tuple[Run, Dataset]]:
    """Yield a run, locked, and its dataset, to be trained until it has `epochs`, or as many as it was to have.

    Raises a RunError that names all that differs from what the run started with: config, versions (unless `force`),
    tables; and a ConfigError or TableError where these cannot be read.
    """
    run = Run(path)
    run.read_info()
    with run.locked():
        info = run.read_info()
        remove_temporaries(path)
        config = load_config(run.config)
        problems = [f"{run.config}: {line}" for line in differences(info.config, config.model_dump(mode="json"))]
        versions = [] if force else differences(info.versions, circumstances()["versions"])
        problems += [f"{run.info}: {line}; --force goes on with the versions of now" for line in versions]
        for name in PARTS:
            table, then = getattr(config.data, name), info.data.get(name, {}).get("sha256")
            if table and find_files(Path(table)) and fingerprint(table) != then:
                problems.append(f"{table}: was changed since the run started (its SHA-256 is another)")
        if problems:
            raise RunError([*problems, f"{path}: cannot go on from here: undo that, or train anew"])
        goal = epochs or info.goal or config.epochs
        dataset = load_dataset(config.model_copy(update={"epochs": goal}), path.parent / ".cache")
        if dataset.encoder != Encoder.load(run.encoding):
            raise RunError(f"{run.encoding}: is not what the table gives; it was altered")
        raise_errors(lint(dataset))
        yield run, dataset

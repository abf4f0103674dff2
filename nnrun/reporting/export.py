"""A run's network in the formats of other runtimes, by Keras's own export."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nnrun.errors import InputError, NnrunError
from nnrun.files import disk_error, named_errors, sync_folder
from nnrun.installation import how_to_install
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.temporary_folder import temporary_files_in
from nnrun.wording import first_line

NETWORK_FORMATS = ("saved_model", "litert", "onnx")
ONNX_PACKAGES = ("tf2onnx", "onnx")


def export(run: Path, form: str, output: Path) -> list[str]:
    """Write the network that `predict` computes with. Nothing is left behind where that fails.

    Args:
        run: The run directory of a run that has a model.
        form: One of NETWORK_FORMATS.
        output: The file, or for saved_model the folder, to write.

    Returns:
        The names of the inputs in their order.

    Raises:
        RunError: The path is not a run, has no model, or its files were altered.
        InputError: A package is missing.
        NnrunError: The format lacks what the network needs.
        OSError: The output cannot be written.
    """
    trained = load_exportable(run, form)
    with whole_output(output) as temporary:
        write_network(run, trained, form, temporary)
    return trained.encoder.input_names


def load_exportable(run: Path, form: str) -> TrainedRun:
    """Load a run, and refuse a format that needs a missing package, before TensorFlow is imported.

    Args:
        run: The run directory.
        form: One of NETWORK_FORMATS.

    Returns:
        The run, whose files are verified.

    Raises:
        RunError: The path is not a run, has no model, or its files were altered.
        InputError: A package is missing.
    """
    if form == "onnx":
        _require_onnx()
    return load_run(run)


@contextmanager
def whole_output(output: Path) -> Iterator[Path]:
    """Yield a temporary path for a file or a folder, which is then moved to its place.

    Nothing is left behind where the body fails.

    Args:
        output: The file or the folder, which must not exist.

    Raises:
        OSError: It cannot be written; the error names it, not the temporary path.
    """
    with named_errors(output), TemporaryDirectory(prefix=".tmp-", dir=output.parent) as temporary:
        path = Path(temporary, "network.tflite")  # the ending that Keras wants of that format
        with (
            named_errors(output, path),  # a reader of messages knows nothing of it
            temporary_files_in(Path(temporary)),
        ):
            yield path
        _move(path, output)


def write_network(
    run: Path,
    trained: TrainedRun,
    form: str,
    path: Path,
) -> None:
    """Write the network of a run to the path.

    Args:
        run: The run directory.
        trained: The run.
        form: One of NETWORK_FORMATS.
        path: The file, or for saved_model the folder, to write. That of litert ends in .tflite.

    Raises:
        NnrunError: The format lacks what the network needs.
        OSError: The path cannot be written.
    """
    from nnrun.training.exported_model import write_model

    try:
        write_model(trained, form, path)
    except Exception as error:  # Keras and the converters raise anything
        full_disk = disk_error(error, path)
        if full_disk:
            raise full_disk from None
        reason = f"Keras cannot export it as {form}: {first_line(error)}"
        raise NnrunError(f"{run}: {reason}") from None


def _require_onnx() -> None:
    specs = [importlib.util.find_spec(package) for package in ONNX_PACKAGES]
    if not all(specs):
        advice = how_to_install("onnx")
        raise InputError(f"--format onnx needs two more packages: {advice}")


def _move(network: Path, output: Path) -> None:
    """Move the file or folder to its place, once all of it is on the disk."""
    for path in (*network.rglob("*"), network):
        sync_folder(path)
    network.rename(output)
    sync_folder(output.parent)

"""The files of a finished model, verified: the bytes that were hashed are those that are parsed.

The config says how large the network is, and so how large its files can be: nothing larger is
read, whatever run.json says of it.
"""

import hashlib
import io
import shlex
from dataclasses import dataclass
from pathlib import Path

from nnrun.config.architecture import weight_shapes
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.features.number_codes import code_size
from nnrun.ordinary_files import LARGEST_FILE, hash_file, open_ordinary, size_of
from nnrun.runs.arrays import Array, largest_size, parse_arrays
from nnrun.runs.info import RunInfo

CONFIG = "config.yaml"
ENCODING = "encoding.json"
MODEL = "model.keras"
WEIGHTS = "weights.npz"

CHECKED = (CONFIG, ENCODING, MODEL, WEIGHTS)
"""The files whose sizes and checksums run.json has."""

BEFORE_REFIT = "before_refit.npz"
"""The weights before a refit, which a run has that was trained again on all rows."""

COPIES = 8
"""How many times model.keras holds as much as the weights, at the most: Adam has two more for each
weight, or three, and an average of the weights one."""

DESCRIPTION = 64 << 20
"""Bytes of model.keras besides, at the most: its config has the mean of every input as text."""


@dataclass(frozen=True)
class SavedModel:
    """The verified contents of a finished run.

    Attributes:
        path: The run directory.
        config: What config.yaml holds.
        encoder: What encoding.json holds.
        weights: The bytes of weights.npz, if they were asked for.
        before_refit: Those of before_refit.npz likewise, where the run was refitted.
    """

    path: Path
    config: Config
    encoder: Encoder
    weights: bytes = b""
    before_refit: bytes = b""

    def read_weights(self) -> dict[str, Array]:
        """Return the weights, float32, by the names of `weight_shapes`.

        Raises:
            RunError: They are not those of this network, or were not asked for.
        """
        return self._parse(self.weights, WEIGHTS)

    def read_weights_before_refit(self) -> dict[str, Array] | None:
        """Return the weights before a refit in the same way, or None where there was none.

        Raises:
            RunError: They are not those of this network.
        """
        return self._parse(self.before_refit, BEFORE_REFIT) if self.before_refit else None

    def _parse(self, content: bytes, name: str) -> dict[str, Array]:
        shapes = weight_shapes(self.config, self.encoder.width)
        _, arrays = parse_arrays(io.BytesIO(content), self.path / name, shapes)
        return arrays


def read_saved_model(path: Path, info: RunInfo, *, with_weights: bool = False) -> SavedModel:
    """Return the config and the encoder of a run that has a model, once all files are verified.

    Args:
        path: The run directory.
        info: The facts of its run.json.
        with_weights: Whether the bytes of the weights are kept too.

    Raises:
        RunError: The run has no model, or a file is missing or was altered.
        ConfigError: config.yaml is not a config.
    """
    _check_presence(path, info)
    files = _Files(path, info)
    config_text = files.read(CONFIG, LARGEST_FILE)
    encoding_text = files.read(ENCODING, LARGEST_FILE)
    files.refuse_altered()  # without the two nobody knows how large the others can be
    config = load_config(path / CONFIG, content=config_text)
    encoder = Encoder.parse(encoding_text, path / ENCODING)
    shapes = weight_shapes(config, encoder.width)
    most = largest_size(shapes)
    besides = code_size(config, encoder) + DESCRIPTION  # of each member
    most_of_model = COPIES * most + config.ensemble * besides
    files.read(MODEL, most_of_model, keep=False)
    weights = files.read(WEIGHTS, most, keep=with_weights)
    before_refit = b""
    if _was_refitted(path, info):
        before_refit = files.read(BEFORE_REFIT, most, keep=with_weights)
    files.refuse_altered()
    return SavedModel(path, config, encoder, weights, before_refit)


def _was_refitted(path: Path, info: RunInfo) -> bool:
    """Return whether a run has weights of before a refit, which may just be being saved."""
    if info.refit_epochs or BEFORE_REFIT in info.checksums:
        return True
    return BEFORE_REFIT in info.saving and (path / BEFORE_REFIT).exists()


class _Files:
    """Reads files of a run, and notes which are not as training left them.

    Args:
        path: The run directory.
        info: The facts of its run.json, which has the size and the checksum of each file.
    """

    def __init__(self, path: Path, info: RunInfo) -> None:
        self._path = path
        self._info = info
        self._altered: list[str] = []

    def read(self, name: str, most: int, *, keep: bool = True) -> bytes:
        """Return the bytes of a file, or none where it was altered.

        Args:
            name: The file.
            most: The largest size, in bytes, that it has.
            keep: Whether its bytes are returned; else they are hashed alone.

        Raises:
            RunError: The file cannot be read, or is larger than that.
        """
        path = self._path / name
        content = b""
        try:
            with open_ordinary(path) as file:
                size = size_of(file)
                is_whole = self._has_right_size(name, size)
                if is_whole and size > most:
                    raise RunError(
                        f"{path}: cannot be read: it has {size:,} bytes, and "
                        f"the file of this network has at most {most:,}"
                    )
                if is_whole and keep:
                    content = file.read(size)
                    checksum = hashlib.sha256(content).hexdigest()
                    is_whole = self._has_right_sum(name, checksum)
                elif is_whole:
                    checksum = hash_file(file, size)
                    is_whole = self._has_right_sum(name, checksum)
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"{path}: cannot be read: {reason}") from None
        if not is_whole:
            self._altered.append(name)
        return content

    def refuse_altered(self) -> None:
        """Raise a RunError that names the files that were altered, if there are some."""
        if self._altered:
            names = ", ".join(self._altered)
            raise RunError(f"{self._path}: {names} was altered since training")

    def _has_right_size(self, name: str, size: int) -> bool:
        """Return whether a size is one that run.json has; former versions had none.

        While a model is renamed to its place, its files are those of the former one or of the new.
        """
        recorded = []
        for sizes in (self._info.sizes, self._info.saving_sizes):
            if name in sizes:
                recorded.append(sizes[name])
        return not recorded or size in recorded

    def _has_right_sum(self, name: str, checksum: str) -> bool:
        """Return whether a checksum is that of the model, or of the one that is being saved."""
        recorded = (self._info.checksums.get(name), self._info.saving.get(name))
        return checksum in recorded


def _check_presence(path: Path, info: RunInfo) -> None:
    """Raise a RunError where a run has no model, or lacks one of its files."""
    if not info.checksums:
        command = f"nnrun resume {shlex.quote(str(path))}"
        raise RunError(
            f"{path}: has no model yet: its status is {info.status!r}; "
            f"wait until it is trained, or resume it with: {command}"
        )
    needed = list(CHECKED)
    if BEFORE_REFIT in info.checksums:
        needed.append(BEFORE_REFIT)
    missing = [name for name in needed if not (path / name).is_file()]
    if missing:
        names = ", ".join(missing)
        raise RunError(f"{path}: {names} is missing")

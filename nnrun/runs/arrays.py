"""Arrays in .npz files, which may come from anywhere.

They are plain numbers of the expected types and shapes; nothing is unzipped or unpickled.
"""

import os
import zipfile
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnrun.errors import RunError
from nnrun.ordinary_files import open_ordinary
from nnrun.wording import first_line

Array = np.ndarray[Any, np.dtype[Any]]

Spec = tuple[tuple[int, ...], str]
"""The shape and the dtype of an array."""

Shapes = Mapping[str, Spec]

STATE = "state"
"""The member that holds text, as bytes of any length."""

ROOM = 1 << 20
"""Bytes of the state, and of all in the file that is not an array, at the most."""

MEMBER = 1 << 10
"""Bytes of a zip member's headers and of its entry in the directory, at the most."""

NUMPY_HEADER = 128
"""Bytes of NumPy's own header of an array of one dimension."""


def write_arrays(path: Path, arrays: Mapping[str, Array], state: str = "") -> None:
    """Write the arrays and the text `state`, uncompressed.

    Args:
        path: The .npz file.
        arrays: The arrays by their names.
        state: A text that stands beside them.
    """
    state_bytes = np.frombuffer(state.encode(), np.uint8)
    np.savez(path, allow_pickle=False, **arrays, **{STATE: state_bytes})


def read_arrays(
    path: Path,
    required: Shapes,
    further_shapes: Callable[[str], Shapes] | None = None,
    room: int = 0,
    unchecked: tuple[str, ...] = (),
) -> tuple[str, dict[str, Array]]:
    """Return the state and the arrays of a file, which has exactly those that are expected.

    Nothing larger than the shapes and `room` is allocated.

    Args:
        path: The .npz file.
        required: The shape and the dtype of each array that every such file has, by its name.
        further_shapes: Takes the state, and returns the same of the further arrays that a file of
            this state has; None where there are no such arrays.
        room: The bytes of those further arrays at the most.
        unchecked: How the names of arrays begin whose numbers need not be finite.

    Returns:
        The text that was written as `state`, and the arrays by their names.

    Raises:
        RunError: Names, shapes, dtypes, sizes or checksums are otherwise, or a number is not
            finite.
    """
    try:
        with open_ordinary(path) as file:
            return parse_arrays(file, path, required, further_shapes, room, unchecked)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or first_line(error)}"
        raise RunError(f"{path}: {reason}") from None


def parse_arrays(
    file: IO[bytes],
    path: Path,
    required: Shapes,
    further_shapes: Callable[[str], Shapes] | None = None,
    room: int = 0,
    unchecked: tuple[str, ...] = (),
) -> tuple[str, dict[str, Array]]:
    """Return the state and the arrays of an open file; see `read_arrays`.

    Args:
        file: The open file, which can seek.
        path: Its path, as messages call it.
        required: The shape and the dtype of each array that every such file has, by its name.
        further_shapes: Returns the same of the further arrays, given the state; None for no such.
        room: The bytes of those further arrays at the most.
        unchecked: How the names of arrays begin whose numbers need not be finite.

    Raises:
        RunError: The file is not what was written.
    """
    try:
        size = file.seek(0, os.SEEK_END)
        if size > largest_size(required, room):
            raise ValueError("it is larger than its arrays")
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, size)
            state = _read_state(archive)
            shapes = dict(required)
            if further_shapes:
                shapes |= further_shapes(state)
            _check_names(archive, shapes)
            arrays = {}
            for name, spec in shapes.items():
                arrays[name] = _read_member(archive, name, spec)
        _check_finite(arrays, unchecked)
    except Exception as error:  # zipfile and numpy raise what they like at a bad file
        reason = f"cannot be read: {first_line(error)}; was it altered?"
        raise RunError(f"{path}: {reason}") from None
    return state, arrays


def largest_size(shapes: Shapes, room: int = 0) -> int:
    """Return how many bytes a file of arrays has at the most.

    Args:
        shapes: The shape and the dtype of each array, by its name.
        room: The bytes of further arrays at the most.
    """
    needed = room + ROOM
    for shape, dtype in shapes.values():
        needed += _byte_count(shape, dtype) + MEMBER
    return needed


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Raise a ValueError unless every member stands in the file as it is."""
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    are_plain = all(map(_is_plain, members))
    if not are_plain or total > size:
        raise ValueError("members are compressed, encrypted, or larger than the file")


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Return whether a member is neither compressed nor encrypted."""
    is_encrypted = bool(member.flag_bits & 1)
    return member.compress_type == zipfile.ZIP_STORED and not is_encrypted


def _check_names(archive: zipfile.ZipFile, shapes: Shapes) -> None:
    """Raise a ValueError unless the members are the arrays that are expected, and the state."""
    expected = sorted(f"{name}.npy" for name in (*shapes, STATE))
    if sorted(archive.namelist()) != expected:
        raise ValueError("its arrays are not those of this network")


def _check_finite(arrays: Mapping[str, Array], unchecked: tuple[str, ...]) -> None:
    for name, array in arrays.items():
        if name.startswith(unchecked):
            continue
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has numbers that are not finite")


def _read_state(archive: zipfile.ZipFile) -> str:
    """Return the text of the state, whose length the archive tells."""
    member = archive.getinfo(f"{STATE}.npy")
    length = member.file_size - NUMPY_HEADER
    if length > ROOM:
        raise ValueError("its state is too long")
    shape = (length,)
    array = _read_member(archive, STATE, (shape, "uint8"))
    return array.tobytes().decode()


def _read_member(archive: zipfile.ZipFile, name: str, spec: Spec) -> Array:
    """Return an array, or raise a ValueError where its header says another shape or dtype."""
    with archive.open(f"{name}.npy") as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} has a format that nnrun does not write")
        shape, in_fortran_order, dtype = np.lib.format.read_array_header_1_0(member)
        is_as_written = dtype.isnative and not in_fortran_order
        if (shape, dtype.name) != spec or not is_as_written:
            expected_shape, expected_dtype = spec
            expected = f"{expected_dtype} {expected_shape}"
            raise ValueError(f"{name} must be {expected}; received {dtype} {shape}")
        size = _byte_count(shape, dtype.name)
        data = member.read(size + 1)  # a byte beyond, so that zipfile compares the checksum
    return np.frombuffer(data, dtype).reshape(shape)


def _byte_count(shape: tuple[int, ...], dtype: str) -> int:
    bytes_of_a_number = np.dtype(dtype).itemsize
    return prod(shape) * bytes_of_a_number

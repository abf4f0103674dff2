"""Arrays in .npz files, which may come from anywhere: plain numbers of the expected types and shapes, no pickle."""

import zipfile
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnrun.errors import RunError
from nnrun.wording import first_line

Array = np.ndarray[Any, np.dtype[Any]]
Shapes = Mapping[str, tuple[tuple[int, ...], str]]  # name -> shape, dtype
STATE = "state"  # a member of any length: text, as bytes
ROOM = 1 << 20  # bytes of the state, and of all that is no array
MEMBER = 1 << 10  # bytes of a zip member's headers and its entry in the directory, at most


def write_arrays(path: Path, arrays: Mapping[str, Array], state: str = "") -> None:
    """Write the arrays and the text `state`, uncompressed."""
    np.savez(path, allow_pickle=False, **arrays, **{STATE: np.frombuffer(state.encode(), np.uint8)})


def read_arrays(
    path: Path,
    known: Shapes,
    more: Callable[[str], Shapes] = lambda _: {},
    room: int = 0,
    unchecked: tuple[str, ...] = (),
) -> tuple[str, dict[str, Array]]:
    """Return the state, and the arrays: exactly those of `known`, and those that `more` says of the state.

    Nothing larger than the shapes and `room`, the bytes of `more`, is allocated; no member is unzipped or unpickled.
    Raises a RunError where anything is otherwise: names, shapes, dtypes, sizes, checksums, or numbers that are not
    finite, but in arrays whose names begin as `unchecked`.
    """
    try:
        size = path.stat().st_size
        if size > room + ROOM + sum(_bytes(*spec) + MEMBER for spec in known.values()):
            raise ValueError("it is larger than its arrays")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if (
                any(m.compress_type or m.flag_bits & 1 for m in members)
                or sum(m.file_size for m in members) > size
            ):
                raise ValueError("members are compressed, encrypted, or larger than the file")
            length = (
                archive.getinfo(f"{STATE}.npy").file_size - 128
            )  # numpy's header of one dimension
            if length > ROOM:
                raise ValueError("its state is too long")
            state = _read(archive, STATE, ((length,), "uint8")).tobytes().decode()
            shapes = {**known, **more(state)}
            if sorted(f"{name}.npy" for name in (*shapes, STATE)) != sorted(
                member.filename for member in members
            ):
                raise ValueError("its arrays are not those of this network")
            arrays = {name: _read(archive, name, spec) for name, spec in shapes.items()}
        for name, array in arrays.items():
            if not (name.startswith(unchecked) or np.isfinite(array).all()):
                raise ValueError(f"{name} has numbers that are not finite")
        return state, arrays
    except Exception as error:  # zipfile and numpy raise what they like at a bad file
        raise RunError(f"{path}: cannot be read: {first_line(error)}; was it altered?") from None


def _read(archive: zipfile.ZipFile, name: str, spec: tuple[tuple[int, ...], str]) -> Array:
    with archive.open(f"{name}.npy") as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} is of another format")
        shape, in_fortran_order, dtype = np.lib.format.read_array_header_1_0(member)
        if (shape, dtype.name) != spec or not dtype.isnative or in_fortran_order:
            raise ValueError(f"{name} is {dtype} {shape}, where {spec[1]} {spec[0]} belongs")
        data = member.read(_bytes(*spec) + 1)  # beyond the end, so that the checksum is compared
    return np.frombuffer(data, dtype).reshape(shape)


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    return prod(shape) * np.dtype(dtype).itemsize

"""Files of a run as a stranger could have made them, with checksums in run.json that fit."""

import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from nnrun.config.loading import load_config
from nnrun.files import sha256

Members = dict[str, bytes]


class Canary:
    """What creates a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def sign(run: Path, **entries: Any) -> None:
    """Bring the checksums of run.json up to date, and change some of its entries."""
    info = json.loads((run / "run.json").read_bytes())
    info["checksums"] = {name: sha256(run / name) for name in info["checksums"]}
    info["sizes"] = {name: (run / name).stat().st_size for name in info["checksums"]}
    (run / "run.json").write_text(json.dumps({**info, **entries}))


def forge(run: Path, name: str, content: str | bytes) -> None:
    """Write a file of the run, and sign it."""
    (run / name).write_bytes(content.encode() if isinstance(content, str) else content)
    if name != "run.json":
        sign(run)


def forge_json(run: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change what a JSON file of the run holds."""
    values = json.loads((run / name).read_bytes())
    forge(run, name, json.dumps(change(values) or values))


def forge_config(run: Path, changes: Mapping[str, Any]) -> None:
    """Change dotted keys of config.yaml, and what run.json says of it."""
    values = yaml.safe_load((run / "config.yaml").read_bytes())
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = values
        for parent in parents:
            place = place[parent]
        place[last] = value
    forge(run, "config.yaml", yaml.safe_dump(values))
    sign(run, config=load_config(run / "config.yaml").model_dump(mode="json"))


def members(path: Path) -> Members:
    """Return what a zip file holds, by name."""
    with zipfile.ZipFile(path) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def zipped(content: Mapping[str, bytes], *more: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return an uncompressed zip file; `more` may repeat names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand there already
        for name, data in [*content.items(), *more]:
            archive.writestr(name, data)
    return buffer.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    """Return the entry of a symbolic link, whose data is its target."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


def patched(data: bytes, name: str, **values: int) -> bytes:
    """Return a zip file with other numbers in both headers of a member."""
    fields = {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<I"), "size": (22, "<I")}
    changed, called = bytearray(data), name.encode()
    local = data.index(called) - 30
    central = data.index(called, data.index(b"PK\x01\x02")) - 46
    for field, value in values.items():
        at, form = fields[field]
        struct.pack_into(form, changed, local + at, value)
        struct.pack_into(form, changed, central + at + 2, value)
    return bytes(changed)


def gigabyte() -> bytes:
    """Return a gigabyte of zeros, deflated to a megabyte."""
    packer, end = (zlib.compressobj(9, zlib.DEFLATED, -15) for _ in range(2))
    mebibyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return 1024 * mebibyte + end.flush()


def npy(array: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return an array as a .npy file; objects are pickled."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), version=version, allow_pickle=True)
    return buffer.getvalue()


def npy_of(header: str | bytes, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """Return a .npy file with exactly this header."""
    text = header.encode() if isinstance(header, str) else header
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H" if version == (1, 0) else "<I", len(text))
        + text
        + data
    )


def header(shape: str, descr: str = "'<f4'", order: bool = False) -> str:
    """Return a .npy file's header."""
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def forge_state(run: Path, change: Callable[[dict[str, Any]], Any] | bytes) -> None:
    """Change the state in checkpoint.npz."""
    path = run / "checkpoint.npz"
    content = members(path)
    if callable(change):
        state = json.loads(np.load(io.BytesIO(content["state.npy"])).tobytes())
        change = json.dumps(change(state) or state).encode()
    path.write_bytes(zipped({**content, "state.npy": npy(np.frombuffer(change, np.uint8))}))


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return all that stands in a folder, files with their bytes."""
    return {
        str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None
        for p in sorted(folder.rglob("*"))
    }

"""A run directory may come from anybody: no code could run what its files say, and arrays are plainly arrays."""

import ast
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forgery import (
    Canary,
    forge,
    gigabyte,
    header,
    link,
    members,
    npy,
    npy_of,
    patched,
    zipped,
)
from support.marks import usual_names

import nnrun as package

pytestmark = pytest.mark.usefixtures("eager")

BUILTINS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "h5py", "runpy"}
METHODS = {
    "load_model",
    "from_config",
    "deserialize",
    "deserialize_keras_object",
    "load_weights",
    "model_from_json",
}
METHODS |= {"unsafe_load", "full_load", "find_class", "fromfile", "extractall", "import_module"}
OF_MODULES = {
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "Loader"),
    ("yaml", "FullLoader"),
    ("np", "load"),
}
CANARY = Canary(Path("canary"))  # in the folder in which the command runs
ONES = np.ones((3, 4), np.float32)
ARRAYS = {"weights.npz": "layers[0].weights[0].npy", "checkpoint.npz": "model_0.npy"}  # both (3, 4)
PARAMETERS = 21


def dangers(node: ast.AST) -> set[Any]:
    """Return what a piece of code names that could run what a file says."""
    match node:
        case ast.Import():
            return {part for alias in node.names for part in alias.name.split(".")} & MODULES
        case ast.ImportFrom():
            return {*str(node.module).split("."), *(alias.name for alias in node.names)} & (
                MODULES | METHODS
            )
        case ast.Name():
            return {node.id} & (BUILTINS | MODULES)
        case ast.Attribute(value=ast.Name()):
            return ({node.attr} & METHODS) | ({(node.value.id, node.attr)} & OF_MODULES)
        case ast.Attribute():
            return {node.attr} & METHODS
        case ast.keyword(arg="allow_pickle" | "safe_mode"):
            return (
                set()
                if isinstance(node.value, ast.Constant) and node.value.value is False
                else {node.arg}
            )
    return set()


PACKAGE = Path(str(package.__file__)).parent


def modules(folder: Path) -> list[Path]:
    """Return all modules below a folder, however deep."""
    return sorted(folder.rglob("*.py"))


def dangers_in(path: Path) -> list[set[Any]]:
    """Return what a module names that could run what a file says."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [found for node in nodes if (found := dangers(node))]


@pytest.mark.parametrize(
    "path", modules(PACKAGE), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_no_module_can_run_what_a_file_says(path):
    assert dangers_in(path) == []


def test_every_package_was_looked_at():
    seen = {path.relative_to(PACKAGE).parts[0] for path in modules(PACKAGE)}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert len(modules(PACKAGE)) >= 80
    assert len(packages) >= 9
    assert packages <= seen


def test_a_module_deep_in_a_package_is_found_and_its_danger_too(tmp_path):
    folder = tmp_path / "package" / "deep" / "deeper"
    folder.mkdir(parents=True)
    (folder / "innocent.py").write_text("import json\n")
    (folder / "module.py").write_text("def load(path):\n    import pickle\n    return pickle\n")
    assert [dangers_in(path) for path in modules(tmp_path)] == [[], [{"pickle"}, {"pickle"}]]


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import numpy.core.h5py",
        "from keras.saving import load_model",
        "eval(x)",
        "keras.saving.load_model(x)",
        "layers.deserialize(x)",
        "Sequential.from_config(x)",
        "yaml.load(x)",
        "np.load(x)",
        "numpy.lib.format.read_array(x, allow_pickle=True)",
        "read(x, allow_pickle=flag)",
    ],
)
def test_code_that_could_is_found(code):
    assert any(dangers(node) for node in ast.walk(ast.parse(code)))


def bomb(content: dict[str, bytes], name: str) -> bytes:
    """Return a zip file of one megabyte that holds a gigabyte."""
    return patched(zipped({**content, name: gigabyte()}), name, method=8, size=1 << 30)


def swap(data: Callable[[], bytes] | bytes) -> Callable[[dict[str, bytes], str], bytes]:
    return lambda content, name: zipped(
        {**content, name: data if isinstance(data, bytes) else data()}
    )


def add(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes], str], bytes]:
    return lambda content, _: zipped(content, (name, data))


STRUCTURED = np.zeros((3, 4), [("a", "<f4")])
BAD_ARRAYS: dict[str, Callable[[dict[str, bytes], str], bytes]] = {
    "an array of pickled objects": swap(lambda: npy(np.full((3, 4), CANARY, object))),
    "a pickle": swap(lambda: pickle.dumps(CANARY)),
    "a header that is a pickle": swap(lambda: npy_of(pickle.dumps(CANARY), bytes(48))),
    "a header that is code": swap(
        npy_of("__import__('pathlib').Path('canary').touch()", bytes(48))
    ),
    "a header with code in it": swap(npy_of(header("(3, open('canary', 'w') and 4)"), bytes(48))),
    "a header of nothing but brackets": swap(npy_of("[" * 9000, bytes(48))),
    "a header of nothing but signs": swap(npy_of("-" * 9000 + "1", bytes(48))),
    "a header that is padded": swap(npy_of(header("(3, 4)") + " " * 60_000, bytes(48))),
    "a header of a megabyte": swap(npy_of(header("(3, 4)") + " " * 1_000_000, bytes(48), (2, 0))),
    "format 2": swap(npy(ONES, (2, 0))),
    "format 3": swap(npy(ONES, (3, 0))),
    "format 9": swap(npy_of(header("(3, 4)"), bytes(48), (9, 0))),
    "a trillion rows": swap(npy_of(header("(1000000000000, 4)"), bytes(48))),
    "more elements than integers count": swap(npy_of(header("(4294967296, 4294967296, 0)"), b"")),
    "a negative number of rows": swap(npy_of(header("(-3, 4)"), bytes(48))),
    "numbers of rows that are none": swap(npy_of(header("(3.0, 4)"), bytes(48))),
    "another shape": swap(npy(np.ones((4, 3), np.float32))),
    "one dimension": swap(npy(np.ones(12, np.float32))),
    "float64": swap(npy(ONES.astype(np.float64))),
    "float16": swap(npy(ONES.astype(np.float16))),
    "integers": swap(npy(ONES.astype(np.int32))),
    "complex numbers": swap(npy(ONES.astype(np.complex64))),
    "the other byte order": swap(npy(ONES.astype(">f4"))),
    "columns first": swap(npy(np.asfortranarray(ONES))),
    "a structure": swap(npy(STRUCTURED)),
    "a structure in a structure": swap(
        npy_of(header("(3, 4)", "[('a', [('b', '<f4')])]"), bytes(48))
    ),
    "text": swap(npy(ONES.astype("U1"))),
    "dates": swap(npy(np.zeros((3, 4), "datetime64[s]"))),
    "NaN": swap(npy(ONES * np.float32("nan"))),
    "infinity": swap(npy(np.where(np.eye(3, 4), np.float32("inf"), ONES))),
    "too few numbers": swap(npy(ONES)[:-4]),
    "too many numbers": swap(npy(ONES) + bytes(4)),
    "nothing": swap(b""),
    "a member beyond the folder": add("../canary.npy", npy(ONES)),
    "a member with an absolute path": add("/tmp/canary.npy", npy(ONES)),
    "a member that is a link": lambda content, _: zipped(
        content, (link("more.npy"), b"/etc/passwd")
    ),
    "an array that is a link": lambda content, name: zipped(
        {k: v for k, v in content.items() if k != name}, (link(name), b"../../secret")
    ),
    "a folder": add("more/", b""),
    "one array more": add("more.npy", npy(ONES)),
    "an array twice": lambda content, name: zipped(content, (name, content[name])),
    "an array less": lambda content, name: zipped({k: v for k, v in content.items() if k != name}),
    "an array of another name": lambda content, name: zipped(
        {k.replace(name, "kernel.npy"): v for k, v in content.items()}
    ),
    "no state": lambda content, _: zipped({k: v for k, v in content.items() if k != "state.npy"}),
    "a state that is no bytes": lambda content, _: zipped(
        {**content, "state.npy": npy(np.zeros((2, 2), np.uint8))}
    ),
    "a gigabyte of zeros, compressed": bomb,
    "members that say they are compressed": lambda content, name: patched(
        zipped(content), name, method=8
    ),
    "members that say they are encrypted": lambda content, name: patched(
        zipped(content), name, flags=1
    ),
    "a member that says it is patched data": lambda content, name: patched(
        zipped(content), name, flags=0x20
    ),
    "a member that says it has four gigabytes": lambda content, name: patched(
        zipped(content), name, size=2**32 - 2
    ),
    "a member of another checksum": lambda content, name: patched(zipped(content), name, crc=1),
    "no zip file": lambda *_: npy(ONES),
    "an empty file": lambda *_: b"",
    "an empty zip file": lambda *_: zipped({}),
}


@pytest.mark.parametrize("file", usual_names(ARRAYS, "weights.npz"))
@pytest.mark.parametrize("craft", BAD_ARRAYS.values(), ids=BAD_ARRAYS.keys())
def test_arrays_that_are_not_plainly_those_of_the_network_are_refused(
    copied_run, refusal_of, file, craft
):
    forge(copied_run, file, craft(members(copied_run / file), ARRAYS[file]))
    message = refusal_of("predict" if file == "weights.npz" else "resume", file)
    empty = file == "checkpoint.npz" and (copied_run / file).stat().st_size < 4 * PARAMETERS
    assert ("is smaller than the network of " if empty else "cannot be read: ") in message
    assert len(message) < 1000


def test_predictions_that_are_not_finite_are_refused(nnrun, copied_run, command_on_run):
    path = copied_run / "weights.npz"
    huge = npy(np.where(np.eye(3, 4), np.float32(-3e38), np.float32(3e38)))
    forge(copied_run, "weights.npz", zipped({**members(path), ARRAYS["weights.npz"]: huge}))
    done = nnrun(*command_on_run("predict"))
    assert done.code == 2
    assert "the network's output is not finite" in done.err


def test_measures_of_what_is_not_finite_are_refused(nnrun, copied_run, command_on_run):
    huge = npy(np.full((3, 4), 3e38, np.float32))
    forge(
        copied_run,
        "weights.npz",
        zipped({**members(copied_run / "weights.npz"), ARRAYS["weights.npz"]: huge}),
    )
    done = nnrun(*command_on_run("evaluate"))
    assert done.code == 2
    assert "the network's output is not finite" in done.err

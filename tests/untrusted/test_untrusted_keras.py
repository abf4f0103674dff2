"""A run directory may come from anybody: model.keras is for others, and no command opens it but for its checksum."""

import json
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.forgery import (
    Canary,
    everything,
    forge,
    gigabyte,
    link,
    members,
    npy_of,
    patched,
    zipped,
)
from support.processes import run_python

import nnrun
from nnrun.training.backend import keras

CODE = "__import__('pathlib').Path({!r}).touch()"


def module(name: str, of: str, registered: str | None, **config: Any) -> dict[str, Any]:
    return {"module": of, "class_name": name, "config": config, "registered_name": registered}


def with_config(content: dict[str, bytes], layer: dict[str, Any]) -> bytes:
    """Return a model whose config has one more layer."""
    config = json.loads(content["config.json"])
    config["config"]["layers"].append(layer)
    return zipped({**content, "config.json": json.dumps(config).encode()})


def lambda_model(folder: Path) -> bytes:
    """Return a model of a Lambda layer whose function makes the canary."""
    code = compile(
        f"lambda x: ({CODE.format(str(folder / 'canary'))}, x)[1]", "<lambda>", "eval"
    ).co_consts[0]
    function = type(lambda: None)(code, {"__builtins__": __builtins__})
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(function, output_shape=(3,))])
    path = folder / "lambda.keras"
    model.save(path)
    (folder / "canary").unlink(missing_ok=True)  # which building the model has made
    return path.read_bytes()


def hdf5(folder: Path, write: Callable[[h5py.File], None]) -> bytes:
    path = folder / "made.h5"
    with h5py.File(path, "w") as file:
        write(file)
    data = path.read_bytes()
    path.unlink()
    return data


def virtual(file: h5py.File, secret: str) -> None:
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource(secret, "data", (3, 4))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def link_to(file: h5py.File, target: Any) -> None:
    file["layers/dense/vars/0"] = target


def crafted(content: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Return model.keras files that would make `folder`/canary, or read `folder`/secret, were they opened."""
    canary, secret = str(folder / "canary"), str(folder / "secret")
    pickled = pickle.dumps(Canary(folder / "canary"))
    weights = {
        "an external link": lambda file: link_to(file, h5py.ExternalLink(secret, "data")),
        "a soft link": lambda file: link_to(file, h5py.SoftLink("/nowhere")),
        "external storage": lambda file: file.create_dataset(
            "layers/dense/vars/0", (3, 4), "f4", external=[(secret, 0, 48)]
        ),
        "a virtual dataset": lambda file: virtual(file, secret),
        "a dataset without end": lambda file: file.create_dataset(
            "layers/dense/vars/0", (10**9, 10**9), "f4", chunks=True
        ),
    }
    legacy = {"class_name": "Lambda", "config": {"function": [CODE.format(canary), None, None]}}
    return {
        "a Lambda layer": lambda_model(folder),
        "a function of os": with_config(
            content, module("system", "os", None, command=f"touch {canary}")
        ),
        "a class of subprocess": with_config(
            content, module("Popen", "subprocess", "Popen", args=["touch", canary])
        ),
        "builtins.eval": with_config(
            content, module("eval", "builtins", None, source=CODE.format(canary))
        ),
        "a registered class": with_config(content, module("Evil", "evil", "evil>Evil")),
        "TorchModuleWrapper": with_config(
            content, module("TorchModuleWrapper", "keras.layers", None, module=pickled.hex())
        ),
        "a pickle as the config": zipped({**content, "config.json": pickled}),
        "a pickle as metadata": zipped({**content, "metadata.json": pickled}),
        "a member beyond the folder": zipped(content, ("../canary", b"")),
        "a member with an absolute path": zipped(content, (canary, b"")),
        "assets beyond the folder": zipped(content, ("assets/../../canary", b"")),
        "a member that is a link": zipped(content, (link("assets/secret"), secret.encode())),
        "weights that are a link": zipped(
            {k: v for k, v in content.items() if "h5" not in k},
            (link("model.weights.h5"), secret.encode()),
        ),
        "a config twice": zipped(content, ("config.json", b"{}")),
        "a member more": zipped(content, ("evil.py", CODE.format(canary).encode())),
        "a gigabyte of zeros": patched(
            zipped({**content, "model.weights.h5": gigabyte()}),
            "model.weights.h5",
            method=8,
            size=1 << 30,
        ),
        **{
            f"{name} among weights": zipped({**content, "model.weights.h5": hdf5(folder, write)})
            for name, write in weights.items()
        },
        "a file of Keras 2": hdf5(
            folder, lambda file: file.attrs.update(model_config=json.dumps(legacy))
        ),
        "arrays of pickled objects": zipped({**content, "model.weights.npz": npy_of(pickled)}),
        "a pickle": pickled,
        "nothing": b"",
    }


AUDITED = """
import io, json, os, sys, tempfile, zipfile
from pathlib import Path

events, opened = [], []
watching = False
WATCHED = {"open", "exec", "compile", "import", "pickle.find_class", "marshal.loads", "ctypes.dlopen", "os.system",
           "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename", "os.mkdir", "os.link",
           "os.symlink", "os.truncate", "os.chmod", "socket.connect", "tempfile.mkstemp", "tempfile.mkdtemp",
           "shutil.rmtree", "shutil.copyfile", "code.__new__", "function.__new__"}

def hook(event, arguments):
    if watching and event in WATCHED:
        what = arguments[0].co_filename if event == "exec" else str(arguments[0])[:4096]  # as long as a path may be
        events.append([event, what, mode_of(*arguments) if event == "open" else ""])

def mode_of(path, mode, flags):
    if mode is None and flags & os.O_ACCMODE == os.O_RDONLY:  # os.open tells flags alone
        return "os.open"
    return str(mode)[:20]

sys.addaudithook(hook)
from nnrun.__main__ import main
import h5py

for owner in (h5py.File, zipfile.ZipFile):  # whose reading no event tells
    def init(self, file, *args, __former=owner.__init__, **options):
        if watching:
            opened.append(str(file) if isinstance(file, (str, os.PathLike)) else type(file).__name__)
        __former(self, file, *args, **options)
    owner.__init__ = init

def run(*arguments):
    global watching
    sys.argv, out, err = ["nnrun", *arguments], sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "ab")
    events.clear(), opened.clear()
    watching = True
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        watching = False
        texts = [stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr)]
        sys.stdout, sys.stderr = out, err
    return {"code": code, "texts": texts, "events": list(events), "opened": list(opened)}

runs, table, warm = json.loads(sys.argv[1]), *sys.argv[2:]
for command in ("predict", "show", "evaluate", "resume"):  # what is imported and traced only once
    run(command, warm, *[table] * (command in ("predict", "evaluate")))
found = {}
for name, path in runs.items():
    commands = ["predict", "show"] + ["evaluate", "resume"] * (name in ("as it was", "a Lambda layer"))
    found[name] = {c: run(c, path, *[table] * (c in ("predict", "evaluate"))) for c in commands}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(shared_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a secret, and a run for each crafted model.keras."""
    folder = tmp_path_factory.mktemp("crafted")
    with h5py.File(folder / "secret", "w") as file:
        file["data"] = np.full((3, 4), 7.0, np.float32)
    files = {"as it was": (shared_run / "model.keras").read_bytes()}
    for name, data in {**files, **crafted(members(shared_run / "model.keras"), folder)}.items():
        shutil.copytree(shared_run, folder / "runs" / name)
        forge(folder / "runs" / name, "model.keras", data)
    shutil.copytree(shared_run, folder / "warm")
    return folder


@pytest.fixture(scope="module")
def audit(folder: Path, shared_run: Path) -> dict[str, dict[str, Any]]:
    """What commands did with each of these runs, in a process that was watched: by run, by command."""
    before = {
        path: data for path, data in everything(folder).items() if "a Lambda layer" not in path
    }
    runs = {path.name: str(path) for path in sorted((folder / "runs").iterdir())}
    table = shared_run.parent / "table.csv"
    warm = folder / "warm"
    done = run_python("-c", AUDITED, json.dumps(runs), table, warm, cwd=folder, check=True)
    after = {
        path: data for path, data in everything(folder).items() if "a Lambda layer" not in path
    }
    changed = {path for path in after if after[path] != before.get(path)}
    assert all("/as it was/" in path or path.startswith("warm") for path in changed)  # resumed
    return dict(json.loads(done.stdout))


def test_every_crafted_model_leaves_the_predictions_as_they_were(audit, shared_run):
    expected = audit["as it was"]["predict"]["texts"]
    assert len(expected[0].splitlines()) == 61
    assert len(audit) > 25
    for name, commands in audit.items():
        assert {command: done["code"] for command, done in commands.items()} == dict.fromkeys(
            commands, 0
        ), name
        assert commands["predict"]["texts"] == expected, name
    evaluated = audit["a Lambda layer"]["evaluate"]["texts"]
    named_alike = [text.replace("a Lambda layer", "as it was") for text in evaluated]
    assert named_alike == audit["as it was"]["evaluate"]["texts"]


READING = ("r", "rb", "os.open")
"""The modes that only read; the events of os.open that write have another."""


def test_nothing_is_opened_but_the_runs_files_and_the_table(audit, folder, shared_run):
    table, system = (
        str(shared_run.parent / "table.csv"),
        (sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev"),
    )
    for name, commands in audit.items():
        run = folder / "runs" / name
        for command, done in commands.items():
            opened = [(path, mode) for event, path, mode in done["events"] if event == "open"]
            outside = [
                (path, mode)
                for path, mode in opened
                if Path(path).parent != run and (path != table or mode not in READING)
            ]
            if command != "resume":
                assert not outside, (name, command)
                assert all(mode in READING for _, mode in opened), (name, command)
                assert opened.count((str(run / "model.keras"), "r")) == 1, (
                    name,
                    command,
                )  # for its checksum
            else:
                own = (
                    *system,
                    str(Path(nnrun.__file__).parent),  # its style of pictures
                    str(run),
                    str(Path(tempfile.gettempdir(), "tmp")),
                    "assets",
                )  # Keras's, while it saves
                assert not [each for each in outside if not each[0].startswith(own)], name


def test_no_code_runs_and_no_archive_but_the_arrays_is_read(audit, folder):
    for name, commands in audit.items():
        run = folder / "runs" / name
        for command in {*commands} - {"resume"}:
            done = commands[command]
            # The bytes of weights.npz, which were hashed: no other file is kept.
            assert done["opened"] in ([], ["BytesIO"]), (name, command)
            kinds = {event for event, *_ in done["events"]}
            assert kinds <= {"open", "compile", "function.__new__"}, (name, command)
            compiled = [what for event, what, _ in done["events"] if event == "compile"]
            assert all(what.startswith("b\"{'descr': '") for what in compiled), (
                name
            )  # numpy, to a tree of literals
            made = [what for event, what, _ in done["events"] if event == "function.__new__"]
            assert all("__autograph_generated_file" in what for what in made), name
        if "resume" in commands:
            read = {
                Path(path).name
                for event, path, mode in commands["resume"]["events"]
                if event == "open" and mode in ("r", "rb") and Path(path).parent == run
            }
            archives = {n for n in read if n.endswith((".npz", ".keras")) and ".tmp-" not in n}
            assert archives - {"model.keras"} == {
                "checkpoint.npz",
                "weights.npz",
            }  # for the verdict
            assert "model.keras" not in {Path(each).name for each in commands["resume"]["opened"]}


def test_the_crafted_models_are_loaded(folder, audit):
    assert audit
    canary = folder / "canary"
    assert not canary.exists()
    keras.saving.load_model(folder / "lambda.keras", safe_mode=False)(np.zeros((1, 3)))
    assert canary.exists()
    canary.unlink()
    pickle.loads((folder / "runs" / "a pickle" / "model.keras").read_bytes())
    assert canary.exists()
    canary.unlink()
    content = members(folder / "runs" / "an external link among weights" / "model.keras")
    (folder / "linked.h5").write_bytes(content["model.weights.h5"])
    with h5py.File(folder / "linked.h5") as file:
        assert file["layers/dense/vars/0"][0, 0] == 7

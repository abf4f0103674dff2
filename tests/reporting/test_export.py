"""Exported networks: each runtime computes what `nnrun predict` says."""

import json
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from support.forgery import everything, forge_config
from support.marks import exhaustive
from support.networks import ACTIVATIONS_WITH_ARGUMENTS, untrained_run
from support.project import Project, default_table

from nnrun.features.encoded_reader import EncodedReader
from nnrun.installation import how_to_install
from nnrun.results.activations import ACTIVATIONS
from nnrun.results.trained_run import load_run
from nnrun.training.backend import tf
from nnrun.training.exported_model import write_model
from nnrun.training.trainer import train

HIDDEN = {"units": 6, "activation": "relu"}
RUNS: dict[str, dict[str, Any]] = {
    "logits": {
        "layers": [
            HIDDEN,
            {"type": "BatchNormalization"},
            {"type": "Dropout", "rate": 0.2},
            {"units": 1},
        ],
        "loss": {"name": "bce", "from_logits": True},
    },
    "labels": {
        "data.target": "town",
        "layers": [HIDDEN, {"type": "LayerNormalization"}, {"units": 3, "activation": "softmax"}],
        "loss": "SparseCategoricalCrossentropy",
        "metrics": ["accuracy"],
    },
    "numbers": {
        "data.target": ["age", "dose"],
        "layers": [
            {**HIDDEN, "activation": "silu"},
            {"type": "GaussianNoise", "stddev": 0.1},
            {"units": 2},
        ],
        "loss": "mse",
    },
}
OUTPUTS = {"logits": "probability", "labels": "probabilities", "numbers": "predictions"}
has_onnx = pytest.mark.skipif(
    not all(map(find_spec, ("onnx", "tf2onnx", "onnxruntime"))), reason="needs the extra"
)
has_litert = pytest.mark.skipif(
    not find_spec("keras.src.export.litert"), reason="Keras 3.12 has no litert"
)
FORMATS = [
    "saved_model",
    pytest.param("litert", marks=has_litert),
    pytest.param("onnx", marks=has_onnx),
]
USUAL_FORMATS = [
    exhaustive("saved_model", id="saved_model"),
    pytest.param("litert", marks=[has_litert, pytest.mark.exhaustive]),
    pytest.param("onnx", marks=has_onnx),
]
Computes = Callable[[Any], Any]


class Trained(NamedTuple):
    """A run, what its network's output is called, its inputs, and what predict says of them."""

    run: Path
    output: str
    x: Any
    predictions: Any


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return default_table().with_columns(town=pl.Series(["York", "Ely", "Bath"] * 20))


@pytest.fixture(scope="module", params=RUNS)
def trained(request, table, tmp_path_factory) -> Trained:
    project = Project(tmp_path_factory.mktemp("export"))
    project.table(table)
    tf.config.run_functions_eagerly(True)  # as the fixture `eager`
    run = train(
        project.dataset(RUNS[request.param]), stem="x", path=project.folder / "run"
    ).run.path
    loaded = load_run(run)
    reading = EncodedReader(loaded.encoder, loaded.open(table.write_csv().encode()), target=False)
    predictions = pl.concat(loaded.predictions(reading)).drop("prediction", strict=False)
    tf.config.run_functions_eagerly(False)
    x = np.concatenate([x for _, x, _ in reading]).astype(np.float32)
    return Trained(run, OUTPUTS[request.param], x, predictions.to_numpy())


def load(form: str, path: Path, name: str) -> Computes:
    """Load the file with its format's own runtime, and ask it for the output of this name."""
    if form == "saved_model":
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures["serving_default"]
        return lambda x: signature(inputs=tf.constant(x))[name].numpy()
    if form == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        return lambda x: session.run([name], {"inputs": x})[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the interpreter is to move to another package
        interpreter = tf.lite.Interpreter(model_path=str(path))
    run = interpreter.get_signature_runner()
    return lambda x: run(inputs=x)[name]


@pytest.mark.slow
@pytest.mark.parametrize("form", USUAL_FORMATS)
def test_every_runtime_computes_what_predict_says_for_any_number_of_rows(
    trained, form, nnrun, tmp_path
):
    path = tmp_path / "network"
    done = nnrun("export", trained.run, "--format", form, "-o", path)
    assert (done.code, done.out) == (0, f"saved in {path}\n"), done.err
    order, reading = done.err.splitlines()
    width = trained.x.shape[1]
    assert order.startswith(f"the network takes rows of {width} inputs, in this order: '")
    assert reading.endswith("encoding.json tells how the cells of a table become these inputs")
    compute = load(form, path, trained.output)
    for rows in (1, 5, len(trained.x)):
        assert compute(trained.x[:rows]) == pytest.approx(
            trained.predictions[:rows], rel=1e-5, abs=1e-6
        )


def test_the_inputs_are_told_in_their_order(project, table):
    days = table.with_columns(day=pl.Series([f"2024-0{i % 9 + 1}-01" for i in range(60)]))
    days = days.with_columns(pl.when(pl.int_range(60) > 5).then(pl.col("town")))
    project.table(days.select("town", "day", "age", "label"))
    encoder = project.dataset({"data.dates": "expand", "data.missing": "mean"}).encoder
    towns = [f"town is {town}" for town in ("Bath", "Ely", "York", "missing")]
    assert encoder.input_names == [*towns, "month of day", "weekday of day", "age"]
    assert len(encoder.input_names) == len(encoder.inputs)


def test_what_stands_there_is_not_replaced(copied_run, nnrun, project):
    (project.folder / "folder").mkdir()
    before = everything(project.folder)
    for name in ("table.csv", "folder", "run"):
        done = nnrun("export", copied_run, "--format", "saved_model", "-o", name)
        assert (done.code, done.out) == (2, "")
        assert f"-o {name}: exists; choose another name, or remove it" in done.err
    assert (
        "must be in a folder that exists"
        in nnrun("export", copied_run, "--format", "litert", "-o", "nowhere/x").err
    )
    assert everything(project.folder) == before


@pytest.mark.parametrize(
    "error",
    [
        ValueError("one\ntwo"),
        KeyboardInterrupt(),
        OSError(28, "No space left on device"),
        RuntimeError("x/saved_model.pb; No space left on device"),
    ],
    ids=["Keras refuses", "Ctrl-C", "a full disk", "a full disk in C++"],
)
def test_an_export_that_fails_leaves_nothing_behind(copied_run, nnrun, project, monkeypatch, error):
    def half(_: Any, path: Path, **__: Any) -> None:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"half")
        raise error

    monkeypatch.setattr("keras.Model.export", half)
    before = everything(project.folder)
    done = nnrun("export", copied_run, "--format", "saved_model", "-o", "x")
    assert (done.code, done.out) == (130 if isinstance(error, KeyboardInterrupt) else 1, "")
    assert len(done.err.split("\n\n")[-1].strip().splitlines()) == 1
    if isinstance(error, ValueError):
        assert "cannot export it as saved_model: one\n" in done.err
    if "No space" in str(error):
        assert done.err.endswith("x: No space left on device\n")
    assert everything(project.folder) == before


def test_an_altered_run_is_refused(copied_run, nnrun):
    forge_config(copied_run, {"layers": [HIDDEN]})
    done = nnrun("export", copied_run, "--format", "litert", "-o", "x")
    assert (done.code, done.out) == (2, "")
    assert "units do not fit" in done.err


def test_a_missing_package_is_named_with_the_extra(copied_run, nnrun, monkeypatch):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "tf2onnx" else find_spec(name)
    )
    done = nnrun("export", copied_run, "--format", "onnx", "-o", "x")
    assert (done.code, done.out) == (2, "")
    assert how_to_install("onnx") in done.err


ACTIVATION_LAYERS = [{"units": 5, "activation": name} for name in sorted(ACTIVATIONS)]
ACTIVATION_LAYERS += [{"units": 5, "activation": each} for each in ACTIVATIONS_WITH_ARGUMENTS]
OTHER_LAYERS = [
    {"type": "BatchNormalization", "scale": False, "center": False},
    {"type": "LayerNormalization"},
    {"type": "RMSNormalization"},
    {"type": "UnitNormalization"},
    {"type": "ReLU", "max_value": 2.0, "threshold": 0.1, "negative_slope": 0.3},
    {"type": "LeakyReLU", "negative_slope": 0.1},
    {"type": "PReLU"},
    {"type": "ELU", "alpha": 0.7},
    {"type": "Activation", "activation": "gelu"},
    {"type": "AlphaDropout", "rate": 0.1},
]
WAYS: list[dict[str, Any]] = [
    {"data.numeric": "ple", "layers": [HIDDEN, {"units": 1}]},
    {"data.numeric": {"name": "ple", "values": True}, "layers": [HIDDEN, {"units": 1}]},
    {"data.numeric": "robust", "data.clip": 2, "layers": [HIDDEN, {"units": 1}]},
    {"data.target_transform": "log1p", "layers": [HIDDEN, {"units": 1}], "ensemble": 2},
    {"data.normalize": False, "layers": [HIDDEN, {"units": 1}], "ensemble": 3},
]


def layers_in_turn(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return changes of the config, one for each layer, which stands between two of Dense."""
    return [{"layers": [{"units": 5}, layer, {"units": 1}]} for layer in layers]


@pytest.mark.slow
@pytest.mark.parametrize("form", USUAL_FORMATS)
def test_every_layer_and_way_to_take_numbers_is_computed_as_numpy_does(
    form, project, choose, frame
):
    project.table(frame.with_columns(pl.col("dose").abs()))
    cases = choose([*WAYS, *layers_in_turn([*ACTIVATION_LAYERS, *OTHER_LAYERS])])
    if form == "onnx":  # which has no operation for these
        names = ("celu", "gelu", {"name": "celu", "alpha": 0.3})
        cases += layers_in_turn([{"units": 5, "activation": name} for name in names])
    for number, changes in enumerate(cases):
        numbers = {"data.target": "dose", "data.drop": ["label"], "loss": "mse"}
        trained = untrained_run(project.dataset({**numbers, **changes}))
        path = project.folder / f"{number}.tflite"
        write_model(trained, form, path)
        x = project.dataset().train.x[:40, :2]
        computed = load(form, path, "prediction")(np.ascontiguousarray(x, np.float32))
        assert computed == pytest.approx(trained.forward(x), rel=1e-5, abs=1e-5), changes


METADATA = {
    "inputs": ["town is Bath", "town is Ely", "town is York", "height"],
    "targets": ["label"],
    "labels": ["no", "yes"],
}


def metadata_of(form: str, path: Path) -> dict[str, Any]:
    """Return the metadata that nnrun has written, as the tools of the format read them."""
    if form == "saved_model":
        return dict(json.loads((path / "assets.extra" / "nnrun.json").read_text()))
    if form == "onnx":
        import onnxruntime

        texts = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    else:
        from tensorflow.lite.tools import flatbuffer_utils

        model = flatbuffer_utils.read_model(str(path))
        entries = {
            entry.name.decode(): model.buffers[entry.buffer].data for entry in model.metadata
        }
        texts = {name: bytes(entries[name]).decode() for name in METADATA}
    return {name: json.loads(text) for name, text in texts.items()}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_network_tells_its_columns_targets_and_labels(form, project, table):
    words = table.with_columns(
        pl.when(pl.col("label") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("label")
    )
    project.table(words)
    dataset = project.dataset({"data.features": ["town", "height"]})
    path = project.folder / "network.tflite"
    write_model(untrained_run(dataset), form, path)
    assert metadata_of(form, path) == METADATA

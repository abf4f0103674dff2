"""What an exported network tells of itself: its columns, targets and labels, as each format can."""

import json
from pathlib import Path

from nnrun.results.trained_run import TrainedRun

Metadata = dict[str, str]
"""JSON lists of texts by the names `inputs`, `targets` and, of a network of labels, `labels`.

Of several targets of two labels, `labels` has a list for each.
"""

SAVED_MODEL_FILE = Path("assets.extra", "nnrun.json")
"""TensorFlow leaves this folder of a SavedModel to other programs."""


def network_metadata(trained: TrainedRun) -> Metadata:
    """Return what the inputs of a network hold in their order, its targets, and its labels.

    Args:
        trained: The finished run.
    """
    encoder = trained.encoder
    labels = encoder.labels_of_targets if encoder.is_multilabel else encoder.labels
    lists = {
        "inputs": encoder.input_names,
        "targets": encoder.target_names,
        "labels": labels,
    }
    metadata = {}
    for name, texts in lists.items():
        if texts:
            metadata[name] = json.dumps(texts, ensure_ascii=False)
    return metadata


def write_metadata(path: Path, form: str, metadata: Metadata) -> None:
    """Write metadata into a network.

    Args:
        path: The file, or for saved_model the folder.
        form: `onnx`, whose `metadata_props` takes them; `litert`, whose buffers of metadata do; or
            `saved_model`, which gets a file of its own.
        metadata: What to write.
    """
    if form == "onnx":
        _write_onnx(path, metadata)
    elif form == "litert":
        _write_litert(path, metadata)
    else:
        _write_saved_model(path, metadata)


def _write_onnx(path: Path, metadata: Metadata) -> None:
    """Write metadata, and call the dimension that may have any size what it is."""
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, metadata)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "rows"
    onnx.save(model, path)


def _write_litert(path: Path, metadata: Metadata) -> None:
    """Add texts to the metadata of a LiteRT file, each as a buffer of its own."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    model.metadata = model.metadata or []
    for name, text in metadata.items():
        buffer = schema.BufferT()
        buffer.data = list(text.encode())
        entry = schema.MetadataT()
        entry.name = name
        entry.buffer = len(model.buffers)
        model.buffers.append(buffer)
        model.metadata.append(entry)
    flatbuffer_utils.write_model(model, str(path))


def _write_saved_model(path: Path, metadata: Metadata) -> None:
    file = path / SAVED_MODEL_FILE
    file.parent.mkdir()
    lists = {name: json.loads(text) for name, text in metadata.items()}
    text = json.dumps(lists, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")

"""The graphs that a process has traced, which its next trainings run on variables of their own.

To trace a graph takes half a second, as long as a hundred epochs of a small network. The folds of a
cross-validation, the trials of a sweep and the members of an ensemble compute the same. A graph
takes every variable, and the numbers that follow from the rows of a training, as further arguments,
which TensorFlow calls captures: given those of another training, it gives the very numbers of a
graph that was traced for that one. Those numbers are the moments that inputs are standardised by,
and the scales and offsets that targets are brought back by.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nnrun.config.schema import Config
from nnrun.training.backend import keras, tf
from nnrun.training.keras_types import Graph, KerasObject, Model, Tensor
from nnrun.training.variables import all_variables

MOST_GRAPHS = 8  # kept: those of a training, which has three at most, and of two like it
NOT_IN_GRAPHS = {
    "checkpoint",
    "early_stopping",
    "ensemble",
    "refit",
    "epochs",
    "expect",
    "jit_compile",  # `auto` depends on the epochs; a graph's own key tells what it came to be
    "note",
    "reduce_lr_on_plateau",
    "seed",
    "sweep",
    "tags",
    "tensorboard",
}
"""The keys of a config that change no graph."""


@dataclass(frozen=True)
class _KeptGraph:
    """A graph, and the names of what it captured, in order."""

    graph: Graph
    captured: list[str]


_kept: OrderedDict[str, _KeptGraph] = OrderedDict()


def signature(config: Config, model: Model) -> str:
    """Return what the graphs of a model depend on, but for its variables and the rows.

    Args:
        config: The config that the model was made of.
        model: The compiled model.
    """
    keys = config.model_dump(mode="json", exclude=NOT_IN_GRAPHS)
    if isinstance(config.optimizer["learning_rate"], float):  # Keras makes a variable of it
        del keys["optimizer"]["learning_rate"]
    rescalings = _rescalings(model)
    layers = []
    for number, layer in enumerate(model.layers):
        facts = _layer_facts(layer, is_captured=number in rescalings)
        layers.append(facts)
    return json.dumps([keys, model.input_shape, layers])


def traced(key: str, model: Model, trace: Callable[[], Graph]) -> Graph:
    """Return a graph that computes with the variables of a model.

    Args:
        key: What the graph depends on, the model's signature included.
        model: The compiled model, with every variable built.
        trace: Traces the graph, where none of this key is kept.
    """
    tensors = _tensors(model)
    if key not in _kept:
        with _captured_scales(model, tensors):
            graph = trace()
        captured = _captured_names(graph, tensors)
        moments = _moments(model).keys()
        if "" in captured or not moments <= set(captured):
            return graph  # it has something of this model that no other could give it
        _kept[key] = _KeptGraph(graph, captured)
    _kept.move_to_end(key)
    if len(_kept) > MOST_GRAPHS:
        _kept.popitem(last=False)
    return _with_captures(_kept[key], tensors)


def _captured_names(graph: Graph, tensors: dict[str, Tensor]) -> list[str]:
    """Return the name of each tensor that a graph captured, in order; "" where it has none."""
    names = {id(tensor): name for name, tensor in tensors.items()}
    return [names.get(id(tensor), "") for tensor in graph.captured_inputs]


def _with_captures(kept_graph: _KeptGraph, tensors: dict[str, Tensor]) -> Graph:
    """Return a graph of its own, so that no other training's captures change."""
    captures = [tensors[name] for name in kept_graph.captured]
    graph = type(kept_graph.graph)(kept_graph.graph.inference_fn)
    graph.set_external_captures(captures)
    return graph


@contextmanager
def _captured_scales(model: Model, tensors: dict[str, Tensor]) -> Iterator[None]:
    """Let a graph that is traced capture scales and offsets, of which Keras makes constants.

    Outside of it they are lists of numbers again, as which Keras saves them.
    """
    layers = _rescalings(model)
    numbers = {number: (layer.scale, layer.offset) for number, layer in layers.items()}
    try:
        for number, layer in layers.items():
            layer.scale = tensors[f"scale_{number}"]
            layer.offset = tensors[f"offset_{number}"]
        yield
    finally:
        for number, layer in layers.items():
            layer.scale, layer.offset = numbers[number]


def _tensors(model: Model) -> dict[str, Tensor]:
    """Return what the graphs of a model may capture: its variables' handles, moments and scales."""
    handles = {}
    for name, variable in all_variables(model).items():
        handles[name] = variable.value.handle
    return handles | _moments(model) | _scales(model)


def _moments(model: Model) -> dict[str, Tensor]:
    """Return the moments of each Normalization, which are tensors."""
    moments = {}
    for number, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Normalization):
            moments[f"mean_{number}"] = layer.mean
            moments[f"variance_{number}"] = layer.variance
    return moments


def _scales(model: Model) -> dict[str, Tensor]:
    """Return tensors of the scale and the offset of each layer that has those of its rows."""
    scales = {}
    for number, layer in _rescalings(model).items():
        scales[f"scale_{number}"] = tf.constant(layer.scale, layer.compute_dtype)
        scales[f"offset_{number}"] = tf.constant(layer.offset, layer.compute_dtype)
    return scales


def _rescalings(model: Model) -> dict[int, KerasObject]:
    """Return the layers, by their places, whose scales follow from the rows, as graphs capture.

    Those of a config are single numbers. XLA rounds otherwise where it knows the numbers.
    """
    if model.jit_compile:
        return {}
    rescalings = {}
    for number, layer in enumerate(model.layers):
        if _has_scales_of_rows(layer):
            rescalings[number] = layer
    return rescalings


def _has_scales_of_rows(layer: KerasObject) -> bool:
    return isinstance(layer, keras.layers.Rescaling) and isinstance(layer.scale, list)


def _layer_facts(layer: KerasObject, *, is_captured: bool) -> object:
    """Return the class of a layer and its arguments, but for what graphs capture."""
    facts = keras.saving.serialize_keras_object(layer)
    del facts["config"]["name"]  # Keras counts the layers of a process
    if isinstance(layer, keras.layers.Normalization):
        del facts["config"]["mean"], facts["config"]["variance"]
    if is_captured:
        del facts["config"]["scale"], facts["config"]["offset"]
    return facts

"""The graphs that a process has traced, which its next trainings run on variables of their own.

To trace a graph takes half a second, as long as a hundred epochs of a small network. The folds of a
cross-validation, the trials of a sweep and the members of an ensemble compute the same. A graph
takes every variable, and the moments that inputs are standardised by, as a further argument, which
TensorFlow calls a capture: given those of another training, it gives the very numbers of a graph
that was traced for that one.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from nnrun.config.schema import Config
from nnrun.training.backend import keras
from nnrun.training.keras_types import Graph, KerasObject, Model, Tensor
from nnrun.training.variables import all_variables

MOST_GRAPHS = 8  # kept: those of a training, which has three at most, and of two like it
NOT_IN_GRAPHS = {
    "checkpoint",
    "early_stopping",
    "ensemble",
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
class _Kept:
    """A graph, and the names of what it captured, in order."""

    graph: Graph
    captured: list[str]


_kept: OrderedDict[str, _Kept] = OrderedDict()


def signature(config: Config, model: Model) -> str:
    """Return what the graphs of a model depend on, but for its variables and the rows.

    Args:
        config: The config that the model was made of.
        model: The compiled model.
    """
    keys = config.model_dump(mode="json", exclude=NOT_IN_GRAPHS)
    if isinstance(config.optimizer["learning_rate"], float):  # Keras makes a variable of it
        del keys["optimizer"]["learning_rate"]
    layers = [_layer_facts(layer) for layer in model.layers]
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
        graph = trace()
        names = {id(tensor): name for name, tensor in tensors.items()}
        captured = [names.get(id(tensor), "") for tensor in graph.captured_inputs]
        if "" in captured or not _moments(model).keys() <= set(captured):
            return graph  # it has something of this model that no other could give it
        _kept[key] = _Kept(graph, captured)
    _kept.move_to_end(key)
    if len(_kept) > MOST_GRAPHS:
        _kept.popitem(last=False)
    return _with_captures(_kept[key], tensors)


def _with_captures(kept: _Kept, tensors: dict[str, Tensor]) -> Graph:
    """Return a graph of its own, so that no other training's captures change."""
    graph = type(kept.graph)(kept.graph.inference_fn)
    graph.set_external_captures([tensors[name] for name in kept.captured])
    return graph


def _tensors(model: Model) -> dict[str, Tensor]:
    """Return what the graphs of a model may capture: its variables' handles, and moments."""
    handles = {name: variable.value.handle for name, variable in all_variables(model).items()}
    return handles | _moments(model)


def _moments(model: Model) -> dict[str, Tensor]:
    """Return the moments of each Normalization, which are tensors."""
    moments = {}
    for number, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Normalization):
            moments[f"mean_{number}"] = layer.mean
            moments[f"variance_{number}"] = layer.variance
    return moments


def _layer_facts(layer: KerasObject) -> object:
    """Return the class of a layer and its arguments, but for what graphs capture."""
    facts = keras.saving.serialize_keras_object(layer)
    del facts["config"]["name"]  # Keras counts the layers of a process
    if isinstance(layer, keras.layers.Normalization):
        del facts["config"]["mean"], facts["config"]["variance"]
    return facts

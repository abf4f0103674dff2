"""The calls that make the Keras objects of a config, from its layers to its callbacks."""

from nnrun.config import keras_catalog as catalog
from nnrun.config.metric_arguments import metric_arguments
from nnrun.config.named import REQUIRED, Named, Spec, changed_arguments
from nnrun.config.schema import Config
from nnrun.reporting.python_code import Call

# An argument that is a Keras object itself ends in its kind's name, as kernel_initializer does.
NESTED = {
    "initializer": catalog.INITIALIZER,
    "regularizer": catalog.REGULARIZER,
    "constraint": catalog.CONSTRAINT,
}


def layer_calls(config: Config) -> list[Call]:
    """Return the call of each layer of the config.

    Args:
        config: The config, with every default filled in.
    """
    return [_call("layers", catalog.LAYER, spec) for spec in config.layers]


def optimizer_call(config: Config) -> Call:
    """Return the call that makes the optimizer.

    Args:
        config: The config, with every default filled in.
    """
    return _call("optimizers", catalog.OPTIMIZER, config.optimizer)


def loss_call(config: Config) -> Call:
    """Return the call that makes the loss.

    Args:
        config: The config, with every default filled in.
    """
    return _call("losses", catalog.LOSS, config.loss)


def metric_calls(config: Config) -> list[Call | str]:
    """Return the call of each metric, or its name where Keras finds it by that name alone.

    Args:
        config: The config, with every default filled in.
    """
    return [_metric(config, metric) for metric in config.metric_specs]


def callback_calls(config: Config) -> list[Call]:
    """Return the call of each callback that the config asks for.

    Args:
        config: The config, with every default filled in.
    """
    calls = []
    if config.early_stopping:
        calls.append(_call("callbacks", catalog.EARLY_STOPPING, config.early_stopping))
    if config.reduce_lr_on_plateau:
        calls.append(_call("callbacks", catalog.REDUCE_LR, config.reduce_lr_on_plateau))
    if config.tensorboard:
        calls.append(Call("keras.callbacks.TensorBoard", ["tensorboard"]))
    return calls


def _metric(config: Config, metric: Spec) -> Call | str:
    """Return the text or the call that names a metric in the script's `compile`."""
    name = metric["name"]
    is_accuracy = metric in ({"name": "accuracy"}, {"name": "acc"})
    if is_accuracy and not config.from_logits and not config.is_multilabel:
        return str(name)
    arguments = metric_arguments(config, metric)
    arguments["name"] = arguments.pop("class")
    call = _call("metrics", catalog.METRIC, arguments)
    function = call.function
    if config.is_one_hot:  # the script gives metrics a target for each label too
        function = function.replace("Sparse", "")
    keywords = {**call.keywords, "name": name}
    return Call(function, call.arguments, keywords)


def _call(module: str, kind: Named, spec: Spec) -> Call:
    """Return the call that makes a Keras object, without arguments that are Keras's defaults."""
    name = spec[kind.key]
    changed = changed_arguments(kind, spec)
    positional: list[object] = []
    keywords: dict[str, object] = {}
    for argument, (_, default) in kind.catalog[name].items():
        if default is REQUIRED and not keywords:
            positional.append(_nested(argument, spec[argument]))
        elif default is REQUIRED:
            changed[argument] = spec[argument]
        if argument in changed:
            keywords[argument] = _nested(argument, changed.pop(argument))
    keywords |= changed  # what nnrun gives by itself, such as from_logits
    return Call(f"keras.{module}.{name}", positional, keywords)


def _nested(argument: str, value: object) -> object:
    """Return the call that makes the argument where it is a Keras object, else the value itself."""
    if not isinstance(value, dict):
        return value
    if argument == "activation":
        path = catalog.OBJECTS_OF_ACTIVATIONS[value["name"]]
        keywords = changed_arguments(catalog.ACTIVATION, value)
        return Call(f"keras.{path}", [], keywords)
    if argument == "learning_rate":
        return _call("optimizers.schedules", catalog.SCHEDULE, value)
    kind = argument.rpartition("_")[2]
    return _call(f"{kind}s", NESTED[kind], value)

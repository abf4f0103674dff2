"""What people write out of habit, from Python or other programs, and how it is written here."""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from nnrun.config.yaml_scalars import parse_scalar

_FOUND_IN_THE_TABLE = "leave it out: nnrun counts the inputs in the table"
_AT_THE_TOP = "it stands at the top of the config, not under data"
_ON_THE_COMMAND_LINE = "leave it out: `nnrun train --quiet` shows no progress"

HABITS: dict[str, dict[str, str]] = {
    "Config": {
        "callbacks": "each callback is a key: `early_stopping: {patience: 10}`, "
        "`reduce_lr_on_plateau: {factor: 0.5}`, `tensorboard: true`",
        "compile": "its arguments are keys of the config: loss, optimizer, metrics",
        "fit": "its arguments are keys of the config: epochs, batch_size, class_weight",
        "learning_rate": "it is the optimizer's: `optimizer: {name: adam, learning_rate: 0.001}`",
        "lr": "it is the optimizer's: `optimizer: {name: adam, learning_rate: 0.001}`",
        "model": "the layers stand at the top: `layers: [{units: 25, activation: relu}, ...]`",
        "network": "the layers stand at the top: `layers: [{units: 25, activation: relu}, ...]`",
        "output": "`nnrun train -o FOLDER` says where the run goes",
        "shuffle": "leave it out: nnrun draws a new order of the rows in every epoch",
        "validation_data": "name the table under data: `data: {validation: FILE}`",
        "verbose": _ON_THE_COMMAND_LINE,
    },
    "Data": {
        **dict.fromkeys(
            (
                "batch_size",
                "class_weight",
                "early_stopping",
                "epochs",
                "layers",
                "loss",
                "metrics",
                "optimizer",
                "seed",
            ),
            _AT_THE_TOP,
        ),
        **dict.fromkeys(("file", "filename", "path", "csv"), "the table is `train: FILE`"),
        **dict.fromkeys(("label", "labels", "y"), "the column to predict is `target: COLUMN`"),
        **dict.fromkeys(("x", "inputs"), "the input columns are `features: [...]`"),
        **dict.fromkeys(
            ("sep", "separator", "delimiter"), "leave it out: nnrun finds the separator itself"
        ),
        "test_size": "the share to hold out is `validation_split: 0.2`",
        "na_values": "the texts of missing cells are `null_values: [...]`",
        "standardize": "nnrun standardises unless `normalize: false` says otherwise",
    },
    "Dense": {
        **dict.fromkeys(("input_dim", "input_shape"), _FOUND_IN_THE_TABLE),
        "dropout": "it is a layer of its own, after this one: `{type: Dropout, rate: 0.2}`",
        "batch_norm": "it is a layer of its own, after this one: `{type: BatchNormalization}`",
    },
}
"""By the model and the unknown key: how to say it, after the words `unknown key; `."""

RENAMED = {"lr": "learning_rate", "decay": "weight_decay"}
"""The arguments of optimizers by the names that they had in Keras 2."""


def habit_hint(model: str, key: str, known: list[str]) -> str | None:
    """Return how to say what an unknown key of a model means, or None where it is no habit.

    Args:
        model: The class name of the model.
        key: The key.
        known: The keys that the model has.
    """
    hint = HABITS.get(model, {}).get(key)
    if hint:
        return hint
    if RENAMED.get(key) in known:
        return f"Keras calls it {RENAMED[key]}"
    return None


def call_as_mapping(text: str, key: str, classes: Mapping[str, Iterable[str]]) -> str | None:
    """Return a call of Python as the mapping that a config takes, or None where it is no call.

    `Dense(25, activation="relu")` becomes `{type: Dense, units: 25, activation: relu}`.

    Args:
        text: What the config has.
        key: The key of the mapping that names the class.
        classes: The arguments of each class, in Keras's order.
    """
    name, parenthesis, _ = text.partition("(")
    name = name.rpartition(".")[2].strip()
    if not parenthesis or name not in classes:
        return None
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return f"{{{key}: {name}, ...}}"
    if not isinstance(call, ast.Call):
        return None
    arguments = dict(zip(classes[name], call.args, strict=False))
    arguments |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if not arguments:
        return name
    pairs = [f"{argument}: {_in_flow_yaml(value)}" for argument, value in arguments.items()]
    return f"{{{', '.join([f'{key}: {name}', *pairs])}}}"


def _in_flow_yaml(value: ast.expr) -> str:
    """Return a value of Python as it stands within the braces of a mapping."""
    if not isinstance(value, ast.Constant):
        return "..."
    if isinstance(value.value, bool):
        return str(value.value).lower()
    text = str(value.value)
    is_word = re.fullmatch(r"[\w.+-]+", text) is not None
    if isinstance(value.value, str) and not (is_word and _is_text(text)):
        return repr(text)
    return text


def _is_text(word: str) -> bool:
    read: Any = parse_scalar(word)
    return isinstance(read, str)

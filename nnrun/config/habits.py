"""What people write out of habit, from Python or other programs, and how it is written here."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nnrun.config.yaml_scalars import parse_scalar

_FOUND_IN_THE_TABLE = "leave it out: nnrun counts the inputs in the table"
_AT_THE_TOP = "it belongs at the top of the config, not under data"
_OF_A_DENSE_LAYER = "each layer is an entry: `layers: [{units: 8, activation: relu}, ...]`"
_PENALTY = "each layer has its own: `layers: [{units: 8, kernel_regularizer: {l2: 0.01}}, ...]`"
_SCHEDULE = (
    "the optimizer takes it: "
    "`optimizer: {learning_rate: {name: CosineDecay, initial_learning_rate: 0.01}}`"
)
_WARMUP = (
    "the optimizer takes it: `optimizer: {learning_rate: {name: CosineDecay, "
    "initial_learning_rate: 0.0, warmup_target: 0.01, warmup_steps: 100}}`"
)
_STANDARDISED = "nnrun standardises unless `data: {normalize: false}` says otherwise"
_OF_THE_OPTIMIZER = "the optimizer takes it: `optimizer: {name: SGD, momentum: 0.9}`"
_NORMALIZATION = "it is a layer: `layers: [..., {type: BatchNormalization}, ...]`"
_UNITS = "Keras calls it units: `{units: 8, activation: relu}`"
_DEVICE = "leave it out: nnrun trains on the GPUs that TensorFlow finds, else on the CPU"
_OF_A_LAYER = "each layer has its own: `layers: [{units: 8, activation: relu}, ...]`"
_SPLIT = "a split by a column is `data: {split: {group: COLUMN}}`, or {time: ...} or {column: ...}"
_CLIPPING = "the optimizer takes it: `optimizer: {name: adam, clipnorm: 1.0}`"
_EARLY_STOPPING = (
    "early stopping takes it: "
    "`early_stopping: {monitor: val_loss, patience: 10, restore_best_weights: true}`"
)
_LOG_TARGET = "logarithms of the target are `data: {target_transform: log1p}`"
_PRECISION = "leave it out: nnrun computes in float32"
_FOLDS = "leave it out: `nnrun cv CONFIG --folds 5` cross-validates"
_EPOCHS = "Keras calls it epochs: `epochs: 100`"
_ON_THE_COMMAND_LINE = "leave it out: `nnrun train --quiet` shows no progress"

HABITS: dict[str, dict[str, str]] = {
    "Config": {
        "activation": _OF_A_LAYER,
        "batch": "Keras calls it batch_size",
        "callbacks": "each callback is a key: `early_stopping: {patience: 10}`, "
        "`reduce_lr_on_plateau: {factor: 0.5}`, `tensorboard: true`",
        **dict.fromkeys(("criterion", "loss_function", "objective"), "Keras calls it loss"),
        **dict.fromkeys(("cuda", "device", "gpu", "gpus"), _DEVICE),
        **dict.fromkeys(("batch_norm", "batch_normalization", "batchnorm"), _NORMALIZATION),
        "dropout": "it is a layer: `layers: [..., {type: Dropout, rate: 0.2}, ...]`",
        **dict.fromkeys(("monitor", "patience", "restore_best_weights"), _EARLY_STOPPING),
        "save_best_only": "leave it out: the best epoch is kept where "
        "`early_stopping: {restore_best_weights: true}` says so",
        **dict.fromkeys(("cv", "folds", "k_folds", "kfold", "n_folds", "n_splits"), _FOLDS),
        **dict.fromkeys(("dtype", "mixed_precision", "precision"), _PRECISION),
        **dict.fromkeys(("fold", "group", "groups", "time"), _SPLIT),
        **dict.fromkeys(("log", "log1p", "log_target", "target_log"), _LOG_TARGET),
        **dict.fromkeys(
            ("clip_grad", "clipnorm", "clipvalue", "grad_clip", "gradient_clip", "max_grad_norm"),
            _CLIPPING,
        ),
        **dict.fromkeys(("warmup", "warmup_epochs", "warmup_steps"), _WARMUP),
        **dict.fromkeys(
            ("weight", "weights"),
            "a weight for each row is `data: {sample_weight: COLUMN}`, for each label "
            "`class_weight: {no: 1, yes: 5}`",
        ),
        "compile": "its arguments are keys of the config: loss, optimizer, metrics",
        "fit": "its arguments are keys of the config: epochs, batch_size, class_weight",
        **dict.fromkeys(
            ("hidden_layers", "hidden_layer_sizes", "hidden_units", "neurons", "units"),
            _OF_A_DENSE_LAYER,
        ),
        "jit": "Keras calls it jit_compile: `jit_compile: true`",
        **dict.fromkeys(("l1", "l2", "regularization", "regularizer"), _PENALTY),
        **dict.fromkeys(("learning_rate_schedule", "lr_schedule", "lr_scheduler"), _SCHEDULE),
        "momentum": _OF_THE_OPTIMIZER,
        **dict.fromkeys(
            ("bagging", "members", "n_estimators", "n_models", "n_seeds", "seeds"),
            "it is `ensemble: 5`, with seed, seed + 1 and so on",
        ),
        **dict.fromkeys(("scaler", "scaling", "standardize", "standardise"), _STANDARDISED),
        "learning_rate": "the optimizer takes it: `optimizer: {name: adam, learning_rate: 0.001}`",
        "lr": "the optimizer takes it: `optimizer: {name: adam, learning_rate: 0.001}`",
        "model": "the layers belong at the top: `layers: [{units: 25, activation: relu}, ...]`",
        "network": "the layers belong at the top: `layers: [{units: 25, activation: relu}, ...]`",
        "name": "`nnrun train -o FOLDER` names the run, and `note` says what it is",
        **dict.fromkeys(
            ("iterations", "max_epochs", "max_iter", "n_epochs", "nb_epoch", "num_epochs", "steps"),
            _EPOCHS,
        ),
        "output": "`nnrun train -o FOLDER` says where the run goes",
        **dict.fromkeys(("random_state", "random_seed"), "Keras calls it seed: `seed: 0`"),
        **dict.fromkeys(
            ("interval", "intervals"), "leave it out: `nnrun predict --interval 0.9` adds bounds"
        ),
        "spread": "leave it out: `nnrun predict --spread` adds the column",
        "threshold": "leave it out: `nnrun predict --threshold 0.3` sets it",
        "shuffle": "leave it out: nnrun draws a new order of the rows in every epoch",
        "steps_per_epoch": "leave it out: an epoch is a pass over all rows, in steps of batch_size",
        "task": "leave it out: the loss says what is predicted",
        **dict.fromkeys(
            ("test_size", "test_split", "val_size", "val_split", "valid_split", "validation_size"),
            "the share to hold out is under data: `data: {validation_split: 0.2}`",
        ),
        "validation_freq": "leave it out: the rows held out are measured after every epoch",
        "validation_data": "name the table under data: `data: {validation: FILE}`",
        "weight_decay": "the optimizer takes it: `optimizer: {name: AdamW, weight_decay: 0.004}`",
        "workers": "leave it out: TF_CONFIG names the machines, as it does for Keras",
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
        **dict.fromkeys(
            ("test_size", "test_split", "val_size", "val_split", "valid_split", "validation_size"),
            "the share to hold out is `validation_split: 0.2`",
        ),
        **dict.fromkeys(("bins", "n_bins", "ple"), "it is `numeric: {name: ple, bins: 16}`"),
        "group": "whole groups are held out by `split: {group: COLUMN}`",
        "groups": "whole groups are held out by `split: {group: COLUMN}`",
        "time": "the last rows are held out by `split: {time: COLUMN}`",
        "fold": "a column says which rows are held out by `split: {column: COLUMN}`",
        "stratify": "leave it out: each label keeps its share under validation_split",
        "shuffle": "leave it out: rows are drawn at random, and the last ones are held out by "
        "`split: {time: COLUMN}`",
        **dict.fromkeys(
            ("log", "log1p", "log_target", "target_log"),
            "logarithms of the target are `target_transform: log1p`",
        ),
        **dict.fromkeys(
            ("clipping", "outliers", "winsorize"), "inputs far out are bounded by `clip: 5`"
        ),
        **dict.fromkeys(
            ("scale", "scaler", "scaling", "standardise"),
            "it is `numeric: standard` or `numeric: robust`",
        ),
        **dict.fromkeys(("dropna", "drop_na"), "rows with a missing cell go by `missing: drop`"),
        **dict.fromkeys(("fillna", "fill_na", "impute", "imputer"), "it is `missing: mean`"),
        "na_values": "the texts of missing cells are `null_values: [...]`",
        "standardize": "nnrun standardises unless `normalize: false` says otherwise",
    },
    "Dense": {
        **dict.fromkeys(("input_dim", "input_shape"), _FOUND_IN_THE_TABLE),
        **dict.fromkeys(("neurons", "nodes", "out_features", "output_dim", "size"), _UNITS),
        "act": "Keras calls it activation: `{units: 8, activation: relu}`",
        **dict.fromkeys(
            ("l1", "l2", "regularizer"),
            "Keras calls it kernel_regularizer: `{units: 8, kernel_regularizer: {l2: 0.01}}`",
        ),
        "dropout": "it is a layer of its own, after this one: `{type: Dropout, rate: 0.2}`",
        "batch_norm": "it is a layer of its own, after this one: `{type: BatchNormalization}`",
        "name": "leave it out: Keras names the layers",
        "trainable": "leave it out: every layer is trained",
    },
    "LeakyReLU": {"alpha": "Keras 3 calls it negative_slope"},
    "PReLU": {
        "alpha": "it is learnt, from `alpha_initializer: {name: Constant, value: 0.1}` on",
    },
}
"""By the model and the unknown key: how to say it, after the words `unknown key; `."""

RENAMED = {
    "lr": "learning_rate",
    "decay": "weight_decay",
    "bias": "use_bias",
    "drop_rate": "rate",
    "eps": "epsilon",
    "momentum": "beta_1",
    "p": "rate",
    "prob": "rate",
    "sigma": "stddev",
    "std": "stddev",
}
"""The arguments of Keras by the names that they had in Keras 2, or have elsewhere."""


def habit_hint(model: str, key: str, keys: list[str]) -> str | None:
    """Return how to say what an unknown key of a model means, or None where it is not a habit.

    Args:
        model: The class name of the model.
        key: The key.
        keys: The keys that the model has.
    """
    hints = HABITS.get(model, {})
    if hints.get(key):
        return hints[key]
    if RENAMED.get(key) in keys:
        return f"Keras calls it {RENAMED[key]}"
    return None


def bare_name(text: str) -> str:
    """Return the name of what Python calls or refers to, as `relu` for `tf.nn.relu()`.

    Args:
        text: A name, with or without the module before it and the arguments behind it.
    """
    called = text.partition("(")[0]
    return called.rpartition(".")[2].strip()


def call_as_mapping(
    text: str,
    key: str,
    classes: Mapping[str, Iterable[str]],
    canonical: Callable[[str], str | None],
) -> str | None:
    """Return a call of Python as the mapping that a config takes, or None where it is not a call.

    `Dense(25, activation="relu")` becomes `{type: Dense, units: 25, activation: relu}`.

    Args:
        text: What the config has.
        key: The key of the mapping that names the class.
        classes: The arguments of each class, in Keras's order.
        canonical: Returns the class that a spelling means, or None.
    """
    name = bare_name(text)
    class_name = canonical(name)
    if "(" not in text or class_name is None:
        return None
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return f"{{{key}: {name}, ...}}"
    if not isinstance(call, ast.Call):
        return None
    arguments = _arguments_of(call, classes[class_name])
    arguments.pop(key, None)  # the name that Python gives the object is told by its class here
    if not arguments:
        return name
    pairs = [f"{key}: {name}"]
    for argument, value in arguments.items():
        pairs.append(f"{argument}: {_in_flow_yaml(value)}")
    return f"{{{', '.join(pairs)}}}"


def _arguments_of(call: ast.Call, names: Iterable[str]) -> dict[str, ast.expr]:
    """Return the arguments of a call by their names in Keras, of which the order is given."""
    arguments = {}
    for name, value in zip(names, call.args, strict=False):
        arguments[name] = value
    for keyword in call.keywords:
        if keyword.arg:
            arguments[_renamed(keyword.arg, names)] = keyword.value
    return arguments


def _renamed(argument: str, names: Iterable[str]) -> str:
    """Return an argument by the name that Keras has for it, where it has another."""
    if argument in names:
        return argument
    name = RENAMED.get(argument, argument)
    return name if name in names else argument


def _in_flow_yaml(value: ast.expr) -> str:
    """Return a value of Python as it stands within the braces of a mapping."""
    if not isinstance(value, ast.Constant):
        return "..."
    if isinstance(value.value, bool):
        return str(value.value).lower()
    text = str(value.value)
    if not isinstance(value.value, str):
        return text
    is_word = re.fullmatch(r"[\w.+-]+", text) is not None
    is_plain = is_word and _is_text(text)
    return text if is_plain else repr(text)


def _is_text(word: str) -> bool:
    """Tell whether YAML reads a word as text, and not as a number or true."""
    read: Any = parse_scalar(word)
    return isinstance(read, str)

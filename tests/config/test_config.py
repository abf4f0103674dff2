"""Loading a config: what is accepted, and one line with place, path and rule for each mistake."""

import json
import re

import jsonschema
import pytest
from support.project import ROOT

from nnrun.config.json_schema import config_schema
from nnrun.config.loading import load_config
from nnrun.config.overrides import override
from nnrun.config.schema import Config
from nnrun.config.yaml_reader import read_file
from nnrun.errors import InputError

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
BASE = """\
data:
  train: table.csv
  target: label
layers:
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
epochs: 3
"""
ADDED = r"""
epcohs: 3  ->  1: epcohs: unknown key; did you mean 'epochs'?
target: label  ->  1: target: unknown key; it belongs under data
verbose: 0  ->  1: verbose: unknown key; leave it out: `nnrun train --quiet` shows no
callbacks: [EarlyStopping]  ->  1: callbacks: unknown key; each callback is a key: `early_stopping:
activation: relu  ->  1: activation: unknown key; each layer has its own: `layers: [{units: 8, activation: relu},
batch: 8  ->  1: batch: unknown key; Keras calls it batch_size
hidden_layers: [8, 8]  ->  1: hidden_layers: unknown key; each layer is an entry: `layers: [{units: 8, activation: relu},
num_epochs: 3  ->  1: num_epochs: unknown key; Keras calls it epochs
steps: 3  ->  1: steps: unknown key; Keras calls it epochs
units: 8  ->  1: units: unknown key; each layer is an entry: `layers: [{units: 8, activation: relu},
gpu: true  ->  1: gpu: unknown key; leave it out: nnrun trains on the GPUs
criterion: bce  ->  1: criterion: unknown key; Keras calls it loss
batch_norm: true  ->  1: batch_norm: unknown key; it is a layer: `layers: [..., {type: BatchNormalization}, ...]`
momentum: 0.9  ->  1: momentum: unknown key; the optimizer takes it: `optimizer: {name: SGD, momentum: 0.9}`
l2: 0.1  ->  1: l2: unknown key; each layer has its own: `layers: [{units: 8, kernel_regularizer: {l2: 0.01}}, ...]`
lr_scheduler: cosine  ->  1: lr_scheduler: unknown key; the optimizer takes it: `optimizer: {learning_rate: {name: CosineDecay,
standardize: true  ->  1: standardize: unknown key; nnrun standardises unless `data: {normalize: false}` says
n_models: 3  ->  1: n_models: unknown key; it is `ensemble: 5`
jit: true  ->  1: jit: unknown key; Keras calls it jit_compile
early_stopping: 5  ->  17: early_stopping: must be a mapping of arguments; received 5; write {patience: 5}
early_stopping: true  ->  17: early_stopping: must be a mapping of arguments; received true; write {monitor: val_loss, patience: 10,
early_stopping: false  ->  17: early_stopping: must be a mapping of arguments; received false; leave it out
early_stopping: val_loss  ->  17: early_stopping: must be a mapping of arguments; received 'val_loss'; write {monitor:
reduce_lr_on_plateau: true  ->  23: reduce_lr_on_plateau: must be a mapping of arguments; received true; write {factor: 0.5,
optimizer: {learning_rate: {name: PiecewiseConstantDecay, boundaries: [9], values: [1]}}  ->  84: optimizer.learning_rate.values: must have at least 2 entries
seeds: [1, 2]  ->  1: seeds: unknown key; it is `ensemble: 5`, with seed, seed + 1 and so on
weights: w  ->  1: weights: unknown key; a weight for each row is `data: {sample_weight: COLUMN}`, for each label
restore_best_weights: true  ->  1: restore_best_weights: unknown key; early stopping takes it: `early_stopping:
clipnorm: 1  ->  1: clipnorm: unknown key; the optimizer takes it: `optimizer: {name: adam, clipnorm: 1.0}`
optimizer: Adam(lr=0.1)  ->  12: optimizer: 'Adam(lr=0.1)' is Python code; in a config, write {name: Adam, learning_rate: 0.1}
optimizer: {type: adam}  ->  13: optimizer.type: unknown key; the class has the key 'name': {name: adam, ...}
optimizer: {sgd: {momentum: 0.9}}  ->  13: optimizer.sgd: unknown key; the class has the key 'name': {name: sgd, ...}
metrics: [acc, name='a')]  ->  16: metrics[1]: "name='a')" is the rest of Python code that YAML divided at its comma
checkpoint: 10  ->  13: checkpoint: must be a mapping; received 10; write it as in `checkpoint: {every_seconds: 10}`
metrics: [RMSE]  ->  11: metrics[0]: 'RMSE' is not a metric of Keras; write root_mean_squared_error
optimizer: 0.01  ->  12: optimizer: must be a name or a mapping with 'name'; received 0.01; write {name: adam, learning_rate: 0.01}
optimizer: {name: adam, momentum: 0.9}  ->  25: optimizer.momentum: unknown key; Keras calls it beta_1
checkpoint: {often: 2}  ->  14: checkpoint.often: unknown key; checkpoint takes every_seconds
log_every: 5  ->  1: log_every: unknown key; a config takes data, layers, loss
metrics: {name: auc}  ->  10: metrics: must be a list; received {'name': 'auc'}; write it as in `metrics: [accuracy, AUC]`
ensemble: true  ->  11: ensemble: must be a whole number; received true; write it as in `ensemble: 5`
class_weight: false  ->  15: class_weight: must be 'balanced' or a mapping; received false; leave it out
optimizer: {learning_rate: cosine}  ->  28: optimizer.learning_rate: 'cosine' is not a learning-rate schedule of Keras; write CosineDecay
optimizer: {learning_rate: CosineDecay}  ->  28: optimizer.learning_rate.initial_learning_rate: this key is required
optimizer: {learning_rate: "CosineDecay(0.1, 9)"}  ->  28: optimizer.learning_rate: 'CosineDecay(0.1, 9)' is Python code; in a config, write {name: CosineDecay, initial_learning_rate: 0.1, decay_steps: 9}
optimizer: {learning_rate: "0.1"}  ->  28: optimizer.learning_rate: must be a number; received '0.1'; write it without quotes
validation_split: 0.2  ->  1: validation_split: unknown key; it belongs under data
test_size: 0.2  ->  1: test_size: unknown key; the share to hold out is under data: `data: {validation_split: 0.2}`
random_state: 1  ->  1: random_state: unknown key; Keras calls it seed
optimizer: adam(0.1)  ->  12: optimizer: 'adam(0.1)' is Python code; in a config, write {name: adam, learning_rate: 0.1}
metrics: [accuracy()]  ->  11: metrics[0]: 'accuracy()' is Python code; in a config, write accuracy
metrics: [AUC(name='a')]  ->  11: metrics[0]: "AUC(name='a')" is Python code; in a config, write AUC
optimizer: {name: sgd, lr: 0.1}  ->  24: optimizer.lr: unknown key; Keras calls it learning_rate
optimizer: SGD(0.1, nesterov=True)  ->  12: optimizer: 'SGD(0.1, nesterov=True)' is Python code; in a config, write {name: SGD, learning_rate: 0.1, nesterov: true}
metrics: [keras.metrics.AUC()]  ->  11: metrics[0]: 'keras.metrics.AUC()' is Python code; in a config, write AUC
metrics: [Precision(thresholds=f(3)]  ->  11: metrics[0]: 'Precision(thresholds=f(3)' is Python code; in a config, write {name: Precision, ...}
metrics: [MeanIoU]  ->  11: metrics[0]: nnrun does not support 'MeanIoU', which Keras has
checkpoint: {every_secnds: 3}  ->  14: checkpoint.every_secnds: unknown key; did you mean 'every_seconds'?
optimizer: {nme: adam, learning_rate: 0.1}  ->  13: optimizer.nme: unknown key; did you mean 'name'?
optimizer: {clipnorm: 1, clipvalue: 1}  ->  12: optimizer: give one of clipnorm, clipvalue, not several
class_weight: 3  ->  15: class_weight: must be 'balanced' or a mapping; received 3
batch_size: 010  ->  13: batch_size: must be a whole number; received '010'
batch_size: true  ->  13: batch_size: must be a whole number; received true
batch_size:  ->  12: batch_size: must be a whole number; received nothing
seed: 4294967296  ->  7: seed: must be less than 4294967296; received 4294967296
seed: 1e999  ->  7: seed: numbers must be finite; received 1e999
tensorboard: no  ->  14: tensorboard: must be true or false; received 'no'
metrics: 3  ->  10: metrics: must be a list; received 3
metrics: [acc, acc]  ->  10: metrics: each metric must have a name of its own; received twice: acc
metrics: [{name: AUC, num_thresholds: 1}]  ->  39: metrics[0].num_thresholds: must be at least 2; received 1
metrics: [RecallAtPrecision]  ->  11: metrics[0].precision: this key is required
metrics: [~]  ->  11: metrics[0]: must be a name or a mapping with 'name'; received nothing
optimizer: admaa  ->  12: optimizer: 'admaa' is not an optimizer; did you mean 'Adam
optimizer: {name: adam, learning_rate: -1}  ->  40: optimizer.learning_rate: must be greater than 0
optimizer: {name: sgd, mmentum: 1}  ->  24: optimizer.mmentum: unknown key; did you mean 'momentum'?
optimizer:  ->  11: optimizer: must be a name or a mapping with 'name'; received nothing
early_stopping: {mode: low}  ->  24: early_stopping.mode: must be 'auto', 'min' or 'max'; received 'low'
class_weight: balnced  ->  15: class_weight: must be 'balanced' or a mapping; received 'balnced'
expect: {loss: =< 1}  ->  16: expect.loss: must be one of >= <= == > < and a number; received
expect: {loss: 0.5}  ->  16: expect.loss: must be one of >= <= == > < and a number; received
expect: beseline  ->  9: expect: must be
expect: {baseline: '> 0'}  ->  9: expect: baseline must be better; received '> 0'
expect: {loss: better}  ->  9: expect: loss must be an operator and a number; only baseline is better
sweep: {settings: {epochs: 5}}  ->  28: sweep.settings.epochs: must be a list of values, as in [16, 32], or a
sweep: {settings: {epochs: []}}  ->  28: sweep.settings.epochs: must be a list of values, as in [16, 32], or a
sweep: {settings: {epochs: 5..1}}  ->  28: sweep.settings.epochs: a range must begin with its lower end
sweep: {settings: {epochs: [1, 1]}}  ->  28: sweep.settings.epochs: '1' is in the list twice
sweep: {settings: {a..b: [1]}}  ->  19: sweep.settings: a key must be one of the config, as in layers.0.units
sweep: {settings: {sweep.trials: [1]}}  ->  19: sweep.settings: a key must be one of the config
sweep: {settings: {'layers[0].units': [1], layers.0.units: [2]}}  ->  19: sweep.settings: 'layers[0].units' and
sweep: {settings: {}}  ->  19: sweep.settings: must not be empty
sweep: {trials: 5}  ->  8: sweep.settings: this key is required
sweep: {settings: {epochs: [1]}, trial: 5}  ->  34: sweep.trial: unknown key; did you mean 'trials'?
epochs: 4  ->  1: epochs: duplicate key; the first one is at 7:1
optimizer: *name  ->  12: optimizer: aliases (*name) are not allowed; write the value out
optimizer: !!python/object:os.system {}  ->  12: optimizer: tags are not allowed; remove
? [a, b]\n: 3  ->  3: a key must be a word
---\nseed: 3  ->  1: a config is one document; remove what follows '---'
optimizer: adam: 3  ->  16: not YAML: mapping values are not allowed in this context
optimizer: a\x07  ->  13: character U+0007 is not allowed in a config
optimizer: a\0  ->  13: character U+0000 is not allowed in a config
"""
CHANGED = [
    ("  target: label\n", "", "2:3: data.target: this key is required"),
    ("label", "y\n  trget: label", "4:3: data.trget: unknown key; did you mean 'target'?"),
    ("label", "y\n  features: [y]", "4:13: data.features: data.target names 'y' too"),
    ("label", "y\n  positive: {y: 1}", "4:13: data.positive: must be "),
    ("label", "y\n  validation_split: 1", "4:21: data.validation_split: must be less than 1"),
    (
        "label",
        "y\n  validation: v\n  validation_split: .1",
        "5:21: data.validation_split: give validation",
    ),
    ("units: 1, ", "", "5:5: layers[0].units: this key is required"),
    (
        "sigmoid",
        "rleu",
        "5:28: layers[0].activation: 'rleu' is not an activation; did you mean 'relu'?",
    ),
    (
        "sigmoid",
        "tf.nn.relu",
        "5:28: layers[0].activation: 'tf.nn.relu' is Python code; in a config, write relu",
    ),
    (
        "sigmoid",
        "{name: leaky_relu, slope: 0.1}",
        "5:47: layers[0].activation.slope: unknown key; leaky_relu takes negative_slope",
    ),
    (
        "sigmoid",
        "{name: gelu, approximate: 1}",
        "5:54: layers[0].activation.approximate: must be true or false; received 1",
    ),
    (
        "sigmoid",
        "{name: celu, alpha: .inf}",
        "5:48: layers[0].activation.alpha: must be a number; received '.inf'",
    ),
    (
        "sigmoid",
        "{name: tanh, alpha: 2}",
        "5:41: layers[0].activation.alpha: unknown key; tanh takes none",
    ),
    (
        "sigmoid",
        "LeakyReLU(0.1)",
        "5:28: layers[0].activation: 'LeakyReLU(0.1)' is Python code; in a config, write "
        "{name: LeakyReLU, negative_slope: 0.1}",
    ),
    (
        "sigmoid",
        "glu",
        "5:28: layers[0].activation: nnrun does not support 'glu', which Keras has: it halves the",
    ),
    (
        "sigmoid",
        "'threshold(0.5, 0)'",
        "5:28: layers[0].activation: nnrun does not support 'threshold(0.5, 0)', which Keras has: "
        "use relu with arguments, as in {name: relu, threshold: 0.5}",
    ),
    (
        "sigmoid",
        "{name: threshold, threshold: 1}",
        "5:35: layers[0].activation.name: nnrun does not support 'threshold', which Keras has",
    ),
    (
        "{units: 1, activation: sigmoid}",
        "25",
        "5:5: layers[0]: must be a name or a mapping with 'type'; received 25; write {units: 25}",
    ),
    (
        "units: 1",
        "neurons: 1, units: 1",
        "5:6: layers[0].neurons: unknown key; Keras calls it units",
    ),
    (
        "sigmoid}",
        "sigmoid, kernel_regularizer: l2(0.01)}",
        "5:57: layers[0].kernel_regularizer: 'l2(0.01)' is Python code; in a config, write {name: l2, l2: 0.01}",
    ),
    (
        "{units",
        "{type: Dens, units",
        "5:12: layers[0].type: 'Dens' is not a layer; did you mean 'Dense'?",
    ),
    ("{units: 1, activation: sigmoid}", "Dropout", "5:5: layers[0].rate: this key is required"),
    (
        "{units: 1, activation: sigmoid}",
        "",
        "5:4: layers[0]: must be a name or a mapping with 'type'",
    ),
    (
        "activation: sigmoid",
        "bias_regularizer: {l2: -1}",
        "5:39: layers[0].bias_regularizer.l2: must be at",
    ),
    ("BinaryCrossentropy", "bec", "6:7: loss: 'bec' is not a loss; did you mean 'bce'?"),
    (
        "BinaryCrossentropy",
        "CTC",
        "6:7: loss: nnrun does not support 'CTC', which Keras has: it is for sequences",
    ),
    (
        "{units: 1, activation: sigmoid}",
        "Dense(3, 'relu', bias_initializer='1e3')",
        "5:5: layers[0]: \"Dense(3, 'relu', bias_initializer='1e3')\" is Python code; in a config, write "
        "{type: Dense, units: 3, activation: relu, bias_initializer: '1e3'}",
    ),
    (
        "  target: label",
        "  target: label\n  normalize: false\n  clip: 5",
        "5:9: data.clip: applies to standardised inputs alone; remove it, or remove normalize: false",
    ),
    (
        "  target: label",
        "  target: label\n  normalize: false\n  numeric: ple",
        "5:12: data.numeric: ple encodes standardised inputs; remove it, or remove normalize: false",
    ),
    (
        "  target: label",
        "  target: label\n  numeric: {name: ple, bins: 0}",
        "4:30: data.numeric.bins: must be at least 1",
    ),
    (
        "  target: label",
        "  target: label\n  numeric: plee",
        "4:12: data.numeric: 'plee' is not a numeric encoding; did you mean 'ple'?",
    ),
    (
        "  target: label",
        "  target: label\n  label: label",
        "4:3: data.label: unknown key; the column to predict is",
    ),
    (
        "  target: label",
        "  target: label\n  validation_split: 20%",
        "4:21: data.validation_split: must be a number; received '20%'; write it as in `validation",
    ),
    (
        "  target: label",
        "  target: label\n  validation: 0.2",
        "4:15: data.validation: must be the path of a table; received 0.2; a share of the training rows "
        "is `validation_split: 0.2`",
    ),
    (
        "  target: label",
        "  target: label\n  numeric: 16",
        "4:12: data.numeric: must be a name or a mapping with 'name'; received 16; "
        "write {name: ple, bins: 16}",
    ),
    (
        "  target: label",
        "  target: label\n  bins: 8",
        "4:3: data.bins: unknown key; it is `numeric: {name: ple, bins: 16}`",
    ),
    (
        "BinaryCrossentropy",
        "log_loss",
        "6:7: loss: 'log_loss' is not a loss of Keras; write BinaryCrossentropy for one of two",
    ),
    (
        "activation: sigmoid",
        "activation: lrelu",
        "5:28: layers[0].activation: 'lrelu' is not an activation of Keras; write leaky_relu",
    ),
    (
        "{units: 1, activation: sigmoid}",
        "{type: Flatten}",
        "5:12: layers[0].type: nnrun does not support 'Flatten', which Keras has: leave it out",
    ),
    (
        "{units: 1, activation: sigmoid}",
        "{type: Dropout, rate: 0.1, p: 0.5}",
        "5:32: layers[0].p: unknown key; Keras calls it rate",
    ),
    (
        "activation: sigmoid",
        "kernel_regularizer: 0.1",
        "5:36: layers[0].kernel_regularizer: must be a name or a mapping with 'name'; received 0.1; "
        "write {l2: 0.1}",
    ),
    (
        "  target: label",
        "  target: label\n  epochs: 3",
        "4:3: data.epochs: unknown key; it belongs at the top of the",
    ),
    ("BinaryCrossentropy", "", "6:6: loss: must be a name or a mapping with 'name'"),
    (
        "BinaryCrossentropy",
        "{name: mse, from_logits: true}",
        "6:19: loss.from_logits: unknown key; Mean",
    ),
    ("epochs: 3\n", "", "1:1: epochs: this key is required"),
]
NOT_CONFIGS = [
    ("", "1:1: a config is a mapping of keys to values; received an empty file"),
    ("- a\n- b\n", "1:1: a config is a mapping of keys to values; received a list"),
    ("data:\n\ttrain: a\n", "2:1: tabs cannot indent YAML; use spaces"),
    (
        (BASE + "# café\n").encode("latin-1"),
        "8:6: not UTF-8: byte 0xe9; save the config as UTF-8 text",
    ),
    ("#" * (256 << 10) + "\n", " a config is at most 256 KiB; give tables as separate files"),
    ("data: {train: [", "1:16: not YAML: "),
    ("a:\u2028b: [|", "1:9: not YAML: text cannot begin with '|'; quote it"),
    ("a: " + "[" * 33 + "]" * 33, f"1:36: a{'[0]' * 32}: a config is at most 32 levels deep"),
    ("a: " + "[" * 50_000, f"1:36: a{'[0]' * 32}: a config is at most 32 levels deep"),
]
SETS = [
    ("epochs=0", "must be at least 1; received 0"),
    ("layers[0].units=0", "must be at least 1; received 0"),
    ("layers[1].units=2", "'1' names nothing in a list of 1 item, whose numbers begin at 0"),
    ("epochs.x=3", "'x' names nothing in 3"),
    ("epcohs=3", "unknown key; did you mean 'epochs'?"),
    ("optimzer.rho=0.5", "optimzer: unknown key; did you mean 'optimizer'?"),
    ("layers[x].units=2", ""),
    ("metrics[0]=accuracy", ""),
    ("epochs=[", "not YAML: "),
    ("\udcff=3", "character U+DCFF is not allowed in a config"),
    ("data={}", "data.train: this key is required"),
]
SETS += [
    (text, "the form is KEY=VALUE, as in optimizer.") for text in ("a", "=3", "a..b=1", "a b=1")
]
GOOD = [
    "metrics: [acc, AUC, {name: precision, thresholds: 0.3}]",
    "metrics: [{name: Hinge}, {name: RootMeanSquaredError}, {name: F1Score}]",
    "optimizer: {epsilon: 1e-8}\ntensorboard: true\nbatch_size: 1e3\ncheckpoint: {every_seconds: 1}",
    "optimizer: rmsprop\nearly_stopping: {}\nreduce_lr_on_plateau: ReduceLROnPlateau",
    "optimizer: {name: adamw, learning_rate: 1e-3, clipnorm: 1}\nclass_weight: {0: 1, '1.0': 2.5}",
    "expect: {loss: '<= 0.5'}\nseed: 7\njit_compile: true",
    "expect: {loss: '<= 0.5', baseline: better}",
    "expect: baseline",
]
TEXTS = [
    "no",
    "yes",
    "on",
    "2012-01-01",
    "010",
    "0x10",
    "1:30",
    "=",
    "<<",
    "'1e5'",
    "'null'",
    "'~'",
    "'.inf'",
    "''",
    "'true'",
    "日本🙂",
]
TEXTS += ["'a: b'", "'# x'", "'- x'", "' x '", '"a\\nb"', '"a\\u0085b"', "word " * 40 + "end"]


@pytest.fixture
def load(project):
    """Load a config from its text, with --set."""
    return lambda text, *sets: load_config(project.write("config.yaml", text), sets)


@pytest.fixture
def lines(load, problems, project):
    """Return the lines that refuse a config, without the folder's name."""
    return lambda *args: [line.replace(f"{project.folder}/", "") for line in problems(load, *args)]


def schema_errors(path):
    """Return what an editor with the schema would underline."""
    found = jsonschema.Draft202012Validator(Config.model_json_schema()).iter_errors(
        read_file(path).values
    )
    return [error.message[:200] for error in found]


@pytest.mark.parametrize("case", ADDED.strip().splitlines())
def test_a_mistake_is_one_line_with_its_place_its_path_and_what_is_wrong(lines, case):
    added, line = (
        case.replace("\\n", "\n").replace("\\x07", "\x07").replace("\\0", "\0").split("  ->  ")
    )
    (refused,) = lines(f"{BASE}{added}\n")
    assert refused.startswith(f"config.yaml:8:{line}")


@pytest.mark.parametrize(("old", "new", "line"), CHANGED)
def test_a_mistake_in_the_data_the_layers_or_the_loss_is_one_line_too(lines, old, new, line):
    (refused,) = lines(BASE.replace(old, new))
    assert refused.startswith(f"config.yaml:{line}")


@pytest.mark.parametrize(("text", "line"), NOT_CONFIGS, ids=range(len(NOT_CONFIGS)))
def test_what_is_no_config_at_all_is_one_line(lines, text, line):
    (refused,) = lines(text)
    assert refused.startswith(f"config.yaml:{line}")


@pytest.mark.parametrize(("override", "line"), SETS)
def test_a_mistake_in_a_set_is_reported_as_that_set(lines, override, line):
    assert lines(BASE, override)[0].startswith(f"--set {override}: {line}")


def test_a_message_is_fit_for_a_terminal_and_bounded_and_its_problems_are_whole():
    given = ["see\n\x1b[31m\u2028Größe", "x" * 5_000 + "y", *["z" * 100] * 1_000]
    first, second, *others = str(InputError(given)).split("\n")
    assert first == r"see\n\x1b[31m\u2028Größe"
    assert (second[:500], second[-501:]) == ("x" * 500, " " + "x" * 499 + "y")
    assert (len(second), len(others), others[-1]) == (1_005, 150, "and 851 more mistakes")
    assert InputError(given).problems == given


def test_all_mistakes_are_named_in_one_pass_in_the_order_of_the_file(lines):
    text = (
        BASE.replace("label", "[]")
        .replace("units: 1", "units: 0")
        .replace("BinaryCrossentropy", "bec")
    )
    refused = lines(
        f"{text}seed: -1\nexpect: {{loss: x, accuracy: y}}\n", "optimizer.rho=2", "batch_size=0"
    )
    places = [
        "config.yaml:3:11: data.target: ",
        "config.yaml:5:13: layers[0].units: ",
        "config.yaml:6:7: loss: ",
        "config.yaml:8:7: seed: ",
        "config.yaml:9:16: expect.loss: ",
        "config.yaml:9:29: expect.accuracy: ",
        "--set optimizer.rho=2: ",
        "--set batch_size=0: ",
    ]
    assert len(refused) == len(places)
    for line, place in zip(refused, places, strict=True):
        assert line.startswith(place)
    assert len(lines(BASE, "no form", "epochs=[")) == 2


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path, problems):
    missing = tmp_path / "no.yaml"
    assert problems(load_config, missing) == [
        f"{missing}: cannot be read: No such file or directory"
    ]
    folder = f"{tmp_path}: is a folder, not a file; give the path of a YAML config"
    assert problems(load_config, tmp_path) == [folder]


@pytest.mark.parametrize(
    "added", [f"seed: {'x' * 5000}", f"optimizer: {'x' * 5000}", f"{'x' * 5000}: 1"]
)
def test_a_long_value_is_shortened_in_the_message(lines, added):
    (line,) = lines(f"{BASE}{added}\n")
    assert len(line) < 1000


def test_32_levels_and_256_kib_are_read(load, lines):
    assert lines(f"{BASE}a: {'[' * 31}{']' * 31}") == [lines(f"{BASE}a: 1")[0]]
    assert load(BASE + "#" * ((256 << 10) - len(BASE))).epochs == 3


@pytest.mark.parametrize("text", ["\ufeff" + BASE, BASE.replace("\n", "\r\n"), "---\n" + BASE])
def test_a_byte_order_mark_carriage_returns_and_a_document_start_are_fine(load, text):
    assert load(text).epochs == 3


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 0.001), ("1E-3", 0.001), (".5", 0.5), ("5.", 5), ("1_000", 1000)]
)
def test_numbers_are_read_as_people_write_them(load, text, value):
    assert load(f"{BASE}optimizer: {{learning_rate: {text}}}\n").optimizer["learning_rate"] == value


@pytest.mark.parametrize("text", TEXTS)
def test_what_only_looks_like_something_else_is_text_and_stays_text_when_written(load, text):
    config = load(BASE.replace("label", text))
    if not text.startswith('"'):
        assert config.data.target == [text.strip("'")]
    assert load(config.to_yaml()).data == config.data


@pytest.mark.parametrize("added", GOOD)
def test_to_yaml_loads_to_the_same_config(load, added):
    config = load(f"{BASE}{added}\n")
    again = load(config.to_yaml())
    assert again.to_yaml() == config.to_yaml()
    assert again.logged == config.logged
    assert again.model_dump(exclude={"metrics"}) == config.model_dump(exclude={"metrics"})


def test_to_yaml_escapes_what_reverses_the_text_that_is_shown(load):
    config = load(BASE.replace("label", '"a\\u202eb\\u2066"'))
    assert r'"a\u202eb\u2066"' in config.to_yaml()
    assert load(config.to_yaml()).data == config.data


def test_set_reaches_into_mappings_and_lists_and_makes_a_mapping_of_a_name(load):
    sets = (
        "optimizer.rho=5e-1",
        "layers[0].units=3",
        "early_stopping.patience=2",
        "loss.from_logits=true",
        "layers[0].activation=elu",
        "layers[0].activation.alpha=0.5",
        "layers[0].kernel_initializer=he_normal",
        "layers[0].kernel_initializer.seed=7",
    )
    config = load(f"{BASE}optimizer: adadelta\n", *sets)
    assert (config.optimizer["name"], config.optimizer["rho"]) == ("Adadelta", 0.5)
    assert config.layers[0]["units"] == 3
    assert config.layers[0]["activation"] == {"name": "elu", "alpha": 0.5}
    assert config.layers[0]["kernel_initializer"] == {"name": "HeNormal", "seed": 7}
    assert config.early_stopping["patience"] == 2
    assert config.from_logits


def test_paths_start_from_the_config_and_those_of_set_from_the_working_directory(
    load, project, monkeypatch
):
    (project.folder / "elsewhere").mkdir()
    monkeypatch.chdir(project.folder / "elsewhere")
    data = load(BASE.replace("label", "label\n  validation: ../v.csv"), "data.test=t.csv").data
    assert data.train == str(project.folder / "table.csv")
    assert data.validation == str(project.folder.parent / "v.csv")
    assert data.test == str(project.folder / "elsewhere" / "t.csv")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_accepts_every_config_that_ships(path):
    assert schema_errors(path) == []


@pytest.mark.parametrize("added", GOOD)
def test_the_schema_accepts_what_loads(load, project, added):
    load(f"{BASE}{added}\n")
    assert schema_errors(project.folder / "config.yaml") == []


def test_the_schema_is_valid_and_describes_every_key():
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(schema)))
    assert references <= schema["$defs"].keys()
    assert json.dumps(schema).count('"$ref"') == json.dumps(schema).count('"$ref": "#/$defs/')
    for mapping in (schema, schema["$defs"]["Data"], schema["$defs"]["CheckpointOptions"]):
        for key, value in mapping["properties"].items():
            target = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
            assert value.get("description") or target.get("description"), key


def test_loading_and_setting_leave_what_was_read_as_it_was(project):
    path = project.write("config.yaml", f"{BASE}optimizer: adam\n")
    source = read_file(path)
    changed = override(source, "optimizer.epsilon=1e-8")
    assert changed.values["optimizer"] == {"name": "adam", "epsilon": 1e-8}
    assert source.values == read_file(path).values
    assert load_config(path)._source.values == source.values

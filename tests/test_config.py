"""Loading a config: what is accepted, and one line with place, path and rule for each mistake."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nnrun.loading import json_schema, load_config
from nnrun.source import read_source

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
BASE = """\
data:
  train: table.csv
  target: label
layers:
  - {units: 1, activation: sigmoid}
loss: BinaryCrossentropy
epochs: 3
"""  # seven lines: what a case adds stands in line 8
HERE = "config.yaml:8:"


@pytest.fixture
def lines(project, problems):
    """Return the lines that refuse a config, without the folder's name."""

    def refuse(text: str | bytes, *overrides: str) -> list[str]:
        path = project.write("config.yaml", text)
        return [p.replace(f"{project.folder}/", "") for p in problems(load_config, path, overrides)]

    return refuse


@pytest.fixture
def load(project):
    """Load a config from its text."""

    def load(text: str | bytes, *overrides: str):
        return load_config(project.write("config.yaml", text), overrides)

    return load


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ("epcohs: 3", "1: epcohs: unknown key; did you mean 'epochs'?"),
        (
            "checkpoint: {every_secnds: 3}",
            "14: checkpoint.every_secnds: unknown key; did you mean 'every_seconds'?",
        ),
        ("batch_size: 0", "13: batch_size: must be at least 1; received 0"),
        ("batch_size: 1.5", "13: batch_size: must be a whole number; received 1.5"),
        ("batch_size: 010", "13: batch_size: must be a whole number; received '010'"),
        ("batch_size: true", "13: batch_size: must be a whole number; received true"),
        ("batch_size:", "12: batch_size: must be a whole number; received nothing"),
        ("seed: 4294967296", "7: seed: must be less than 4294967296; received 4294967296"),
        ("seed: 1e999", "7: seed: numbers must be finite; received 1e999"),
        ("seed: [1, .nan]", "11: seed[1]: numbers must be finite; received .nan"),
        ("tensorboard: no", "14: tensorboard: must be true or false; received 'no'"),
        (
            "jit_compile: 2012-01-01",
            "14: jit_compile: must be 'auto' or true or false; received '2012-01-01'",
        ),
        ("metrics: accuracy", "10: metrics: must be a list; received 'accuracy'"),
        ("metrics: [acuracy]", "11: metrics[0]: 'acuracy' is not a metric; did you mean 'accuracy'?"),
        ("metrics: [acc, acc]", "10: metrics: two metrics have one name: acc, acc"),
        (
            "metrics: [{name: AUC, num_thresholds: 1}]",
            "39: metrics[0].num_thresholds: must be at least 2; received 1",
        ),
        ("metrics: [RecallAtPrecision]", "11: metrics[0].precision: this key is required"),
        ("optimizer: adma", "12: optimizer: 'adma' is not an optimizer; did you mean 'ada"),
        ("optimizer: {name: adam, learning_rate: -1}", "40: optimizer.learning_rate: must be greater than 0"),
        (
            "optimizer: {name: adam, learning_rte: 1}",
            "25: optimizer.learning_rte: not an argument of Adam; did you mean 'learning_rate'?",
        ),
        ("optimizer: [adam]", "12: optimizer: must be a name or a mapping with 'name'; received ['adam']"),
        ("early_stopping: {patience: -1}", "28: early_stopping.patience: must be at least 0; received -1"),
        (
            "early_stopping: {mode: low}",
            "24: early_stopping.mode: must be 'auto', 'min' or 'max'; received 'low'",
        ),
        ("class_weight: balnced", "15: class_weight: must be 'balanced' or a mapping; received 'balnced'"),
        ("class_weight: {0: -1}", "19: class_weight.0: must be greater than 0"),
        (
            'expect: {loss: "=< 1"}',
            "16: expect.loss: must be one of >= <= == > < and a number; received '=< 1'",
        ),
        ("expect: {loss: 0.5}", "16: expect.loss: must be one of >= <= == > < and a number; received 0.5"),
        ("epochs: 4", "1: epochs: duplicate key; it stands at 7:1 already"),
        ("optimizer: *name", "12: optimizer: aliases (*name) are not allowed; write the value out"),
        ("seed: !!int '3'", "7: seed: tags are not allowed; remove 'tag:yaml.org,2002:int'"),
        ("optimizer: !!python/object:os.system {}", "12: optimizer: tags are not allowed; remove"),
        ("? [a, b]\n: 3", "3: a key must be a word"),
        ("---\nseed: 3", "1: a config is one document; remove what follows '---'"),
        ("optimizer: adam: 3", "16: not YAML: mapping values are not allowed in this context"),
        ("optimizer: a\x07", "13: character U+0007 is not allowed in a config"),
        ("optimizer: a\x00", "13: character U+0000 is not allowed in a config"),
    ],
)
def test_a_mistake_is_one_line_with_its_place_its_path_and_what_is_wrong(lines, added, line):
    refused = lines(f"{BASE}{added}\n")
    assert len(refused) == 1
    assert refused[0].startswith(HERE + line)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("  target: label\n", "", "2:3: data.target: this key is required"),
        ("target: label", "target: []", "3:11: data.target: must not be empty"),
        ("target: label", "target: [a, a]", "3:11: data.target: names a column twice: 'a'"),
        (
            "target: label",
            "trget: label\n  target: y",
            "3:3: data.trget: unknown key; did you mean 'target'?",
        ),
        (
            "target: label",
            "target: y\n  features: [y]",
            "4:13: data.features: 'y' is named in data.target too",
        ),
        ("target: label", "target: y\n  positive: [1]", "4:13: data.positive: must be "),
        (
            "target: label",
            "target: y\n  validation_split: 1",
            "4:21: data.validation_split: must be less than 1",
        ),
        (
            "target: label",
            "target: y\n  validation: v.csv\n  validation_split: 0.2",
            "5:21: data.validation_split: give validation or validation_split, not both",
        ),
        ("units: 1, ", "", "5:5: layers[0].units: this key is required"),
        ("units: 1", "units: 0", "5:13: layers[0].units: must be at least 1; received 0"),
        (
            "sigmoid",
            "sigmod",
            "5:28: layers[0].activation: 'sigmod' is not an activation; did you mean 'sigmoid'?",
        ),
        (
            "{units",
            "{type: Dens, units",
            "5:12: layers[0].type: 'Dens' is not a layer; did you mean 'dense'?",
        ),
        ("{units: 1, activation: sigmoid}", "Dropout", "5:5: layers[0].rate: this key is required"),
        ("{units: 1, activation: sigmoid}", "25", "5:5: layers[0]: must be a name or a mapping with 'type'"),
        ("{units: 1, activation: sigmoid}", "", "5:4: layers[0]: must be a name or a mapping with 'type'"),
        (
            "activation: sigmoid",
            "kernel_regularizer: {l2: -1}",
            "5:41: layers[0].kernel_regularizer.l2: must be at",
        ),
        ("BinaryCrossentropy", "bec", "6:7: loss: 'bec' is not a loss; did you mean 'bce'?"),
        ("BinaryCrossentropy", "", "6:6: loss: must be a name or a mapping with 'name'"),
        (
            "BinaryCrossentropy",
            "{name: mse, from_logits: true}",
            "6:19: loss.from_logits: not an argument of MeanSquaredError; it takes reduction",
        ),
        ("epochs: 3", "optimizer: \nepochs: 3", "7:11: optimizer: must be a name or a mapping with 'name'"),
        ("epochs: 3", "metrics: [~]\nepochs: 3", "7:11: metrics[0]: must be a name or a mapping with 'name'"),
        ("epochs: 3\n", "", "1:1: epochs: this key is required"),
    ],
)
def test_a_mistake_in_the_data_the_layers_or_the_loss_is_one_line_too(lines, old, new, line):
    refused = lines(BASE.replace(old, new))
    assert len(refused) == 1
    assert refused[0].startswith("config.yaml:" + line)


def test_all_mistakes_are_named_in_one_pass_in_the_order_of_the_file(lines):
    text = BASE.replace("label", "[]").replace("units: 1", "units: 0").replace("BinaryCrossentropy", "bec")
    refused = lines(f"{text}seed: -1\nexpect: {{loss: x, accuracy: y}}\n", "batch_size=0", "optimizer.rho=2")
    assert [re.match(r"(--set \S+|\S+): (\S+):", line).groups() for line in refused] == [
        ("config.yaml:3:11", "data.target"),
        ("config.yaml:5:13", "layers[0].units"),
        ("config.yaml:6:7", "loss"),
        ("config.yaml:8:7", "seed"),
        ("config.yaml:9:16", "expect.loss"),
        ("config.yaml:9:29", "expect.accuracy"),
        ("--set batch_size=0", "batch_size"),
        ("--set optimizer.rho=2", "optimizer.rho"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "config.yaml:1:1: a config is a mapping of keys to values; received an empty file"),
        ("# nothing\n", "config.yaml:1:1: a config is a mapping of keys to values; received an empty file"),
        ("- a\n- b\n", "config.yaml:1:1: a config is a mapping of keys to values; received a list"),
        ("hello\n", "config.yaml:1:1: a config is a mapping of keys to values; received "),
        ("data:\n\ttrain: a\n", "config.yaml:2:1: tabs cannot indent YAML; use spaces"),
        ((BASE + "# café\n").encode("latin-1"), "config.yaml:8: not UTF-8: byte 0xe9"),
        ("#" * (1 << 20) + "\n", "config.yaml: a config is at most 1 MiB; give tables as separate files"),
        ("data: {train: [", "config.yaml:1:16: not YAML: "),
    ],
)
def test_what_is_no_config_at_all_is_one_line(lines, text, line):
    refused = lines(text)
    assert len(refused) == 1
    assert refused[0].startswith(line)


@pytest.mark.parametrize(
    "deep", ["a: " + "[" * 33 + "]" * 33, "a: " + "[" * 50_000, "a:\n" * 0 + "{a: " * 33]
)
def test_a_document_deeper_than_32_levels_is_refused(lines, deep):
    (line,) = lines(deep)
    assert line.endswith(": a config is at most 32 levels deep")


def test_32_levels_and_a_mebibyte_are_read(load, lines):
    assert lines("a: " + "[" * 31 + "]" * 31)[0].startswith("config.yaml:1:1: a: unknown key")
    assert load(BASE + "#" * ((1 << 20) - len(BASE))).epochs == 3


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path, problems):
    missing = tmp_path / "no.yaml"
    assert problems(load_config, missing) == [f"{missing}: cannot be read: No such file or directory"]
    (line,) = problems(load_config, tmp_path)
    assert line == f"{tmp_path}: cannot be read: Is a directory; give the path of a YAML config"


def test_a_long_value_is_shortened_in_the_message(lines):
    for added in (f"seed: {'x' * 5000}", f"optimizer: {'x' * 5000}", f"{'x' * 5000}: 1"):
        (line,) = lines(f"{BASE}{added}\n")
        assert len(line) < 1000


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbf" + BASE.encode(), BASE.replace("\n", "\r\n"), "---\n" + BASE]
)
def test_a_byte_order_mark_carriage_returns_and_a_document_start_are_fine(load, text):
    assert load(text).epochs == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1E-3", 0.001), (".5", 0.5), ("5.", 5.0), ("1e3", 1000), ("+1", 1), ("1_000", 1000)],
)
def test_numbers_are_read_as_people_write_them(load, text, value):
    assert (
        load(f"{BASE}optimizer: {{name: sgd, learning_rate: {text}}}\n").optimizer["learning_rate"] == value
    )


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "2012-01-01", "010", "0x10", "1:30", "=", "'1e5'", '"null"']
)
def test_what_only_looks_like_something_else_is_text(load, text):
    assert load(BASE.replace("label", text)).data.target == [text.strip("'\"")]


SETS = [
    ("epochs=0", "epochs: must be at least 1; received 0"),
    ("layers[0].units=0", "layers[0].units: must be at least 1; received 0"),
    ("layers.0.units=0", "layers[0].units: must be at least 1; received 0"),
    ("layers[1].units=2", "'1' names nothing in a list of 1, counted from 0"),
    ("epochs.x=3", "'x' names nothing in 3"),
    ("epcohs=3", "epcohs: unknown key; did you mean 'epochs'?"),
    ("optimzer.rho=0.5", "optimzer: unknown key; did you mean 'optimizer'?"),
    ("layers[x].units=2", ""),
    ("metrics[0]=accuracy", ""),
    ("epochs=[", "not YAML: "),
    ("epochs=.inf", "numbers must be finite; received .inf"),
    ("epochs=*a", "aliases (*name) are not allowed"),
    ("data={}", "data.train: this key is required"),
    *[(x, "the form is KEY=VALUE, as in optimizer.learning_rate=0.01") for x in ("a", "epochs", "=3", "a..b=1", "a b=1")],
]  # fmt: skip


@pytest.mark.parametrize(("override", "line"), SETS)
def test_a_mistake_in_a_set_is_reported_as_that_set(lines, override, line):
    refused = lines(BASE, override)
    assert refused[0].startswith(f"--set {override}: {line}")

"""Every lint rule, by a config or a table that breaks it; and the network told by arithmetic."""

import importlib.util
import re

import polars as pl
import pytest
from support.project import Project
from support.readable_ids import readable_id

from nnrun.checks import layers
from nnrun.checks.layers import oversize
from nnrun.checks.registry import lint, raise_errors, rules
from nnrun.config.architecture import summarize
from nnrun.config.keras_catalog import LAYER
from nnrun.errors import ConfigError
from nnrun.training.build_model import build_network

DENSE = {"units": 4, "activation": "relu"}
SIGMOID = {"units": 1, "activation": "sigmoid"}
LINEAR = {"units": 1}
LOGS = {"data.target_transform": "log1p"}
NUMBERS = {"data.target": "dose", "loss": "MeanSquaredError", "layers": [DENSE, LINEAR]}
LOGITS = {"loss": {"name": "BinaryCrossentropy", "from_logits": True}, "layers": [DENSE, LINEAR]}
UNSEEN = {"data.validation": "other.csv", "data.validation_split": Project.drop}
CROSSED = {"name": "MinMaxNorm", "min_value": 3, "max_value": 2}
WARM_UP = {"name": "CosineDecay", "initial_learning_rate": 0.1, "warmup_steps": 5}
ORTHOGONAL = {
    "units": 2,
    "activation": "relu",
    "activity_regularizer": {"name": "OrthogonalRegularizer"},
}
SWEEP = {"settings": {"epochs": [1, 2]}}
WIDE = {"units": 10_000_000, "activation": "relu"}

label, age = pl.col("label"), pl.col("age")
LOW_HIGH = label.replace_strict({0: "low", 1: "high"}, return_dtype=pl.String)
TOWN = pl.Series("town", ["Bath", "Ely", "York"] * 20)
LONG_TOWNS = ((pl.int_range(60) % 12).cast(pl.String) + pl.lit("\1" * 250_000)).alias("town")
RARE_TOWN = pl.Series("town", ["Ely"] * 3 + ["Bath", "York", "York"] * 19)
ROW_ID = (pl.int_range(60) * 7).alias("row_id")
PLOT_ID = (pl.int_range(60) % 3).alias("plot_id")
SIZE = pl.Series("size", ["52", "60", "90+"] * 20)
RARE_TOWNS = pl.Series("town", ["Ely", "Ely", "Hull", "Hull"] + ["Bath", "York"] * 28)
NONE = pl.Series("town", ["None", "Ely", "York"] * 20)
ZIP = pl.Series("zip", ["98115", "01221", "55001"] * 20)
WEIGHT = pl.Series("weight", ["7 kg", "<0.3", "12.5%", "low"] * 15)
SPELT = pl.Series("town", ["New York", "new york", "Ely"] * 20)
NONE_OF = {"data.missing": "mean"}
SOFTMAX = {"units": 3, "activation": "softmax"}
SEVERAL = {
    "data.target": "town",
    "loss": "SparseCategoricalCrossentropy",
    "layers": [DENSE, SOFTMAX],
}
SEVERAL_LOGITS = {
    **SEVERAL,
    "loss": {"name": SEVERAL["loss"], "from_logits": True},
    "layers": [DENSE, {"units": 3}],
}
COSINE = {"name": "CosineDecay", "initial_learning_rate": 0.01}
PAIR = {"data.target": ["label", "sick"], "layers": [DENSE, {**SIGMOID, "units": 2}]}
SICK = pl.Series("sick", ["no", "Yes", "yes", "no"] * 15)
PIECES = {"name": "PiecewiseConstantDecay", "values": [0.1, 0.01, 0.001]}
SOFTPLUS = {"units": 1, "activation": "softplus"}
NO_TARGETS = pl.when(pl.int_range(60) > 1).then("label")
GAPS = pl.when(pl.int_range(60) != 7).then("age")
OTHER = {"data.test": "other.csv"}  # whose towns are all Leeds
RARE = (pl.int_range(pl.len()) < 4).cast(int).alias("label")
STOP_ON_FALSE_POSITIVES = {
    "metrics": ["FalsePositives"],
    "early_stopping": {"monitor": "val_FalsePositives"},
}
NO_SHARE = {"data.validation_split": 0}
HALVES = pl.Series("by", ["a", "b"] * 30)
BY_LABEL = {**NO_SHARE, "data.split": {"time": "by"}}
ERRORS = [  # the rule, changes to the good config, changed columns of the table, what the message says
    ("labels", {}, [pl.lit(1).alias("label")], "data.target: BinaryCrossentropy needs two labels; every row"),
    ("labels", {}, [label + (age > 45)], "data.target: BinaryCrossentropy needs two labels; received 3: "),
    ("labels", {"data.target": "age"}, [], "', ...; use loss: MeanSquaredError for numbers"),
    ("labels", {}, [LOW_HIGH], "data.target: nothing tells which label is 1; set under data: `positive:"),
    ("labels", {"data.positive": "yep"}, [LOW_HIGH], "data.positive: 'yep' is not a label of the target; its"),
    ("sample-weight", {"data.sample_weight": "weight"}, [pl.lit(0.0).alias("weight")], "every train row has the weight 0"),
    ("split-labels", BY_LABEL, [label.alias("by")], "data.split: no row to train on has the label '1'"),
    ("output-units", {"layers": [DENSE, {**SIGMOID, "units": 2}]}, [], "layers[1].units: the last layer"),
    ("output-units", {"layers": [{"type": "Dropout", "rate": 0.5}]}, [], "layers: the last layer gives"),
    ("output-units", {**NUMBERS, "data.target": ["age", "dose"]}, [], "each target column (2); received 1"),
    ("labels", {"data.target": ["label", "age"]}, [], "data.target[1]: BinaryCrossentropy needs two labels in each target; column 'age' has 60: "),
    ("labels", PAIR, [pl.lit(1).alias("sick")], "every row of column 'sick' has '1'; leave it out"),
    ("labels", PAIR, [LOW_HIGH, SICK], "nothing tells which label of column 'label' is 1 ('high' and 'low'); name it in the list"),
    ("labels", {**PAIR, "data.positive": ["high", "low"]}, [LOW_HIGH, SICK], "both labels of column 'label' are in `positive`"),
    ("labels", {**PAIR, "data.positive": "up"}, [SICK], "data.positive: 'up' is a label of none of the targets"),
    ("labels", {"data.positive": [1]}, [], "data.positive: is a list for several targets; name one label"),
    ("output-units", {**PAIR, "layers": [DENSE, SIGMOID]}, [SICK], "each target column (2); received 1"),
    ("class-weight", {**PAIR, "class_weight": "balanced"}, [SICK], "for the labels of one target; for several, weigh rows"),
    ("metric-loss", {**PAIR, "metrics": [{"name": "F1Score", "average": "macro"}]}, [SICK], "F1Score needs a threshold and an average for several targets"),
    ("metric-loss", {"metrics": [{"name": "AUC", "multi_label": True}]}, [], "AUC has multi_label, which is only for several targets"),
    ("softmax-one-unit", {"layers": [{**SIGMOID, "activation": "softmax"}]}, [], "layers[0].activation: "),
    (
        "softmax-one-unit",
        {"layers": [LINEAR, {"type": "Activation", "activation": "softmax"}]},
        [],
        "layers[1].activation: softmax over one unit gives the same value for every row; use sigmoid",
    ),
    ("mse-range", {**NUMBERS, "layers": [SIGMOID], "data.target": "age"}, [], "layers[0].activation: "),
    ("mse-range", {**NUMBERS, "layers": [{**LINEAR, "activation": "relu"}]}, [pl.col("dose") - 1], "0 and"),
    ("target-transform", {**NUMBERS, **LOGS}, [pl.col("dose") - 1], "data.target_transform: log1p takes numbers that"),
    ("target-transform", {**NUMBERS, **LOGS, "loss": "msle"}, [], "MeanSquaredLogarithmicError does not work with it;"),
    ("target-transform", LOGS, [], "BinaryCrossentropy does not work with it; use MeanSquaredError"),
    ("mse-range", {**NUMBERS, **LOGS, "layers": [SIGMOID]}, [pl.col("dose") * 10], "sigmoid gives 0..1, but log1p of"),
    ("loss-range", {**NUMBERS, "loss": "Poisson"}, [], "layers[1].activation: Poisson takes outputs"),
    ("loss-range", {**NUMBERS, "loss": "msle", "layers": [SOFTPLUS]}, [pl.col("dose") - 1], "never negative, but 'dose' goes"),
    ("metric-loss", {**NUMBERS, "metrics": ["mae", "accuracy"]}, [], "metrics[1]: accuracy is for classes"),
    ("metric-loss", {**LOGITS, "metrics": [{"name": "Precision"}]}, [], "metrics[0]: Precision needs"),
    ("logits-activation", {**LOGITS, "layers": [SIGMOID]}, [], "loss.from_logits: logits need a lin"),
    ("monitor", {"early_stopping": {"monitor": "val_los"}}, [], "early_stopping.monitor: the run does not log"),
    ("monitor", {"reduce_lr_on_plateau": {"monitor": "val_auc"}}, [], "reduce_lr_on_plateau.monitor: the"),
    ("monitor", {"expect": {"val_acc": "> 0.5"}}, [], "expect.val_acc: the run does not log 'val_acc'; did you"),
    ("monitor", {"expect": "baseline", "data.validation_split": 0}, [], "expect.baseline: no rows are held out"),
    ("monitor", {"expect": {"test_loss": "< 1"}}, [], "expect.test_loss: the run does not log 'test_loss'"),
    (
        "monitor",
        {"data.validation_split": 0, "early_stopping": {}},
        [],
        "the run does not log 'val_loss'; hold rows out: validation_split: 0.2 under data",
    ),
    ("plateau-schedule", {"optimizer.learning_rate": COSINE, "reduce_lr_on_plateau": {}}, [], "follows CosineDecay"),
    ("schedule-values", {"optimizer.learning_rate": {**PIECES, "boundaries": [5]}}, [], "received 3 for 1"),
    ("schedule-values", {"optimizer.learning_rate": {**PIECES, "boundaries": [9, 5]}}, [], "each boundary must be larger"),
    ("schedule-values", {"optimizer.learning_rate": WARM_UP}, [], "warmup_steps: there is no warm-up without warmup_tar"),
    ("constraint-values", {"layers": [{**DENSE, "bias_constraint": CROSSED}, SIGMOID]}, [], "bias_constraint.min_value: the least norm, 3"),
    ("labels", {**NUMBERS, "data.positive": 3}, [], "data.positive: is for labels, and MeanSquaredError predicts"),
    ("class-weight", {**NUMBERS, "class_weight": "balanced"}, [], "class_weight: weights are only for classes"),
    ("class-weight", {"class_weight": {"0": 2.0}}, [], "class_weight: label '1' has no weight"),
    ("class-weight", {"class_weight": {"0": 1.0, "1": 1.0, "2": 1.0}}, [], "class_weight: '2' is not a label"),
    ("network-size", {"layers": [WIDE, WIDE, SIGMOID]}, [], "layers: 100,000,"),
    ("encoding-size", {}, [LONG_TOWNS], "data: encoding.json would be larger than the 16 MiB"),
    ("orthogonal-rows", {"layers": [ORTHOGONAL, SIGMOID]}, [], "activity_regularizer: mode: rows needs a fixed"),
    ("tensorboard", {"tensorboard": True}, [], "tensorboard: the package is not installed: pip install"),
    ("sweep", {"sweep": {"settings": {"epochs": [2, 0]}}}, [], "sweep.settings.epochs: must be at least 1"),
    ("sweep", {"sweep": {**SWEEP, "metric": "val_AUC"}}, [], "sweep.metric: the config logs 'loss', 'accuracy'"),
    ("feature-range", {}, [age + 1.7e9], "around 1.7e+09, too little for float32; subtract"),
    ("monitor", STOP_ON_FALSE_POSITIVES, [], "early_stopping: set mode: min or mode: max for val_FalsePositives"),
    ("feature-range", {}, [age * 1e-9], "table.csv: column 'age' varies by"),
    ("labels", {**SEVERAL, "data.target": "age"}, [], "data.target: SparseCategoricalCrossentropy needs two"),
    ("labels", SEVERAL, [pl.lit("Bath").alias("town")], "two labels or more, and rows of each; received 'Bath'"),
    ("labels", {**SEVERAL, "data.positive": "Ely"}, [TOWN], "data.positive: is for two labels under BinaryCross"),
    ("labels", {"data.target": "town"}, [TOWN], "or SparseCategoricalCrossentropy for several labels"),
    ("output-units", {**SEVERAL, "layers": [DENSE, {**SOFTMAX, "units": 2}]}, [TOWN], "for each label (3); received 2"),
    ("output-units", {**SEVERAL, "data.target": ["town", "age"]}, [TOWN], "Crossentropy takes one target; received 2"),
    ("logits-activation", {**SEVERAL_LOGITS, "layers": [SOFTMAX]}, [TOWN], "loss.from_logits: logits need a lin"),
    ("metric-loss", {**SEVERAL, "metrics": ["accuracy", "AUC"]}, [TOWN], "metrics[1]: AUC is for two labels; use one"),
    ("metric-loss", {**SEVERAL, "metrics": ["mae"]}, [TOWN], "metrics[0]: mae is for two labels; use one such as accuracy"),
    ("metric-loss", {"metrics": ["sparse_categorical_accuracy"]}, [], "is for several labels; use one such as accuracy"),
    ("metric-loss", {**NUMBERS, "metrics": ["SparseCategoricalAccuracy"]}, [], "is for classes; for numbers, use"),
    ("class-weight", {**SEVERAL, "class_weight": {"Bath": 1, "York": 2}}, [TOWN], "class_weight: label 'Ely' has no"),
    ("class-weight", {**SEVERAL, "class_weight": {"Bath": 1, "Ely": 1, "York": 2, "Hull": 1}}, [TOWN], "'Hull' is not"),
    ("feature-range", {}, [age * 1e20], "table.csv: column 'age' varies by"),
    ("feature-range", {**NUMBERS, "data.target": "age"}, [age * 1e12], "too much for gradients"),
]  # fmt: skip
WARNINGS = [
    ("dropout-all", {"layers": [DENSE, {"type": "AlphaDropout", "rate": 1}, SIGMOID]}, [], "layers[1].rate: AlphaDropout drops every"),
    ("linear-hidden", {"layers": [{"units": 4}, SIGMOID]}, [], "layers: every hidden layer is linear,"),
    ("sigmoid-hidden", {"layers": [{**DENSE, "activation": "sigmoid"}, SIGMOID]}, [], "layers[0].activation"),
    ("bce-output", {"layers": [DENSE, LINEAR]}, [], "loss: the output is linear, which is not a probability;"),
    ("far-from-zero", {**NUMBERS, "layers": [SOFTPLUS]}, [pl.col("dose") + 600], "layers[0].activation: softplus begins at 0, and"),
    ("far-from-zero", {**NUMBERS, **LOGS, "layers": [SOFTPLUS]}, [pl.col("dose") + 600], "begins at 0, and log1p of 'dose' goes from 6.3"),
    ("log-exponential", {**NUMBERS, **LOGS, "layers": [{"units": 1, "activation": "exponential"}]}, [], "layers[0].activation: the"),
    ("percentage-zero", {**NUMBERS, "loss": "mape"}, [pl.col("dose") - 0.5], "loss: it divides by the target"),
    ("huber-delta", {**NUMBERS, "loss": "Huber"}, [pl.col("dose") * 1e4], "no more than MeanAbsoluteError; set"),
    ("huber-delta", {**NUMBERS, "loss": {"name": "Huber", "delta": 100}}, [], "no more than MeanSquaredError"),
    ("softmax-output", {**SEVERAL, "layers": [{"units": 3}]}, [TOWN], "loss: the output is linear, which is not a prob"),
    ("softmax-output", {**SEVERAL, "layers": [{**SIGMOID, "units": 3}]}, [TOWN], "end in activation: softmax, or"),
    ("imbalance", SEVERAL, [RARE_TOWN], "rows are 'Ely'; consider class_weight: balanced"),
    ("imbalance", {**SEVERAL, "layers": [DENSE, {**SOFTMAX, "units": 4}]}, [RARE_TOWNS], "and 1 other label is rare too; c"),
    ("dropped-rows", {"data.missing": "drop"}, [GAPS], "table.csv: 1 row is left out for a missing cell"),
    ("dropped-rows", {"data.missing": "mean"}, [NO_TARGETS], "table.csv: 2 rows are left out for a missing target"),
    ("dropped-rows", {"data.missing": "mean"}, [pl.when(age > 40).then("label")], "rows are left out for a"),
    ("unseen-category", OTHER, [TOWN], "other.csv: column 'town': 60 cells hold categories that"),
    ("unscaled", {"data.normalize": False}, [], "data.normalize: columns hold values beyond 10, and normalize is false: 'age'"),
    ("target-copy", {}, [label.alias("copy")], "table.csv: column 'copy' equals the target; drop: [copy]"),
    ("imbalance", {}, [RARE], "rows are '1'; consider class_weight: balanced"),
    ("no-weights", {**OTHER, "data.sample_weight": "weight"}, [pl.lit(1.0).alias("weight")], "other.csv: has no column 'weight' of weights: all its rows count alike"),
    ("repeated-rows", {"data.test": "table.csv"}, [], "rows stand among the test rows and among the training"),
    ("split-share", {**NO_SHARE, "data.split": {"group": "by"}}, [HALVES], "30 rows are held out, 50% in place of 20%:"),
    ("nothing-held-out", {"data.validation_split": 0}, [], "data: nothing is held out for validation; add"),
    ("constant", {}, [pl.lit(1 / 3).alias("dose")], "columns have one value in all training rows: 'dose'; leave them out: `drop: [dose]`"),
    ("identifier", {}, [pl.int_range(60).reverse().alias("n")], "column 'n' numbers the rows, as an identifier: about"),
    ("identifier", {}, [ROW_ID], "column 'row_id' is named like an identifier; it says nothing about new rows: `drop: [r"),
    ("null-values", NONE_OF, [NONE], "table.csv: 'None' counts as missing in 20 rows of 'town'; if it is a category: n"),
    ("leading-zeros", {}, [ZIP], "begin with zeros, as codes do: '01221' in 'zip'; if they are categories: `categori"),
    ("number-like", {}, [WEIGHT], "column 'weight' is text, and most cells begin with digits ('7 kg', '<0.3', '12.5%'"),
    ("label-spelling", SEVERAL, [SPELT], "count as several: 'New York' and 'new york'; spell each in one way in the tab"),
    ("codes", {}, [SIZE], "column 'size' holds numbers and text ('90+'), and is taken as 3 categories; if that is right: `cate"),
    ("codes", {}, [PLOT_ID], "column 'plot_id' is named like an identifier and has 3 values in 60 rows, and its values are taken as cat"),
    ("big-integers", {}, [-(age * 1e7).round()], "table.csv: column 'age' holds integers beyond 2^24"),
    ("big-integers", {}, [(age * 1e7).round()], "table.csv: column 'age' holds integers beyond 2^24"),
]  # fmt: skip
LEVELS = [("error", ERRORS), ("warning", WARNINGS)]
CASES = [(case[0], level, *case[1:]) for level, cases in LEVELS for case in cases]
BOTH = {"1": 1.0, "0.0": 2.0}
FINE = [
    ({}, []),
    ({"class_weight": "balanced"}, [RARE]),
    ({}, [((age - age.min()) * 1e7).round()]),
    ({}, [(10 ** (8 + age / 20)).round()]),
    ({"class_weight": BOTH, "metrics": ["AUC", "mse"], "expect": {"val_AUC": "> 0.5"}}, []),
    ({"data.positive": "high"}, [LOW_HIGH]),
    ({"layers": [{"type": "Dropout", "rate": 0.1}, SIGMOID]}, []),
    ({"layers": [{"units": 4}, {"type": "Activation", "activation": "relu"}, SIGMOID]}, []),
    ({"layers": [DENSE, LINEAR, {"type": "Activation", "activation": "sigmoid"}]}, []),
    (
        {
            **LOGITS,
            "metrics": ["accuracy", "AUC", "bce"],
            "early_stopping": {"monitor": "val_accuracy"},
        },
        [],
    ),
    (SEVERAL, [TOWN]),
    (SEVERAL_LOGITS, [TOWN]),
    ({**SEVERAL, "class_weight": "balanced"}, [RARE_TOWN]),
    ({**SEVERAL, "class_weight": {"Bath": 1, "York": 2, "Ely": 3}}, [TOWN]),
    (
        {
            **SEVERAL,
            "metrics": ["acc", "sparse_top_k_categorical_accuracy"],
            "expect": {"val_acc": "> 0"},
        },
        [TOWN],
    ),
    ({"data.missing": "mean"}, [GAPS]),
    ({"data.categorical": ["plot_id", "size"]}, [PLOT_ID, SIZE]),
    ({"data.numeric_columns": ["plot_id", "zip"]}, [PLOT_ID, ZIP]),
    ({"data.categorical": ["weight", "zip"]}, [WEIGHT, ZIP]),
    ({"data.drop": ["row_id"]}, [ROW_ID]),
    ({}, [TOWN]),
    ({**NUMBERS, "metrics": ["mae", "R2Score"], "reduce_lr_on_plateau": {}}, []),
    ({**NUMBERS, "layers": [DENSE, {**LINEAR, "activation": "softplus"}]}, []),
    ({**NUMBERS, "data.target": ["dose", "height"], "layers": [DENSE, {"units": 2}]}, []),
    ({**OTHER, "expect": {"test_loss": "< 9", "test_accuracy": "> 0"}}, [age + 1]),
]


@pytest.fixture
def findings(project, frame, monkeypatch):
    """Lint the good config and the default table with changes."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "tensorboard" else find_spec(name, *rest),
    )
    monkeypatch.chdir(project.folder)

    def run(changes, columns):
        project.table(frame.with_columns(columns))
        label = pl.lit(2) if "data.validation" in changes else "label"
        project.table(frame.with_columns(label=label, town=pl.lit("Leeds")), "other.csv")
        return lint(project.dataset(changes))

    return run


def test_the_table_has_a_case_for_every_rule():
    assert {(code, level) for code, level, *_ in CASES} == {
        (rule.code, rule.level) for rule in rules()
    }


@pytest.mark.parametrize(
    ("code", "level", "changes", "columns", "phrase"),
    CASES,
    ids=[readable_id(f"{code}, {phrase}", longest=60) for code, _, _, _, phrase in CASES],
)
def test_a_rule_finds_what_breaks_it_and_says_where(
    findings, code, level, changes, columns, phrase
):
    found = [finding for finding in findings(changes, columns) if phrase in finding.message]
    assert [(finding.code, finding.level) for finding in found] == [(code, level)]
    assert re.match(r"(.*/config\.yaml:\d+:\d+|table\.csv|other\.csv): ", found[0].message)
    assert str(found[0]) == f"{'warning: ' * (level == 'warning')}{found[0].message} [{code}]"


@pytest.mark.parametrize(("changes", "columns"), FINE, ids=range(len(FINE)))
def test_a_good_config_has_no_finding(findings, changes, columns):
    assert findings(changes, columns) == []


def test_errors_come_first_and_stop_the_run_together(findings):
    found = findings(
        {**LOGITS, "layers": [{"units": 4}, SIGMOID], "metrics": ["AUC", "recall"]}, []
    )
    assert [finding.level for finding in found] == ["error", "error", "warning"]
    with pytest.raises(ConfigError) as caught:
        raise_errors(found)
    assert [line.rpartition(" ")[2] for line in caught.value.problems] == [
        "[metric-loss]",
        "[logits-activation]",
    ]


def test_a_label_that_counts_as_missing_is_told_though_its_rows_are_left_out(findings):
    told = "'None' counts as missing in 20 rows of 'town'; if it is a label: null_values: "
    found = findings({**SEVERAL, **NONE_OF, "layers": [DENSE, {**SOFTMAX, "units": 2}]}, [NONE])
    (line,) = [finding.message for finding in found if finding.code == "null-values"]
    assert line == f'table.csv: {told}[""]'
    gap = pl.when(pl.int_range(60) > 7).then(pl.col("age").cast(str)).otherwise(pl.lit("n/a"))
    found = findings(
        {**SEVERAL, **NONE_OF, "layers": [DENSE, {**SOFTMAX, "units": 2}]}, [NONE, gap.alias("age")]
    )
    (line,) = [finding.message for finding in found if finding.code == "null-values"]
    assert line == f'table.csv: {told}["", "n/a"]'


def test_what_the_config_says_to_be_missing_and_what_is_rare_is_not_told(findings):
    stated = {**NONE_OF, "data.null_values": ["", "None"]}
    assert findings(stated, [NONE]) == []
    rare = pl.Series("town", ["None", *["Ely", "York"] * 29, "Ely"])
    assert findings(NONE_OF, [rare]) == []


def test_all_identifiers_come_in_one_line_to_paste(findings):
    columns = [ROW_ID, ROW_ID.alias("a b"), label.alias("spare")]
    (found,) = findings({"data.drop": ["spare"]}, [*columns, ROW_ID.alias("id")])
    assert found.message.endswith("new rows: `drop: [spare, row_id, id]`")
    (found,) = findings({"data.features": ["age", "row_id"]}, columns)
    assert found.message.endswith("new rows: `features: [age]`")


def test_codes_are_told_with_the_whole_lines_to_paste(findings):
    found = findings({"data.categorical": ["town"], "data.null_values": ["", "x"]}, [TOWN, SIZE])
    (line,) = [finding.message for finding in found]
    assert "`categorical: [town, size]`" in line
    assert line.endswith("""if such cells are missing: `null_values: ["", "x", "90+"]`""")


def test_warnings_alone_do_not_stop_the_run(findings):
    found = findings({"data.validation_split": 0}, [])
    assert [finding.code for finding in found] == ["nothing-held-out"]
    raise_errors(found)


NETWORKS = [
    [SIGMOID],
    [{**DENSE, "use_bias": False}, SIGMOID],
    [DENSE, {"type": "BatchNormalization"}, {"type": "Dropout", "rate": 0.5}, SIGMOID],
    [DENSE, {"type": "BatchNormalization", "center": False, "scale": False}, SIGMOID],
    [{"type": "LayerNormalization"}, DENSE, {"type": "LayerNormalization", "scale": False}, SIGMOID],
    [LINEAR, {"type": "Activation", "activation": "tanh"}, {"type": "GaussianNoise", "stddev": 0.1}, SIGMOID],
]  # fmt: skip


@pytest.mark.parametrize("layers", NETWORKS, ids=range(len(NETWORKS)))
def test_parameters_are_counted_as_keras_counts_them(project, layers):
    dataset = project.dataset({"layers": layers})
    model = build_network(dataset.config, dataset.encoder)
    summary = summarize(dataset.config, 3)
    ours = [layer for layer in model.layers if type(layer).__name__ != "Normalization"]
    assert [s.parameters for s in summary] == [layer.count_params() for layer in ours]
    assert [s.units for s in summary] == [layer.output.shape[1] for layer in ours]
    added = sum(layer.count_params() for layer in model.layers if layer not in ours)
    assert sum(layer.parameters for layer in summary) == model.count_params() - added
    assert added == 0


def test_the_shapes_of_all_weights_are_those_of_keras_in_its_order(project):
    options = [
        {"center": center, "scale": scale} for center in (True, False) for scale in (True, False)
    ]
    normalizations = ("BatchNormalization", "LayerNormalization")
    layers = [{"type": kind, **chosen} for kind in normalizations for chosen in options]
    layers += [
        {**DENSE, "use_bias": use_bias, "units": units}
        for use_bias, units in ((True, 5), (False, 4))
    ]
    layers += [
        {"type": "Dropout", "rate": 0.5, "seed": 3},
        {"type": "GaussianNoise", "stddev": 0.1},
        {"type": "GaussianDropout", "rate": 0.5},
        {"type": "AlphaDropout", "rate": 0.5},
    ]
    without_arguments = ("ReLU", "LeakyReLU", "PReLU", "ELU", "RMSNormalization")
    layers += [{"type": kind} for kind in (*without_arguments, "UnitNormalization")]
    layers += [
        {"type": "Activation", "activation": "tanh"},
        {"type": "BatchNormalization"},
        SIGMOID,
    ]
    dataset = project.dataset({"layers": layers})
    assert {spec["type"] for spec in layers if "type" in spec} | {"Dense"} == LAYER.catalog.keys()
    model = build_network(dataset.config, dataset.encoder)
    summary = summarize(dataset.config, 3)
    assert [layer.shapes for layer in summary] == [
        [w.shape for w in layer.weights] for layer in model.layers[1:]
    ]
    assert [shape for layer in summary for shape in layer.shapes] == [
        weight.shape for weight in model.weights
    ]


def test_a_network_is_oversized_only_beyond_the_memory_of_the_machine(project, monkeypatch):
    config = project.load({"layers": [SIGMOID]})  # four parameters of 16 bytes
    monkeypatch.setattr(layers, "memory_bytes", lambda: 64)
    assert oversize(config, 3, rows=0) is None
    monkeypatch.setattr(layers, "memory_bytes", lambda: 63)
    assert oversize(config, 3, rows=0).startswith("4 parameters and batches of 0 need ")
    monkeypatch.setattr(layers, "memory_bytes", lambda: 64 + 8 * 10)
    assert oversize(config, 3, rows=10) is None
    assert oversize(config, 3, rows=11)


@pytest.mark.parametrize("loss", ["BinaryCrossentropy", "SparseCategoricalCrossentropy"])
def test_prices_as_labels_are_told_how_they_are_read_as_numbers(project, loss):
    project.table(pl.DataFrame({"x": range(40), "price": [f"${n},500" for n in range(40)]}))
    units = 1 if loss == "BinaryCrossentropy" else 40
    layers = [{"units": units, "activation": "sigmoid" if units == 1 else "softmax"}]
    changes = {"data.target": "price", "loss": loss, "layers": layers}
    found = {each.code: str(each) for each in lint(project.dataset(changes))}
    assert '`thousands: ","` stands under data' in found["labels"]
    assert "imbalance" not in found


def test_codes_named_so_are_not_called_numbers_with_units(project):
    project.table(pl.DataFrame({"station_id": [100, 207, 311, 478] * 30, "label": [0, 1, 1] * 40}))
    codes = [each.code for each in lint(project.dataset())]
    assert "codes" in codes
    assert "number-like" not in codes


def test_the_line_that_leaves_constant_columns_out_is_told_of_few(findings):
    few, many = (
        findings({}, [pl.lit(1).alias(f"pixel_{i}") for i in range(count)]) for count in (3, 4)
    )
    assert few[0].message.endswith("leave them out: `drop: [pixel_0, pixel_1, pixel_2]`")
    assert many[0].message.endswith("'pixel_2', ... (4 in all); leave them out")


def test_a_name_of_any_length_leaves_a_finding_a_line_of_a_terminal(findings):
    [found] = findings({}, [pl.lit(1).alias("n" * 100_000)])
    assert found.code == "constant"
    assert len(found.message) < 1_100
    assert found.message.endswith("nnn]`")


def test_a_date_is_constant_only_where_all_its_parts_are(findings):
    days = pl.format("2020-01-{}", 10 + pl.int_range(60) % 20).alias("day")
    same = pl.lit("2020-01-10").alias("day")
    codes = [
        [found.code for found in findings({"data.dates": "expand"}, [column])]
        for column in (days, same)
    ]
    assert "constant" not in codes[0]
    assert "constant" in codes[1]

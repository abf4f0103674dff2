"""The config's schema, one documented field per key."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from nnrun.config import keras_catalog as names
from nnrun.config.expectations import Expectations
from nnrun.config.field_rules import (
    Column,
    Columns,
    disjoint_columns,
    distinct_metrics,
    listed_alone,
    no_other_column,
    of_normalized_numbers,
    of_rows_to_refit,
    of_standardised_inputs,
    one_clipping,
    one_kind,
    one_split,
    one_validation,
    path_of_table,
    text_encoding,
    unlike_the_decimal_mark,
)
from nnrun.config.named import Spec
from nnrun.config.numeric_encoding import NUMERIC, STANDARD
from nnrun.config.split import Split
from nnrun.config.strict_model import SEEDS, Fraction, Positive, Seed, Strict, Units
from nnrun.config.sweep_plan import SweepPlan
from nnrun.config.yaml_output import to_yaml
from nnrun.config.yaml_source import YamlSource

MOST_CATEGORIES = 10_000
"""Of a column: each is an input, of which a network takes some tens of thousands."""

MOST_MEMBERS = 100
"""Of an ensemble: each takes the time of a training, and beyond some tens nothing is gained."""

NULL_VALUES = (
    "",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "NaN",
    "nan",
    "NaT",
    "null",
    "NULL",
    "None",
    "?",
)
"""What R, pandas, numpy, JSON, SQL, Python and spreadsheets write for a missing cell."""

_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

Label = str | int | float | bool

_Metrics = list[Annotated[Spec, names.METRIC]]
Metrics = Annotated[
    _Metrics,
    BeforeValidator(listed_alone),
    AfterValidator(distinct_metrics),
]

Optimizer = Annotated[Spec, names.OPTIMIZER, AfterValidator(one_clipping)]


class Data(Strict):
    """The tables, and how nnrun reads their columns."""

    train: Annotated[str, Field(min_length=1)]
    """The training table: a .csv, .csv.gz, .parquet or .xlsx file with a header, relative to the
    config. A pattern such as part-*.csv takes several files as one table."""
    target: Annotated[Columns, Field(min_length=1)]
    """The column to predict, or a list of columns: numbers or, under BinaryCrossentropy, targets
    of two labels each."""
    features: Annotated[Columns, Field(min_length=1), AfterValidator(disjoint_columns)] | None = (
        None
    )
    """The input columns, in order. Default: every other column."""
    drop: Annotated[Columns, AfterValidator(disjoint_columns)] = []
    """The columns to leave out of the default features."""
    validation: Annotated[
        Annotated[str, Field(min_length=1)] | None, BeforeValidator(path_of_table)
    ] = None
    """A second table, which is measured after every epoch and never trained on."""
    validation_split: Annotated[Fraction, AfterValidator(one_validation)] = 0.0
    """The share of the training rows to hold out in place of a second table. `split_seed` decides
    which rows these are. Each label keeps its share; of several targets, each combination of
    labels."""
    split_seed: Seed | None = None
    """The seed of the validation split, so that other seeds can be tried on the same rows. Default:
    `seed`."""
    split: Annotated[Split | None, AfterValidator(one_split)] = None
    """The column by which rows are held out, where a draw of single rows would leak: {group:
    COLUMN}, {time: COLUMN} or {column: COLUMN}. It is not a feature unless `features` names it."""
    test: Annotated[str, Field(min_length=1)] | None = None
    """A table that is measured once, after training."""
    sample_weight: Annotated[Column | None, AfterValidator(no_other_column)] = None
    """The column of the rows' weights, by which the loss, the metrics and the verdict count them.
    It is not a feature."""
    normalize: bool = True
    """Standardise the features inside the model and, where it is a number, the target
    too. Poisson takes the target as it is."""
    numeric: Annotated[Spec, NUMERIC, AfterValidator(of_normalized_numbers)] = STANDARD
    """How the network takes numbers. `standard` standardises them by mean and standard deviation,
    `robust` by median and interquartile range. `ple` makes a piecewise-linear code of each column,
    whose `bins` have equally many training rows; with `values`, the number stands beside it."""
    clip: Annotated[Positive | None, AfterValidator(of_standardised_inputs)] = None
    """The bound that standardised features approach, in standard deviations, so that one cell far
    out cannot lead to an absurd prediction. The codes of `ple` end there. Default: there is
    none."""
    target_transform: Literal["log1p"] | None = None
    """The scale on which numbers that are never negative are learnt: `log1p` takes the loss of
    log(1 + target), for targets with a long tail. Predictions and metrics stay in the units of the
    table. Default: that of the table."""
    missing: Literal["error", "mean", "drop"] = "error"
    """How to treat missing cells. `error` refuses the table. `mean` replaces missing numbers by the
    mean of the training rows, and makes missing text a category of its own. `drop` leaves the row
    out."""
    null_values: list[str] = list(NULL_VALUES)
    """The texts that stand for a missing cell."""
    decimal: Literal[".", ","] = "."
    """The decimal mark of the numbers in a table, where these are text: Parquet and workbooks may
    hold them as such."""
    thousands: Annotated[
        Literal["", ".", ",", " ", "'", "_"], AfterValidator(unlike_the_decimal_mark)
    ] = ""
    """The mark between groups of three digits, as in 1.234.567 or 1,234,567. Default: there is
    none."""
    encoding: Annotated[str, AfterValidator(text_encoding)] = "utf-8"
    """The text encoding of CSV tables, by one of Python's names, such as latin-1, cp1252 or
    utf-16."""
    skip_rows: Annotated[int, Field(ge=0, le=10_000)] = 0
    """The number of lines, such as titles, that stand before the header of a CSV table or a
    sheet."""
    columns: Annotated[Columns, Field(min_length=1)] | None = None
    """The names of the columns, in order, of a CSV table or a sheet without a header. Default: the
    first line names them."""
    sheet: str | None = None
    """The sheet of Excel workbooks. Default: the first one."""
    dates: Literal["error", "expand"] = "error"
    """How to treat columns of dates and times. `error` refuses them. `expand` makes inputs of the
    year, month, day, weekday and hour."""
    day_first: bool | None = None
    """Whether the day comes before the month in dates such as 1/5/24. Default: the cells tell,
    where one of them is not a date in the other order."""
    max_categories: Annotated[int, Field(ge=2, le=MOST_CATEGORIES)] = 300
    """The most inputs that a column of text becomes. The less frequent of its categories share the
    last one, `other`, with those that training never saw."""
    min_frequency: Units = 5
    """The fewest training rows of a category that is an input of its own; others are `other`."""
    categorical: Columns = []
    """The columns that are categories, numbers among them: 1 and 1.0 are one category."""
    numeric_columns: Annotated[Columns, AfterValidator(one_kind)] = []
    """The columns that are numbers, whatever their cells look like; other cells are errors."""
    date_columns: Annotated[Columns, AfterValidator(one_kind)] = []
    """The columns that are dates or times; a column in which other cells stand is refused."""
    in_memory: Literal["auto"] | bool = "auto"
    """Whether to keep the table in memory rather than in files. `auto` uses files for a table that
    needs more than a quarter of the free memory."""
    positive: Label | list[Label] | None = None
    """The one of the target's two labels that counts as 1; for several targets, a list of such
    labels. The labels 0/1, false/true and no/yes need no choice."""

    @property
    def positives(self) -> list[str]:
        """The labels that count as 1, as far as the config names any."""
        if self.positive is None:
            return []
        labels = self.positive if isinstance(self.positive, list) else [self.positive]
        return [str(label) for label in labels]


class CheckpointOptions(Strict):
    """How often training writes a checkpoint."""

    every_seconds: Positive = 10
    """The seconds between two checkpoints."""


class Config(Strict, json_schema_extra=_DIALECT):
    """An nnrun config, which says as a file what the Keras snippet says."""

    data: Data
    """The tables and their columns."""
    layers: Annotated[list[Annotated[Spec, names.LAYER]], Field(min_length=1)]
    """The layers in order, with Keras's own arguments. A layer without `type` is Dense."""
    loss: Annotated[Spec, names.LOSS]
    """BinaryCrossentropy for one of two labels, SparseCategoricalCrossentropy for one of several,
    MeanSquaredError or another loss of Keras for numbers."""
    optimizer: Optimizer = "rmsprop"  # type: ignore[assignment]
    """A Keras optimizer. The default, rmsprop, is Keras's own."""
    metrics: Metrics | None = None
    """Keras metrics. Default: mean_absolute_error for numbers, else accuracy."""
    epochs: Annotated[int, Field(ge=1, le=10**9)]
    """The number of passes over the training rows."""
    batch_size: Units = 32
    """The number of rows in a step."""
    class_weight: Literal["balanced"] | dict[str, Positive] | None = None
    """`balanced`, or a weight for each label of a single target, so that a rare class counts for
    more."""
    early_stopping: Annotated[Spec, names.EARLY_STOPPING] | None = None
    """Keras's EarlyStopping, which ends training when a quantity no longer improves."""
    reduce_lr_on_plateau: Annotated[Spec, names.REDUCE_LR] | None = None
    """Keras's ReduceLROnPlateau, which lowers the learning rate when a quantity no longer
    improves."""
    tensorboard: bool = False
    """Write TensorBoard logs into the run directory. This needs the tensorboard extra."""
    seed: Seed = 0
    """The seed of the weights, the row order, dropout and, unless `data.split_seed` says another,
    the validation split."""
    note: Annotated[str, Field(max_length=1_000)] = ""
    """What to remember about the run, which `nnrun runs` shows. `nnrun train --note` sets it."""
    tags: list[str] = []
    """Words to find the run by, which `nnrun runs` shows."""
    ensemble: Annotated[int, Field(ge=1, le=MOST_MEMBERS)] = 1
    """How many networks are trained, with `seed`, `seed` + 1 and so on, on the same rows.
    Predictions are the mean of theirs."""
    refit: Annotated[bool, AfterValidator(of_rows_to_refit)] = False
    """Train again on all rows of the training table, those held out for validation too, for as many
    epochs as were kept and at the same learning rates. These networks predict; all that is measured
    on the rows held out is that of the networks before."""
    jit_compile: Literal["auto"] | bool = "auto"
    """Compile with XLA. `auto` does so where the run is long enough to pay for compiling."""
    checkpoint: CheckpointOptions = CheckpointOptions()
    """How often training writes a checkpoint, from which `nnrun resume` goes on."""
    expect: Expectations = {}
    """The bounds that the finished run must meet, as in {val_accuracy: ">= 0.95"}; or baseline,
    alone or as in {baseline: better}: the verdict on the rows held out must be `better`. Where it
    does not meet them, `nnrun train` exits with 3."""
    sweep: SweepPlan | None = None
    """What `nnrun sweep` tries, as in {settings: {layers.0.units: [16, 32]}}. Its options win; all
    other commands leave it aside, and no run keeps it."""

    _source: YamlSource = YamlSource("config")
    _folder: Path = Path()

    @property
    def is_binary(self) -> bool:
        """Whether a target has two labels, and an output the probability of one of them."""
        return self.loss["name"] in names.LOSSES_OF_TWO_LABELS

    @property
    def is_multilabel(self) -> bool:
        """Whether there are several targets of two labels each."""
        return self.is_binary and len(self.data.target) > 1

    @property
    def is_classes(self) -> bool:
        """Whether the target is a label, one of two or one of several, rather than a number."""
        return self.is_binary or self.loss["name"] in names.LOSSES_OF_SEVERAL_LABELS

    @property
    def is_one_hot(self) -> bool:
        """Whether the loss takes a target for each label, which is 1 for the true one."""
        return self.loss["name"] in names.LOSSES_OF_ONE_HOT

    @property
    def from_logits(self) -> bool:
        """Whether the layers end in logits rather than probabilities."""
        return bool(self.loss.get("from_logits"))

    @property
    def metric_specs(self) -> list[Spec]:
        """The metrics, or the default metric of the loss.

        Each is logged by its name as the config spells it, as Keras does.
        """
        if self.metrics is not None:
            return self.metrics
        return [{"name": "accuracy" if self.is_classes else "mean_absolute_error"}]

    @property
    def schedule(self) -> Spec | None:
        """The schedule of the learning rate, or None where this is one number."""
        rate = self.optimizer["learning_rate"]
        return rate if isinstance(rate, dict) else None

    @property
    def split_seed(self) -> int:
        """The seed of the validation split."""
        return self.seed if self.data.split_seed is None else self.data.split_seed

    @property
    def patience(self) -> int | None:
        """The patience of early stopping, or None where nothing stops early."""
        return self.early_stopping["patience"] if self.early_stopping else None

    @property
    def total_epochs(self) -> int:
        """The most epochs of all networks together, those that are trained again too."""
        networks = 2 * self.ensemble if self.refit else self.ensemble
        return self.epochs * networks

    def member(self, number: int) -> "Config":
        """Return the config of a member of the ensemble, counted from 0: a run of its own.

        Args:
            number: Which member, from 0 to `ensemble` - 1.
        """
        data = self.data.model_copy(update={"split_seed": self.split_seed})
        update = {
            "ensemble": 1,
            "refit": False,
            "seed": (self.seed + number) % SEEDS,
            "data": data,
        }
        return self.model_copy(update=update)

    def without_sweep(self) -> "Config":
        """Return the config of one training."""
        return self.model_copy(update={"sweep": None}) if self.sweep else self

    def steps(self, rows: int) -> int:
        """Return how many steps the epochs take, given the number of training rows.

        Args:
            rows: How many training rows there are. The last batch of an epoch may be smaller.
        """
        # A table has less than 2^53 rows, so that a float is exact.
        return math.ceil(rows / self.batch_size) * self.epochs

    def metric_class(self, metric: Spec) -> str:
        """Return the Keras class of a metric. Accuracy takes that of the loss, as in Keras.

        Args:
            metric: A metric of this config, which has its `name`.
        """
        is_accuracy = metric["name"] in ("accuracy", "acc")
        if is_accuracy and self.is_classes and not self.is_binary:
            return "SparseCategoricalAccuracy"
        return names.METRIC.canonical(metric["name"]) or ""

    @property
    def columns_apart(self) -> list[str]:
        """The columns of a training table that split it or weigh its rows."""
        columns = []
        if self.data.split:
            columns.append(self.data.split.name)
        if self.data.sample_weight is not None:
            columns.append(self.data.sample_weight)
        return columns

    @property
    def holds_rows_out(self) -> bool:
        """Whether there are rows to validate on."""
        return bool(self.data.validation or self.data.validation_split or self.data.split)

    @property
    def logged(self) -> list[str]:
        """The names of the quantities that every epoch logs, in Keras's order."""
        logged = ["loss", *(metric["name"] for metric in self.metric_specs)]
        if self.holds_rows_out:
            logged += [f"val_{name}" for name in logged]
        return logged

    @property
    def tested(self) -> list[str]:
        """The names of the quantities that are measured once, on the rows of a test."""
        return [f"test_{name}" for name in self.logged if not name.startswith("val_")]

    def where(self, *keys: str | int) -> str:
        """Return `file:line:column: dotted.path` of a key, for a message about its value.

        Args:
            keys: The keys and indices that lead to it, from the outermost on.
        """
        return self._source.where(keys)

    def layers_with(self, argument: str) -> list[int]:
        """Return the indices of the layers that take this argument.

        Args:
            argument: The name of an argument in Keras, such as `kernel_initializer`.
        """
        return [i for i, spec in enumerate(self.layers) if argument in spec]

    def output_activation(self) -> str:
        """Return the activation that bounds the network's output, or linear where none does."""
        place = self.place_of_output()
        if place is None:
            return "linear"
        return names.activation_of(self.layers[place])

    def place_of_output(self) -> int | None:
        """Return the index of the layer whose activation bounds the network's output, if any."""
        for i in reversed(range(len(self.layers))):
            kind = self.layers[i]["type"]
            is_linear_itself = kind == "Dense" or kind.endswith("Normalization")
            if names.activation_of(self.layers[i]) != "linear" or is_linear_itself:
                return i
        return None

    @property
    def rescales(self) -> bool:
        """Whether the model ends in a Rescaling to the target's scale.

        Counts have no scale: Poisson takes the target as it is.
        """
        if self.loss["name"] == "Poisson":
            return False
        scalable = self.output_activation() in ("linear", "relu", "softplus", "exponential")
        return self.data.normalize and not self.is_classes and scalable

    def to_yaml(self) -> str:
        """Return the config with every default filled in, as YAML that loads to an equal config."""
        return to_yaml(self.model_dump())

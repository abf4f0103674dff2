"""The network as a table: a row for each layer of the model that is saved."""

from collections.abc import Iterator

from nnrun.config.architecture import LayerSummary, summarize
from nnrun.config.schedules import describe_learning_rate
from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.reporting.aligned_table import column_widths
from nnrun.wording import counted

Row = tuple[str, str, str]


def saved_layers(config: Config, encoder: Encoder) -> Iterator[LayerSummary]:
    """Yield every layer of the saved model, those that nnrun adds included.

    Args:
        config: The config, whose layers stand in the middle.
        encoder: Its encoder, which has the inputs.
    """
    inputs = len(encoder.inputs)
    if config.data.normalize:
        yield LayerSummary("Normalization", inputs, [])
    if config.data.numeric["name"] == "ple":
        shapes = [(inputs, encoder.width), (encoder.width,)]
        yield LayerSummary("Dense hard_sigmoid, not trained", encoder.width, shapes)
        if config.data.numeric["values"]:
            yield LayerSummary("Rescaling", encoder.width, [])
    elif config.data.clip is not None:
        for name in ("Rescaling", "Activation tanh", "Rescaling"):
            yield LayerSummary(name, inputs, [])
    layers = summarize(config, encoder.width)
    yield from layers
    outputs = layers[-1].units
    if config.rescales:
        yield LayerSummary("Rescaling", outputs, [])
    if config.data.target_transform:
        for name in ("Activation exponential", "Rescaling"):
            yield LayerSummary(name, outputs, [])
    if config.from_logits:
        activation = "sigmoid" if config.is_binary else "softmax"
        yield LayerSummary(f"Activation {activation}", outputs, [])


def network_rows(config: Config, encoder: Encoder) -> list[Row]:
    """Return a header, each layer with its output's shape and its parameters, and their total.

    Args:
        config: The config.
        encoder: Its encoder, which has the inputs.
    """
    rows = [("layer", "output shape", "parameters")]
    total = 0
    for layer in saved_layers(config, encoder):
        rows.append((layer.name, f"({layer.units})", f"{layer.parameters:,}"))
        total += layer.parameters
    return [*rows, ("total", "", f"{total:,}")]


def network_lines(config: Config, encoder: Encoder) -> list[str]:
    """Return the table in aligned columns, and a line with loss, optimizer and epochs.

    Args:
        config: The config.
        encoder: Its encoder, which has the inputs.
    """
    rows = network_rows(config, encoder)
    name_width, shape_width, count_width = column_widths(rows)
    lines = []
    for name, shape, count in rows:
        lines.append(f"{name:{name_width}}  {shape:{shape_width}}  {count:>{count_width}}")
    return [*lines, _fitting(config)]


def _fitting(config: Config) -> str:
    """Return a line with loss, optimizer and epochs."""
    optimizer = config.optimizer
    rate = f"(learning_rate {describe_learning_rate(config)})"
    steps = f"{counted(config.epochs, 'epoch')}, batch_size {config.batch_size}"
    fitting = f"{config.loss['name']}, {optimizer['name']} {rate}, {steps}"
    if config.ensemble > 1:
        fitting += f", an ensemble of {config.ensemble} such networks"
    return fitting

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
    layers = summarize(config, encoder.width)
    outputs = layers[-1].units
    yield from _layers_before(config, encoder)
    yield from layers
    yield from _layers_behind(config, outputs)


def _layers_before(config: Config, encoder: Encoder) -> Iterator[LayerSummary]:
    """Yield the layers that nnrun puts between the inputs and those of the config."""
    inputs = len(encoder.inputs)
    width = encoder.width
    data = config.data
    if data.normalize:
        yield LayerSummary("Normalization", inputs, [])
    if data.numeric["name"] == "ple":
        kernel = (inputs, width)
        bias = (width,)
        yield LayerSummary("Dense hard_sigmoid, not trained", width, [kernel, bias])
        if data.numeric["values"]:
            yield LayerSummary("Rescaling", width, [])
    elif data.clip is not None:
        for name in ("Rescaling", "Activation tanh", "Rescaling"):
            yield LayerSummary(name, inputs, [])


def _layers_behind(config: Config, outputs: int) -> Iterator[LayerSummary]:
    """Yield the layers that nnrun puts behind those of the config."""
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
        shape = f"({layer.units})"
        parameters = f"{layer.parameters:,}"
        rows.append((layer.name, shape, parameters))
        total += layer.parameters
    rows.append(("total", "", f"{total:,}"))
    return rows


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
        cells = [
            name.ljust(name_width),
            shape.ljust(shape_width),
            count.rjust(count_width),
        ]
        lines.append("  ".join(cells))
    lines.append(_fitting(config))
    return lines


def _fitting(config: Config) -> str:
    """Return a line with loss, optimizer and epochs."""
    loss = config.loss["name"]
    optimizer = config.optimizer["name"]
    rate = describe_learning_rate(config)
    epochs = counted(config.epochs, "epoch")
    fitting = f"{loss}, {optimizer} (learning_rate {rate}), {epochs}, "
    fitting += f"batch_size {config.batch_size}"
    if config.ensemble > 1:
        fitting += f", an ensemble of {config.ensemble} such networks"
    if config.refit:
        fitting += ", trained again on all rows"
    return fitting

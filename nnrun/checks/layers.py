"""Rules about the layers of the network."""

import importlib.util

from nnrun.checks.registry import Found, rule
from nnrun.config.architecture import summarize
from nnrun.config.keras_catalog import activation_of
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.memory import memory_bytes
from nnrun.features.number_codes import code_size
from nnrun.installation import how_to_install

GIB = 2**30
BYTES_PER_ACTIVATION = 8  # float32, and its gradient
BYTES_PER_PARAMETER = 16  # float32 weights, gradients and up to two slots of the optimizer
COPIES_OF_CODE = 3  # the layer's own, that of EarlyStopping's best weights, and the checkpoint's


@rule("network-size", level="error")
def network_fits_in_memory(config: Config, dataset: Dataset) -> Found:
    """The network, its gradients and the activations of a batch fit in the memory at hand."""
    encoder = dataset.encoder
    problem = oversize(config, encoder.width, dataset.train.rows)
    if problem:
        yield ("layers",), problem
    size = COPIES_OF_CODE * code_size(config, encoder)
    if size > memory_bytes():
        yield (
            ("data", "numeric"),
            f"the code of {len(encoder.inputs):,} inputs as {encoder.width:,} "
            f"units needs {size / GIB:,.0f} GiB; use fewer bins, fewer columns or standard",
        )


def oversize(config: Config, features: int, rows: int) -> str | None:
    """Return the memory that a network needs and lacks, in a sentence, or None where it fits.

    Args:
        config: The config.
        features: How many numbers the first layer takes.
        rows: How many rows are trained on.
    """
    layers = summarize(config, features)
    batch = min(config.batch_size, rows)
    parameters = sum(layer.parameters for layer in layers)
    activations = batch * sum(layer.units for layer in layers)
    needed = parameters * BYTES_PER_PARAMETER + activations * BYTES_PER_ACTIVATION
    available = memory_bytes()
    if needed <= available:
        return None
    return (
        f"{parameters:,} parameters and batches of {batch:,} need {needed / GIB:,.0f} GiB "
        f"to train; {available / GIB:,.0f} GiB are free: use fewer units"
    )


@rule("orthogonal-rows", level="error")
def no_orthogonal_rows_of_activations(config: Config, _: Dataset) -> Found:
    """OrthogonalRegularizer on activities takes columns, since the number of rows varies."""
    for i in config.layers_with("activity_regularizer"):
        regularizer = config.layers[i]["activity_regularizer"]
        is_orthogonal = regularizer and regularizer["name"] == "OrthogonalRegularizer"
        if is_orthogonal and regularizer["mode"] == "rows":
            yield (
                ("layers", i, "activity_regularizer"),
                "mode: rows needs a fixed number of rows, which predict does not have; "
                "use mode: columns",
            )


@rule("constraint-values", level="error")
def bounds_of_constraints_are_in_order(config: Config, _: Dataset) -> Found:
    """The least norm of MinMaxNorm is not beyond the largest one."""
    for number, layer in enumerate(config.layers):
        for argument, constraint in layer.items():
            if not argument.endswith("_constraint") or not constraint:
                continue
            least = constraint.get("min_value", 0)
            largest = constraint.get("max_value", least)
            if least > largest:
                yield (
                    ("layers", number, argument, "min_value"),
                    f"the least norm, {least:g}, is beyond the largest one, "
                    f"{largest:g}; exchange them",
                )


@rule("tensorboard", level="error")
def tensorboard_is_installed(config: Config, _: Dataset) -> Found:
    """The tensorboard package is installed where the config asks for its logs."""
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        yield ("tensorboard",), f"the package is not installed: {how_to_install('tensorboard')}"


@rule("dropout-all", level="warning")
def dropout_leaves_some_units(config: Config, _: Dataset) -> Found:
    """No layer drops all units, so that the layers before it learn."""
    for i in config.layers_with("rate"):
        layer = config.layers[i]
        if layer["rate"] == 1:
            yield (
                ("layers", i, "rate"),
                f"{layer['type']} drops every unit in training, so nothing is learnt "
                "from the table; take a rate such as 0.2",
            )


@rule("linear-hidden", level="warning")
def hidden_layers_are_not_all_linear(config: Config, _: Dataset) -> Found:
    """Some layer before the last is not linear, or the network is no more than a regression."""
    dense = config.layers_with("units")
    if len(dense) < 2:
        return
    hidden = config.layers[: dense[-1]]
    activations = {activation_of(layer) for layer in hidden}
    if activations == {"linear"}:
        regression = "logistic regression" if config.is_classes else "linear regression"
        yield (
            ("layers",),
            f"every hidden layer is linear, so the network is no more than {regression}; "
            "use activation: relu",
        )


@rule("sigmoid-hidden", level="warning")
def hidden_layers_are_no_sigmoids(config: Config, _: Dataset) -> Found:
    """No hidden layer is a sigmoid, whose gradient vanishes."""
    for i in config.layers_with("activation")[:-1]:
        if config.layers[i]["activation"] == "sigmoid":
            yield (
                ("layers", i, "activation"),
                "sigmoid in a hidden layer learns slowly; relu is faster",
            )
            return  # the first says it for all

"""The run whose weights another training starts with, and what of a config does not fit it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nnrun.config.architecture import LayerSummary, member_prefix, summarize
from nnrun.config.schema import Config
from nnrun.config.yaml_output import in_flow
from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.features.given_encoder import GivenEncoder
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo, StartedFrom
from nnrun.runs.saved_model import WEIGHTS, SavedModel
from nnrun.wording import counted

SHARED = ("normalize", "numeric", "clip", "target_transform")
"""The keys of data that make layers around those of the config, which the weights rely on."""


@dataclass(frozen=True)
class WarmStart:
    """A finished run that another training starts from.

    Attributes:
        path: The run directory, absolute.
        weights: Its weights by name, for each member of an ensemble in turn.
        facts: What run.json says of it.
    """

    path: Path
    weights: list[list[Array]]
    facts: StartedFrom


def open_warm_start(path: Path, config: Config) -> tuple[WarmStart, GivenEncoder]:
    """Return the weights that a training of a config starts with, and the encoder of their run.

    What of the config does not fit the run is told by the encoder's `misfits`.

    Args:
        path: The run whose weights are taken.
        config: The config to train.

    Raises:
        RunError: The path is not a run, or the run has no model, or was altered.
    """
    run = Run(path)
    info = run.read_info()
    saved = run.read_model()
    misfits = list(_misfits(str(path), config, saved))
    encoder = GivenEncoder(saved.encoder, str(path), misfits)
    weights: list[list[Array]] = []
    if not misfits:
        weights = _by_member(config, saved)
    whole_path = path.resolve()
    facts = StartedFrom(
        path=str(whole_path),
        weights=info.checksums[WEIGHTS],
        encoding=encoder.checksum(),
    )
    return WarmStart(whole_path, weights, facts), encoder


def needed_warm_start(run: Run, config: Config) -> WarmStart | None:
    """Return what a run starts with that is taken up again, or None where that is not needed.

    It is needed while the run, or a network within it, has no checkpoint.

    Args:
        run: The run that goes on.
        config: Its config.

    Raises:
        RunError: The other run is gone, or has other weights now.
    """
    numbers = range(1, config.ensemble + 1)
    parts = [run]
    if config.ensemble > 1:
        parts = [run.member(number) for number in numbers]
    if config.refit:
        parts += [run.refit(number) for number in numbers]
    if all(part.checkpoint.exists() for part in parts):
        return None
    return reopen_warm_start(run, config)


def reopen_warm_start(run: Run, config: Config) -> WarmStart | None:
    """Return what a run started with, or None where its weights were drawn.

    Args:
        run: The run that was started from another.
        config: Its config.

    Raises:
        RunError: The other run is gone, or has other weights now.
    """
    facts = run.read_info().started_from
    if facts is None:
        return None
    advice = f"{run.path}: it started with the weights of {facts.path}"
    try:
        start, _ = open_warm_start(Path(facts.path), config)
    except RunError as error:
        raise RunError([f"{advice}, which cannot be read:", *error.problems]) from None
    if start.facts.weights != facts.weights or not start.weights:
        raise RunError(f"{advice}, which has other weights now (their SHA-256 differs)")
    return start


def given_encoder_of(info: RunInfo, encoder: Encoder, run: Run) -> GivenEncoder | None:
    """Return the encoder through which the tables of a run are read again.

    None stands for one that is fitted on the training rows, as every run has that started anew.

    Args:
        info: The run.json of the run.
        encoder: Its encoder.
        run: The run directory.

    Raises:
        RunError: encoding.json is not that of the run which it was started from.
    """
    if info.started_from is None:
        return None
    other_run = info.started_from
    given_encoder = GivenEncoder(encoder, other_run.path)
    if given_encoder.checksum() != other_run.encoding:
        raise RunError(f"{run.encoding}: differs from what training wrote; it was altered")
    return given_encoder


def _by_member(config: Config, saved: SavedModel) -> list[list[Array]]:
    """Return the weights of each member in Keras's order."""
    weights = saved.read_weights()
    members = []
    for number in range(config.ensemble):
        prefix = member_prefix(config, number)
        arrays = []
        for name, array in weights.items():
            if name.startswith(prefix):
                arrays.append(array)
        members.append(arrays)
    return members


def _misfits(run: str, config: Config, saved: SavedModel) -> Iterator[str]:
    """Yield a line for each thing of a config that does not fit a run."""
    other = saved.config
    yield from _data_misfits(run, config, other)
    if config.ensemble != other.ensemble:
        place = config.where("ensemble")
        rule = f"must be {other.ensemble}, as in {run}"
        yield f"{place}: {rule}; received {config.ensemble}"
    if _are_comparable(config, other) and _scaling(config) != _scaling(other):
        place = config.where("loss")
        loss = _loss_in_words(config)
        loss_of_run = _loss_in_words(other)
        yield (
            f"{place}: with {loss} nnrun scales the outputs to the targets in another way "
            f"than in {run}, with {loss_of_run}"
        )
    yield from _layer_misfits(run, config, saved)


def _data_misfits(run: str, config: Config, other: Config) -> Iterator[str]:
    """Yield which keys of data have other values than in the run, whose config is `other`."""
    for key in SHARED:
        value = getattr(config.data, key)
        required = getattr(other.data, key)
        if value != required:
            place = config.where("data", key)
            rule = "must be left out" if required is None else f"must be {in_flow(required)}"
            given = "nothing" if value is None else in_flow(value)
            yield f"{place}: {rule}, as in {run}; received {given}"


def _are_comparable(config: Config, other: Config) -> bool:
    """Tell whether the loss and the last activation alone decide how two configs scale outputs."""
    is_normalized_alike = config.data.normalize == other.data.normalize
    return is_normalized_alike and config.is_classes == other.is_classes


def _loss_in_words(config: Config) -> str:
    """Return the loss and the activation of the outputs, on which their scaling depends."""
    loss = config.loss["name"]
    activation = config.output_activation()
    return f"{loss} and {activation}"


def _scaling(config: Config) -> tuple[bool, bool]:
    """Return whether outputs are scaled to the targets, and moved to their mean."""
    is_linear = config.output_activation() == "linear"
    are_scaled = config.rescales
    are_moved = config.rescales and is_linear
    return are_scaled, are_moved


def _layer_misfits(run: str, config: Config, saved: SavedModel) -> Iterator[str]:
    """Yield which layers have other weights than the run; those without weights may differ."""
    layers = _layers_with_weights(config, saved.encoder.width)
    saved_layers = _layers_with_weights(saved.config, saved.encoder.width)
    if len(layers) != len(saved_layers):
        place = config.where("layers")
        count = counted(len(layers), "layer")
        descriptions = ", ".join(_in_words(layer) for _, layer in saved_layers)
        yield (f"{place}: {count} with weights, but {run} has {len(saved_layers)}: {descriptions}")
        return
    for (number, layer), (_, other) in zip(layers, saved_layers, strict=True):
        if _form(layer) != _form(other):
            place = config.where("layers", number)
            words = _in_words(layer)
            words_of_other = _in_words(other)
            yield f"{place}: is {words}, but {run} has {words_of_other}"


def _layers_with_weights(config: Config, features: int) -> list[tuple[int, LayerSummary]]:
    """Return the layers that have weights, each with its place in the config."""
    layers = []
    for place, layer in enumerate(summarize(config, features)):
        if layer.shapes:
            layers.append((place, layer))
    return layers


def _form(layer: LayerSummary) -> tuple[str, list[tuple[int, ...]]]:
    """Return what two layers have in common where one takes the weights of the other."""
    return _class_of(layer), layer.shapes


def _in_words(layer: LayerSummary) -> str:
    """Return a layer such as `Dense with weights (10, 20) and (20,)`."""
    shapes = " and ".join(map(str, layer.shapes))
    return f"{_class_of(layer)} with weights {shapes}"


def _class_of(layer: LayerSummary) -> str:
    """Return the class of a layer, whose name goes on with what is special about it."""
    class_name, *_ = layer.name.split()
    return class_name

"""The Keras model of a finished run, made of the validated config and the weights."""

from collections.abc import Callable

from nnrun.config.architecture import member_prefix
from nnrun.errors import RunError
from nnrun.features.matrix_store import Matrix
from nnrun.results.trained_run import TrainedRun
from nnrun.training.backend import keras
from nnrun.training.build_model import build_network, network_weights, serving_model
from nnrun.training.keras_types import Model
from nnrun.training.predictor import predictor
from nnrun.wording import first_line


def build_serving_model(trained: TrainedRun) -> Model:
    """Return the Keras model of a run, from float32 (rows, inputs) to what `predict` gives.

    It is a keras.Sequential; of an ensemble, a keras.Model that averages several.

    Args:
        trained: The finished run.

    Raises:
        RunError: Keras refuses the network.
    """
    try:
        members = []
        for number in range(trained.config.ensemble):
            members.append(_member(trained, number))
        if len(members) == 1:
            return members[0]
        return _averaged(members)
    except Exception as error:  # Keras raises what it likes
        reason = first_line(error)
        raise RunError(f"Keras refuses this network: {reason}") from None


def _member(trained: TrainedRun, number: int) -> Model:
    """Return the model of a member of the ensemble, counted from 0, or that of the run."""
    model = build_network(trained.config, trained.encoder)
    prefix = member_prefix(trained.config, number)
    weights = []
    for name, array in trained.weights.items():
        if name.startswith(prefix):
            weights.append(array)
    for variable, weight in zip(network_weights(model), weights, strict=True):
        variable.assign(weight)
    return serving_model(model, trained.config)


def _averaged(members: list[Model]) -> Model:
    """Return the model whose output is the mean of those of the members."""
    for number, member in enumerate(members, 1):
        member.name = f"member_{number}"
    inputs = keras.Input(members[0].input_shape[1:])
    outputs = [member(inputs) for member in members]
    mean = keras.layers.Average()(outputs)
    return keras.Model(inputs, mean, name="ensemble")


def keras_forward(trained: TrainedRun) -> Callable[[Matrix], Matrix]:
    """Return what predicts with Keras, the oracle of the network in NumPy.

    Args:
        trained: The finished run.

    Returns:
        A function from float32 (rows, inputs) to float32 (rows, outputs).

    Raises:
        RunError: Keras refuses the network.
    """
    model = build_serving_model(trained)
    return predictor(model)

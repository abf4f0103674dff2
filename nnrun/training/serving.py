"""The Keras model of a finished run, made of the validated config and the weights."""

from collections.abc import Callable

from nnrun.errors import RunError
from nnrun.features.matrix_store import Matrix
from nnrun.results.trained_run import TrainedRun
from nnrun.training.build_model import build_network, network_weights, serving_model
from nnrun.training.keras_types import Model
from nnrun.training.predictor import predictor
from nnrun.wording import first_line


def build_serving_model(trained: TrainedRun) -> Model:
    """Return the keras.Sequential of a run, from float32 (rows, inputs) to what `predict` gives.

    Raises:
        RunError: Keras refuses the network.
    """
    try:
        model = build_network(trained.config, trained.encoder)
        for variable, weight in zip(network_weights(model), trained.weights.values(), strict=True):
            variable.assign(weight)
        return serving_model(model, trained.config)
    except Exception as error:  # Keras raises what it likes
        raise RunError(f"Keras refuses this network: {first_line(error)}") from None


def keras_forward(trained: TrainedRun) -> Callable[[Matrix], Matrix]:
    """Return what predicts with Keras, the oracle of the network in NumPy.

    It takes float32 (rows, inputs) to (rows, outputs).
    """
    return predictor(build_serving_model(trained))

"""An ensemble in NumPy: networks whose predictions are averaged, as Keras's Average does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnrun.config.architecture import member_prefix
from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.results.forward import KERAS_EPSILON, Network, Outputs, make_network
from nnrun.runs.arrays import Array


@dataclass(frozen=True)
class Ensemble:
    """Networks whose predictions are averaged.

    Attributes:
        members: The networks.
        from_logits: Whether the loss takes logits, of one label or of several.
    """

    members: Sequence[Network]
    from_logits: bool

    def __call__(self, x: Matrix) -> Matrix:
        """Return the mean of the members' predictions, float32 (rows, outputs).

        Args:
            x: float32 (rows, inputs), in the units of the table.
        """
        first, *others = [member(x) for member in self.members]
        total = first
        for predictions in others:  # in the order in which Keras adds them
            total = total + predictions
        return np.asarray(total / np.float32(len(self.members)))

    def outputs(self, x: Matrix) -> Outputs:
        """Return the predictions of rows with what the loss and the metrics take.

        Args:
            x: float32 (rows, inputs), in the units of the table.
        """
        predictions = self(x)
        values = _logits(predictions) if self.from_logits else predictions
        return Outputs(predictions, values, None)


AnyNetwork = Network | Ensemble


def make_any_network(config: Config, encoder: Encoder, weights: Mapping[str, Array]) -> AnyNetwork:
    """Return the network of a run, which is an ensemble where the config says so.

    Args:
        config: The run's config.
        encoder: Its encoder.
        weights: The arrays by the names and in the shapes of `weight_shapes(config, inputs)`.
    """
    if config.ensemble == 1:
        return make_network(config, encoder, weights)
    members = []
    for number in range(config.ensemble):
        prefix = member_prefix(config, number)
        members.append(make_network(config, encoder, weights, prefix))
    return Ensemble(members, config.from_logits)


def spread_of(network: AnyNetwork, x: Matrix) -> Array:
    """Return the standard deviation of the members' predictions, float32 (rows, outputs).

    Args:
        network: A network of one member or of several; the deviation of one is 0.
        x: float32 (rows, inputs), in the units of the table.
    """
    predictions = [member(x) for member in network.members]
    return np.std(predictions, axis=0)


def _logits(probabilities: Matrix) -> Matrix:
    """Return logits whose sigmoid, or softmax, are these probabilities."""
    bounded = np.clip(probabilities, KERAS_EPSILON, 1 - KERAS_EPSILON)
    logits = np.log(bounded)
    if probabilities.shape[1] == 1:
        logits -= np.log1p(-bounded)
    return logits

"""The loss and the metrics of a run's config over blocks of rows, as in `model.evaluate`."""

from collections.abc import Iterator

import numpy as np

from nnrun.checks.metrics import why_metric_does_not_fit
from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.matrix_store import Matrix
from nnrun.results.array_types import RowWeights
from nnrun.results.ensemble import AnyNetwork
from nnrun.results.forward import Network, Outputs
from nnrun.results.keras_metrics import Metric, make_metric
from nnrun.results.losses import RowValues, row_losses
from nnrun.results.regularizers import activity_regularizer, penalty, weight_penalty
from nnrun.results.row_weights import filled_weights

OF_BATCHES = ("sum", "mean_with_sample_weight")
"""The reductions whose mean over all rows depends on the batches."""


class Evaluation:
    """Accumulates the loss and the metrics, in memory that does not grow with the rows.

    Keras measures a batch at a time, and weighs each by its rows. The mean over rows does not
    depend on the batches; a loss with another reduction and regularized activities do. A weighted
    loss is divided by the number of rows, a metric by their weights, as in Keras.

    Args:
        config: The config of the run.
        network: Its network.

    Raises:
        ConfigError: A metric is not for the kind of target that the loss is for.
    """

    def __init__(self, config: Config, network: AnyNetwork) -> None:
        _check_metrics(config)
        self._config = config
        self._members = network.members
        penalties = map(weight_penalty, self._members)
        self._penalty = sum(penalties) / len(self._members)
        self._metrics: dict[str, Metric] = {}
        for spec in config.metric_specs:
            self._metrics[spec["name"]] = make_metric(config, spec)
        self._total = 0.0
        self._rows = 0
        self._pending: RowValues = np.zeros(0)
        self._pending_weights: RowValues = np.zeros(0)

    def add(self, x: Matrix, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account.

        Args:
            x: Their inputs, float32 (rows, inputs).
            y: Their targets, float32 (rows, targets).
            outputs: What the network makes of them.
            weights: The weight of each row, (rows,); None where all count alike.
        """
        with np.errstate(all="ignore"):
            losses = row_losses(self._config, y, outputs)
            self._add_losses(losses, weights)
            self._total += self._activity_penalty(x)
            for metric in self._metrics.values():
                metric.add(y, outputs, weights)
        self._rows += len(y)

    def result(self) -> dict[str, float]:
        """Return the loss and the metrics of the rows so far, in Keras's order."""
        with np.errstate(all="ignore"):
            total = self._total + self._of_batch(self._pending, self._pending_weights)
            loss = total / self._rows + self._penalty
            logs = {"loss": loss}
            for name, metric in self._metrics.items():
                logs[name] = metric.result()
            return logs

    def _add_losses(self, losses: RowValues, weights: RowWeights) -> None:
        """Add what the losses of rows contribute to the total; a batch at a time where it must."""
        of_rows = filled_weights(weights, len(losses))
        losses = losses * of_rows
        if self._config.loss["reduction"] not in OF_BATCHES:
            self._total += float(losses.sum())
            return
        size = self._config.batch_size
        pending = np.concatenate([self._pending, losses])
        pending_weights = np.concatenate([self._pending_weights, of_rows])
        whole = len(pending) // size * size
        for start in range(0, whole, size):
            batch = slice(start, start + size)
            self._total += self._of_batch(pending[batch], pending_weights[batch])
        self._pending = pending[whole:]
        self._pending_weights = pending_weights[whole:]

    def _of_batch(self, losses: RowValues, weights: RowValues) -> float:
        """Return the loss of a batch, times its rows, given the weighted losses of these."""
        total = float(losses.sum()) * len(losses)
        is_weighted_mean = self._config.loss["reduction"] == "mean_with_sample_weight"
        if is_weighted_mean and weights.any():
            total /= float(weights.sum())
        return total

    def _activity_penalty(self, x: Matrix) -> float:
        """Return the penalties of the activities of rows, each batch weighed by its rows.

        Keras divides the penalty of a batch by its rows, so that the two cancel.
        """
        if not any(map(activity_regularizer, self._members[0].steps)):
            return 0.0
        total = 0.0
        for member in self._members:
            penalties = [_batch_penalty(member, batch) for batch in self._batches(x)]
            total += sum(penalties)
        return total / len(self._members)

    def _batches(self, x: Matrix) -> Iterator[Matrix]:
        """Yield the rows batch by batch; the last batch may be smaller."""
        size = self._config.batch_size
        for start in range(0, len(x), size):
            yield x[start : start + size]


def _check_metrics(config: Config) -> None:
    """Refuse metrics with which no run is trained, as a stranger's config may have them."""
    for i, metric in enumerate(config.metrics or []):
        reason = why_metric_does_not_fit(config, metric)
        if reason:
            raise ConfigError(f"{config.where('metrics', i)}: {metric['name']} {reason}")


def _batch_penalty(network: Network, batch: Matrix) -> float:
    """Return the penalties of the activities of a batch."""
    total = 0.0
    for step, activity in network.layer_outputs(batch):
        regularizer = activity_regularizer(step)
        if regularizer:
            total += penalty(regularizer, activity)
    return total

"""The loss and the metrics of a run's config over blocks of rows, as in `model.evaluate`."""

from collections.abc import Iterator

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.matrix_store import Matrix
from nnrun.results.ensemble import AnyNetwork
from nnrun.results.forward import Network, Outputs
from nnrun.results.keras_metrics import make_metric
from nnrun.results.losses import RowValues, row_losses
from nnrun.results.regularizers import activity_regularizer, penalty, weight_penalty


class Evaluation:
    """Accumulates the loss and the metrics, in memory that does not grow with the rows.

    Keras measures a batch at a time, and weighs each by its rows. The mean over rows does not
    depend on the batches; a loss with `reduction: sum` and regularized activities do.
    """

    def __init__(self, config: Config, network: AnyNetwork) -> None:
        self._config = config
        self._members = network.members
        self._penalty = sum(map(weight_penalty, self._members)) / len(self._members)
        self._metrics = {spec["name"]: make_metric(config, spec) for spec in config.metric_specs}
        self._total = 0.0
        self._rows = 0
        self._pending: RowValues = np.zeros(0)

    def add(self, x: Matrix, y: Matrix, outputs: Outputs) -> None:
        """Take rows into account.

        Args:
            x: Their inputs, float32 (rows, inputs).
            y: Their targets, float32 (rows, targets).
            outputs: What the network makes of them.
        """
        with np.errstate(all="ignore"):
            losses = row_losses(self._config, y, outputs)
            self._add_losses(losses)
            self._total += self._activity_penalty(x)
            for metric in self._metrics.values():
                metric.add(y, outputs)
        self._rows += len(y)

    def result(self) -> dict[str, float]:
        """Return the loss and the metrics of the rows so far, in Keras's order."""
        with np.errstate(all="ignore"):
            total = self._total + float(self._pending.sum()) * len(self._pending)
            loss = total / self._rows + self._penalty
            return {"loss": loss, **{name: m.result() for name, m in self._metrics.items()}}

    def _add_losses(self, losses: RowValues) -> None:
        if self._config.loss["reduction"] != "sum":
            self._total += float(losses.sum())
            return
        size = self._config.batch_size
        pending = np.concatenate([self._pending, losses])
        whole = len(pending) // size * size
        self._total += float(pending[:whole].sum()) * size
        self._pending = pending[whole:]

    def _activity_penalty(self, x: Matrix) -> float:
        """Return the penalties of the activities of rows, each batch weighed by its rows.

        Keras divides the penalty of a batch by its rows, so that the two cancel.
        """
        if not any(activity_regularizer(step) for step in self._members[0].steps):
            return 0.0
        total = 0.0
        for member in self._members:
            total += sum(_batch_penalty(member, batch) for batch in self._batches(x))
        return total / len(self._members)

    def _batches(self, x: Matrix) -> Iterator[Matrix]:
        size = self._config.batch_size
        for start in range(0, len(x), size):
            yield x[start : start + size]


def _batch_penalty(network: Network, batch: Matrix) -> float:
    """Return the penalties of the activities of a batch."""
    total = 0.0
    for step, activity in network.layer_outputs(batch):
        regularizer = activity_regularizer(step)
        if regularizer:
            total += penalty(regularizer, activity)
    return total

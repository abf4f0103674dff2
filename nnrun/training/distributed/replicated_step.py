"""One step of training or testing that all replicas take together, each on its share of a batch."""

import math

from nnrun.training.backend import keras, tf
from nnrun.training.distributed.replicas import replica_number, seeds, summed_over_replicas
from nnrun.training.distributed.team import Team
from nnrun.training.keras_types import KerasObject, Model, Tensor


class ReplicatedStep:
    """What Keras's train_step or test_step is to a batch, for one that all replicas share.

    Each replica's loss counts by its share of the batch, so that the sums are those of one process
    with all rows.

    Args:
        model: The compiled model.
        team: The replicas.
        batch_size: Rows per step, of all workers.
        training: Whether the weights are changed.
    """

    def __init__(
        self,
        model: Model,
        team: Team,
        batch_size: int,
        *,
        training: bool,
    ) -> None:
        self._model = model
        self._team = team
        self._batch_size = batch_size
        self._training = training
        self._variables = model.trainable_variables
        self._weights = []
        self._shapes = []
        for variable in self._variables:
            self._weights.append((variable, variable.value))
            self._shapes.append(tuple(variable.shape))

    def __call__(self, tensors: Tensor, rows: Tensor, number: Tensor) -> None:
        """Take a step.

        Args:
            tensors: The rows that this worker has of all batches.
            rows: The number of rows that all workers have together.
            number: Which of the batches is taken.
        """
        rows_left = rows - number * self._batch_size
        size = tf.minimum(self._batch_size, rows_left)
        own_rows = self._cut(self._batch_size, self._team.last)  # of a whole batch
        begin = number * own_rows
        end = begin + self._cut(size, self._team.last)
        batch = tuple(tensor[begin:end] for tensor in tensors)
        result = self._team.run_here(self._replica, batch, size)
        if self._training:
            self._apply(result)

    def _cut(self, rows: Tensor, number: int) -> Tensor:
        """Return how many of a batch's rows this worker's replicas before `number` have."""
        team = self._team
        return team.rows_before(rows, number) - team.rows_before(rows, team.first)

    def _replica(self, batch: Tensor, rows: Tensor) -> Tensor:
        """Compute one replica's share; return the summed gradients of all, in one flat tensor."""
        number = replica_number()
        begin = self._cut(rows, number)
        end = self._cut(rows, number + 1)
        x, y, *weight = (tensor[begin:end] for tensor in batch)
        count = tf.cast(end - begin, tf.float32)
        state = self._state(number)
        with (
            tf.GradientTape() as tape,
            # Each replica keeps to itself what it changes: moving averages and seeds. The tape
            # comes first, since the scope reads the weights as it is made.
            keras.StatelessScope(state, collect_losses=True) as scope,
        ):
            outputs = self._model(x, training=self._training)
            loss = self._loss(x, y, outputs, weight, scope)
            own_loss = loss * count / tf.cast(rows, tf.float32)
            scaled = self._model.optimizer.scale_loss(own_loss)
        if number == self._team.first:
            self._keep_changes(scope)
        self._update_metrics(loss, count, x, y, outputs, weight)
        if not self._training:
            return ()
        return self._summed_gradients(tape, scaled)

    def _summed_gradients(self, tape: Tensor, loss: Tensor) -> Tensor:
        """Return the gradients of all replicas' losses: one message, not many."""
        values = [variable.value for variable in self._variables]
        gradients = tape.gradient(loss, values)
        parts = [tf.reshape(gradient, [-1]) for gradient in gradients]
        flat = tf.concat(parts, 0)
        return summed_over_replicas(flat)

    def _state(self, number: int) -> list[tuple[Tensor, Tensor]]:
        """Return the weights as they are, and a seed of its own for each replica's noise."""
        shift = [number - self._team.first, 0]
        state = list(self._weights)
        for seed in seeds(self._model):
            own_seed = tf.add(seed.value, shift)
            state.append((seed, own_seed))
        return state

    def _loss(
        self,
        x: Tensor,
        y: Tensor,
        outputs: Tensor,
        weight: Tensor,
        scope: KerasObject,
    ) -> Tensor:
        """Return the loss of a replica's rows, regularisation included."""
        loss = self._model.compute_loss(x, y, outputs, *weight, training=self._training)
        # Keras divides by the number of replicas, as if all had as many rows.
        loss = self._team.count * loss
        forgotten_losses = self._forgotten_losses(scope)
        return loss + sum(forgotten_losses)

    def _forgotten_losses(self, scope: KerasObject) -> list[Tensor]:
        """Return the losses that layers forgot, since another replica called them meanwhile."""
        remembered = {id(loss) for loss in self._model.losses}
        return [loss for loss in scope.losses if id(loss) not in remembered]

    def _keep_changes(self, scope: KerasObject) -> None:
        """Keep what the first replica changed: moving averages and seeds."""
        for variable in self._model.non_trainable_variables:
            value = scope.get_current_value(variable)
            if value is not None:
                variable.assign(value)

    def _update_metrics(
        self,
        loss: Tensor,
        count: Tensor,
        x: Tensor,
        y: Tensor,
        outputs: Tensor,
        weight: Tensor,
    ) -> None:
        """Add this replica's batch to the metrics, of which `loss` is weighted by the rows."""
        for metric in self._model.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=count)
        self._model.compute_metrics(x, y, outputs, *weight)

    def _apply(self, flat: Tensor) -> None:
        """Let the optimizer change the weights by the gradients of all replicas."""
        sizes = [math.prod(shape) for shape in self._shapes]
        parts = tf.split(flat, sizes)
        gradients = list(map(tf.reshape, parts, self._shapes))
        self._model.optimizer.apply(gradients, self._variables)

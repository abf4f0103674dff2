"""Several replicas that train one model: the GPUs of this machine, or workers on several, each with a share of rows.

Weights, optimizer and metrics are plain variables of this process, kept equal on all workers by being changed alike;
`tf.distribute` adds up what replicas compute. (Keras's `fit` under MultiWorkerMirroredStrategy fails: keras issue
20585. Under its mirrored variables, too, Keras clips each replica's gradient, not their sum.)
"""

import signal
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, cast

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import ConfigError, NnrunError
from nnrun.signals import handled_signals
from nnrun.training.backend import keras, silenced, tf
from nnrun.training.distributed.cluster import Cluster, Distribute, read_cluster
from nnrun.wording import first_line

WAIT = 600  # seconds for all workers to come
MEAN = (
    "sum_over_batch_size",
    "mean",
)  # what a loss is of its rows, so that shares of a batch add up
Indices = np.ndarray[tuple[int], np.dtype[np.int32]]
Integers = np.ndarray[tuple[int, int], np.dtype[np.int64]]


class Team:
    """The replicas over which a model is trained, `first` to before `last` of `count` on this worker."""

    def __init__(self, strategy: Any = None, cluster: Cluster | None = None) -> None:
        cluster = cluster or Cluster()
        self.strategy, self.workers, self.is_chief = strategy, cluster.workers, cluster.is_chief
        self.index, self.count = cluster.index, strategy.num_replicas_in_sync if strategy else 1
        here = self.count // self.workers  # every worker has as many
        self.first, self.last = here * self.index, here * (self.index + 1)
        self._total = tf.function(self._all_reduce, autograph=False)

    def share(self, order: Indices, batch_size: int) -> Indices:
        """Return this worker's rows of an order, batch by batch: of one of n rows, those from n * first // count."""
        if self.workers == 1:
            return order
        whole = len(order) - len(order) % batch_size
        parts = (order[:whole].reshape(-1, batch_size), order[whole:].reshape(1, -1))
        cuts = [
            (self._before(p.shape[1], self.first), self._before(p.shape[1], self.last))
            for p in parts
        ]
        return np.concatenate(
            [p[:, start:stop].ravel() for p, (start, stop) in zip(parts, cuts, strict=True)]
        )

    def _before(self, rows: Any, replica: int) -> Any:
        """Return how many of a batch's rows, a number or a tensor, the replicas before this one have."""
        return rows * replica // self.count

    def total(self, tensors: Iterable[Any]) -> list[Any]:
        """Return the sums of tensors over all workers, each of which calls this at the same point."""
        values = [tf.convert_to_tensor(tensor) for tensor in tensors]
        return list(self._total(values)) if self.workers > 1 and values else values

    def add_up(self, variables: list[Any]) -> None:
        """Give every variable the sum of what it is on all workers."""
        if self.workers > 1:
            for variable, value in zip(variables, self.total(variables), strict=True):
                variable.assign(value)

    def gather(self, *values: int) -> Integers:
        """Return what every worker gives, a row for each."""
        table = np.zeros((self.workers, len(values)), np.int64)
        table[self.index] = values
        return cast(Integers, self.total([table])[0].numpy()) if self.workers > 1 else table

    def copy_chief(self, model: Any) -> None:
        """Give every worker the chief's weights and what its optimizer keeps, but noise of its own."""
        variables = [
            v for v in (*model.variables, *model.optimizer.variables) if v.dtype == "float32"
        ]
        for variable in () if self.is_chief else variables:
            variable.assign(tf.zeros_like(variable))
        self.add_up(variables)
        for seed in _seeds(model):
            seed.assign(tf.add(seed.value, [self.first, 0]))

    def _all_reduce(self, values: list[Any]) -> Any:
        def replica(values: list[Any]) -> Any:
            context = tf.distribute.get_replica_context()
            mine = [
                tf.identity(v) if _number(context) == self.first else tf.zeros_like(v)
                for v in values
            ]
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        return self._here(self.strategy.run(replica, args=(values,)))

    def _here(self, results: Any) -> Any:
        return tf.nest.map_structure(
            lambda value: self.strategy.experimental_local_results(value)[0], results
        )

    def step(self, model: Any, batch_size: int, *, training: bool) -> Callable[..., None]:
        """Return what Keras's train_step or test_step is to a batch, for one that all replicas share.

        It takes tensors with this worker's rows, how many rows all workers have, and which batch.
        Each replica's loss counts by its share of the batch, so that the sums are those of one process with all rows.
        """
        variables, replicas = model.trainable_variables, self.count
        given, shapes = [(v, v.value) for v in variables], [tuple(v.shape) for v in variables]

        def cut(rows: Any, number: int) -> Any:
            return self._before(rows, number) - self._before(rows, self.first)

        def replica(batch: Any, rows: Any) -> Any:
            context = tf.distribute.get_replica_context()
            number = _number(context)
            begin, end = cut(rows, number), cut(rows, number + 1)
            x, y, *weight = (tensor[begin:end] for tensor in batch)
            count = tf.cast(end - begin, tf.float32)
            # each replica keeps what it changes to itself, and the first one's is kept: moving averages and seeds
            noise = [(seed, tf.add(seed.value, [number - self.first, 0])) for seed in _seeds(model)]
            with (
                tf.GradientTape() as tape,
                keras.StatelessScope(given + noise, collect_losses=True) as scope,
            ):
                outputs = model(x, training=training)
                # Keras divides by the number of replicas, as if all had as many rows
                loss = replicas * model.compute_loss(x, y, outputs, *weight, training=training)
                # and its layers forget their losses where they are called by another replica meanwhile
                loss += sum(
                    other
                    for other in scope.losses
                    if all(other is not known for known in model.losses)
                )
                scaled = model.optimizer.scale_loss(loss * count / tf.cast(rows, tf.float32))
            for variable in model.non_trainable_variables if number == self.first else ():
                if (value := scope.get_current_value(variable)) is not None:
                    variable.assign(value)
            for metric in model.metrics:
                if metric.name == "loss":
                    metric.update_state(loss, sample_weight=count)
            model.compute_metrics(x, y, outputs, *weight)
            if not training:
                return ()
            gradients = tape.gradient(scaled, [v.value for v in variables])
            flat = tf.concat(
                [tf.reshape(gradient, [-1]) for gradient in gradients], 0
            )  # one message, not many
            return context.all_reduce(tf.distribute.ReduceOp.SUM, flat)

        def step(tensors: Any, rows: Any, number: Any) -> None:
            size = tf.minimum(batch_size, rows - number * batch_size)
            begin = number * cut(batch_size, self.last)
            batch = tuple(tensor[begin : begin + cut(size, self.last)] for tensor in tensors)
            result = self._here(self.strategy.run(replica, args=(batch, size)))
            if training:
                parts = tf.split(result, [int(np.prod(shape)) for shape in shapes])
                model.optimizer.apply(list(map(tf.reshape, parts, shapes)), variables)

        return step


ALONE = Team()


def join(distribute: Distribute) -> Team:
    """Return the team that `distribute` means, when all its workers are there; raises a ConfigError or NnrunError."""
    cluster = read_cluster(distribute)
    if cluster.workers > 1:
        try:
            with (
                handled_signals(signal.SIG_DFL),
                silenced(),
            ):  # TensorFlow waits for the others with Python held
                _alarm(WAIT)  # which ends the process
                return Team(_multiworker(), cluster)
        except (RuntimeError, ValueError, tf.errors.OpError) as error:
            reason = f"{first_line(error)}; is the port of this worker free?"
            raise NnrunError(f"TF_CONFIG: the workers cannot come together: {reason}") from None
        finally:
            _alarm(0)
    devices = [device.name for device in tf.config.list_logical_devices("GPU")]
    if distribute == "mirrored" and not devices:
        devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    return Team(_mirrored(*devices)) if distribute != "none" and len(devices) > 1 else ALONE


def check_shareable(config: Config) -> None:
    """Raise a ConfigError with all that several replicas cannot do together."""
    one, problems = "is for one device; leave it out, or say --distribute none", []
    if config.jit_compile is True:
        problems.append(f"{config.where('jit_compile')}: XLA {one}")
    if (reduction := config.loss.get("reduction", MEAN[0])) not in MEAN:
        problems.append(f"{config.where('loss', 'reduction')}: {reduction} {one}")
    given = {
        i: config.layers[i]["activity_regularizer"]
        for i in config.layers_with("activity_regularizer")
    }
    crossed = [
        i for i, spec in given.items() if spec and spec["name"] == "OrthogonalRegularizer"
    ]  # every two rows
    problems += [
        f"{config.where('layers', i, 'activity_regularizer')}: OrthogonalRegularizer {one}"
        for i in crossed
    ]
    if problems:
        raise ConfigError(problems)


def share_moments(model: Any) -> None:
    """Let BatchNormalization standardise by the rows of all replicas, as if one had them all.

    Keras's way to, `synchronized`, takes E(x^2) - E(x)^2, of which float32 leaves nothing where the mean is large.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = _moments


_alarm = getattr(signal, "alarm", lambda _: None)  # Windows has none
# one of each in a process: the messages of a second one would be taken for the first one's
_multiworker = cache(tf.distribute.MultiWorkerMirroredStrategy)
_mirrored = cache(lambda *devices: tf.distribute.MirroredStrategy(devices))


def _moments(x: Any, _: Any) -> tuple[Any, Any]:
    context = tf.distribute.get_replica_context()

    def mean(values: Any) -> Any:
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(values, 0)) / count

    count = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(tf.shape(x)[0], x.dtype))
    center = mean(x)
    return center, mean(tf.math.squared_difference(x, tf.stop_gradient(center)))


def _seeds(model: Any) -> list[Any]:
    """Return the states, int64 (2,), from which Dropout and its like draw: a seed and a count."""
    return [variable for variable in model.non_trainable_variables if variable.dtype == "int64"]


def _number(context: Any) -> int:
    return int(tf.get_static_value(context.replica_id_in_sync_group))

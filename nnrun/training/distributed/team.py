"""Several replicas that train one model: the GPUs of this machine, or workers on several.

Weights, optimizer and metrics are plain variables of each process. They are kept equal on all
workers by being changed alike; `tf.distribute` adds up what the replicas compute. (Keras's `fit`
under MultiWorkerMirroredStrategy fails: keras issue 20585. Under its mirrored variables, too, Keras
clips the gradient of each replica, not their sum.)
"""

import signal
from collections.abc import Callable, Iterable
from functools import cache
from typing import cast

import numpy as np

from nnrun.errors import NnrunError
from nnrun.signals import delayed_signal, handled_signals
from nnrun.training.backend import silenced, tf
from nnrun.training.distributed.cluster import Cluster, Distribute, read_cluster
from nnrun.training.distributed.rendezvous import meet
from nnrun.training.distributed.replicas import replica_number, seeds, summed_over_replicas
from nnrun.training.keras_types import Model, Strategy, Tensor
from nnrun.wording import first_line

WAIT = 40  # seconds that workers wait for each other to come
CONNECTING = 60  # seconds that TensorFlow may take to connect workers that are all there

Indices = np.ndarray[tuple[int], np.dtype[np.int32]]
Batches = np.ndarray[tuple[int, int], np.dtype[np.int32]]
Integers = np.ndarray[tuple[int, int], np.dtype[np.int64]]


class Team:
    """The replicas over which a model is trained.

    Args:
        strategy: What adds up over the replicas, or None for one replica in one process.
        cluster: The workers, or None where this process is alone.

    Attributes:
        workers: The number of processes.
        index: The number of this one, from 0.
        is_chief: Whether this one alone writes the run directory.
        count: The number of replicas of all workers.
        first: The number of this worker's first replica.
        last: The number after that of its last one.
    """

    def __init__(self, strategy: Strategy = None, cluster: Cluster | None = None) -> None:
        cluster = cluster or Cluster()
        self.strategy = strategy
        self.workers = cluster.workers
        self.index = cluster.index
        self.is_chief = cluster.is_chief
        self.count = 1
        if strategy:
            self.count = strategy.num_replicas_in_sync
        own_replicas = self.count // self.workers  # every worker has as many
        self.first = own_replicas * self.index
        self.last = own_replicas * (self.index + 1)
        self._total = tf.function(self._all_reduce, autograph=False)

    def share(self, order: Indices, batch_size: int) -> Indices:
        """Return this worker's rows of an order, batch by batch.

        Args:
            order: The rows that all workers take together, int32 (rows,).
            batch_size: The rows of a batch, of all workers together.
        """
        if self.workers == 1:
            return order
        whole = len(order) - len(order) % batch_size
        whole_batches = order[:whole].reshape(-1, batch_size)
        last_batch = order[whole:].reshape(1, -1)
        own_rows = [
            self._share_of_batches(whole_batches),
            self._share_of_batches(last_batch),
        ]
        return np.concatenate(own_rows)

    def _share_of_batches(self, batches: Batches) -> Indices:
        """Return this worker's rows of batches (batches, rows) of one size, in a row."""
        rows = batches.shape[1]
        start = self.rows_before(rows, self.first)
        stop = self.rows_before(rows, self.last)
        return batches[:, start:stop].ravel()

    def rows_before(self, rows: Tensor, replica: int) -> Tensor:
        """Return how many of a batch's rows earlier replicas have.

        Args:
            rows: The rows of the batch, a number or a tensor.
            replica: The number of the replica, from 0, among those of all workers.
        """
        return rows * replica // self.count

    def total(self, tensors: Iterable[Tensor]) -> list[Tensor]:
        """Return the sums of tensors over all workers, each of which calls this at one point.

        Args:
            tensors: This worker's tensors, or variables.

        Raises:
            tf.errors.OpError: Another worker is lost.
        """
        values = [tf.convert_to_tensor(tensor) for tensor in tensors]
        if self.workers == 1 or not values:
            return values
        return list(self._total(values))

    def add_up(self, variables: list[Tensor]) -> None:
        """Give every variable the sum of its values on all workers.

        Args:
            variables: The variables of this worker, in the same order on all.
        """
        if self.workers == 1:
            return
        totals = self.total(variables)
        for variable, total in zip(variables, totals, strict=True):
            variable.assign(total)

    def gather(self, *values: int) -> Integers:
        """Return the values of every worker, int64 (workers, values).

        Args:
            *values: Those of this one.
        """
        table = np.zeros((self.workers, len(values)), np.int64)
        table[self.index] = values
        if self.workers == 1:
            return table
        (total,) = self.total([table])
        return cast("Integers", total.numpy())

    def copy_chief(self, model: Model) -> None:
        """Give every worker the chief's weights and optimizer, but noise of its own.

        Args:
            model: The compiled model of this worker, with every variable built.
        """
        candidates = (*model.variables, *model.optimizer.variables)
        variables = [variable for variable in candidates if variable.dtype == "float32"]
        if not self.is_chief:
            for variable in variables:
                variable.assign(tf.zeros_like(variable))
        self.add_up(variables)
        shift = [self.first, 0]
        for seed in seeds(model):
            own_seed = tf.add(seed.value, shift)
            seed.assign(own_seed)

    def run_here(self, function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        """Run a function in every replica of this worker, and return the first one's results.

        Args:
            function: Takes the arguments, and returns tensors, in any structure.
            *arguments: What every replica gets alike.
        """

        def of_first(value: Tensor) -> Tensor:
            first, *_ = self.strategy.experimental_local_results(value)
            return first

        results = self.strategy.run(function, args=arguments)
        return tf.nest.map_structure(of_first, results)

    def _all_reduce(self, values: list[Tensor]) -> Tensor:
        """Return the sums of tensors over all workers, of whose replicas the first one counts."""

        def replica(values: list[Tensor]) -> Tensor:
            is_first = replica_number() == self.first
            take = tf.identity if is_first else tf.zeros_like
            own_values = [take(value) for value in values]
            return summed_over_replicas(own_values)

        return self.run_here(replica, values)


ALONE = Team()


def join(distribute: Distribute, wait: float = WAIT) -> Team:
    """Return the team that `distribute` means, once all its workers are there.

    Args:
        distribute: The devices or workers that train together.
        wait: Seconds that workers wait for each other.

    Raises:
        ConfigError: TF_CONFIG is wrong.
        NnrunError: The workers cannot come together.
    """
    cluster = read_cluster(distribute)
    if cluster.workers > 1:
        return Team(_strategy_of(cluster, wait), cluster)
    devices = _devices(distribute)
    if len(devices) < 2:
        return ALONE
    return Team(_mirrored(*devices))


def _strategy_of(cluster: Cluster, wait: float) -> Strategy:
    """Return the strategy of a process: the messages of a second one would be mixed up."""
    if cluster not in _strategies:
        meet(cluster, wait)
        _strategies[cluster] = _connect()
    return _strategies[cluster]


def _connect() -> Strategy:
    """Let TensorFlow connect the workers, all of whom are there.

    TensorFlow connects with Python held: only the system can end it. It also takes SIGTERM, as a
    notice that the machine is to be preempted, and does nothing of it: SIGTERM waits meanwhile.
    """
    try:
        with delayed_signal(signal.SIGTERM), handled_signals(signal.SIG_DFL), silenced():
            _alarm(CONNECTING)
            return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        reason = f"{first_line(error)}; is the port of this worker free?"
        raise NnrunError(f"TF_CONFIG: the workers cannot connect: {reason}") from None
    finally:
        _alarm(0)


def _devices(distribute: Distribute) -> list[str]:
    """Return the devices of this machine that `distribute` means, none for `none`."""
    if distribute == "none":
        return []
    devices = tf.config.list_logical_devices("GPU")
    if distribute == "mirrored" and not devices:
        devices = tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]


_alarm = getattr(signal, "alarm", lambda _: None)  # Windows has none
_strategies: dict[Cluster, Strategy] = {}
_mirrored = cache(lambda *devices: tf.distribute.MirroredStrategy(devices))

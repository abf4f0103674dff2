"""The replica in which a piece of a graph is traced."""

from nnrun.training.backend import tf
from nnrun.training.keras_types import Model, Tensor


def replica_number() -> int:
    """Return the number of the replica that is traced, from 0, among those of all workers."""
    context = tf.distribute.get_replica_context()
    return int(tf.get_static_value(context.replica_id_in_sync_group))


def summed_over_replicas(value: Tensor) -> Tensor:
    """Return the sum over all replicas, each of which calls this at the same point.

    Args:
        value: This replica's tensor, or a list of tensors, each of which is added up.
    """
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def seeds(model: Model) -> list[Tensor]:
    """Return the states, int64 (2,), from which Dropout and its like draw: a seed and a count.

    Args:
        model: The model, with every variable built.
    """
    return [variable for variable in model.non_trainable_variables if variable.dtype == "int64"]

"""The variables that a training goes on from, by the names that they have in checkpoint.npz."""

from nnrun.runs.arrays import Array, Shapes
from nnrun.training.distributed.team import Team
from nnrun.training.keras_types import KerasObject, Model

METRIC = "metric"
"""The kind of the variables of metrics, with which their names begin."""

Variables = dict[str, KerasObject]


def all_variables(model: Model) -> Variables:
    """Return the variables of the network, its seeds included, of the optimizer and the metrics."""
    network = _numbered("model", model.variables)
    optimizer = _numbered("optimizer", model.optimizer.variables)
    return network | optimizer | metric_variables(model)


def metric_variables(model: Model) -> Variables:
    """Return the variables of the metrics: sums and counts of the rows that were measured."""
    return _numbered(METRIC, model.metrics_variables)


def shapes_of(variables: Variables) -> Shapes:
    """Return shape and dtype of each variable."""
    return {name: (tuple(each.shape), str(each.dtype)) for name, each in variables.items()}


def values_of(variables: Variables) -> dict[str, Array]:
    """Return the value of each variable."""
    return {name: each.numpy() for name, each in variables.items()}


def total_values(model: Model, team: Team) -> dict[str, Array]:
    """Return the value of every variable; those of metrics are summed over all workers.

    Each worker has the metrics of its own rows, and calls this at the same point.
    """
    values = values_of(all_variables(model))
    metrics = metric_variables(model)
    totals = team.total(metrics.values())
    for name, total in zip(metrics, totals, strict=True):
        values[name] = total.numpy()
    return values


def _numbered(kind: str, variables: list[KerasObject]) -> Variables:
    return {f"{kind}_{number}": variable for number, variable in enumerate(variables)}

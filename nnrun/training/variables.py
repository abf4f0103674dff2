"""The variables that a training goes on from, by the names that they have in checkpoint.npz."""

from nnrun.runs.arrays import Array, Shapes
from nnrun.training.distributed.team import Team
from nnrun.training.keras_types import KerasObject, Model

METRIC = "metric"
"""The kind of the variables of metrics, with which their names begin."""

Variables = dict[str, KerasObject]


def all_variables(model: Model) -> Variables:
    """Return the variables of the network, its seeds included, of the optimizer and the metrics.

    Args:
        model: The compiled model, with every variable built.
    """
    network = _numbered("model", model.variables)
    optimizer = _numbered("optimizer", model.optimizer.variables)
    return network | optimizer | metric_variables(model)


def metric_variables(model: Model) -> Variables:
    """Return the variables of the metrics: sums and counts of the rows that were measured.

    Args:
        model: The compiled model, with every variable built.
    """
    return _numbered(METRIC, model.metrics_variables)


def shapes_of(variables: Variables) -> Shapes:
    """Return shape and dtype of each variable, by its name.

    Args:
        variables: The variables by name.
    """
    shapes = {}
    for name, variable in variables.items():
        shape = tuple(variable.shape)
        shapes[name] = (shape, str(variable.dtype))
    return shapes


def values_of(variables: Variables) -> dict[str, Array]:
    """Return a copy of the value of each variable, by its name.

    Args:
        variables: The variables by name.
    """
    return {name: variable.numpy() for name, variable in variables.items()}


def total_values(model: Model, team: Team) -> dict[str, Array]:
    """Return the value of every variable; those of metrics are summed over all workers.

    Each worker has the metrics of its own rows, and calls this at the same point.

    Args:
        model: The compiled model, with every variable built.
        team: The workers that train together.

    Returns:
        The arrays by the names of `all_variables`.
    """
    values = values_of(all_variables(model))
    metrics = metric_variables(model)
    totals = team.total(metrics.values())
    for name, total in zip(metrics, totals, strict=True):
        values[name] = total.numpy()
    return values


def _numbered(kind: str, variables: list[KerasObject]) -> Variables:
    numbered = {}
    for number, variable in enumerate(variables):
        numbered[f"{kind}_{number}"] = variable
    return numbered

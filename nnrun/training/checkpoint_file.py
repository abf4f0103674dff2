"""checkpoint.npz: everything that a training goes on from, written and read as one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nnrun.files import atomic_path
from nnrun.runs.arrays import Array, Shapes, Spec, read_arrays, write_arrays
from nnrun.runs.history import Logs
from nnrun.training.state import State
from nnrun.training.variables import METRIC

HISTORY = "history"
"""The name of the array of logs in format 1, float64 (epochs, columns).

To write all epochs again with each checkpoint made a long run slower and slower.
"""

SHORTEST_ROW = 4
"""Bytes of a row of history.csv at the least: an epoch, a comma, a loss and a line end."""

UNCHECKED = (METRIC, HISTORY)
"""How the names of arrays begin whose numbers may be infinite or NaN: metrics may well be."""


@dataclass(frozen=True)
class Snapshot:
    """A training at one step.

    Attributes:
        state: How far it is.
        variables: The arrays of the model, the optimizer and the metrics, by name.
        best_weights: The weights that EarlyStopping would restore, if it has some.
        history: The logs of every epoch that ended, in a checkpoint of an earlier version.
    """

    state: State
    variables: Mapping[str, Array]
    best_weights: list[Array] | None
    history: list[Logs] | None = None


def write_checkpoint(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot atomically.

    Args:
        path: The file, which a former snapshot may be in.
        snapshot: What it is to hold.

    Raises:
        OSError: The file cannot be written, and is as it was.
    """
    arrays = dict(snapshot.variables)
    for number, weights in enumerate(snapshot.best_weights or []):
        arrays[_best_name(number)] = weights
    state = snapshot.state.model_dump_json(exclude_unset=True)
    with atomic_path(path) as temporary:
        write_arrays(temporary, arrays, state)


@dataclass(frozen=True)
class Expected:
    """What a checkpoint of this training must hold.

    Attributes:
        variables: The shape and dtype of every variable, by name.
        weights: The weights of the network, as EarlyStopping keeps them.
        columns: The names of what the history logs.
        callbacks: The number of callbacks that remember something.
        epochs: The number of epochs that the training goes to.
    """

    variables: Shapes
    weights: list[Array]
    columns: list[str]
    callbacks: int
    epochs: int

    def best_shapes(self) -> Shapes:
        """Return shape and dtype of the weights that EarlyStopping would restore."""
        shapes = {}
        for number, weights in enumerate(self.weights):
            shapes[_best_name(number)] = (weights.shape, str(weights.dtype))
        return shapes

    def optional_shapes(self, text: str) -> Shapes:
        """Return shape and dtype of the arrays that only the text of the state tells of.

        Args:
            text: The state as JSON.

        Raises:
            ValueError: It is not a state of this training.
        """
        state = State.model_validate_json(text)
        self._check_callbacks(state)
        shapes: dict[str, Spec] = {}
        if state.format == 1:
            shape_of_history = (state.epoch, len(self.columns))
            shapes[HISTORY] = (shape_of_history, "float64")
        elif state.history_size < SHORTEST_ROW * state.epoch:
            raise ValueError("its history is too short for its epochs")
        if state.has_best:
            shapes |= self.best_shapes()
        return shapes

    def optional_size(self) -> int:
        """Return the bytes that these arrays have at the most."""
        size_of_best = sum(weights.nbytes for weights in self.weights)
        numbers_of_history = self.epochs * len(self.columns)
        return size_of_best + 8 * numbers_of_history

    def _check_callbacks(self, state: State) -> None:
        """Raise a ValueError where the callbacks cannot remember what the state says they do."""
        latest = max(1, state.epoch)
        are_in_time = all(memory.best_epoch < latest for memory in state.callbacks)
        has_all = len(state.callbacks) == self.callbacks
        is_stopped_too_soon = state.stopped and state.epoch == 0
        if not has_all or not are_in_time or is_stopped_too_soon:
            raise ValueError("its callbacks are not those of the config")


def read_checkpoint(path: Path, expected: Expected) -> Snapshot:
    """Return the snapshot in a file.

    Args:
        path: The file, which may come from anybody.
        expected: What it must hold.

    Raises:
        RunError: The file cannot be read, or is not what is expected.
    """
    text, arrays = read_arrays(
        path,
        expected.variables,
        expected.optional_shapes,
        room=expected.optional_size(),
        unchecked=UNCHECKED,
    )
    state = State.model_validate_json(text)
    best_weights = None
    if state.has_best:
        best_weights = [arrays[name] for name in expected.best_shapes()]
    history = None
    if state.format == 1:
        history = _from_table(arrays[HISTORY], expected.columns)
    return Snapshot(state, arrays, best_weights, history)


def _best_name(number: int) -> str:
    return f"best_{number}"


def _from_table(table: Array, columns: list[str]) -> list[Logs]:
    """Return the logs of each epoch, of a table of shape (epochs, columns)."""
    logs = []
    for row in table.tolist():
        logs.append(dict(zip(columns, row, strict=True)))
    return logs

"""The Keras callback that writes the history and the checkpoint while a model is fitted."""

import signal
import time

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import Interrupted, RunError, TrainingError
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.runs.history import Logs
from nnrun.training import advice
from nnrun.training.backend import keras
from nnrun.training.callback_memory import find_best_weights, give_memories, read_memories
from nnrun.training.checkpoint_file import Expected, Snapshot, read_checkpoint, write_checkpoint
from nnrun.training.distributed.team import ALONE, Team
from nnrun.training.epoch_history import EpochHistory
from nnrun.training.keras_types import KerasObject, Model
from nnrun.training.state import CallbackMemory, State
from nnrun.training.stop_request import StopRequest
from nnrun.training.variables import (
    METRIC,
    all_variables,
    metric_variables,
    shapes_of,
    total_values,
    values_of,
)


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes history.csv as epochs end; checkpoint.npz as time passes, at a signal and at the end.

    The period is the config's `checkpoint.every_seconds`. A signal ends the fit after the engine's
    current call, once the checkpoint is written. Nothing is read or written before a method is
    called.

    Args:
        run: The run directory that is written to.
        config: The config that is trained.
        model: The compiled model, with every variable built.
        callbacks: Keras's callbacks that remember something. Keras must call them before this one.
        team: The workers that train together; the chief alone writes.
    """

    def __init__(
        self,
        run: Run,
        config: Config,
        model: Model,
        callbacks: list[KerasObject],
        team: Team = ALONE,
    ) -> None:
        super().__init__()
        self.run = run
        self.config = config
        self.callbacks = callbacks
        self.team = team
        self.stop_request = StopRequest()
        self.history = EpochHistory(run.history, config)
        self.state = State(callbacks=[CallbackMemory() for _ in callbacks])
        self.advice = advice.how_to_resume(run, team)
        self._best_weights: list[Array] | None = None
        # While the rows held out are measured, the model has their metrics, not these.
        self._training_metrics: dict[str, Array] = {}
        self._ended = False
        self._saved_at = self._began_at = time.monotonic()
        self.set_model(model)

    # The trainer calls these.

    def restore(self) -> None:
        """Bring variables, history and callbacks to where the checkpoint is.

        Raises:
            RunError: The checkpoint is not one of this training, or goes beyond its epochs.
        """
        variables = all_variables(self.model)
        expected = Expected(
            variables=shapes_of(variables),
            weights=self.model.get_weights(),
            columns=self.history.columns,
            callbacks=len(self.callbacks),
            epochs=self.config.epochs,
        )
        snapshot = read_checkpoint(self.run.checkpoint, expected)
        self._check_epochs(snapshot.state)
        self._be_more_patient(snapshot.state)
        self._assign(snapshot)
        self.state = snapshot.state
        self._best_weights = snapshot.best_weights
        if snapshot.history is None:
            self._go_on_with_history(snapshot.state)
        else:
            self.history.replace(snapshot.history)

    def poll(self, *, save: bool = False) -> None:
        """Write the checkpoint where it is time to, and stop where a signal asks for it.

        Args:
            save: Whether it is time to in any case.

        Raises:
            Interrupted: A signal came, to this process or to another worker.
        """
        seconds = time.monotonic() - self._saved_at
        is_due = seconds >= self.config.checkpoint.every_seconds
        # The workers save together and stop together. A second signal may come meanwhile.
        of_all_workers = self.team.gather(int(is_due), self.stop_request.signal)
        due, number = map(int, of_all_workers.max(axis=0))
        is_time_to_save = save or due or number
        if is_time_to_save and not self._ended:
            self.save()
        if number:  # perhaps another worker's: this one's own may come yet, and is not a second one
            raise self.interrupted(number)

    def save(self) -> None:
        """Write checkpoint.npz, unless nothing can go on from the weights."""
        if not self.has_finite_weights:
            return
        self._note_state()
        values = total_values(self.model, self.team) | self._training_metrics
        if self.team.is_chief:
            self._note_history()
            snapshot = Snapshot(self.state, values, self._best_weights)
            write_checkpoint(self.run.checkpoint, snapshot)
        self._saved_at = time.monotonic()

    @property
    def has_finite_weights(self) -> bool:
        """Whether every weight of the model is a finite number."""
        for weights in self.model.get_weights():
            if not np.isfinite(weights).all():
                return False
        return True

    @property
    def epochs(self) -> int:
        """The number of epochs that ended, those before a restore included."""
        return self.history.epochs

    @property
    def epoch_begun(self) -> int:
        """The number of the last epoch that began, from 1."""
        return max(1, self.epochs + bool(self.state.step))

    def interrupted(self, number: int = 0) -> Interrupted:
        """Return the error that says how far the run is, and how it goes on.

        Args:
            number: The number of the signal; 0 stands for the one that came to this process.
        """
        number = number or self.stop_request.signal or signal.SIGINT
        return advice.interrupted(self.epoch_begun, self.config, self.advice, number)

    def diverged(self, reason: str) -> TrainingError:
        """Return the error of a training whose loss or weights are no longer finite.

        Args:
            reason: What is not finite, as in `the loss is nan`.
        """
        return advice.diverged(reason, self.epochs, self.config)

    # Keras calls these, with more than is needed.

    def on_train_begin(self, _: Logs | None = None) -> None:
        """Give the other callbacks, which begin anew, what they knew."""
        self.model.stop_training = self.state.stopped
        give_memories(self.callbacks, self.state.callbacks, self._best_weights)

    def on_train_batch_end(self, batch: int, **_: object) -> None:
        """Note the step.

        Args:
            batch: The number of the batch in its epoch, from 0.

        Raises:
            Interrupted: A signal came.
        """
        self.state.step = batch + 1
        self.poll()

    def on_test_begin(self, _: Logs | None = None) -> None:
        """Keep the metrics of the training rows, which those of the rows held out replace."""
        self._training_metrics = values_of(metric_variables(self.model))  # summed over all workers

    def on_test_batch_end(self, *_: object, **__: object) -> None:
        """Stop here too, where a signal asks for it.

        Raises:
            Interrupted: A signal came.
        """
        self.poll()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Write a row of history.csv.

        Args:
            epoch: The number of the epoch, from 0.
            logs: Its loss and metrics, which are put in the order of the history.

        Raises:
            TrainingError: The loss is no longer finite.
            Interrupted: A signal came.
        """
        row = self.history.add(logs)
        logs.clear()
        logs.update(row)  # in order, for the callbacks that follow
        loss = row["loss"]
        if not np.isfinite(loss):
            raise self.diverged(f"the loss is {loss}")
        self._training_metrics = {}
        self.state.epoch = epoch + 1
        self.state.step = 0
        self.state.stopped = bool(self.model.stop_training)
        is_last = self.state.stopped or epoch + 1 == self.config.epochs
        self.poll(save=is_last)

    def on_train_end(self, _: Logs | None = None) -> None:
        """Save no more: from here on the weights are those to serve, not those to go on from."""
        self._ended = True

    # Steps of the above.

    def _note_state(self) -> None:
        """Bring the state up to date: seconds, and what the other callbacks remember."""
        now = time.monotonic()
        self.state.seconds += now - self._began_at
        self._began_at = now
        self.state.callbacks = read_memories(self.callbacks)
        self._best_weights = find_best_weights(self.callbacks)
        self.state.has_best = self._best_weights is not None

    def _note_history(self) -> None:
        """Tell in the state how far history.csv is, once that part of it is on the disk."""
        size, sha256 = self.history.saved_part()
        self.state.format = 2
        self.state.history_size = size
        self.state.history_sha256 = sha256

    def _go_on_with_history(self, state: State) -> None:
        """Take up history.csv as far as the checkpoint tells of it."""
        # A worker goes on from the files of the chief.
        source = self.run.checkpoint.with_name(self.run.history.name)
        self.history.go_on(
            source,
            size=state.history_size,
            sha256=state.history_sha256,
            epochs=state.epoch,
        )

    def _check_epochs(self, state: State) -> None:
        """Raise a RunError where the checkpoint goes beyond the epochs of the config."""
        epoch_begun = state.epoch + bool(state.step)
        if epoch_begun > self.config.epochs:
            advice = f"give --epochs {epoch_begun} or more"
            raise RunError(f"{self.run.path}: has begun epoch {epoch_begun} already; {advice}")

    def _be_more_patient(self, state: State) -> None:
        """Let a training go on that early stopping ended, where its patience has grown."""
        stopping = self.config.early_stopping
        if not state.stopped or not stopping:
            return
        waited = state.callbacks[0].wait
        if stopping["patience"] > waited:
            state.stopped = False

    def _assign(self, snapshot: Snapshot) -> None:
        """Give the variables their values; the metrics, which are sums, to the chief alone."""
        for name, variable in all_variables(self.model).items():
            value = snapshot.variables[name]
            if name.startswith(METRIC) and not self.team.is_chief:
                value = np.zeros_like(value)
            variable.assign(value)

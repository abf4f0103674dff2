"""Checkpoints: all that a training goes on from, written at any step, so that a stopped run ends as any other."""

import shlex
import signal
import time
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import Interrupted, RunError, TrainingError
from nnrun.files import atomic_path
from nnrun.runs.arrays import Array, Shapes, read_arrays, write_arrays
from nnrun.runs.directory import Run
from nnrun.runs.history import append_history
from nnrun.runs.provenance import versions
from nnrun.signals import handled_signals
from nnrun.training.backend import keras
from nnrun.training.build_model import Model
from nnrun.training.distributed.team import ALONE, Team
from nnrun.training.epoch_loop import Logs
from nnrun.training.state import Memory, State


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes history.csv as epochs end; checkpoint.npz every `checkpoint.every_seconds`, at a signal and at the end.

    SIGINT, SIGTERM and SIGHUP end the run after the engine's current call, once it is saved; a second one does at once.
    `callbacks` are those with a state of their own; they come before this one where Keras calls them.
    """

    def __init__(
        self, run: Run, config: Config, model: Model, callbacks: list[Any], team: Team = ALONE
    ) -> None:
        super().__init__()
        self.run, self.config, self.callbacks, self.team = run, config, callbacks, team
        self.history: list[Logs] = []
        self.state = State(callbacks=[Memory() for _ in callbacks])
        self._columns = config.logged + ["learning_rate"] * bool(
            config.reduce_lr_on_plateau
        )  # of the history
        self._signal = 0
        self._best: list[Array] | None = None
        self._metrics: dict[str, Array] = {}  # of the training rows, while the others are measured
        self._ended = False
        self._saved = self._began = time.monotonic()
        force = " --force" * (run.read_info().versions != versions())
        path = run.checkpoint.parent  # of a resumed run the chief's
        place = (
            shlex.quote(str(path))
            if team.is_chief or path != run.path
            else "RUN, as the chief names it"
        )
        self.advice = (
            f"go on{', on every worker,' * (team.workers > 1)} with: nnrun resume {place}{force}"
        )
        self.set_model(model)
        if run.checkpoint.exists():
            self._restore()
        else:
            run.history.unlink(missing_ok=True)  # of epochs that ended before there was one

    def on_train_begin(self, logs: Any = None) -> None:
        """Give the other callbacks, which begin anew, what they knew."""
        self.model.stop_training = self.state.stopped
        for callback, known in zip(self.callbacks, self.state.callbacks, strict=True):
            vars(callback).update(known.model_dump(exclude_unset=True))
            if hasattr(callback, "best_weights"):
                callback.best_weights = self._best

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the step."""
        self.state.step = batch + 1
        self.poll()

    def on_test_begin(self, logs: Any = None) -> None:
        """Keep the metrics of the training rows, which those of the rows held out replace."""
        self._metrics = {
            f"metric_{i}": v.numpy() for i, v in enumerate(self.model.metrics_variables)
        }  # of all workers

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop here too, if need be."""
        self.poll()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write a row of history.csv; raise a TrainingError where the loss is no longer finite."""
        row = {
            name: np.asarray(logs[name]).item() for name in [*self.config.logged, *logs]
        }  # F1Score: an array of one
        append_history(self.run.history, [row], epoch)
        self.history.append(row)
        logs.clear()
        logs.update(row)  # in order, for the callbacks that follow
        if not np.isfinite(row["loss"]):
            raise self.diverged(f"the loss is {row['loss']}")
        self._metrics = {}
        self.state.epoch, self.state.step, self.state.stopped = (
            epoch + 1,
            0,
            bool(self.model.stop_training),
        )
        self.poll(save=self.state.stopped or epoch + 1 == self.config.epochs)

    def on_train_end(self, logs: Any = None) -> None:
        """From here on the weights are those to serve, not those to go on from."""
        self._ended = True

    def poll(self, *, save: bool = False) -> None:
        """Write the checkpoint where it is time to; raise Interrupted where a signal asked for it."""
        due = int(time.monotonic() - self._saved >= self.config.checkpoint.every_seconds)
        due, number = map(
            int, self.team.gather(due, self._signal).max(axis=0)
        )  # of all; one more may come meanwhile
        if (save or due or number) and not self._ended:
            self.save()
        if number:  # perhaps another worker's: this one's own may come yet, and is no second one
            raise self.interrupted(number)

    def interrupted(self, number: int = 0) -> Interrupted:
        """Return the error that says how far the run is, and how it goes on."""
        done = f"interrupted after {len(self.history)} of {self.config.epochs} epochs"
        return Interrupted(f"{done}; {self.advice}", number or self._signal or signal.SIGINT)

    @property
    def has_finite_weights(self) -> bool:
        """Whether something can be made of the model's weights."""
        return all(np.isfinite(weights).all() for weights in self.model.get_weights())

    def diverged(self, what: str) -> TrainingError:
        """Return the error of a training whose loss or weights are no longer finite."""
        normalize = "" if self.config.data.normalize else ", or normalize: true"
        smaller = f"a learning_rate smaller than {self.config.optimizer['learning_rate']:g}"
        adam = "optimizer: adam, " * (self.config.optimizer["name"] != "Adam")
        advice = f"try {adam}{smaller}, or clipnorm: 1 on the optimizer{normalize}"
        return TrainingError(f"{what} after epoch {len(self.history)}; {advice}")

    def save(self) -> None:
        """Write checkpoint.npz, atomically; not with weights from which nothing can go on."""
        if not self.has_finite_weights:
            return
        self._best = next(
            (c.best_weights for c in self.callbacks if getattr(c, "best_weights", None)), None
        )
        state, now = self.state, time.monotonic()
        known = [
            {name: vars(c)[name] for name in Memory.model_fields if name in vars(c)}
            for c in self.callbacks
        ]
        state.callbacks = [
            Memory(**{k: np.asarray(value).item() for k, value in each.items()}) for each in known
        ]
        state.has_best = self._best is not None
        state.seconds, self._began = state.seconds + now - self._began, now
        variables = self._variables()
        metrics = [
            name for name in variables if name.startswith("metric")
        ]  # each worker has those of its rows
        variables |= zip(
            metrics, self.team.total([variables[name] for name in metrics]), strict=True
        )
        arrays = {name: variable.numpy() for name, variable in variables.items()} | self._metrics
        arrays |= {f"best_{i}": weights for i, weights in enumerate(self._best or [])}
        rows = [[row[name] for name in self._columns] for row in self.history]
        arrays["history"] = np.array(rows, np.float64).reshape(-1, len(self._columns))
        if self.team.is_chief:
            with atomic_path(self.run.checkpoint) as temporary:
                write_arrays(temporary, arrays, state.model_dump_json(exclude_unset=True))
        self._saved = time.monotonic()

    def watch(self) -> AbstractContextManager[None]:
        """Note the signals that stop a run while the body runs."""
        return handled_signals(self._stop)

    def _stop(self, number: int, _: Any) -> None:
        if self._signal:
            raise KeyboardInterrupt
        self._signal = number

    def _variables(self) -> dict[str, Any]:
        """Return the variables of the network, seeds included, of the optimizer, and of the metrics."""
        model = self.model
        kinds = {
            "model": model.variables,
            "optimizer": model.optimizer.variables,
            "metric": model.metrics_variables,
        }
        return {
            f"{kind}_{i}": variable
            for kind, found in kinds.items()
            for i, variable in enumerate(found)
        }

    def _restore(self) -> None:
        """Bring everything to where the checkpoint is, history.csv too, or raise a RunError."""
        weights = {
            f"best_{i}": (w.shape, str(w.dtype)) for i, w in enumerate(self.model.get_weights())
        }

        def more(text: str) -> Shapes:
            self.state = state = State.model_validate_json(text)
            in_time = [callback.best_epoch < max(1, state.epoch) for callback in state.callbacks]
            if in_time != [True] * len(self.callbacks) or state.stopped > state.epoch:
                raise ValueError("its callbacks are not those of the config")
            history = {"history": ((state.epoch, len(self._columns)), "float64")}
            return history | (weights if state.has_best else {})

        known = {name: (tuple(v.shape), str(v.dtype)) for name, v in self._variables().items()}
        room = sum(w.nbytes for w in self.model.get_weights()) + 8 * self.config.epochs * len(
            self._columns
        )
        _, arrays = read_arrays(
            self.run.checkpoint, known, more, room, unchecked=("metric", "history")
        )
        if (begun := self.state.epoch + bool(self.state.step)) > self.config.epochs:
            raise RunError(
                f"{self.run.path}: has begun epoch {begun} already; give --epochs {begun} or more"
            )
        for name, variable in self._variables().items():
            mine = self.team.is_chief or not name.startswith("metric")
            variable.assign(arrays[name] if mine else np.zeros_like(arrays[name]))
        self._best = [arrays[name] for name in weights] if self.state.has_best else None
        self.history = [
            dict(zip(self._columns, row, strict=True)) for row in arrays["history"].tolist()
        ]
        with atomic_path(self.run.history) as temporary:
            append_history(temporary, self.history, 0)

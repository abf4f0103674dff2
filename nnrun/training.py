"""Training: a dataset fitted, epoch by epoch, into a run directory."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, Literal

import numpy as np

from nnrun import __version__
from nnrun.backend import keras, tf
from nnrun.config import OPERATORS, Config, parse_expectation
from nnrun.data import fingerprint
from nnrun.dataset import Dataset
from nnrun.engine import Logs, Loop, Rows, build_variables, row_order
from nnrun.errors import ConfigError, ExpectationError, Interrupted, TrainingError
from nnrun.files import atomic_path, finite, write_json, write_text
from nnrun.model import Model, build_network, compile_model, make, serving_model
from nnrun.runs import Run, create_run


@dataclass(frozen=True)
class Result:
    """A finished training: the epoch, from 1, whose weights were kept, its metrics, and the seconds of fitting."""

    run: Run
    epochs: int
    best_epoch: int
    seconds: float
    metrics: Logs


def train(
    dataset: Dataset,
    *,
    stem: str,
    path: Path | None = None,
    engine: Literal["compiled", "keras"] = "compiled",
    overwrite: bool = False,
    callbacks: tuple[Any, ...] = (),
) -> Result:
    """Train the dataset's config into the run directory `path`, or one under `runs` by the name of `stem`.

    Raises a ConfigError, a TrainingError where the loss is not finite, a RunError, and Interrupted on Ctrl-C.
    """
    config = dataset.config
    keras.utils.set_random_seed(config.seed)
    try:
        model = build_network(config, dataset.encoder)
        compile_model(model, config, len(dataset.train.x))
        build_variables(model, len(dataset.encoder.targets))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{config.where('layers')}: Keras refuses this network: {error}") from None
    run = create_run(path, stem, overwrite=overwrite)
    _start(run, dataset, seed=config.seed, engine=engine, jit_compile=bool(model.jit_compile))
    history: list[Logs] = []
    recorder = keras.callbacks.LambdaCallback(on_epoch_end=partial(_record, run, config, history))
    try:
        fit = fit_compiled if engine == "compiled" else fit_keras
        return _fit(model, dataset, run, history, lambda own: fit(model, dataset, [*own, recorder, *callbacks]))
    except KeyboardInterrupt:
        run.write_info(status="interrupted", epochs=len(history))
        done = f"{len(history)} of {config.epochs} epochs"
        raise Interrupted(f"interrupted after {done}; {run.history} has them, no model") from None
    except BaseException:
        run.write_info(status="failed", epochs=len(history))
        raise


def _start(run: Run, dataset: Dataset, **facts: Any) -> None:
    config, data = dataset.config, {}
    for name in ("train", "validation", "test"):
        if part := getattr(dataset, name):
            path = getattr(config.data, name)
            data[name] = {"rows": len(part.x)} | ({"path": path, "sha256": fingerprint(path)} if path else {})
    facts |= {"started": datetime.now(timezone.utc).isoformat(timespec="seconds"), "data": data}
    versions = {name: version(name) for name in ("tensorflow", "keras", "numpy", "polars")}
    facts["versions"] = {"python": python_version(), **versions}
    run.write_info(status="running", nnrun=__version__, **facts)
    write_text(run.config, config.to_yaml())
    write_json(run.encoding, dataset.encoder.model_dump())


def _fit(model: Model, dataset: Dataset, run: Run, history: list[Logs], fit: Callable[[list[Any]], None]) -> Result:
    config = dataset.config
    own = [make(keras.callbacks, spec) for spec in (config.early_stopping, config.reduce_lr_on_plateau) if spec]
    if config.tensorboard:
        own.append(keras.callbacks.TensorBoard(log_dir=str(run.tensorboard)))
    began = time.perf_counter()
    fit(own)
    seconds, epochs = time.perf_counter() - began, len(history)
    best = next((int(c.best_epoch) + 1 for c in own if getattr(c, "best_weights", None) is not None), epochs)
    metrics, parts = {**history[best - 1]}, {"test_": dataset.test}
    if config.optimizer["use_ema"]:  # the epochs were measured with weights that are not averaged
        parts |= {"": dataset.train, "val_": dataset.validation}
    for prefix, part in parts.items():
        if part:
            rows = Rows(dataset.arrays(part, weighted=not prefix), config.batch_size)
            logs = Loop(model.test_step, model, config.batch_size, rows.count).run(rows.blocks())
            metrics |= {prefix + name: value for name, value in logs.items()}
    with atomic_path(run.model) as temporary:
        serving_model(model, config).save(temporary)
    write_json(run.metrics, {"epoch": best, **finite(metrics)})
    last = {"epochs": epochs, "best_epoch": best, "seconds": round(seconds, 3)}
    run.write_info(status="finished", **last, checksums=run.checksums())
    return Result(run, epochs, best, seconds, metrics)


def check_expectations(config: Config, metrics: Logs) -> None:
    """Raise an ExpectationError that lists every quantity of `expect` that is not met."""
    missed = []
    for name, text in config.expect.items():
        operator, bound = parse_expectation(text)
        if not OPERATORS[operator](metrics[name], bound):
            missed.append(f"{config.where('expect', name)}: expected {operator} {bound:g}, got {metrics[name]:.6g}")
    if missed:
        raise ExpectationError("\n".join(missed))


def fit_compiled(model: Model, dataset: Dataset, callbacks: list[Any]) -> None:
    """Fit with nnrun's engine; what Keras's `fit` does around the epochs is done as it does it."""
    config, size = dataset.config, dataset.config.batch_size
    rows = Rows(dataset.arrays(dataset.train, weighted=True), size)
    training = Loop(model.train_step, model, size, rows.count)
    held_out = Rows(dataset.arrays(dataset.validation), size) if dataset.validation else None
    validating = held_out and Loop(model.test_step, model, size, held_out.count)
    listed = keras.callbacks.CallbackList(callbacks, model=model, epochs=config.epochs, steps=training.steps)
    listed.on_train_begin()
    for epoch in range(config.epochs):
        listed.on_epoch_begin(epoch)
        listed.on_train_batch_begin(0)
        order = row_order(config.seed, epoch, rows.count, chunk=rows.chunk)
        logs = training.run(rows.blocks(order), lambda step: listed.on_train_batch_end(step - 1))
        if held_out and validating:
            logs |= {f"val_{name}": value for name, value in validating.run(held_out.blocks()).items()}
        listed.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_variables)
    listed.on_train_end(logs)


def fit_keras(model: Model, dataset: Dataset, callbacks: list[Any]) -> None:
    """Fit with Keras's own `model.fit`, on the same batches."""
    config, size, validation = dataset.config, dataset.config.batch_size, dataset.validation
    rows = Rows(dataset.arrays(dataset.train, weighted=True), size)

    def batches() -> Iterator[tuple[Any, ...]]:
        for epoch in itertools.count():
            order = row_order(config.seed, epoch, rows.count, chunk=rows.chunk)
            for start in range(0, rows.count, size):
                yield tuple(array[order[start : start + size]] for array in rows.arrays)

    length = None if rows.count % size else size  # as Keras's own adapter of arrays declares it
    signature = tuple(tf.TensorSpec([length, *array.shape[1:]], tf.float32) for array in rows.arrays)
    model.fit(
        tf.data.Dataset.from_generator(batches, output_signature=signature),
        epochs=config.epochs,
        steps_per_epoch=-(-rows.count // size),
        validation_data=(validation.x, validation.y) if validation else None,
        validation_batch_size=size,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )


def _record(run: Run, config: Config, history: list[Logs], epoch: int, logs: Logs) -> None:
    """Write a row of history.csv, and stop a run whose loss is no longer finite."""
    row = {name: np.asarray(logs[name]).item() for name in [*config.logged, *logs]}  # F1Score gives an array of one
    run.append_history({"epoch": epoch + 1, **row})
    history.append(row)
    logs.clear()
    logs.update(row)  # in order, for the callbacks that follow
    if not np.isfinite(row["loss"]):
        rate, hint = config.optimizer["learning_rate"], "" if config.data.normalize else ", or normalize: true"
        advice = f"try optimizer: adam, a learning_rate smaller than {rate:g}, or clipnorm: 1 on the optimizer{hint}"
        raise TrainingError(f"the loss is {row['loss']} after epoch {epoch + 1}; {advice}")

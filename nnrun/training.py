"""Training: a dataset fitted, epoch by epoch, into a run directory."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnrun import __version__
from nnrun.backend import keras, set_seed, tf, versions
from nnrun.config import OPERATORS, Config, parse_expectation
from nnrun.data import fingerprint
from nnrun.dataset import Arrays, Dataset
from nnrun.engine import Logs, Loop, Rows, build_variables, chunk_rows, evaluate, row_order
from nnrun.errors import ConfigError, ExpectationError, Interrupted, TrainingError
from nnrun.files import atomic_path, finite, write_json
from nnrun.model import Model, build_network, compile_model, make, serving_model
from nnrun.runs import Run, create_run, start_run


@dataclass(frozen=True)
class Result:
    """A finished training.

    `best_epoch`, counted from 1, is the one whose weights were kept; `metrics` are its loss, metrics and
    `val_*`, and `test_*` where there is a test table; `seconds` is how long fitting took.
    """

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
    """Train the dataset's config into a run directory: `path`, or under `runs` by the name of `stem`.

    `engine` is `compiled`, or Keras's own `fit` on the same batches; `callbacks` are further Keras callbacks.
    Raises a ConfigError where Keras refuses the network, a TrainingError where the loss is no longer finite, a
    RunError where the run directory cannot be written, and Interrupted on Ctrl-C.
    """
    config = dataset.config
    set_seed(config.seed)
    arrays = dataset.arrays(dataset.train, weighted=True)
    model = _build(dataset, arrays)
    run = create_run(path, stem, overwrite=overwrite)
    start_run(run, config.to_yaml(), dataset.encoder.model_dump(), **_facts(dataset, model, engine))
    recorder = _Recorder(run, config)
    try:
        result = _fit(model, dataset, arrays, recorder, engine, callbacks)
        _finish(result, serving_model(model, config))
    except KeyboardInterrupt:
        run.write_info(status="interrupted", epochs=len(recorder.logs))
        done = f"{len(recorder.logs)} of {config.epochs} epochs"
        raise Interrupted(f"interrupted after {done}; {run.history} has them, no model") from None
    except BaseException:
        run.write_info(status="failed", epochs=len(recorder.logs))
        raise
    return result


def _fit(
    model: Model, dataset: Dataset, arrays: Arrays, recorder: "_Recorder", engine: str, callbacks: tuple[Any, ...]
) -> Result:
    began = time.perf_counter()
    every = [*_keras_callbacks(dataset.config, recorder.run), recorder, *callbacks]
    (fit_compiled if engine == "compiled" else fit_keras)(model, dataset, arrays, every)
    seconds = time.perf_counter() - began
    best = _best_epoch(every, len(recorder.logs))
    metrics = {**recorder.logs[best - 1], **_final_metrics(model, dataset, arrays)}
    return Result(recorder.run, len(recorder.logs), best, seconds, metrics)


def check_expectations(config: Config, metrics: Logs) -> None:
    """Raise an ExpectationError that lists every quantity of `expect` that is not met."""
    missed = []
    for name, text in config.expect.items():
        operator, bound = parse_expectation(text)
        value = metrics[name]
        if not OPERATORS[operator](value, bound):
            missed.append(f"{config.where('expect', name)}: expected {operator} {bound:g}, got {value:.6g}")
    if missed:
        raise ExpectationError("\n".join(missed))


def fit_compiled(model: Model, dataset: Dataset, arrays: Arrays, callbacks: list[Any]) -> None:
    """Fit with nnrun's engine; what Keras's `fit` does around the epochs is done as it does it."""
    config, size, rows = dataset.config, dataset.config.batch_size, Rows(arrays, dataset.config.batch_size)
    training = Loop(model.train_step, model, size, rows.count)
    held_out = Rows(dataset.arrays(dataset.validation), size) if dataset.validation else None
    validating = held_out and Loop(model.test_step, model, size, held_out.count)
    listed = keras.callbacks.CallbackList(
        callbacks, add_history=False, add_progbar=False, model=model, epochs=config.epochs, steps=training.steps
    )
    model.stop_training = False
    logs: Logs = {}
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


def fit_keras(model: Model, dataset: Dataset, arrays: Arrays, callbacks: list[Any]) -> None:
    """Fit with Keras's own `model.fit`, on the same batches."""
    config, rows = dataset.config, len(arrays.x)
    size = config.batch_size
    columns = [a for a in (arrays.x, arrays.y, arrays.sample_weight) if a is not None]

    def batches() -> Iterator[tuple[Any, ...]]:
        epoch = 0
        while True:
            order = row_order(config.seed, epoch, rows, chunk=chunk_rows(arrays, size))
            for start in range(0, rows, size):
                yield tuple(column[order[start : start + size]] for column in columns)
            epoch += 1

    length = size if rows % size == 0 else None  # as Keras's own adapter of arrays declares it
    signature = tuple(tf.TensorSpec([length, *c.shape[1:]], tf.float32) for c in columns)
    validation = dataset.arrays(dataset.validation) if dataset.validation else None
    model.fit(
        tf.data.Dataset.from_generator(batches, output_signature=signature),
        epochs=config.epochs,
        steps_per_epoch=-(-rows // size),
        validation_data=(validation.x, validation.y) if validation else None,
        validation_batch_size=size,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )


def _build(dataset: Dataset, arrays: Arrays) -> Model:
    try:
        model = build_network(dataset.config, dataset.encoder)
        compile_model(model, dataset.config, len(arrays.x))
        build_variables(model, len(dataset.encoder.targets))
    except (ValueError, TypeError) as error:
        place = dataset.config.where("layers")
        raise ConfigError(f"{place}: Keras refuses this network: {error}") from None
    return model


def _keras_callbacks(config: Config, run: Run) -> list[Any]:
    specs = [spec for spec in (config.early_stopping, config.reduce_lr_on_plateau) if spec]
    callbacks = [make(keras.callbacks, spec) for spec in specs]
    if config.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(log_dir=str(run.tensorboard)))
    return callbacks


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes history.csv, and stops a run whose loss is no longer finite."""

    def __init__(self, run: Run, config: Config) -> None:
        super().__init__()
        self.run = run
        self.names = config.logged
        rate = config.optimizer["learning_rate"]
        self.advice = f"try optimizer: adam, a learning_rate smaller than {rate:g}, or clipnorm: 1 on the optimizer"
        self.advice += "" if config.data.normalize else ", or normalize: true"
        self.logs: list[Logs] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        names = [*self.names, *(name for name in logs if name not in self.names)]
        row = {name: np.asarray(logs[name]).item() for name in names}  # F1Score gives an array of one
        self.run.append_history({"epoch": epoch + 1, **row})
        self.logs.append(row)
        logs.clear()
        logs.update(row)  # in order, for the callbacks that follow
        if not np.isfinite(row["loss"]):
            raise TrainingError(f"the loss is {row['loss']} after epoch {epoch + 1}; {self.advice}")


def _best_epoch(callbacks: list[Any], epochs: int) -> int:
    """Return the epoch, counted from 1, whose weights the model holds."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.best_weights is not None:
            return int(callback.best_epoch) + 1
    return epochs


def _final_metrics(model: Model, dataset: Dataset, arrays: Arrays) -> Logs:
    """Return what only the finished model tells: of the test table, and all where weights were averaged."""
    parts = {"test_": dataset.test and dataset.arrays(dataset.test)}
    if dataset.config.optimizer["use_ema"]:
        parts |= {"": arrays, "val_": dataset.validation and dataset.arrays(dataset.validation)}
    size = dataset.config.batch_size
    measured = {prefix: evaluate(model, part, size) for prefix, part in parts.items() if part}
    return {prefix + name: value for prefix, logs in measured.items() for name, value in logs.items()}


def _facts(dataset: Dataset, model: Model, engine: str) -> dict[str, Any]:
    """Return what run.json says of a run from the start."""
    config, data = dataset.config, {}
    for name in ("train", "validation", "test"):
        if part := getattr(dataset, name):
            path = getattr(config.data, name)
            origin = {"path": path, "sha256": fingerprint(path)} if path else {}
            data[name] = {"rows": len(part.x), **origin}
    settings = {"engine": engine, "jit_compile": bool(model.jit_compile), "seed": config.seed}
    return {"nnrun": __version__, **settings, "versions": versions(), "data": data}


def _finish(result: Result, model: Model) -> None:
    """Save the model and the metrics; the status comes last."""
    run = result.run
    with atomic_path(run.model) as temporary:
        model.save(temporary)
    write_json(run.metrics, {"epoch": result.best_epoch, **finite(result.metrics)})
    run.write_info(
        status="finished",
        epochs=result.epochs,
        best_epoch=result.best_epoch,
        seconds=round(result.seconds, 3),
        checksums=run.checksums(),
    )

"""Training: a dataset fitted, epoch by epoch, into a run directory."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnrun import __version__
from nnrun.arrays import write_arrays
from nnrun.backend import keras, tf
from nnrun.checkpoint import Checkpoint, State
from nnrun.config import OPERATORS, Config, parse_expectation
from nnrun.data import fingerprint
from nnrun.dataset import PARTS, Dataset
from nnrun.engine import Logs, Loop, Rows, build_variables, row_order
from nnrun.errors import ConfigError, ExpectationError, Interrupted, NnrunError
from nnrun.files import LARGEST, atomic_paths, finite, sha256, to_json, write_texts
from nnrun.model import Model, build_network, compile_model, make, serving_model
from nnrun.network import weight_shapes
from nnrun.plots import save_curves
from nnrun.runs import CHECKED, Run, circumstances, create_run


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

    Raises a ConfigError, a TrainingError where the loss is not finite, a RunError, and Interrupted at a signal.
    """
    model, dataset = _build(dataset)
    config, data = dataset.config, dict[str, Any]()
    for name in PARTS:
        if part := getattr(dataset, name):
            table = getattr(config.data, name)
            data[name] = {"path": table, "sha256": fingerprint(table)} if table else {}
            data[name]["rows"] = len(part.x)
    facts = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seed": config.seed,
        "engine": engine,
        "jit_compile": model.jit_compile,
        "data": data,
        "config": config.model_dump(mode="json"),
    }
    encoding = to_json(dataset.encoder.model_dump())
    if len(encoding.encode()) > LARGEST:
        raise ConfigError(
            f"{config.where('data')}: the columns' names and categories are too long to be saved; drop some"
        )
    with create_run(path, stem, overwrite=overwrite) as run:
        info = to_json({"status": "running", "goal": config.epochs, "nnrun": __version__, **circumstances(), **facts})
        texts = {run.config: config.to_yaml(), run.encoding: encoding, run.info: info}
        write_texts(texts)
        return _fit(run, model, dataset, fit_compiled if engine == "compiled" else fit_keras, callbacks)


def resume(run: Run, dataset: Dataset, callbacks: tuple[Any, ...] = ()) -> Result:
    """Train a run that was reopened from its checkpoint on, as if it had never stopped; raises what `train` does."""
    return _fit(run, *_build(dataset), fit_compiled, callbacks)


def _build(dataset: Dataset) -> tuple[Model, Dataset]:
    """Return the compiled model, and the dataset with the config that says what was decided."""
    config = dataset.config
    keras.utils.set_random_seed(config.seed)
    try:
        model = build_network(config, dataset.encoder)
        compile_model(model, config, len(dataset.train.x))
        build_variables(model, len(dataset.encoder.targets))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{config.where('layers')}: Keras refuses this network: {error}") from None
    in_memory = not isinstance(dataset.train.x, np.memmap)  # which the order of the rows depends on
    data = config.data.model_copy(update={"in_memory": in_memory})
    decided = {"data": data, "jit_compile": bool(model.jit_compile), "metrics": config.metric_specs}
    return model, replace(dataset, config=config.model_copy(update=decided))


def _fit(run: Run, model: Model, dataset: Dataset, fit: Callable[..., None], callbacks: tuple[Any, ...]) -> Result:
    config = dataset.config
    own = [make(keras.callbacks, spec) for spec in (config.early_stopping, config.reduce_lr_on_plateau) if spec]
    if config.tensorboard:
        own.append(keras.callbacks.TensorBoard(log_dir=str(run.tensorboard)))
    checkpoint = Checkpoint(run, config, model, own)
    run.write_info(status="running", goal=config.epochs)
    try:
        with checkpoint.watch():
            fit(model, dataset, checkpoint.state, [*own, checkpoint, *callbacks])
            result = _finish(run, model, dataset, checkpoint)
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt | Interrupted)
        with suppress(OSError):
            run.write_info(status="interrupted" if stopped else "failed", epochs=len(checkpoint.history))
        if isinstance(error, KeyboardInterrupt):
            raise checkpoint.interrupted() from None
        if isinstance(error, OSError):
            reason = f"{error.filename or 'I/O'}: {error.strerror or error}"
            raise NnrunError(f"{reason}; once that is mended, {checkpoint.advice}") from None
        raise
    save_curves(run)
    return result


def _finish(run: Run, model: Model, dataset: Dataset, checkpoint: Checkpoint) -> Result:
    """Measure what is to be measured at the end, and write the model with all that speaks of it, or nothing."""
    config, epochs = dataset.config, len(checkpoint.history)
    if not checkpoint.has_finite_weights:
        raise checkpoint.diverged("weights are not finite")
    best = next((int(c.best_epoch) + 1 for c in checkpoint.callbacks if getattr(c, "best_weights", None)), epochs)
    metrics, parts = {**checkpoint.history[best - 1]}, {"test_": dataset.test}
    if config.optimizer["use_ema"]:  # the epochs were measured with weights that are not averaged
        parts |= {"": dataset.train, "val_": dataset.validation}
    for prefix, part in parts.items():
        if part:
            rows = Rows(dataset.arrays(part, weighted=not prefix), config.batch_size)
            loop = Loop(model.test_step, model, config.batch_size, rows.count)
            logs = loop.run(rows.blocks(), lambda _: checkpoint.poll())
            metrics |= {prefix + name: value for name, value in logs.items()}
    result = Result(run, epochs, best, checkpoint.state.seconds, metrics)
    files = (run.config, run.model, run.weights, run.metrics, run.info)
    with atomic_paths(*files) as (config_file, model_file, weights_file, metrics_file, info_file):
        config_file.write_text(config.to_yaml(), encoding="utf-8", newline="\n")
        serving_model(model, config).save(model_file)
        names = weight_shapes(config, len(dataset.encoder.inputs))
        write_arrays(weights_file, dict(zip(names, model.get_weights(), strict=True)))
        metrics_file.write_text(to_json({"epoch": best, **finite(metrics)}), encoding="utf-8")
        new = dict(zip(files, (config_file, model_file, weights_file), strict=False))
        checksums = {name: sha256(new.get(run.path / name, run.path / name)) for name in CHECKED}
        facts = {"epochs": epochs, "best_epoch": best, "seconds": round(result.seconds, 3), "checksums": checksums}
        facts["config"] = config.model_dump(mode="json")
        run.write_info(saving=checksums)  # so that the former model or this one serves, wherever a kill comes
        info_file.write_text(run.changed_info(status="finished", saving={}, **facts), encoding="utf-8")
    return result


def check_expectations(config: Config, metrics: Logs) -> None:
    """Raise an ExpectationError that lists every quantity of `expect` that is not met."""
    missed = []
    for name, text in config.expect.items():
        operator, bound = parse_expectation(text)
        if not OPERATORS[operator](metrics[name], bound):
            missed.append(f"{config.where('expect', name)}: expected {operator} {bound:g}, got {metrics[name]:.6g}")
    if missed:
        raise ExpectationError("\n".join(missed))


def fit_compiled(model: Model, dataset: Dataset, state: State, callbacks: list[Any]) -> None:
    """Fit from `state` on with nnrun's engine; what Keras's `fit` does around the epochs is done as it does it."""
    config, size = dataset.config, dataset.config.batch_size
    rows = Rows(dataset.arrays(dataset.train, weighted=True), size)
    training = Loop(model.train_step, model, size, rows.count)
    held_out = Rows(dataset.arrays(dataset.validation), size) if dataset.validation else None
    validating = held_out and Loop(model.test_step, model, size, held_out.count)
    listed = keras.callbacks.CallbackList(callbacks, model=model, epochs=config.epochs, steps=training.steps)
    listed.on_train_begin()
    logs: Logs = {}
    for epoch in range(state.epoch, config.epochs):
        if model.stop_training:
            break
        listed.on_epoch_begin(epoch)
        listed.on_train_batch_begin(state.step)
        order = row_order(config.seed, epoch, rows.count, chunk=rows.chunk)
        logs = training.run(rows.blocks(order), lambda step: listed.on_train_batch_end(step - 1), start=state.step)
        if held_out and validating:
            listed.on_test_begin()
            measured = validating.run(held_out.blocks(), lambda step: listed.on_test_batch_end(step - 1))
            listed.on_test_end(measured)
            logs |= {f"val_{name}": value for name, value in measured.items()}
        listed.on_epoch_end(epoch, logs)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    listed.on_train_end(logs)


def fit_keras(model: Model, dataset: Dataset, _: State, callbacks: list[Any]) -> None:
    """Fit with Keras's own `model.fit`, on the same batches, from the first one on."""
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

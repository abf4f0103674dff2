"""Training: a dataset fitted, epoch by epoch, into a run directory."""

import hashlib
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from nnrun import __version__
from nnrun.config.architecture import weight_shapes
from nnrun.config.schema import OPERATORS, Config, parse_expectation
from nnrun.errors import ConfigError, ExpectationError, Interrupted, NnrunError
from nnrun.features.dataset import PARTS, Dataset
from nnrun.files import LARGEST_FILE, atomic_paths, finite, sha256, to_json, write_texts
from nnrun.runs.arrays import write_arrays
from nnrun.runs.directory import CHECKED, Run, create_run
from nnrun.runs.provenance import circumstances, versions
from nnrun.tables.fingerprint import fingerprint
from nnrun.training.backend import keras, tf
from nnrun.training.batches import RowBlocks
from nnrun.training.build_model import Model, build_network, compile_model, make, serving_model
from nnrun.training.checkpoint import Checkpoint
from nnrun.training.distributed.cluster import Distribute
from nnrun.training.distributed.team import Team, check_shareable, join, share_moments
from nnrun.training.epoch_loop import EpochLoop, Logs, build_variables
from nnrun.training.fit import fit_compiled
from nnrun.training.keras_fit import fit_keras
from nnrun.training.state import State


@dataclass(frozen=True)
class Result:
    """A finished training: the epoch, from 1, whose weights were kept, its metrics, and the seconds of fitting.

    Where several workers trained together, the run directory is the chief's alone.
    """

    run: Run
    is_chief: bool
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
    distribute: Distribute = "none",
) -> Result:
    """Train the dataset's config into the run directory `path`, or one under `runs` by the name of `stem`.

    Raises a ConfigError, a TrainingError where the loss is not finite, a RunError, Interrupted at a signal, and an
    NnrunError where another worker is lost.
    """
    team = join(distribute)
    if team.count > 1 and engine == "keras":
        raise ConfigError(
            "--engine keras trains on one device; leave it out, or say --distribute none"
        )
    model, dataset = _build(dataset, team)
    config, encoding = dataset.config, to_json(dataset.encoder.model_dump())
    if len(encoding.encode()) > LARGEST_FILE:
        raise ConfigError(
            f"{config.where('data')}: the columns' names and categories are too long to be saved; drop some"
        )
    facts = _facts(dataset) | {
        "engine": engine,
        "jit_compile": model.jit_compile,
        "replicas": team.count,
    }
    with ExitStack() as stack:
        if not team.is_chief:
            path = Path(stack.enter_context(TemporaryDirectory(prefix="nnrun-")), "run")
        run = stack.enter_context(create_run(path, stem, overwrite=overwrite))
        info = to_json({"status": "running", **facts})
        write_texts({run.config: config.to_yaml(), run.encoding: encoding, run.info: info})
        return _fit(
            run,
            model,
            dataset,
            team,
            fit_compiled if engine == "compiled" else fit_keras,
            callbacks,
        )


def _facts(dataset: Dataset) -> dict[str, Any]:
    """Return what run.json tells of a training as it begins: when, with which versions, on what."""
    config, data = dataset.config, dict[str, Any]()
    for name in PARTS:
        if part := getattr(dataset, name):
            table = getattr(config.data, name)
            data[name] = {"path": table, "sha256": fingerprint(table)} if table else {}
            data[name]["rows"] = len(part.x)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    known = {
        "started": started,
        "nnrun": __version__,
        **circumstances(),
        "goal": config.epochs,
        "seed": config.seed,
    }
    return known | {"data": data, "config": config.model_dump(mode="json")}


def resume(
    run: Run, dataset: Dataset, callbacks: tuple[Any, ...] = (), *, distribute: Distribute = "none"
) -> Result:
    """Train a run that was reopened from its checkpoint on, as if it had never stopped; raises what `train` does."""
    team = join(distribute)
    with ExitStack() as stack:
        if not team.is_chief:
            run = run.elsewhere(Path(stack.enter_context(TemporaryDirectory(prefix="nnrun-"))))
        return _fit(run, *_build(dataset, team), team, fit_compiled, callbacks)


def _build(dataset: Dataset, team: Team) -> tuple[Model, Dataset]:
    """Return the compiled model, and the dataset with the config that says what was decided."""
    config = dataset.config
    if team.count > 1:
        check_shareable(config)
    keras.utils.set_random_seed(config.seed)
    try:
        model = build_network(config, dataset.encoder)
        if team.count > 1:
            share_moments(model)
        compile_model(
            model, config, len(dataset.train.x) if team.count == 1 else 0
        )  # XLA is for one device
        build_variables(model, len(dataset.encoder.targets))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{config.where('layers')}: Keras refuses this network: {error}"
        ) from None
    in_memory = not isinstance(dataset.train.x, np.memmap)  # which the order of the rows depends on
    data = config.data.model_copy(update={"in_memory": in_memory})
    decided = {"data": data, "jit_compile": bool(model.jit_compile), "metrics": config.metric_specs}
    return model, replace(dataset, config=config.model_copy(update=decided))


def _fit(
    run: Run,
    model: Model,
    dataset: Dataset,
    team: Team,
    fit: Callable[..., None],
    callbacks: tuple[Any, ...],
) -> Result:
    config = dataset.config
    own = [
        make(keras.callbacks, spec)
        for spec in (config.early_stopping, config.reduce_lr_on_plateau)
        if spec
    ]
    if config.tensorboard:
        own.append(keras.callbacks.TensorBoard(log_dir=str(run.tensorboard)))
    checkpoint = Checkpoint(run, config, model, own, team)
    run.write_info(status="running", goal=config.epochs)
    try:
        with checkpoint.watch():
            if team.workers > 1:
                _agree(model, dataset, team, checkpoint.state)
            fit(model, dataset, team, checkpoint.state, [*own, checkpoint, *callbacks])
            result = _finish(run, model, dataset, team, checkpoint)
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt | Interrupted)
        epochs = len(checkpoint.history) if team.workers == 1 or run.checkpoint.exists() else 0
        with suppress(OSError, KeyboardInterrupt):
            run.write_info(status="interrupted" if stopped else "failed", epochs=epochs)
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise MemoryError from None
        if team.workers > 1 and isinstance(error, tf.errors.OpError):
            lost = re.search(r"/task:(\d+)", str(error).partition("unhealthy")[2])
            who = f"worker {lost[1]}" if lost else "another worker"
            raise NnrunError(f"{who} ended, or cannot be reached; {checkpoint.advice}") from None
        if isinstance(error, KeyboardInterrupt):
            raise checkpoint.interrupted() from None
        if isinstance(error, OSError):
            reason = f"{error.filename or 'I/O'}: {error.strerror or error}"
            raise NnrunError(f"{reason}; once that is mended, {checkpoint.advice}") from None
        raise
    return result


def _agree(model: Model, dataset: Dataset, team: Team, state: State) -> None:
    """Raise a ConfigError where the workers do not train the same; give all of them the chief's variables."""
    config, paths = dataset.config, {"data": set(PARTS), "checkpoint": True}
    parts = {
        name: (len(part.x), part.dropped) for name in PARTS if (part := getattr(dataset, name))
    }
    tables = [fingerprint(table) for name in PARTS if (table := getattr(config.data, name))]
    what = [versions(), config.model_dump(mode="json", exclude=paths), parts, tables]  # type: ignore[arg-type]
    mine = int(
        hashlib.sha256(to_json([*what, state.epoch, state.step]).encode()).hexdigest()[:15], 16
    )
    every = team.gather(mine)[:, 0]
    if others := np.flatnonzero(every != every[0]).tolist():
        differing = "its config, its tables, whether they are in memory (data.in_memory), versions or the checkpoint"
        raise ConfigError(
            f"worker {others[0]} does not train what the chief does: they differ in {differing}"
        )
    team.copy_chief(model)


def _finish(run: Run, model: Model, dataset: Dataset, team: Team, checkpoint: Checkpoint) -> Result:
    """Measure what is to be measured at the end, and write the model with all that speaks of it, or nothing."""
    config, epochs = dataset.config, len(checkpoint.history)
    if not checkpoint.has_finite_weights:
        raise checkpoint.diverged("weights are not finite")
    best = next(
        (int(c.best_epoch) + 1 for c in checkpoint.callbacks if getattr(c, "best_weights", None)),
        epochs,
    )
    metrics, parts = {**checkpoint.history[best - 1]}, {"test_": dataset.test}
    if config.optimizer["use_ema"]:  # the epochs were measured with weights that are not averaged
        parts |= {"": dataset.train, "val_": dataset.validation}
    for prefix, part in parts.items():
        if part:
            rows = RowBlocks(dataset.arrays(part, weighted=not prefix), config.batch_size, team)
            loop = EpochLoop(model, config.batch_size, rows, training=False, team=team)
            logs = loop.run(rows.in_order(), lambda _: checkpoint.poll())
            metrics |= {prefix + name: value for name, value in logs.items()}
    result = Result(run, team.is_chief, epochs, best, checkpoint.state.seconds, metrics)
    files = (run.config, run.model, run.weights, run.metrics, run.info)
    with atomic_paths(*files) as (config_file, model_file, weights_file, metrics_file, info_file):
        config_file.write_text(config.to_yaml(), encoding="utf-8", newline="\n")
        serving_model(model, config).save(model_file)
        names = weight_shapes(config, len(dataset.encoder.inputs))
        write_arrays(weights_file, dict(zip(names, model.get_weights(), strict=True)))
        metrics_file.write_text(to_json({"epoch": best, **finite(metrics)}), encoding="utf-8")
        new = dict(zip(files, (config_file, model_file, weights_file), strict=False))
        checksums = {name: sha256(new.get(run.path / name, run.path / name)) for name in CHECKED}
        facts = {
            "epochs": epochs,
            "best_epoch": best,
            "seconds": round(result.seconds, 3),
            "checksums": checksums,
        }
        facts["config"] = config.model_dump(mode="json")
        run.write_info(
            saving=checksums
        )  # so that the former model or this one serves, wherever a kill comes
        info_file.write_text(
            run.changed_info(status="finished", saving={}, **facts), encoding="utf-8"
        )
    try:
        team.gather(0)  # the others end when it is saved: were it not, none would be there to go on
    except tf.errors.OpError:
        if not team.is_chief:
            raise
    return result


def check_expectations(config: Config, metrics: Logs) -> None:
    """Raise an ExpectationError that lists every quantity of `expect` that is not met."""
    missed = []
    for name, text in config.expect.items():
        operator, bound = parse_expectation(text)
        if not OPERATORS[operator](metrics[name], bound):
            missed.append(
                f"{config.where('expect', name)}: expected {operator} {bound:g}, got {metrics[name]:.6g}"
            )
    if missed:
        raise ExpectationError("\n".join(missed))

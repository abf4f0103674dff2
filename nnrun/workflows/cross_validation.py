"""A config trained on all folds but one, and measured on that one, fold by fold, in one process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.schema import Config
from nnrun.errors import InputError, Interrupted, TrainingError
from nnrun.features.dataset import Dataset
from nnrun.features.folds import FoldRows, draw_folds
from nnrun.features.kept_table import KeptTable, keep_table
from nnrun.files import finite
from nnrun.results.fold_verdict import FoldOutputs, judge_folds
from nnrun.results.judged_run import can_be_judged
from nnrun.results.predicted_rows import predicted_rows
from nnrun.results.simpler_models import baseline_of, linear_model_of, row_weights
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.results.verdict import Verdict
from nnrun.runs.history import Logs

Progress = Callable[[int], AbstractContextManager[tuple[Any, ...]]]
"""Takes the number of epochs; its Keras callbacks show progress while the context lasts."""


NOT_OF_FOLDS = frozenset({"nothing-held-out"})
"""Rules that ask of a config what a cross-validation does for it."""

JUDGED = ("metric", "value", "low", "high", "baseline", "linear", "sentence")
"""What `cv --json` tells of the verdict."""


@dataclass(frozen=True)
class Folds:
    """How often a config is trained.

    Attributes:
        count: How many folds the table is dealt to.
        repeats: How often it is dealt anew.
        seeds: How many trainings a fold has, each with the seed after the one before.
    """

    count: int = 5
    repeats: int = 1
    seeds: int = 1

    @property
    def trainings(self) -> int:
        """How many trainings there are in all."""
        return self.count * self.repeats * self.seeds


class Place(NamedTuple):
    """Which training of a cross-validation it is.

    Attributes:
        repeat: The number of the repeat, from 1.
        fold: The number of the fold that is held out, from 1.
        seed: The seed of the training.
    """

    repeat: int
    fold: int
    seed: int


@dataclass(frozen=True)
class TrainedFold:
    """A training of a cross-validation.

    Attributes:
        place: Which one it is.
        rows: How many rows it was measured on.
        epochs: How many epochs it took.
        metrics: The metrics of its kept epoch; those of the rows held out begin with `test_`.
        predictions: The rows held out, their numbers in the table, and what is predicted of them.
        outputs: What it and simpler models make of these rows; None of too many labels.
    """

    place: Place
    rows: int
    epochs: int
    metrics: Logs
    predictions: pl.DataFrame
    outputs: FoldOutputs | None


@dataclass(frozen=True)
class CrossValidation:
    """All trainings of a cross-validation, in the order of repeats, folds and seeds.

    Attributes:
        trained: The trainings.
        verdict: Whether the networks are better than their baselines; None of too many labels.
    """

    trained: Sequence[TrainedFold]
    verdict: Verdict | None

    @property
    def mean(self) -> dict[str, float]:
        """The mean of every metric over the trainings."""
        return self._over_trainings(np.mean)

    @property
    def sd(self) -> dict[str, float]:
        """The standard deviation of every metric, as that of a sample."""
        return self._over_trainings(partial(np.std, ddof=1))

    @property
    def predictions(self) -> pl.DataFrame:
        """The predictions of every row by networks that never saw it, in the order of the rows."""
        # a label may be spelt otherwise in the rows of another fold
        names = self.trained[0].predictions.columns
        frames = []
        for fold in self.trained:
            frame = fold.predictions
            renamed = dict(zip(frame.columns, names, strict=True))
            frames.append(frame.rename(renamed))
        return pl.concat(frames).sort("row", maintain_order=True)

    def as_json(self) -> dict[str, Any]:
        """Return what `cv --json` prints."""
        metrics = []
        trainings = []
        for fold in self.trained:
            training = fold.place._asdict()
            training["rows"] = fold.rows
            training["epochs"] = fold.epochs
            trainings.append(training)
            metrics.append(finite(fold.metrics))
        summary: dict[str, Any] = {
            "folds": metrics,
            "mean": finite(self.mean),
            "sd": finite(self.sd),
            "verdict": self.verdict.verdict if self.verdict else None,
            "trainings": trainings,
        }
        if self.verdict:
            judged = {}
            for name in JUDGED:
                judged[name] = getattr(self.verdict, name)
            summary["judged"] = judged
        return summary

    def _over_trainings(self, statistic: Callable[[list[float]], np.floating]) -> dict[str, float]:
        """Return a statistic of every metric over the trainings."""
        statistics = {}
        for name in self.trained[0].metrics:
            values = [fold.metrics[name] for fold in self.trained]
            statistics[name] = float(statistic(values))
        return statistics


def read_and_check(config: Config, warn: Callable[[str], None] | None = None) -> KeptTable:
    """Read the tables of a config once, and check it.

    Args:
        config: The config.
        warn: Takes each warning as a line; None where nobody wants them.

    Returns:
        The table to deal to folds.

    Raises:
        ConfigError: A rule that is an error is broken; all such findings are in it.
        TableError: A table cannot be read, or has wrong cells.
    """
    table = keep_table(config)
    findings = lint(table.whole)
    for finding in findings:
        is_warning = finding.level == "warning" and finding.code not in NOT_OF_FOLDS
        if warn and is_warning:
            warn(str(finding))
    raise_errors(findings)
    return table


def cross_validate(
    config: Config,
    table: KeptTable,
    folds: Folds,
    *,
    progress: Progress | None = None,
    report: Callable[[TrainedFold], None] = lambda _: None,
    has_verdict: bool = True,
) -> CrossValidation:
    """Train a config on each fold's training rows, and measure it on the rows that it holds out.

    Args:
        config: The config; its test table is left aside, since the fold is the test.
        table: Its tables, read once.
        folds: How many folds, repeats and seeds there are.
        progress: Shows the progress of each training.
        report: Takes each training as it ends.
        has_verdict: Whether the networks are compared with simpler models.

    Returns:
        The trainings in their order, and the verdict on all of them; None if it was not asked for.

    Raises:
        InputError: The table cannot be dealt to so many folds.
        ConfigError: The rows of a fold break a rule.
        TrainingError: A loss is not finite.
        Interrupted: A signal stopped it; nothing is left.
    """
    trained = []
    once = config.model_copy(update={"refit": False})  # a fold measures what its rows never met
    for place, rows in _places(table, folds, config.seed):
        seeded = once.model_copy(update={"seed": place.seed})
        with _named_errors(place):
            fold = _train_fold(seeded, table, place, rows, progress, has_verdict=has_verdict)
        trained.append(fold)
        report(fold)
    labels_of_first = table.whole.encoder.labels_of_targets[0]
    verdict = _verdict(trained, len(labels_of_first), config.seed)
    return CrossValidation(trained, verdict)


def _places(table: KeptTable, folds: Folds, seed: int) -> Iterator[tuple[Place, FoldRows]]:
    """Yield each training with the rows of its fold."""
    repeats = range(folds.repeats)
    drawn = [draw_folds(table.profile, folds.count, repeat) for repeat in repeats]
    for repeat, folds_of_repeat in enumerate(drawn, 1):
        for number, rows in enumerate(folds_of_repeat, 1):
            for seed_number in range(folds.seeds):
                place = Place(repeat, number, seed + seed_number)
                yield place, rows


@contextmanager
def _named_errors(place: Place) -> Iterator[None]:
    """Say in which fold a training fails; a signal leaves no run that could be resumed."""
    name = f"fold {place.fold} of repeat {place.repeat} with seed {place.seed}"
    try:
        yield
    except Interrupted as error:
        line = "the training was interrupted, and leaves no file"
        raise Interrupted(line, error.exit_code - 128) from None
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from None
    except InputError as error:
        problems = [f"{name}: {problem}" for problem in error.problems]
        raise InputError(problems) from None


def _train_fold(
    config: Config,
    table: KeptTable,
    place: Place,
    rows: FoldRows,
    progress: Progress | None,
    *,
    has_verdict: bool,
) -> TrainedFold:
    """Train a fold in a temporary folder, and measure it on the rows that it holds out."""
    from nnrun.training.session import train_afresh

    dataset = table.dataset(config, rows)
    raise_errors(lint(dataset))
    shown = progress(config.total_epochs) if progress else nullcontext(())
    with TemporaryDirectory(prefix="nnrun-") as folder, shown as callbacks:
        result = train_afresh(dataset, Path(folder) / "run", callbacks=callbacks)
        run = load_run(result.run.path)
    predictions = _predictions(run, table, place, rows)
    outputs = None
    if has_verdict:
        outputs = _outputs(run, table, dataset, rows)
    return TrainedFold(
        place=place,
        rows=len(predictions),
        epochs=result.epochs,
        metrics=result.metrics,
        predictions=predictions,
        outputs=outputs,
    )


def _predictions(
    run: TrainedRun,
    table: KeptTable,
    place: Place,
    rows: FoldRows,
) -> pl.DataFrame:
    """Return the rows that a fold holds out, with what its network predicts of them."""
    held_out = table.rows(rows.held_out)
    reader = run.reader(held_out, target=True)
    frames = []
    for computed in run.outputs(reader):
        frames.append(predicted_rows(run, computed))
    predictions = pl.concat(frames)
    numbers = pl.Series("row", table.numbers[rows.held_out])
    columns: list[pl.Series | pl.Expr] = [numbers]
    for name, value in place._asdict().items():
        columns.append(pl.lit(value).alias(name))
    return predictions.select(*columns, pl.all())


def _outputs(
    run: TrainedRun,
    table: KeptTable,
    dataset: Dataset,
    rows: FoldRows,
) -> FoldOutputs | None:
    """Return what models of a fold make of the rows that it holds out; None of too many labels."""
    if dataset.test is None or not can_be_judged(dataset.encoder):
        return None
    x = dataset.test.x
    baseline = baseline_of(dataset)
    linear = linear_model_of(dataset)
    return FoldOutputs(
        rows=table.numbers[rows.held_out],
        y=dataset.test.y,
        network=run.probabilities(run.forward(x)),
        baseline=baseline.predict(len(x)),
        linear=linear.predict(x),
        answer=baseline.answer,
        linear_name=linear.name,
        weights=row_weights(dataset.test),
    )


def _verdict(trained: Sequence[TrainedFold], labels: int, seed: int) -> Verdict | None:
    """Return the verdict on all folds; those of a repeat and a seed are one draw of all rows."""
    draws: dict[tuple[int, int], list[FoldOutputs]] = {}
    for fold in trained:
        if fold.outputs:
            draw = (fold.place.repeat, fold.place.seed)
            draws.setdefault(draw, []).append(fold.outputs)
    if not draws:
        return None
    return judge_folds(list(draws.values()), labels, seed)

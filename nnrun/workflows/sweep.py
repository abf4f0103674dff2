"""A config trained with many settings in one process, each trial a run in one folder."""

from itertools import islice
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnrun.config.search_space import as_overrides, some_values
from nnrun.errors import Interrupted
from nnrun.files import write_text
from nnrun.lock import held_if_free
from nnrun.runs.trial_record import TrialRecord
from nnrun.wording import short_number
from nnrun.workflows.kept_sweep import keep_sweep, swept_tables
from nnrun.workflows.sweep_plan import DEFAULT_TRIALS, Sweep
from nnrun.workflows.trial import Trial, best_first
from nnrun.workflows.trial_training import Tell, Trainer, Unwatched, Watch

if TYPE_CHECKING:
    from nnrun.workflows.study import Study

BEST = "best.yaml"
"""The config of the best trial, in the folder of the sweep."""


def run_sweep(sweep: Sweep, tell: Tell) -> list[Trial]:
    """Train the trials of a sweep that are not done yet, and return all, the best first.

    Args:
        sweep: What to train.
        tell: Takes a line about each trial as it ends.

    Raises:
        InputError: The table is wrong, or does not fit the config; or the folder holds another
            sweep.
        Interrupted: A signal stopped it; what is done stays.
    """
    trainer = Trainer(sweep)
    tables = trainer.check(sweep.first_config())
    keep_sweep(sweep, tables | swept_tables(sweep))
    if sweep.space.is_grid and sweep.storage is None:
        trials = _run_grid(sweep, trainer, tell)
    else:
        from nnrun.workflows.storage_url import storage_errors
        from nnrun.workflows.study import open_study

        with storage_errors(sweep):
            study = open_study(sweep)
            trials = _run_study(sweep, study, trainer, tell)
    return best_first(trials, sweep.metric)


def _run_grid(sweep: Sweep, trainer: Trainer, tell: Tell) -> list[Trial]:
    """Train every combination that no process has trained or is training."""
    combinations = islice(sweep.space.combinations(), sweep.trials)
    trials = []
    for number, chosen in enumerate(combinations):
        trials.append(sweep.trial(number, chosen))
    for trial in trials:
        with held_if_free(trial.lock) as is_ours:
            if is_ours and not trial.has_ended:
                record = _train(sweep, trial, trainer, Unwatched())
                tell(_line(sweep, trial, record))
    return trials


def _run_study(
    sweep: Sweep,
    study: "Study",
    trainer: Trainer,
    tell: Tell,
) -> list[Trial]:
    """Train what Optuna suggests until there are so many trials."""
    count = _number_of_trials(sweep)
    is_enough = False
    while not is_enough:
        with study.next_trial(count) as asked_trial:
            if asked_trial is None:
                is_enough = True
                continue
            trial = sweep.trial(asked_trial.number, asked_trial.settings)
            record = _train(sweep, trial, trainer, asked_trial)
            value = record.metrics.get(sweep.metric)
            asked_trial.tell(value)
            tell(_line(sweep, trial, record))
    if sweep.storage is not None:
        _record_others(sweep, study)
    trials = []
    for number, chosen in study.trials():
        trials.append(sweep.trial(number, chosen))
    return trials


def _number_of_trials(sweep: Sweep) -> int:
    """Return how many trials there are to be; of lists, there are no more than combinations."""
    if not sweep.space.is_grid:
        return sweep.trials or DEFAULT_TRIALS
    sizes = []
    for values in sweep.space.settings.values():
        sizes.append(len(some_values(values)))
    combinations = prod(sizes)
    return min(sweep.trials or combinations, combinations)


def _record_others(sweep: Sweep, study: "Study") -> None:
    """Write down what became of trials that machines trained which share no folder with this."""
    for number, record in study.records():
        trial = sweep.trial(number, record.settings)
        if not trial.has_ended:
            record.write(trial.path)


def _train(
    sweep: Sweep,
    trial: Trial,
    trainer: Trainer,
    watch: Watch,
) -> TrialRecord:
    """Train a trial, and write down what became of it."""
    try:
        record = trainer.train(trial, watch)
    except Interrupted as error:
        advice = f"go on with `nnrun resume {sweep.folder}`"
        line = f"the sweep stopped in {trial.path.name}; the trials before it are kept; {advice}"
        raise Interrupted(line, error.exit_code - 128) from None
    record.write(trial.path)
    return record


def _line(sweep: Sweep, trial: Trial, record: TrialRecord) -> str:
    """Return a line about a trial that has ended."""
    name = trial.path.name
    settings = ", ".join(as_overrides(trial.settings))
    if record.status == "failed":
        return f"{name}: {settings}: failed: {record.reason}"
    value = record.metrics.get(sweep.metric)
    shown = "none" if value is None else short_number(value)
    line = f"{name}: {settings}: {sweep.metric} {shown}"
    if record.status == "pruned":
        line += ", pruned"
    return line


def write_best(sweep: Sweep, trials: list[Trial]) -> dict[str, Any] | None:
    """Write the config of the best trial, and return its settings, metrics and the config's path.

    None stands for a sweep of which no trial has finished.

    Args:
        sweep: The sweep.
        trials: Its trials, the best first.
    """
    best = trials[0] if trials else None
    if best is None or best.status != "finished":
        return None
    path = Path(sweep.folder, BEST)
    config = sweep.config(best.settings)
    write_text(path, config.to_yaml())
    summary = best.as_json()
    return {
        "settings": summary["settings"],
        "metrics": summary["metrics"],
        "config": str(path),
    }

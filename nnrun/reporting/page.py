"""A run as one HTML page that needs no network, and that can be given to others.

`templates/page.html.j2` is the page. Nothing in a run is trusted: the template escapes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import InputError
from nnrun.reporting.column_contents import ColumnContents, column_contents
from nnrun.reporting.kept_epoch import best_and_kept, kept_in_words, refit_in_words
from nnrun.reporting.measured_rows import MeasuredRows, load_same_dataset, measure_held_out
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.network_table import network_rows
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.inline_svg import inline_svg
from nnrun.reporting.rendering import render
from nnrun.reporting.sections.commands import next_commands
from nnrun.reporting.sections.config import config_section
from nnrun.reporting.sections.importance import ImportanceSection, importance_section
from nnrun.reporting.sections.labels import LabelBalance, label_balance
from nnrun.reporting.sections.mistakes import MistakeSection, mistake_section
from nnrun.reporting.sections.probabilities import ProbabilitySection, probability_sections
from nnrun.reporting.sections.result import MetricRow, metric_rows
from nnrun.reporting.shareable import without_folder, without_folders
from nnrun.reporting.text import PartRow, part_rows
from nnrun.results.saved_verdict import read_verdict
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run
from nnrun.runs.history import count_epochs
from nnrun.runs.info import RunInfo
from nnrun.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnrun.results.verdict import Verdict


@dataclass(frozen=True)
class HeldOutSections:
    """What the rows held out tell.

    Attributes:
        rows: How many they are and which, as in `15 rows of validation`.
        verdict: Whether the network is better than simpler models.
        metrics: Its measures beside theirs.
        importance: What it goes by.
        mistakes: Where it fails.
        probabilities: What its probabilities are worth, of labels.
    """

    rows: str
    verdict: Verdict
    metrics: Sequence[MetricRow]
    importance: ImportanceSection
    mistakes: MistakeSection
    probabilities: Sequence[ProbabilitySection]


@dataclass(frozen=True)
class TableSections:
    """What the tables of a run tell, while they are as they were.

    Attributes:
        problem: Why they cannot be shown, or "".
        columns: What the columns hold.
        labels: How many rows each label has.
        held_out: What the rows held out tell; None where there are none.
    """

    problem: str = ""
    columns: Sequence[ColumnContents] = ()
    labels: Sequence[LabelBalance] = ()
    held_out: HeldOutSections | None = None


def make_page(path: Path) -> str:
    """Return the page of a run, finished or not.

    Args:
        path: The run directory.

    Raises:
        RunError: The path is not a run, or its files were altered.
        ConfigError: Its config is not a config of nnrun's.
    """
    run = Run(path)
    info, config, encoder = run.load()
    panels = curve_panels([path])
    return render(
        "page.html.j2",
        name=path.resolve().name,
        facts=_facts(run, info, config),
        verdict=read_verdict(run.verdict),
        tables=_table_sections(run),
        metrics=_shown_metrics(run),
        kept=kept_in_words(config, info.best_epoch),
        curves=list(map(inline_svg, panels)),
        parts=_shareable_parts(info),
        network=network_rows(config, encoder),
        config=config_section(config),
        commands=next_commands(path, info, config),
        versions=_versions(info),
    )


def _shown_metrics(run: Run) -> dict[str, str]:
    metrics = {}
    for name, value in run.read_metrics().items():
        metrics[name] = shown_number(value)
    return metrics


def _shareable_parts(info: RunInfo) -> list[PartRow]:
    """Return each part of the data with its rows and its table, whose folder is left out."""
    parts: list[PartRow] = []
    for name, rows, table in part_rows(info):
        parts.append((name, rows, without_folder(str(table))))
    return parts


def _facts(run: Run, info: RunInfo, config: Config) -> dict[str, object]:
    """Return what the page says of the training, by its name there."""
    return {
        "status": run.status(info),
        "started": info.started,
        "epochs": count_epochs(run.history),
        **_epochs_kept(run, info, config),
        "seconds of training": info.seconds,
        "seed": info.seed,
        "engine": info.engine,
    }


def _epochs_kept(run: Run, info: RunInfo, config: Config) -> dict[str, object]:
    """Return the epoch kept and the best one, or of how many networks an ensemble is the mean."""
    refit = refit_in_words(info)
    refitted: dict[str, object] = {"refit": refit} if refit else {}
    if config.ensemble > 1:
        return {"networks": config.ensemble, **refitted}
    best = best_and_kept(run, info, config) or "none yet"
    return {"kept epoch": info.best_epoch, "best epoch": best, **refitted}


def _versions(info: RunInfo) -> dict[str, object]:
    """Return all that the numbers depend on besides config and tables, without folders."""
    environment = {}
    for name, value in info.environment.items():
        environment[name] = without_folders(value)
    return {
        **info.versions,
        "threads": info.threads,
        **environment,
    }


def _table_sections(run: Run) -> TableSections:
    try:
        return _read_tables(run)
    except (InputError, OSError) as error:
        folders = _known_folders(run)
        return TableSections(problem=without_folders(str(error), *folders))


def _known_folders(run: Run) -> list[str]:
    """Return the folders that a message may name: that of the run, and those of its tables."""
    data = load_config(run.config).data
    path_of_run = str(run.path.resolve())
    folders = []
    for path in (data.train, data.validation, data.test, path_of_run):
        if path:
            folders.append(str(Path(path).parent))
    return folders


def _read_tables(run: Run) -> TableSections:
    """Return what the tables tell, read again, and the rows held out, measured anew."""
    trained = load_run(run.path).before_refit()
    dataset = load_same_dataset(run, trained)
    held_out = measure_held_out(run, trained, dataset)
    return TableSections(
        columns=column_contents(dataset),
        labels=label_balance(dataset),
        held_out=_held_out_sections(held_out) if held_out else None,
    )


def _held_out_sections(held_out: MeasuredRows) -> HeldOutSections:
    """Return the sections of the page that are about the rows held out."""
    assessment = held_out.assessment
    importance = importance_section(held_out)
    columns = [bar.column for bar in importance.bars]
    names = held_out.trained.encoder.target_names
    rows = counted(assessment.rows, "row")
    return HeldOutSections(
        rows=f"{rows} of {held_out.part}",
        verdict=assessment.verdict,
        metrics=metric_rows(assessment),
        importance=importance,
        mistakes=mistake_section(held_out, columns),
        probabilities=probability_sections(assessment, names),
    )

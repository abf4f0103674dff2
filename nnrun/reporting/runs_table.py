"""The table of `nnrun runs`: a line a run, as many metrics as the terminal has room for."""

import json
from pathlib import Path
from typing import TypeGuard

from nnrun.errors import InputError
from nnrun.reporting.aligned_table import lines_with_rest
from nnrun.runs.listing import Summary, known_metrics
from nnrun.runs.settings import differing_keys
from nnrun.wording import did_you_mean, printable, short_number

FACTS = ["run", "status", "epochs", "verdict", "started UTC", "seconds"]
"""The columns that are always there."""
NOTE = "note"
MOST_SETTINGS = 6  # that are shown unless others are chosen: more leave no room for metrics
LONGEST_SETTING = 30  # characters
STATUS_WIDTH = len("interrupted")  # the longest status of nnrun's; that of a forged file is cut
DAY_AND_MINUTE = slice(5, 16)  # of an ISO 8601 time, whose year and seconds say little


def describe_runs(
    summaries: list[Summary],
    width: int,
    first: str | None = None,
    columns: list[str] | None = None,
) -> str:
    """Return the table, and a line that names the columns for which there is no room.

    Args:
        summaries: What each run says of itself, as `list_runs` has it.
        width: How many characters a line may have.
        first: The metric that comes before the others.
        columns: The settings and metrics that are shown. Defaults to the settings that differ,
            then all metrics.
    """
    names = columns
    if names is None:
        names = default_columns(summaries, first)
    table = [run_titles(names)]
    for run in summaries:
        name = _short_name(run, width // 3)
        table.append(run_cells(run, names, name))
    lines = lines_with_rest(table, names, width)
    return "\n".join(lines)


def default_columns(
    summaries: list[Summary], first: str | None = None, most_settings: int = MOST_SETTINGS
) -> list[str]:
    """Return the settings that differ, then the metrics; one that runs are sorted by comes first.

    A note comes last of the settings, since it is long. `epochs` is none of them, since FACTS tell
    of 2/3 epochs.

    Args:
        summaries: What each run says of itself.
        first: The metric that comes before the others.
        most_settings: How many settings are shown at the most.
    """
    settings = _differing_settings(summaries)
    usual_settings = [key for key in settings if key not in (NOTE, *FACTS)]
    shown = usual_settings[:most_settings]
    if NOTE in settings:
        shown.append(NOTE)
    metrics = _in_order(known_metrics(summaries), first)
    if first:
        return [first, *shown, *metrics[1:]]
    return [*shown, *metrics]


def _differing_settings(summaries: list[Summary]) -> list[str]:
    """Return the settings that are not the same in all runs that can be read."""
    settings = []
    for run in summaries:
        if "error" not in run:
            settings.append(run["settings"])
    return differing_keys(settings)


def chosen_columns(summaries: list[Summary], text: str) -> list[str]:
    """Return the settings and metrics that a text lists, divided by commas.

    Args:
        summaries: What each run says of itself.
        text: Their names, divided by commas.

    Raises:
        InputError: No run has such a setting or metric.
    """
    names = _listed_names(text)
    existing_names = known_metrics(summaries)
    for run in summaries:
        existing_names += run["settings"]
    problems = []
    for name in names:
        if name not in existing_names:
            hint = did_you_mean(name, list(dict.fromkeys(existing_names)))
            problems.append(f"--columns {name}: no run has such a setting or metric{hint}")
    if problems:
        raise InputError(problems)
    return names


def _listed_names(text: str) -> list[str]:
    """Return the names that commas divide, without spaces around them and empty ones."""
    names = []
    for part in text.split(","):
        name = part.strip()
        if name:
            names.append(name)
    return names


def _title(name: str) -> str:
    """Return the last name of a setting's key; that of a layer needs the number of the layer."""
    if name.startswith("layers["):
        return name
    head, _, last = name.rpartition(".")
    if last == "name" and head:  # that of an optimizer, a loss and the like
        return head.rpartition(".")[2]
    return last


def _in_order(metrics: list[str], first: str | None) -> list[str]:
    """Return the metrics: `first`, then those of rows held out, then those of training."""

    def rank(name: str) -> tuple[bool, bool]:
        return name != first, not name.startswith(("val_", "test_"))

    return sorted(metrics, key=rank)


def run_titles(names: list[str]) -> list[str]:
    """Return the head of the table.

    Args:
        names: The settings and metrics that are shown after FACTS.
    """
    titles = [printable(_title(name)) for name in names]
    return [*FACTS, *titles]


def run_cells(run: Summary, names: list[str], title: str) -> list[str]:
    """Return the line of a run; whatever its files say cannot command the terminal.

    Args:
        run: The run in brief.
        names: The settings and metrics that are shown.
        title: What the run is called.
    """
    values = {**run["settings"], **run["metrics"]}
    cells = [title, *_facts(run)]
    for name in names:
        value = values.get(name)
        cells.append(_shown_value(value))
    return list(map(printable, cells))


def _short_name(run: Summary, most: int) -> str:
    path = Path(run["run"]).absolute()
    return _cut(path.name, most)


def _cut(text: str, most: int) -> str:
    """Return a text, of one longer than `most` characters its beginning."""
    if len(text) <= most:
        return text
    return f"{text[: most - 3]}..."


def _facts(run: Summary) -> list[str]:
    """Return the cells of FACTS but the name; of a trial without a run only the status."""
    status = run["status"][:STATUS_WIDTH]
    if run["started"] is None:  # it cannot be read, or is a trial without a run
        blanks = ["-"] * (len(FACTS) - 2)
        return [status, *blanks]
    done = run["epochs"]
    goal = run["goal"]
    started = run["started"][DAY_AND_MINUTE]
    seconds = run["seconds"]
    return [
        status,
        f"{done}/{goal}",
        run["verdict"] or "-",
        started.replace("T", " "),
        f"{seconds:.4g}" if seconds else "-",
    ]


def _are_texts(value: object) -> TypeGuard[list[str]]:
    """Return whether a value is a list of texts, as the tags are."""
    if not isinstance(value, list):
        return False
    return all(isinstance(item, str) for item in value)


def _shown_value(value: object) -> str:
    """Return a setting or a metric as text, of a long one its beginning."""
    if value is None or value == []:
        return "-"
    if isinstance(value, float):
        return short_number(value)
    if _are_texts(value):
        return _cut(", ".join(value), LONGEST_SETTING)
    return _cut(setting_text(value), LONGEST_SETTING)


def setting_text(value: object) -> str:
    """Return a setting as text: `-` where there is none, else as JSON writes what is not text.

    Args:
        value: Any value of JSON.
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)

"""Runs or trials as points that are compared: their settings, and the metric that ranks them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nnrun.reporting.pictures.value_scale import MISSING
from nnrun.reporting.runs_table import NOTE, setting_text
from nnrun.reporting.shareable import without_folders_in
from nnrun.runs.listing import Summary, sort_key
from nnrun.runs.settings import Settings, differing_keys
from nnrun.runs.trial_record import TrialRecord, setting_keys

FEWEST = 3  # points: of two, a line of the table tells as much


@dataclass(frozen=True)
class Point:
    """A run or a trial that has the metric.

    Attributes:
        settings: The text of each setting; `-` where there is none.
        value: The metric.
        status: `finished`, or `pruned` where Optuna gave it up.
    """

    settings: Mapping[str, str]
    value: float
    status: str


@dataclass(frozen=True)
class Compared:
    """What is compared.

    Attributes:
        metric: The metric that ranks the points.
        points: Those that have the metric, in the order in which they came.
    """

    metric: str
    points: Sequence[Point]

    @property
    def keys(self) -> Sequence[str]:
        """The keys of the settings, which all points have."""
        if not self.points:
            return []
        return list(self.points[0].settings)

    @property
    def values(self) -> Sequence[float]:
        """The metric of each point."""
        return [point.value for point in self.points]

    def texts(self, key: str) -> Sequence[str]:
        """Return the text of a setting for each point.

        Args:
            key: One of `keys`.
        """
        return [point.settings[key] for point in self.points]

    @property
    def best(self) -> Point | None:
        """The best that finished, or None where none did."""
        finished = []
        for point in self.points:
            if point.status == "finished":
                finished.append(point)
        return min(finished, key=self.rank, default=None)

    def rank(self, point: Point) -> float:
        """Return a number that is the smaller the better a point is.

        Args:
            point: One of `points`.
        """
        _, number = sort_key(self.metric, point.value)
        return number


def compared_trials(records: Iterable[TrialRecord], metric: str) -> Compared:
    """Return the trials of a sweep that have the metric.

    Args:
        records: The records of the trials that have ended.
        metric: The metric that ranks them.
    """
    measured = [record for record in records if metric in record.metrics]
    keys = setting_keys(record.settings for record in measured)
    points = []
    for record in measured:
        value = record.metrics[metric]
        if value is not None:
            settings = {}
            for key in keys:
                settings[key] = record.settings.get(key, MISSING)
            points.append(Point(settings, value, record.status))
    return Compared(metric, points)


def compared_runs(summaries: Sequence[Summary], metric: str | None) -> Compared:
    """Return the runs that have the metric, by the settings in which they differ.

    Few runs, and runs that do not differ, have no points; without a metric none has.

    Args:
        summaries: The runs in brief, as `list_runs` has them.
        metric: The metric that ranks them, or None where none has finished.
    """
    if metric is None:
        return Compared("", [])
    measured = []
    for run in summaries:
        if run["metrics"].get(metric) is not None:
            measured.append(run)
    settings = [run["settings"] for run in measured]
    keys = _shown_keys(settings)
    if len(measured) < FEWEST or not keys:
        return Compared(metric, [])
    points = [_point_of_run(run, keys, metric) for run in measured]
    return Compared(metric, points)


def _shown_keys(runs: Sequence[Settings]) -> list[str]:
    """Return the keys in which runs differ, without those that follow from another.

    `optimizer.rho` is there where `optimizer.name` is one that has it: that says nothing more.
    """
    shown_keys: list[str] = []
    for key in differing_keys(runs):
        if key == NOTE or _follows_from_a_sibling(key, shown_keys, runs):
            continue
        shown_keys.append(key)
    return shown_keys


def _follows_from_a_sibling(key: str, shown_keys: Sequence[str], runs: Sequence[Settings]) -> bool:
    for other in shown_keys:
        are_siblings = _parent(other) == _parent(key)
        if are_siblings and _follows(key, other, runs):
            return True
    return False


def _parent(key: str) -> str:
    return key.rpartition(".")[0]


def _follows(key: str, other: str, runs: Sequence[Settings]) -> bool:
    """Return whether a key is missing in some runs, and its value follows from another's."""
    if all(key in run for run in runs):
        return False
    values: dict[str, str] = {}
    for run in runs:
        value = setting_text(run.get(key))
        other_value = setting_text(run.get(other))
        first_value = values.setdefault(other_value, value)
        if first_value != value:
            return False
    return True


def _point_of_run(run: Summary, keys: Sequence[str], metric: str) -> Point:
    """Return a run with the texts of its settings."""
    settings = {}
    for key in keys:
        value = run["settings"].get(key)
        settings[key] = _shown(value)
    return Point(
        settings=settings,
        value=run["metrics"][metric],
        status=run["status"],
    )


def _shown(value: object) -> str:
    return setting_text(without_folders_in(value))

"""The verdict: whether a network is better than an answer that needs no network."""

from dataclasses import dataclass

from nnrun.results.bootstrap import Interval
from nnrun.results.label_replicates import MOST_LABELS
from nnrun.runs.directory import Judgement
from nnrun.wording import short_number

IMBALANCED = 0.8
"""The share of the most frequent label from which on accuracy says little.

A network that finds half of the rare rows, at the price of a few frequent ones, would be called
worse than guessing; balanced accuracy counts every label alike.
"""


@dataclass(frozen=True)
class Standing:
    """A metric of a network and of the simpler models, and what the network gains.

    Attributes:
        metric: The metric: `accuracy`, `balanced_accuracy` or `rmse`.
        value: The network's.
        interval: The 95 % interval of the network's.
        gain: The 95 % interval of how much better the network is than the baseline, on the same
            draws of rows; None where no draw has both.
        baseline: The baseline's.
        baseline_answer: What the baseline always answers, in words.
        linear: The linear model's, or None where there is none.
        linear_name: What a sentence calls the linear model.
        auc: The 95 % interval of the network's AUC, of two labels.
    """

    metric: str
    value: float
    interval: Interval
    gain: Interval | None
    baseline: float
    baseline_answer: str
    linear: float | None = None
    linear_name: str = "a linear model"
    auc: Interval | None = None


@dataclass(frozen=True)
class Verdict:
    """The headline metric of a network beside those of simpler models.

    Attributes:
        metric: The metric: `accuracy`, `balanced_accuracy` or `rmse`.
        value: The network's.
        low: The lower end of its 95 % interval.
        high: The upper end.
        baseline: That of the most frequent label, or of the mean.
        linear: That of the linear model, or None where there is none.
        verdict: Whether the network is better than the baseline, no better or worse, by the
            95 % interval of their difference on the same rows.
        sentence: All of this for people.
        advice: What to do where another threshold may help, or "".
    """

    metric: str
    value: float
    low: float
    high: float
    baseline: float
    linear: float | None
    verdict: Judgement
    sentence: str
    advice: str


def headline_metric(shares: tuple[float, ...]) -> str:
    """Return the metric that a verdict on labels goes by, given the labels' shares of rows.

    Args:
        shares: The share of rows that each label has, of the training rows.
    """
    if max(shares) >= IMBALANCED and len(shares) <= MOST_LABELS:
        return "balanced_accuracy"
    return "accuracy"


def judge(gain: Interval | None) -> Judgement:
    """Return the judgement, given the interval of the network's gain over the baseline.

    Args:
        gain: The interval; None where it could not be computed.
    """
    if gain is None or gain.low <= 0 <= gain.high:
        return "no better"
    return "better" if gain.low > 0 else "worse"


def verdict_on(standing: Standing) -> Verdict:
    """Return the verdict on a network.

    Args:
        standing: What was measured of the network and of the simpler models.
    """
    judgement = judge(standing.gain)
    return Verdict(
        metric=standing.metric,
        value=standing.value,
        low=standing.interval.low,
        high=standing.interval.high,
        baseline=standing.baseline,
        linear=standing.linear,
        verdict=judgement,
        sentence=_sentence(standing, judgement),
        advice=_advice(standing.auc, judgement),
    )


def _advice(auc: Interval | None, judgement: Judgement) -> str:
    """Return a sentence where probabilities are of use although the labels called are not."""
    if judgement == "better" or auc is None or auc.low <= 0.5:
        return ""
    return (
        f"The probabilities do rank rows (AUC {_ends(auc, is_share=True)}): another threshold "
        "may do better than 0.5; give it to predict with --threshold"
    )


def _sentence(standing: Standing, judgement: Judgement) -> str:
    """Return a line such as `accuracy 0.630 (0.57 to 0.69); always 'a' gives 0.630: no ...`."""
    is_share = standing.metric != "rmse"
    name = standing.metric.replace("_", " ") if is_share else "RMSE"
    show = _share if is_share else short_number
    ends = _ends(standing.interval, is_share=is_share)
    sentence = (
        f"{name} {show(standing.value)} ({ends}); "
        f"{standing.baseline_answer} gives {show(standing.baseline)}: {judgement} than guessing"
    )
    if standing.linear is None:
        return sentence
    return f"{sentence}; {standing.linear_name} gives {show(standing.linear)}"


def _ends(interval: Interval, *, is_share: bool) -> str:
    """Return the ends of an interval, as in `0.57 to 0.69`."""
    if not is_share:
        return f"{short_number(interval.low)} to {short_number(interval.high)}"
    if interval.high - interval.low < 0.02:  # two digits would make both ends one
        return f"{_share(interval.low)} to {_share(interval.high)}"
    return f"{interval.low:.2f} to {interval.high:.2f}"


def _share(value: float) -> str:
    return f"{value:.3f}"

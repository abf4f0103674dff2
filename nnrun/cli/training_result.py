"""What `train` and `resume` print of a finished training."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

from nnrun.cli.printing import Printing
from nnrun.cli.terminal import say_json, say_text, tell, terminal_width
from nnrun.files import finite
from nnrun.wording import short_path

if TYPE_CHECKING:
    from nnrun.config.schema import Config
    from nnrun.features.dataset import Dataset
    from nnrun.results.saved_verdict import SavedVerdict
    from nnrun.training.finish import Result

Engine = Literal["compiled", "keras"]


def finish(result: Result, dataset: Dataset, printing: Printing) -> None:
    """Draw the curves, judge the run on the rows held out, and print the result.

    Args:
        result: The finished training.
        dataset: The dataset that was trained on.
        printing: What is printed; JSON by the chief alone.

    Raises:
        ExpectationError: The run does not meet `expect`.
    """
    from nnrun.reporting.pictures.saved_curves import save_curves
    from nnrun.results.judged_run import judge_run
    from nnrun.training.expectations import check_expectations

    config = dataset.config
    verdict = None
    if result.is_chief:
        not_drawn = save_curves(result.run)
        if not_drawn:
            tell(not_drawn)
        verdict = judge_run(result.run, dataset)
    has_stopped_early = config.ensemble == 1 and result.epochs < config.epochs
    if has_stopped_early and not printing.quiet:
        tell(f"early stopping ended training after {result.epochs} of {config.epochs} epochs")
    if printing.as_json and result.is_chief:
        say_json(_summary(result, verdict))
    elif not printing.quiet:
        say_text(_description(result, config, verdict))
    if verdict and not printing.quiet:
        tell(*_warnings_of(verdict))
    check_expectations(config, result.metrics, verdict, is_judged=result.is_chief)


def _warnings_of(verdict: SavedVerdict) -> list[str]:
    """Return what to warn of: a network that is no better than an answer that needs none."""
    if verdict.verdict == "better":
        return []
    lines = [f"warning: the network is {verdict.verdict} than its baseline"]
    if verdict.advice:
        lines.append(verdict.advice)
    return lines


def _summary(result: Result, verdict: SavedVerdict | None) -> dict[str, object]:
    """Return what `train --json` prints."""
    from nnrun.results.evaluated_rows import JUDGED

    judged = verdict.as_json() if verdict else dict.fromkeys(JUDGED)
    return {
        "run": str(result.run.path),
        "status": "finished",
        "epochs": result.epochs,
        "seconds": round(result.seconds, 3),
        "metrics": finite(result.metrics),
        **judged,
    }


def _description(result: Result, config: Config, verdict: SavedVerdict | None) -> str:
    """Return the metrics of the kept epoch, the verdict, the run, and the next command.

    The command measures rows held out: predictions of the training table would flatter.
    """
    from nnrun.reporting.kept_epoch import best_and_kept, kept_in_words, refit_in_words
    from nnrun.reporting.metrics_text import describe_metrics, wrapped

    run = str(result.run.path)
    kept = kept_in_words(config, result.best_epoch)
    metrics = describe_metrics(result.metrics)
    info = result.run.read_info()
    best = best_and_kept(result.run, info, config)
    sentences = [f"{kept}: {metrics}"]
    if best:
        sentences.append(best)
    if verdict:
        sentences.append(f"{verdict.part}: {verdict.sentence}")
    refit = refit_in_words(info)
    if refit:
        sentences.append(f"refit: {refit}")
    width = terminal_width()
    lines = [wrapped(sentence, width) for sentence in sentences]
    command = _next_command(run, config)
    lines.append(f"saved in {run}")
    lines.append(f"next: {command}")
    return "\n".join(lines)


def _next_command(run: str, config: Config) -> str:
    """Return the command that measures the rows held out, or predicts a table where none were."""
    if config.data.test or config.holds_rows_out:
        return shlex.join(["nnrun", "evaluate", run])
    table = short_path(config.data.train)
    return shlex.join(["nnrun", "predict", run, table])

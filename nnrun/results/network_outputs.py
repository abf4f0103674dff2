"""How an exported network calls what it takes and what it gives."""

from nnrun.results.trained_run import TrainedRun

INPUT_NAME = "inputs"
"""Of the matrix that every format takes, float32 (rows, inputs)."""


def output_name(trained: TrainedRun) -> str:
    """Return the name of the matrix that every format gives, float32 (rows, outputs).

    It is `probability`, of the second of two labels; `probabilities`, of each of more labels or of
    each of several targets; `prediction`, a number; or `predictions`, a number for each target.

    Args:
        trained: The run, whose config and encoding tell what it predicts.
    """
    config = trained.config
    has_one_target = len(trained.encoder.targets) == 1
    if config.is_classes:
        return "probability" if config.is_binary and has_one_target else "probabilities"
    return "prediction" if has_one_target else "predictions"

"""How a training that does not finish is recorded, and told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nnrun.errors import Interrupted, NnrunError
from nnrun.files import disk_error
from nnrun.runs.directory import Run
from nnrun.training.backend import tf
from nnrun.training.checkpoint import CheckpointCallback


@contextmanager
def recorded_outcome(run: Run, checkpoint: CheckpointCallback) -> Iterator[None]:
    """Write into run.json that the body was interrupted, or failed, where it was or did.

    Args:
        run: The run directory.
        checkpoint: The callback that knows how many epochs have ended.
    """
    try:
        yield
    except BaseException as error:
        is_stopped = isinstance(error, KeyboardInterrupt | Interrupted)
        status = "interrupted" if is_stopped else "failed"
        has_history = checkpoint.team.workers == 1 or run.checkpoint.exists()
        epochs = checkpoint.epochs if has_history else 0
        with suppress(OSError, KeyboardInterrupt):
            run.write_info(status=status, epochs=epochs)
        raise


@contextmanager
def translated_errors(run: Run, checkpoint: CheckpointCallback) -> Iterator[None]:
    """Raise what TensorFlow and the system raise as errors that tell how to go on.

    Args:
        run: The run directory.
        checkpoint: The callback that knows how far the training is.

    Raises:
        Interrupted: The body raised KeyboardInterrupt.
        NnrunError: A file cannot be written, or another worker is lost.
        MemoryError: TensorFlow has too little memory.
    """
    try:
        yield
    except tf.errors.OpError as error:
        # TensorBoard's logs are the only files that TensorFlow writes itself.
        full_disk = disk_error(error, run.tensorboard)
        if full_disk:
            raise _unwritten(full_disk, checkpoint.advice) from None
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise MemoryError from None
        if checkpoint.team.workers == 1:
            raise
        raise _lost_worker(error, checkpoint.advice) from None
    except KeyboardInterrupt:
        raise checkpoint.interrupted() from None
    except OSError as error:
        raise _unwritten(error, checkpoint.advice) from None


def _unwritten(error: OSError, advice: str) -> NnrunError:
    place = error.filename or "I/O"
    reason = error.strerror or error
    return NnrunError(f"{place}: {reason}; once that is mended, {advice}")


def _lost_worker(error: Exception, advice: str) -> NnrunError:
    """Return the error that names the worker of which TensorFlow says that it is unhealthy."""
    _, _, text_behind = str(error).partition("unhealthy")
    task = re.search(r"/task:(\d+)", text_behind)
    worker = "another worker"
    if task:
        worker = f"worker {task[1]}"
    return NnrunError(f"{worker} ended, or cannot be reached; {advice}")

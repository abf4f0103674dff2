"""The facts that run.json tells of a training as it begins."""

from datetime import UTC, datetime
from hashlib import sha256

from nnrun import __version__
from nnrun.features.dataset import Dataset
from nnrun.features.encoding_size import encoding_text
from nnrun.runs.provenance import circumstances
from nnrun.training.job import Job


def facts_of(job: Job) -> dict[str, object]:
    """Return when a job begins, with which versions, and on which tables.

    Args:
        job: The job, of which no epoch has begun.

    Returns:
        Values of fields of `RunInfo`, by their names.
    """
    config = job.config
    now = datetime.now(UTC)
    return {
        "started": now.isoformat(timespec="seconds"),
        "nnrun": __version__,
        **circumstances(),
        "goal": config.epochs,
        "ensemble": config.ensemble,
        "seed": config.seed,
        "data": _tables(job.dataset),
        "started_from": _started_from(job),
        "config": config.model_dump(mode="json"),
        "jit_compile": job.model.jit_compile,
        "replicas": job.team.count,
    }


def _started_from(job: Job) -> dict[str, str] | None:
    """Return the run whose weights the job starts with, or None where they were drawn."""
    if job.start is None:
        return None
    text = encoding_text(job.dataset.encoder)
    checksum = sha256(text.encode()).hexdigest()
    facts = job.start.facts.model_copy(update={"encoding": checksum})
    return facts.model_dump()


def _tables(dataset: Dataset) -> dict[str, dict[str, str | int]]:
    """Return path, SHA-256, bytes and rows of each part; rows held out have no table."""
    tables = {}
    for name, part in dataset.parts.items():
        facts: dict[str, str | int] = {}
        path = getattr(dataset.config.data, name)
        if path:
            facts["path"] = path
            facts["sha256"] = dataset.fingerprints[name]
            facts["size"] = dataset.sizes[name]
        facts["rows"] = part.rows
        tables[name] = facts
    return tables

"""Plain values for programs: what `check` prints with --json."""

from nnrun.checks.registry import lint
from nnrun.features.dataset import PARTS, Dataset
from nnrun.runs.listing import Summary, summarize_layers


def summarize_dataset(dataset: Dataset) -> Summary:
    """Return the tables with their rows, the encoding, the network, the whole config, and what lint warns of."""
    parts = {key: part for key in PARTS if (part := getattr(dataset, key))}
    return {
        "data": {
            key: {"path": p.name, "rows": len(p.x), "dropped": p.dropped}
            for key, p in parts.items()
        },
        **dataset.encoder.model_dump(mode="json", exclude_none=True),
        "label_counts": dataset.label_counts,
        "layers": summarize_layers(dataset.config, dataset.encoder),
        "config": dataset.config.model_dump(mode="json"),
        "warnings": [finding._asdict() for finding in lint(dataset) if finding.level == "warning"],
    }

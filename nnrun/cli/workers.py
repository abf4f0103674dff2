"""Several processes that train one model: each waits until all of them are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnrun.cli.terminal import tell

if TYPE_CHECKING:
    from nnrun.training.distributed.cluster import Distribute


def wait_for_workers(distribute: Distribute, *, quiet: bool) -> bool:
    """Return whether this process is the chief, once all workers are there.

    From then on, whatever ends one of them ends all.
    """
    from nnrun.training.distributed.cluster import read_cluster

    cluster = read_cluster(distribute)
    if cluster.workers > 1:
        from nnrun.training.distributed.team import WAIT, join

        if not quiet:
            limit = f"{WAIT // 60} minutes at most"
            tell(f"waiting for the {cluster.workers} workers of TF_CONFIG, {limit}")
        join(distribute)
    return cluster.is_chief

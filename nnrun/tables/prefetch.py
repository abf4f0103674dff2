"""Blocks made ahead of time, by a thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(blocks: Iterator[Item]) -> Iterator[Item]:
    """Yield the blocks; the next one is made in a thread meanwhile, and whoever wants no more does not wait for it."""
    thread = ThreadPoolExecutor(1)
    try:
        following = thread.submit(next, blocks, None)
        while block := following.result():
            following = thread.submit(next, blocks, None)
            yield block
    finally:
        thread.shutdown(wait=False, cancel_futures=True)

"""Items made ahead of time, by a thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items while a thread makes the next; nobody waits for one that is not wanted.

    Args:
        items: The items, none of which is None: that is taken for the end.
    """
    thread = ThreadPoolExecutor(1)
    try:
        following = thread.submit(next, items, None)
        item = following.result()
        while item is not None:
            following = thread.submit(next, items, None)
            yield item
            item = following.result()
    finally:
        thread.shutdown(wait=False, cancel_futures=True)

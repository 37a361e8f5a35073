"""Work on items one after the other, of which the next ones are begun meanwhile."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from traincarbon.blocked_signals import signals_blocked

T = TypeVar("T")
R = TypeVar("R")
_MOST_WORKERS = 4


def computed_ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what *work* gives for each item, in order. As many threads as there are processors, up to four, work on the next items; no more results wait.

    Example:
        >>> list(computed_ahead(abs, [3, -1, 2]))
        [3, 1, 2]
    """
    workers = max(min(os.cpu_count() or 1, _MOST_WORKERS), 1)
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                with signals_blocked():
                    waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()

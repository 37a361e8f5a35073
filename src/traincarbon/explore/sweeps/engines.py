"""What computes the units of a sweep: this process, a pool of processes, or the workers of Dask; each hands them over in their order."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.work import Call, Unit, Work, compute_into, other_version, unit_file
from traincarbon.extras import MissingExtraError

Files = Sequence[tuple[Unit, str]]
"""Units, each with the file that it goes into."""
_AHEAD = 3
"""Units that wait for each worker, so that none is idle and memory stays bounded."""
UNITS_OF_WORKER = 2
"""Fewer units than these take less time than what starts a process for them: imports, and the facts."""
_KILLED_OFTEN = 3
"""Times that a pool is started anew after one of its processes was killed."""


def in_this_process(work: Work, files: Files) -> Generator[Unit, None, None]:
    """Compute *files* one after another; yield each unit when its file is there."""
    for unit, file in files:
        compute_into(work, unit, file)
        yield unit


def in_processes(work: Work, files: Files, *, workers: int) -> Generator[Unit, None, None]:
    """Compute *files* in so many processes of this machine; yield each unit, in their order, when its file is there.

    What a process that was killed had not finished is computed anew.

    Raises:
        CarbonError: processes are killed again and again.
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    left, killed = list(files), 0
    while left:
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_worker)
        try:
            for unit, _ in _in_order(left, lambda unit, file: pool.submit(compute_into, work, unit, file), most=_AHEAD * workers):  # noqa: B023  used within this turn
                left = left[1:]
                yield unit
        except BrokenProcessPool as error:
            killed += 1
            if killed > _KILLED_OFTEN:
                hint = "is there enough memory? start it again with fewer workers: what was computed is kept"
                raise CarbonError("the worker processes are killed again and again", hint=hint) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the process that started this one, and end when that one does, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def on_dask(work: Work, files: Files, *, scheduler: str) -> Generator[Unit, None, None]:
    """Compute *files* on the workers of the Dask *scheduler*; yield each unit, in their order, when its file is there.

    The workers send what they compute, so they need no file system in common. Dask gives what a killed worker had not finished to another.

    Raises:
        MissingExtraError: distributed is not installed.
        CarbonError: the scheduler does not answer, or has no workers that can do the work.
    """
    with _client(scheduler) as client:
        workers, paths = max(1, len(client.scheduler_info(n_workers=-1)["workers"])), dict(files)

        def submit(unit: Unit, _: str) -> Any:
            return client.submit(pickle.loads, pickle.dumps(Call(work, unit)), pure=False)

        for unit, content in _in_order(files, submit, most=_AHEAD * workers, result=_sent):
            with unit_file(paths[unit]) as stream:
                stream.write(content)
            yield unit


def _sent(future: Any) -> Any:
    """Return what a worker of Dask sent.

    Raises:
        CarbonError: the worker has no such module, or no such function in it; or the error that it has is one.
    """
    try:
        return future.result()
    except CarbonError:
        raise
    except (ImportError, AttributeError) as error:
        raise other_version() from error


def _result_of(future: Any) -> Any:
    return future.result()


def _in_order(files: Files, submit: Callable[[Unit, str], Any], *, most: int, result: Callable[[Any], Any] = _result_of) -> Iterator[tuple[Unit, Any]]:
    """Submit *files*, at most so many ahead, and yield each unit with its *result* in their order."""
    waiting: deque[tuple[Unit, Any]] = deque()
    for unit, file in files:
        waiting.append((unit, submit(unit, file)))
        if len(waiting) >= most:
            first, future = waiting.popleft()
            yield first, result(future)
    while waiting:
        first, future = waiting.popleft()
        yield first, result(future)


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("a scheduler of Dask needs distributed, which is not installed", extra="dask", otherwise="use --workers or --shard") from error
    hint = "start it by dask scheduler, and workers by dask worker; what was computed is kept"
    try:
        _check_address(scheduler)
        client = distributed.Client(scheduler, timeout=_ANSWERS_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise CarbonError(f"no scheduler of Dask at {scheduler!r}: {str(error).splitlines()[0] if str(error) else type(error).__name__}", hint=hint) from error
    try:
        yield client
    except (distributed.KilledWorker, distributed.client.FutureCancelledError, OSError) as error:
        raise CarbonError(f"the workers of {scheduler!r} cannot do the work: {str(error).splitlines()[0]}", hint=hint) from error
    finally:
        client.close()


def _check_address(scheduler: str) -> None:
    """Refuse what is no address of Dask, of which a client takes 20 s to give up, with a traceback.

    Raises:
        ValueError: it has no form that Dask knows.
    """
    addressing: Any = import_module("distributed.comm.addressing")
    scheme, _ = addressing.parse_address(scheduler)
    if scheme in _WITH_PORT:
        addressing.get_address_host_port(scheduler)
    else:
        import_module("distributed.comm.registry").get_backend(scheme)


_WITH_PORT = ("tcp", "tls")
"""Kinds of connections whose addresses name a port; those of others (ucx, inproc) have forms of their own."""
_ANSWERS_S = 10
"""Seconds that a scheduler may take to answer."""

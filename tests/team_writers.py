"""Writers of a team: each has a store, and sends its runs as they end, while the server is killed and started again."""

import itertools
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from journals import lines_of, write_lines
from postgres_server import Server
from traincarbon import runs
from traincarbon.errors import CarbonError

_DOWN_S = 2.0


class Outcome(NamedTuple):
    """What the writers sent, and what the server has.

    Attributes:
        written: Runs in the stores.
        lost: Of these, the runs that the server does not have, or not with their energy.
        doubled: Rows of runs or processes beyond one each.
        failures: How often a writer was told that the server is away, and called again.
        wall_s: From the first run to the last.
    """

    written: int
    lost: int
    doubled: int
    failures: int
    wall_s: float


def send_while_killed(server: Server, database: str, folder: str, *, writers: int, runs_each: int) -> Outcome:
    """Let *writers* send *runs_each* runs each, kill the server when a third of them is there, and start it again."""
    address, began_s = server.address(database), time.monotonic()
    failures = itertools.count()
    is_third = threading.Event()
    done = itertools.count(1)

    def send(writer: int) -> None:
        store = os.path.join(folder, f"store-{writer}")
        for at in range(runs_each):
            run_id = f"run-{writer}-{at}"
            write_lines(os.path.join(store, "journals", run_id, f"{run_id}.jsonl"), lines_of(run_id=run_id, writer=run_id, power_w=100.0 + at))
            while True:
                try:
                    runs.sync(ledger=address, store=store, wait_s=5.0)
                    break
                except CarbonError:  # as cron would call it again
                    next(failures)
            if next(done) >= writers * runs_each // 3:
                is_third.set()

    with ThreadPoolExecutor(writers) as pool:
        sending = [pool.submit(send, writer) for writer in range(writers)]
        is_third.wait(600.0)
        server.kill()
        time.sleep(_DOWN_S)
        server.start()
        for each in sending:
            each.result()
    return _outcome(server, database, writers, runs_each, failures=next(failures), wall_s=time.monotonic() - began_s)


def _outcome(server: Server, database: str, writers: int, runs_each: int, *, failures: int, wall_s: float) -> Outcome:
    written = writers * runs_each
    expected = {f"run-{writer}-{at}": 15 * (100 + at) for writer in range(writers) for at in range(runs_each)}
    rows: Sequence[Sequence[str]] = server.query("SELECT run_id, round((energy_kwh * 3.6e6)::numeric) FROM traincarbon.runs WHERE record IS NOT NULL", database)
    found = {run_id: int(energy_j) for run_id, energy_j in rows}
    lost = sum(found.get(run_id) != energy_j for run_id, energy_j in expected.items())
    ((all_runs, processes),) = server.query("SELECT (SELECT count(*) FROM traincarbon.runs), (SELECT count(*) FROM traincarbon.processes)", database)
    doubled = max(int(all_runs) - written, 0) + max(int(processes) - written, 0)
    return Outcome(written, lost, doubled, failures, wall_s)

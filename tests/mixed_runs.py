"""Runs of several programs, some of which share boards, state one energy, or are of one job, for tests of what reads many of them."""

import random

from traincarbon.ledger.bills import Billed
from traincarbon.ledger.index_file import IN_MEMORY, connect, insert
from traincarbon.ledger.listed_runs import run_row
from traincarbon.ledger.run import Run, timestamp
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import EnergySource

BEGAN_S = 1_790_000_000.0
SOURCES = ("", "", "", "", "sacct", "codecarbon", "prometheus")


def mixed_run(number: int, chance: random.Random) -> Run:
    """Return a run at random; among a hundred, a few have something to do with each other."""
    began_s, duration_s = BEGAN_S + 600.0 * chance.randrange(400), 600.0 * chance.randint(1, 9)
    source, board, host = chance.choice(SOURCES), chance.randrange(12), f"n{chance.randrange(3)}"
    energy_j = 4e5 * duration_s / 600.0 * chance.choice((0.9, 1.0, 1.0, 1.1))
    name = chance.choice((f"gpu:GPU-{board:08x}-5f9c-9f0c-7f0b-8b1d1f1c0f00", f"gpu:{board % 4}"))
    spans = ((began_s, began_s + duration_s, energy_j),) if chance.random() < 0.5 else ()
    use = DeviceUse(1, name, "gpu", EnergySource.COUNTER, energy_j, 500.0, 0.8, None, duration_s, host="" if chance.random() < 0.2 else host, spans=spans)
    job = f"slurm-{chance.randrange(30)}-{number}" if source == "sacct" or chance.random() < 0.1 else f"run-{number}"
    energies = {"gpu": energy_j} if chance.random() < 0.9 else {"gpu": None, "other": None}
    named = (f"run-{chance.randrange(200)}",) if chance.random() < 0.05 else ()
    return Run(
        run_id=job,
        state=chance.choice(("finished", "finished", "killed", "lost")),
        started_at=timestamp(began_s),
        duration_s=duration_s,
        accelerators=chance.choice((1, 1, 2)),
        hw=chance.choice(("h100-sxm5-80gb", "h100-sxm5-80gb", "a100-sxm4-80gb")),
        energy_j=energies,
        how=dict.fromkeys(energies, EnergySource.COUNTER),
        missing={},
        versions={"torch": chance.choice(("2.5", "2.6"))},
        counts={},
        params=1.3e9 if chance.random() < 0.8 else None,
        tokens=duration_s * 1.2e4 * chance.choice((0.9, 1.0, 1.1)),
        plan={"params": 1.3e9, "tokens": 1e9, "region": chance.choice(("FR", "DE"))} if chance.random() < 0.7 else None,
        source=source,
        hosts=(host,),
        by_device=() if source in {"sacct", "codecarbon"} and chance.random() < 0.7 else (use,),
        shared_with=named,
        argv=("train.py", "x" * 50),
        notes=("a note",),
        billed=Billed(3.0, 3.0, 0.0, 1, "2026-09-01", "2026-09-30") if chance.random() < 0.1 else None,
    )


class KnownRuns:
    """The rows of an index of runs, and nothing else of it."""

    def __init__(self, records: list[Run]) -> None:
        self._connection = connect(IN_MEMORY)
        insert(self._connection, "runs", [run_row(record, is_settled=True) for record in records])

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows that answer a question."""
        return self._connection.execute(question, values).fetchall()

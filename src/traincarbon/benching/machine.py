"""Benchmark this machine and save the result as hardware of your own."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from traincarbon.benching.bench import QUICK, THOROUGH, Bench, measure
from traincarbon.benching.bench_facts import THIS, FactFiles, check_name, facts_of, save_facts
from traincarbon.database.load import Database, open_database
from traincarbon.database.overlay import check_writable, overlay_root


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """A benchmark of this machine and the facts that were made of it.

    Attributes:
        measured: What was measured.
        written: The files of facts, by name under *folder*.
        folder: The folder of the user's own facts.
        name: What the machine is called: ``hw=name``.
        dry_run: Whether nothing was written.
    """

    measured: Bench
    written: FactFiles
    folder: str
    name: str
    dry_run: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the benchmark and its facts."""
        return (*self.measured.notes, *self.written.notes)

    def to_dict(self) -> dict[str, object]:
        """Return the benchmark fit for JSON, in the schema ``traincarbon/bench/1``."""
        written = {"name": self.name, "folder": self.folder, "files": list(self.written.files), "dry_run": self.dry_run}
        return {**self.measured.to_dict(), "notes": list(self.notes), "written": written}


def bench(
    *,
    quick: bool = False,
    name: str = THIS,
    library: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    db: str | os.PathLike[str] | None = None,
    database: Database | None = None,
    progress: Callable[[str], None] | None = None,
) -> BenchResult:
    """Benchmark this machine and save what was measured, so that ``hw="this"`` means this machine.

    Args:
        quick: Take about six seconds instead of half a minute.
        name: What to call the machine.
        library: ``torch`` or ``numpy``; by default PyTorch where it is installed.
        force: Measure although other programs keep the machine busy, and note it.
        dry_run: Measure, but write nothing.
        db: The folder to write to; by default the user's own facts.
        database: The facts in which a known chip is looked up; by default ours with those of *db*.
        progress: Called with what is done next.

    Raises:
        CarbonError: the machine is busy, the name is taken, the folder cannot be written, or neither NumPy nor PyTorch is installed.
    """
    database = database if database is not None else open_database(db)
    check_name(database, name)
    database.sources()  # a file that cannot be extended is refused now, not after the benchmark
    root = overlay_root(None if db is None else os.fspath(db))
    if not dry_run:
        check_writable(root)
    measured = measure(pace=QUICK if quick else THOROUGH, library=library, force=force, progress=progress)
    written = (facts_of if dry_run else save_facts)(measured, database, root=root, name=name)
    return BenchResult(measured=measured, written=written, folder=root, name=name, dry_run=dry_run)

"""What :mod:`traincarbon.runs` offers of packs; what makes and opens them is imported when it is called."""

import os

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_progress import Tell
from traincarbon.ledger.packs.compacted import Answer, Compacted, OnPlan
from traincarbon.ledger.store import Ledger
from traincarbon.ledger.store_folder import store_folder

Store = str | os.PathLike[str] | None


def compact(*, dry_run: bool = False, store: Store = None, progress: Tell | None = None, on_plan: OnPlan | None = None) -> Compacted:
    """Pack the journals of runs that have ended into files of Parquet, which give them back byte by byte, and remove them. Small files of imported runs are joined.

    Args:
        dry_run: Write nothing; only return what would be packed.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a line now and then.
        on_plan: Called with what will be packed before anything is, unless another process is at it.

    Raises:
        CarbonError: pyarrow is not installed, another process changes the packs of the store, or the disk is full: what was not packed is as it was.
    """
    from traincarbon.ledger.packs import compacting

    with Ledger(store, progress=progress) as ledger:
        if dry_run or not os.path.isdir(ledger.index.journals):
            found = compacting.plan(ledger.store, ledger.index, tell=progress)._replace(dry_run=dry_run)
            if on_plan is not None:
                on_plan(found)
            return found
        return compacting.compact(ledger.store, ledger.index, tell=progress, on_plan=on_plan)


def compact_some(*, store: Store = None) -> Compacted | None:
    """Pack some journals if those of the store are larger than ``$CARBON_COMPACT_ABOVE``, 1 GB by default; return None if nothing was due or possible.

    Args:
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
    """
    from traincarbon.ledger.packs import automatic

    try:
        folder = store_folder(store)
        found = automatic.journals_of_store(folder)
        if found is None or not found.is_due:
            return None
        from traincarbon.ledger.packs import compacting

        with Ledger(folder) as ledger:
            return compacting.compact(ledger.store, ledger.index, most_b=automatic.AT_ONCE_B)
    except (CarbonError, OSError):  # the store is not this user's own, or full: doctor says so
        return None


def query(question: str, *, store: Store = None) -> Answer:
    """Answer a question in SQL about the table ``intervals`` of all packed journals: a row a line, with the energy that it adds.

    Args:
        question: One ``SELECT``.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.

    Raises:
        CarbonError: DuckDB is not installed, or cannot answer.
    """
    from traincarbon.ledger.packs.questions import answer

    with Ledger(store) as ledger:
        return answer(ledger.index, question)

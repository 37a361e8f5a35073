"""Add what runs cost by bills to a ledger, or to records that are only read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from traincarbon.ledger.bill_journals import add_bills
from traincarbon.ledger.bills import billed_of
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import with_second_opinions
from traincarbon.ledger.store import Ledger
from traincarbon.readers.bills.charge import Charge
from traincarbon.readers.bills.joining import Joined, join
from traincarbon.readers.hosts import name_of_host


def add_to_ledger(ledger: Ledger, charges: Sequence[Charge], hosts: Mapping[str, Sequence[str]], *, new: Sequence[Run], dry_run: bool) -> Joined:
    """Join *charges* to the runs of a ledger and write what each cost, unless it is there already.

    Args:
        ledger: The ledger.
        charges: The charges.
        hosts: Hosts of jobs of SLURM by the id of their run.
        new: Runs that are not in the ledger yet, if nothing is to be written.
        dry_run: Write nothing.

    Raises:
        CarbonError: the ledger cannot be written.
    """
    known = {run.run_id: run for run in [*new, *ledger.runs()]}
    joined = join(charges, with_second_opinions(list(known.values())), hosts=hosts, name_of=partial(name_of_host, ledger.store))
    add_bills(ledger.store, joined.by_run, dry_run=dry_run)
    return joined


def with_bills(records: Sequence[Run], charges: Sequence[Charge], hosts: Mapping[str, Sequence[str]]) -> Sequence[Run]:
    """Return *records*, each with what it cost by *charges*."""
    if not charges:
        return records
    by_run = join(charges, with_second_opinions(records), hosts=hosts).by_run
    return [replace(record, billed=billed_of(by_run[record.run_id])) if record.run_id in by_run else record for record in records]

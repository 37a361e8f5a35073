"""Runs whose hardware is a count, as ``8xH100`` and ``TPU v3-256`` are, with the product and the number that it names."""

from collections.abc import Iterable
from dataclasses import replace

from traincarbon.database.find_counted import find_counted
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.complete import accelerators_in
from traincarbon.published.contradicting_columns import check_together
from traincarbon.published.reported_runs import PublishedRun, SetAside
from traincarbon.published.runs_file import NUMBERS, OPTIONAL_NUMBERS


def with_counts(runs: Iterable[PublishedRun], database: Database) -> tuple[list[PublishedRun], list[SetAside]]:
    """Return *runs* with the hardware that they count, and those that contradict their count, each with the reason."""
    kept, aside = [], []
    for run in runs:
        try:
            kept.append(with_counted_hardware(run, database))
        except DatabaseError as error:
            aside.append(SetAside(run.id, str(error)))
    return kept, aside


def with_counted_hardware(run: PublishedRun, database: Database) -> PublishedRun:
    """Return *run* with the product and the number that its hardware names where it is a count of them.

    A column that states a multiple of that number counts: the name may be that of a server.

    Raises:
        DatabaseError: the column ``accelerators`` contradicts the count, or other columns do.
    """
    try:
        product, counted = find_counted(database, run.hardware)
    except CarbonError:
        return run
    if counted.number is None:
        return run
    number, stated = counted.number * (1.0 if counted.counts_accelerators else accelerators_in(product)), run.accelerators
    if number < 1.0:
        raise DatabaseError(f"column hardware: {run.hardware!r} counts none", hint="name the hardware without a number, or how many there were")
    if stated is not None and stated % number:
        message = f"column accelerators: {stated:g} contradicts hardware, {run.hardware!r}, which counts {number:g}"
        raise DatabaseError(message, hint="give the number once, in one of the columns")
    found = replace(run, hardware=product.id, accelerators=stated or number)
    known = {name: value for name in (*NUMBERS, *OPTIONAL_NUMBERS) if (value := getattr(found, name)) is not None}
    check_together(known, found.family)
    return found

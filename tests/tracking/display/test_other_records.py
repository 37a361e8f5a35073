"""What the page of a run says of other records of its energy."""

from dataclasses import replace

import pytest

from traincarbon.ledger.bills import Billed
from traincarbon.ledger.run import RUN_SCHEMA, Run, SecondOpinion
from traincarbon.tracking.display.other_records import other_records


def run(**stated):
    record = Run.from_dict({"schema": RUN_SCHEMA, "run_id": "r", "state": "finished", "duration_s": 1.0})
    return replace(record, **stated)


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.125, "s (sacct) states 2 kWh, 12.5 % more"),
        (-0.2, "s (sacct) states 2 kWh, 20 % less"),
        (0.0, "s (sacct) states 2 kWh, the same"),
        (None, "s (sacct) states 2 kWh"),
    ],
)
def test_an_opinion_is_told_with_its_difference(difference, text):
    assert list(other_records(run(second_opinions=(SecondOpinion("s", "sacct", 7.2e6, difference),)))) == [("Second opinion", text)]


def test_where_a_record_counts_is_told_and_many_opinions_are_counted():
    assert list(other_records(run(counted_in="best"))) == [("Counts in", "best, whose record of the same energy is measured better")]
    many = tuple(SecondOpinion(f"s{n}", "codecarbon", 1.0, 0.0) for n in range(10))
    assert list(other_records(run(second_opinions=many)))[-1] == ("Second opinions", "and 2 more: --json lists all")


def test_bills_are_shown_to_the_cent_and_for_an_hour_of_a_gpu():
    found = run(billed=Billed(64.0, 60.0, 4.0, 3, "2026-03-01", "2026-03-02"), accelerators=8, duration_s=7200.0)
    assert list(other_records(found)) == [("Billed", "$64.00, $4.00 per GPU-hour (3 charges of 2026-03-01 – 2026-03-02, $60.00 by tag, $4.00 by resource)")]
    found = run(billed=Billed(5.0, 0.0, 5.0, 1, "2026-03-01", "2026-03-01"), accelerators=None)
    assert list(other_records(found)) == [("Billed", "$5.00 (1 charge of 2026-03-01, $5.00 by resource)")]

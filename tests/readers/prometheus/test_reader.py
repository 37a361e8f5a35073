"""Which job is asked for, and what is refused before a server is asked."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.readers.prometheus.reader import job_of, job_on
from traincarbon.zones import zone_of

KNOWN = Run.from_dict({"schema": "traincarbon/run/1", "run_id": "slurm-7-1", "state": "finished", "started_at": "2026-03-01T10:00:00Z", "duration_s": 60.0})


def ask(*, job: str = "", hosts: str = "", begin: str = "", end: str = "", zone: str = "", known: Run | None = None) -> tuple[float | None, float | None]:
    found = job_of(job=job, hosts=hosts, begin=begin, end=end, zone=zone_of(zone), known=known)
    return found.from_s, found.to_s


def test_times_are_those_of_their_zone() -> None:
    assert ask(hosts="a", begin="2026-03-01T10:00", end="2026-03-01 11:00+00:00", zone="+01:00") == (1_772_355_600.0, 1_772_362_800.0)
    assert ask(job="7", begin="1772355600") == (1_772_355_600.0, None)


def test_a_job_that_another_program_recorded_has_its_times() -> None:
    assert ask(job="7", known=KNOWN) == (1_772_359_200.0, 1_772_359_260.0)
    assert job_on(KNOWN, ("a",))[:4] == ("", ("a",), 1_772_359_200.0, 1_772_359_260.0)


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({}, "none is named"),
        ({"hosts": "a"}, "needs the time"),
        ({"hosts": "a", "begin": "2026-03-01"}, "needs the time"),
        ({"hosts": "a", "begin": "2026-03-02", "end": "2026-03-01"}, "not before --to"),
        ({"job": "7", "begin": "yesterday"}, "--from: 'yesterday' is no date"),
        ({"hosts": "a[", "begin": "1", "end": "2"}, "cannot be read"),
    ],
)
def test_too_little_is_refused_with_what_is_missing(stated: dict[str, str], says: str) -> None:
    with pytest.raises(CarbonError, match=says) as caught:
        ask(**stated)
    assert caught.value.hint

"""The samples of one device out of its series: exporters restart, pods and jobs change labels, and two servers may scrape the same exporter."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.readers.prometheus.client import Series
from traincarbon.readers.prometheus.joules import Sample, longest_step_s
from traincarbon.readers.prometheus.metrics import ATTRIBUTION


class Chain(NamedTuple):
    """The samples of one device by time, and the times of those that name the job."""

    samples: list[Sample]
    of_job: frozenset[float]


def chain_of(series: Sequence[Series], job: tuple[str, str] | None = None) -> Chain:
    """Return the samples of a device from all its series.

    Series that differ only in labels of who used the device follow each other. Of others that overlap, as by two servers of one exporter
    whose clocks differ, the longest one counts, and what the rest know of the times between.

    Args:
        series: The series of the device.
        job: Label and value that name the job, None if the job is not named by a label.
    """
    by_scrape: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    of_job: set[float] = set()
    for each in series:
        samples = by_scrape.setdefault(_scrape(each.labels), {})
        for time_s, value in each.samples:
            samples[time_s] = max(value, samples.get(time_s, value))
        if job is not None and each.labels.get(job[0]) == job[1]:
            of_job.update(time_s for time_s, _ in each.samples)
    chains = sorted((sorted(samples.items()) for samples in by_scrape.values()), key=lambda chain: (-len(chain), chain))
    merged = chains[0] if chains else []
    for chain in chains[1:]:
        merged = _completed(merged, chain)
    return Chain(merged, frozenset(of_job))


def windows_of(chain: Chain, *, from_s: float, to_s: float, slack_s: float) -> list[tuple[float, float]]:
    """Return the times between *from_s* and *to_s* in which the job had the device: from its first to its last sample in each stretch.

    The first and the last stretch reach to them if they are no further away than *slack_s*: an exporter shows a job with the scrape after its beginning.
    """
    stretches: list[list[float]] = []
    is_open = False
    for time_s, _ in chain.samples:
        if time_s not in chain.of_job:
            is_open = False
        elif is_open:
            stretches[-1][1] = time_s
        else:
            stretches.append([time_s, time_s])
            is_open = True
    if stretches and 0.0 < stretches[0][0] - from_s <= slack_s:
        stretches[0][0] = from_s
    if stretches and 0.0 < to_s - stretches[-1][1] <= slack_s:
        stretches[-1][1] = to_s
    return [(max(begin_s, from_s), min(end_s, to_s)) for begin_s, end_s in stretches if begin_s < to_s and end_s > from_s]


def _scrape(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in labels.items() if pair[0] not in ATTRIBUTION)


def _completed(chain: list[Sample], other: list[Sample]) -> list[Sample]:
    """Return the samples of a chain, with those of another where it has none for longer than between two of its samples."""
    longest_s = longest_step_s(chain)
    times_s = [time_s for time_s, _ in chain]
    kept = []
    for time_s, value in other:
        at = bisect_left(times_s, time_s)
        is_between = 0 < at < len(times_s) and times_s[at] - times_s[at - 1] <= longest_s
        is_there = at < len(times_s) and times_s[at] == time_s
        if not (is_between or is_there):
            kept.append((time_s, value))
    return sorted([*chain, *kept])

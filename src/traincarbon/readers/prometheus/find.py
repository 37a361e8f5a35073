"""Find the series of a job by its label, and those of a host by its name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.readers.prometheus.client import Client, Series, literal, matching
from traincarbon.readers.prometheus.metrics import COUNTERS, FLAGS, HOST_LABELS, JOB_LABELS, NAMES, Scope, device_of, metric_of

EDGE_S = 300.0
"""How far around a time its neighbouring samples are looked for, as Prometheus itself does."""

_PORT = re.compile(r":\d+$")
_ADDRESS = re.compile(r"[\d.]+|.*:.*")
_NEAR_S = 600.0
"""To within this time the first and the last series of a job are looked for before its samples are read."""


class JobSeries(NamedTuple):
    """The series of a job.

    Attributes:
        label: The label that names it, with its value.
        series: Their labels.
        from_s: A time before their first sample, by at most some minutes. [s]
        to_s: A time after their last one. [s]
    """

    label: tuple[str, str]
    series: list[dict[str, str]]
    from_s: float
    to_s: float

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the job."""
        return tuple(dict.fromkeys(host for labels in self.series if (host := host_of(labels))))


def find_job(client: Client, job: str, *, from_s: float, to_s: float, is_exact: bool) -> JobSeries:
    """Return the series of a job between two times.

    Args:
        client: The server.
        job: The value of one of :data:`JOB_LABELS`, or LABEL=VALUE.
        from_s: The earliest time. [s]
        to_s: The latest time. [s]
        is_exact: Whether these are the times of the job, so that its beginning and end are not looked for.

    Raises:
        NotFoundError: no series has such a label.
        CarbonError: the server cannot be asked.
    """
    label, mark, value = job.partition("=")
    stated = [label] if mark else list(JOB_LABELS)
    value = value if mark else job
    selectors = [matching(name="|".join([*NAMES, *FLAGS]), **{each: literal(value)}) for each in stated]
    found = client.series(selectors, from_s, to_s)
    name = next((each for each in stated if any(labels.get(each) == value for labels in found)), "")
    if not name:
        raise NotFoundError(
            f"Prometheus has no energy with the label of job {value[:60]!r}",
            hint=f"labels that are looked at: {', '.join(stated)}; state another one as --job LABEL={value[:40]}, or name its hosts: --hosts a,b --from --to",
        )
    selector = [matching(name="|".join([*NAMES, *FLAGS]), **{name: literal(value)})]
    mine = [labels for labels in found if labels.get(name) == value]
    if not is_exact:
        from_s, to_s = _narrowed(client, selector, from_s, to_s)
    return JobSeries((name, value), mine, from_s, to_s)


def host_series(client: Client, host: str, *, from_s: float, to_s: float) -> list[Series]:
    """Return the series of a host that state energy or power, with their samples between two times and a little around them.

    Raises:
        CarbonError: the server cannot be asked.
    """
    begin_s, end_s = from_s - EDGE_S, to_s + EDGE_S
    pattern = _pattern(host)
    listed = client.series([matching(name="|".join(NAMES), **{label: pattern}) for label in HOST_LABELS], begin_s, end_s)
    by_label: dict[str, list[dict[str, str]]] = {}
    for labels in listed:
        label = next((label for label in HOST_LABELS if re.fullmatch(pattern, labels.get(label, ""))), "")
        by_label.setdefault(label, []).append(labels)
    by_label.pop("", None)
    found: dict[frozenset[tuple[str, str]], Series] = {}
    for label, series in by_label.items():
        names = _needed(series)
        read = client.samples(matching(name="|".join(names), **{label: pattern}), begin_s, end_s)
        rest = sorted({labels["__name__"] for labels in series} - set(names))
        if rest and any(_counts_nothing(each) for each in read):
            read += client.samples(matching(name="|".join(rest), **{label: pattern}), begin_s, end_s)
        found |= {frozenset(each.labels.items()): each for each in read}
    return list(found.values())


def flag_series(client: Client, job: JobSeries, *, from_s: float, to_s: float) -> list[Series]:
    """Return the series of CEEMS that state on which GPUs a job runs.

    Raises:
        CarbonError: the server cannot be asked.
    """
    if not any(labels.get("__name__") in FLAGS for labels in job.series):
        return []
    label, value = job.label
    return client.samples(matching(name="|".join(FLAGS), **{label: literal(value)}), from_s - EDGE_S, to_s + EDGE_S)


def host_of(labels: Mapping[str, str]) -> str:
    """Return the name of the node that a series is of, empty if it states none.

    Example:
        >>> host_of({"instance": "10.1.2.3:9400", "Hostname": "gpu-7"}), host_of({"instance": "gpu-7:9100"})
        ('gpu-7', 'gpu-7')
    """
    return next((_PORT.sub("", labels[label]) for label in HOST_LABELS if labels.get(label)), "")


def is_host(name: str, host: str) -> bool:
    """Return whether a name of a node, perhaps with its domain, is that of *host*."""
    return re.fullmatch(_pattern(host), name) is not None


def check_known(hosts: Iterable[str], found: Sequence[str], url: str) -> None:
    """Refuse hosts of which none has any series.

    Raises:
        NotFoundError: none has.
    """
    if not found:
        raise NotFoundError(
            f"Prometheus at {url} has no energy of {', '.join(hosts)[:80]} at that time",
            hint=f"hosts are looked for in the labels {', '.join(HOST_LABELS)}; metrics in carbon's documentation, docs/readers.md",
        )


def _needed(series: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the names of the metrics to read: power of GPUs only if some GPU has no counter."""
    names = {labels.get("__name__", "") for labels in series}
    of_gpus: dict[str, set[str]] = {}
    for labels in series:
        metric = metric_of(labels, Scope.DEVICE)
        if metric is not None:
            of_gpus.setdefault(metric.name, set()).add(device_of(metric, labels))
    counted = {device for name in COUNTERS for device in of_gpus.get(name, ())}
    return sorted(name for name in names if name in COUNTERS or not of_gpus.get(name) or not of_gpus[name] <= counted)


def _counts_nothing(series: Series) -> bool:
    """Return whether a counter of a GPU stays at 0, as that of a GPU without one does."""
    return series.labels.get("__name__") in COUNTERS and not any(value for _, value in series.samples)


def _narrowed(client: Client, selector: list[str], from_s: float, to_s: float) -> tuple[float, float]:
    """Return when the first and the last of the series have samples, to within some minutes."""
    low, high = from_s, to_s
    while high - low > _NEAR_S:  # the first: some are there until high, none until low
        middle = (low + high) / 2.0
        low, high = (low, middle) if client.series(selector, from_s, middle) else (middle, high)
    first_s, high = low, to_s
    while high - low > _NEAR_S:  # the last: some are there from low, none from high
        middle = (low + high) / 2.0
        low, high = (middle, high) if client.series(selector, middle, to_s) else (low, middle)
    if first_s >= to_s:
        raise CarbonError("Prometheus lists the job without samples", hint="state its time: --from and --to")
    return first_s, high


def _pattern(host: str) -> str:
    """Return a regular expression of the names that a host may have: with or without domain and port."""
    if _ADDRESS.fullmatch(host):
        return rf"\[?{literal(host)}\]?(:[0-9]+)?"
    short, dot, _ = host.partition(".")
    name = f"({literal(host)}|{literal(short)})" if dot else rf"{literal(host)}(\.[^:]+)?"
    return f"{name}(:[0-9]+)?"

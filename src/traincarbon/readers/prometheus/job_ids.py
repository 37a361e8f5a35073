"""Which jobs ``--job`` names: several, spans of numbers, and patterns, which a server's labels answer."""

import re
from collections.abc import Iterable

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.readers.prometheus.client import Client, literal, matching
from traincarbon.readers.prometheus.hostlist import hosts_of
from traincarbon.readers.prometheus.metrics import FLAGS, JOB_LABELS, NAMES

_MOST_JOBS = 10_000
_COMMA = re.compile(r",(?![^\[]*\])")


def job_ids(stated: str | Iterable[str]) -> tuple[str, ...]:
    """Return the jobs that ``--job`` names, each once; a label holds for those after it.

    Raises:
        CarbonError: a bracket cannot be read, or it names more jobs than are read at once.

    Example:
        >>> job_ids("1234, 1236"), job_ids(["123[4-6]", "train-*"]), job_ids("pod=a,b")
        (('1234', '1236'), ('1234', '1235', '1236', 'train-*'), ('pod=a', 'pod=b'))
    """
    found: dict[str, None] = {}
    for text in [stated] if isinstance(stated, str) else stated:
        prefix = ""
        for part in _COMMA.split(text):
            label, mark, value = part.strip().partition("=")
            prefix = f"{label.strip()}=" if mark else prefix
            found |= dict.fromkeys(f"{prefix}{id}" for id in hosts_of(value if mark else label))
    if len(found) > _MOST_JOBS:
        raise CarbonError(f"--job names more than {_MOST_JOBS:,} jobs", hint="import them in parts")
    return tuple(found)


def is_pattern(id: str) -> bool:
    """Return whether an id stands for several jobs: ``*`` is any text, ``?`` any character.

    Example:
        >>> is_pattern("train-*"), is_pattern("pod=train-0")
        (True, False)
    """
    return "*" in id or "?" in id


def is_like(id: str, pattern: str) -> bool:
    """Return whether an id, without a label, is one that a *pattern* stands for.

    Example:
        >>> is_like("1234", "12*"), is_like("1234", "1234"), is_like("1234", "pod=12*")
        (True, True, False)
    """
    if not is_pattern(pattern):
        return id == pattern
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern), id) is not None


def ids_like(client: Client, pattern: str, *, from_s: float, to_s: float) -> list[str]:
    """Return the jobs with samples between two times that a *pattern* stands for, each as LABEL=VALUE.

    If several labels have such values, the first one of :data:`~traincarbon.readers.prometheus.metrics.JOB_LABELS` counts.

    Raises:
        NotFoundError: there is none.
        CarbonError: there are too many, or the server cannot be asked.
    """
    label, mark, value = pattern.partition("=")
    labels, value = ([label], value) if mark else (list(JOB_LABELS), pattern)
    wanted = "".join({"*": ".*", "?": "."}.get(letter) or literal(letter) for letter in value)
    known = client.series([matching(name="|".join([*NAMES, *FLAGS]), **{each: wanted}) for each in labels], from_s, to_s)
    for each in labels:
        found = sorted({name for series in known if (name := series.get(each, "")) and is_like(name, value)})
        if len(found) > _MOST_JOBS:
            raise CarbonError(f"{len(found):,} jobs are like {pattern[:60]!r}", hint="name a time with --from and --to, or a narrower pattern")
        if found:
            return [f"{each}={name}" for name in found]
    raise NotFoundError(f"Prometheus has no energy of a job like {pattern[:60]!r}", hint=f"labels that are looked at: {', '.join(labels)}")

"""Names of hosts as people and SLURM write them: ``a,b`` and ``gpu[01-03,07]``."""

import re

from traincarbon.errors import CarbonError

_MOST_HOSTS = 20_000
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")
_BRACKETS = re.compile(r"([^\[\]]*)\[([^\[\]]*)\](.*)")


def hosts_of(text: str) -> tuple[str, ...]:
    """Return the hosts that *text* lists, each once.

    Raises:
        CarbonError: a bracket cannot be read, or it lists more hosts than a cluster has.

    Example:
        >>> hosts_of("a, b"), hosts_of("gpu[01-03,07],login"), hosts_of("r[1-2]n[1-2]")
        (('a', 'b'), ('gpu01', 'gpu02', 'gpu03', 'gpu07', 'login'), ('r1n1', 'r1n2', 'r2n1', 'r2n2'))
    """
    found: dict[str, None] = {}
    for part in re.split(r"[,\s]+(?![^\[]*\])", text.strip()):
        for host in _expanded(part, text) if part else ():
            found[host] = None
            if len(found) > _MOST_HOSTS:
                raise CarbonError(f"--hosts lists more than {_MOST_HOSTS:,} hosts", hint="import the jobs one by one")
    return tuple(found)


def _expanded(part: str, text: str) -> list[str]:
    if "[" not in part and "]" not in part:
        return [part]
    known = _BRACKETS.fullmatch(part)
    spans = [_SPAN.fullmatch(each.strip()) for each in known[2].split(",")] if known else []
    if known is None or not all(spans):
        raise CarbonError(f"the list of hosts {text[:60]!r} cannot be read", hint="write a,b or gpu[01-03,07]")
    rest = _expanded(known[3], text)
    numbers = [number for span in spans if span for number in _numbers(span[1], span[2] or span[1])]
    if len(numbers) * len(rest) > _MOST_HOSTS:
        raise CarbonError(f"the list of hosts {text[:60]!r} has more than {_MOST_HOSTS:,}", hint="import the jobs one by one")
    return [f"{known[1]}{number}{end}" for number in numbers for end in rest]


def _numbers(first: str, last: str) -> list[str]:
    """Return the numbers of a span, with as many digits as its first one."""
    if int(last) - int(first) > _MOST_HOSTS:
        raise CarbonError(f"the hosts {first[:20]}-{last[:20]} are more than {_MOST_HOSTS:,}", hint="import the jobs one by one")
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]

"""Logs of carbontracker before 1.0.7, whose lines name thread and level and state every sample of power, in the form of later ones."""

import re
from datetime import datetime

_LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) - \w+ - [A-Z]+ - (.*)$")
_STARTED, _ENDED = re.compile(r"Epoch (\d+) started\."), re.compile(r"Epoch (\d+) ended\.")
_POWERS = re.compile(r"Power usages for (\w+): (\[.*\])\.?")
_SAMPLE = re.compile(r"\[([^\[\]]*)\]")
_DEVICES = re.compile(r"(?<= )(gpu|cpu)(?= with device\(s\))")
_FOUND = "The following components were found:"


def modern(text: str) -> str:
    r"""Return a log in the form of later releases; a log that has it already stays as it is.

    Example:
        >>> old = "2020-05-05 10:00:00,250 - MainThread - INFO - Epoch {}.\n"
        >>> print(modern(old.format("1 started") + old.format("1 ended").replace("00,250", "09,500") + old.format("x").replace("Epoch x", "Power usages for gpu: [[100.0], [300.0]]")), end="")
        2020-05-05 10:00:09 - Epoch 1:
        2020-05-05 10:00:09 - Duration: 0:00:09.250000
        2020-05-05 10:00:00 - Average power usage (W) for gpu: [200.0]
    """
    lines = text.splitlines()
    if not any(_LINE.match(line) for line in lines[:20]):
        return text
    found: list[str] = []
    started: dict[str, datetime] = {}
    for line in lines:
        known = _LINE.match(line)
        if known is None:
            found.append(line)
            continue
        time, said = known[1], known[3]
        at = datetime.fromisoformat(f"{time}.{known[2]}")
        if begin := _STARTED.fullmatch(said):
            started[begin[1]] = at
        elif (end := _ENDED.fullmatch(said)) and end[1] in started:
            found += [f"{time} - Epoch {end[1]}:", f"{time} - Duration: {at - started[end[1]]}"]
        elif powers := _POWERS.fullmatch(said):
            found.append(f"{time} - Average power usage (W) for {powers[1]}: {_means(powers[2])}")
        else:
            found.append(f"{time} - {_components(said) if _FOUND in said else said}")
    return "".join(f"{line}\n" for line in found)


def _components(said: str) -> str:
    return _DEVICES.sub(lambda part: part[1].upper(), said.replace(f"{_FOUND}  ", f"{_FOUND} "))


def _means(samples: str) -> list[float]:
    """Return the mean power of each device of the samples, nothing if they cannot be read."""
    try:
        rows = [[float(power) for power in row.split(",")] for row in _SAMPLE.findall(samples) if row.strip()]
        return [sum(powers) / len(powers) for powers in zip(*rows, strict=True)]
    except ValueError:
        return []

"""Read the plain part of TOML that the files of products are written in: strings, numbers and lists of strings, one a line.

It takes a tenth of the time that importing :mod:`tomllib` takes, which reads everything else.
"""

_DIGITS = frozenset("0123456789")
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
"""What a key without quotes may hold."""
_MOST_LETTERS = 40
"""A longer number is not plain."""


def plain_toml(text: str) -> dict[str, object] | None:
    r"""Return what :func:`tomllib.loads` returns for *text*, or None where *text* is not plain enough to be sure.

    Example:
        >>> plain_toml('name = "A100"\n[memory_b]\nvalue = 80e9')
        {'name': 'A100', 'memory_b': {'value': 80000000000.0}}
        >>> plain_toml("peak.bf16 = 312e12") is None
        True
    """
    tables: dict[str, object] = {}
    table = tables
    for line in text.split("\n"):
        if not line or (line[0] == "#" and line.isprintable()):
            continue
        if line[0] == "[" and line[-1] == "]":
            name, home = _table_name(line[1:-1]), tables
            table = {}
            value: object = table
        else:
            key, _, stated = line.partition(" = ")
            name, value, home = _bare(key), _value(stated), table
        if value is None or not name or name in home:
            return None
        home[name] = value
    return tables


def _table_name(text: str) -> str:
    """Return the name of a table as it stands in brackets, with or without quotes; empty if it may be something else."""
    if text[:1] == '"' == text[-1:] and len(text) > len('""'):
        inside = text[1:-1]
        return inside if inside.isprintable() and not {'"', "\\"} & set(inside) else ""
    return _bare(text)


def _bare(text: str) -> str:
    """Return *text* if it is a key without quotes, else nothing."""
    return text if _BARE.issuperset(text) else ""


def _value(stated: str) -> object:
    """Return the string, the number or the list of strings that *stated* is, or None if it may be something else."""
    if not stated or "\\" in stated or not stated.isprintable():
        return None
    quote = stated[0]
    if quote in "\"'":
        return stated[1:-1] if stated[-1] == quote and stated.count(quote) == len("''") else None
    if quote == "[":
        return _texts(stated)
    return _number(stated)


def _texts(stated: str) -> list[str] | None:
    if stated == "[]":
        return []
    between = stated[1:-1].split('"')
    separators = between[::2]
    is_plain = stated[-1] == "]" and len(separators) > 1 and separators[0] == separators[-1] == "" and set(separators[1:-1]) <= {", "}
    return between[1::2] if is_plain else None


def _number(stated: str) -> float | None:
    if len(stated) > _MOST_LETTERS:
        return None
    mantissa, mark, exponent = stated.partition("e")
    whole, point, fraction = mantissa.partition(".")
    signless = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    parts = [*whole.split("_"), *([fraction] if point else []), *([signless] if mark else [])]
    if not all(part and _DIGITS.issuperset(part) for part in parts) or (whole[0] == "0" and whole != "0"):
        return None
    return float(stated) if point or mark else int(stated)

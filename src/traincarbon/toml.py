"""Tables as TOML text and back."""

from collections.abc import Mapping

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


_MOST_B = 4_000_000
"""A longer text was written neither by a person nor by this package."""
_MOST_KEYS = 64
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED = rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_KEYS}}}"
"""A key of more parts: reading one takes time and memory that grow with the square of their number."""


def parse_toml(text: str) -> dict[str, object]:
    """Return what ``tomllib`` returns for *text*, in time and memory that are bounded whatever the text is.

    Raises:
        ValueError: *text* is not TOML, is too long, or has a key of too many parts.

    Example:
        >>> parse_toml("a.b = 1")
        {'a': {'b': 1}}
    """
    import re
    import tomllib  # few commands need it

    if len(text) > _MOST_B:
        raise ValueError(f"it is longer than {_MOST_B // 1_000_000} MB")
    if text.count(".") > _MOST_KEYS and re.search(_DOTTED, text):
        raise ValueError(f"a key has more than {_MOST_KEYS} parts")
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def to_toml(table: Mapping[str, object]) -> str:
    """Return *table* as TOML: values first, then tables and lists of tables. None is left out.

    Example:
        >>> print(to_toml({"name": "a plan", "gpus": [8, 16], "price": {"usd": 2.5}}), end="")
        name = "a plan"
        gpus = [8, 16]
        <BLANKLINE>
        [price]
        usd = 2.5
    """
    lines = _lines(table, ())
    return "".join(f"{line}\n" for line in lines[lines[:1] == [""] :])


def _lines(table: Mapping[str, object], above: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(name)} = {_value(value)}" for name, value in table.items() if value is not None and not _tables(value)]
    for name, value in table.items():
        heading = ".".join((*above, _key(name)))
        for each in _tables(value):
            inside = _lines(each, (*above, _key(name)))
            if isinstance(value, Mapping):
                is_implied = inside and not inside[0]
                lines += inside if is_implied else ["", f"[{heading}]", *inside]
            else:
                lines += ["", f"[[{heading}]]", *inside]
    return lines


def _tables(value: object) -> list[Mapping[str, object]]:
    """Return the tables that a value is written as, none for a plain value."""
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
        return list(value)
    return []


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(name)} = {_value(item)}' for name, item in value.items())}}}"
    return repr(value)


def _text(text: str) -> str:
    escaped = "".join(_ESCAPES.get(letter) or (f"\\u{ord(letter):04x}" if ord(letter) < 32 or ord(letter) == 127 else letter) for letter in text)
    return f'"{escaped}"'

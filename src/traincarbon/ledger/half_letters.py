"""Halves of letters (lone surrogates), which JSON can hold and UTF-8 cannot: no file, index or terminal takes them."""

import json
from typing import Any


def without_halves(value: Any) -> Any:
    """Return parsed JSON in which each half of a letter is a question mark.

    Example:
        >>> without_halves({"name": "a" + chr(0xD800), "n": 1})
        {'name': 'a?', 'n': 1}
    """
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def has_halves(value: object) -> bool:
    """Return whether a text somewhere in *value* may have half of a letter; it never misses one.

    Example:
        >>> has_halves({"name": ["a" + chr(0xD800)]}), has_halves({"name": chr(0x1F600)})
        (True, False)
    """
    return "\\ud" in repr(value)


def as_asked(value: object) -> object:
    r"""Return a value as a table is asked for it: a text with half of a letter, which no table has and SQLite does not take, as bytes, which equal no text.

    Example:
        >>> as_asked("bert"), as_asked(3), as_asked(chr(0xDCFF))
        ('bert', 3, b'\xed\xb3\xbf')
    """
    if not isinstance(value, str):
        return value
    kept = value.encode("utf-8", "surrogatepass")
    return value if kept.decode("utf-8", "replace") == value else kept

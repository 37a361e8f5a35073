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

"""Texts as PostgreSQL can hold them, and keys that fit into its indexes."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_LONGEST = 300
_CUT = re.compile(rf".{{{_LONGEST}}}…[0-9a-f]{{16}}", re.DOTALL)
"""What was cut already, as the server shows it: it stays as it is."""
_NOT_STORED = re.compile("[\x00\ud800-\udfff]")
"""What UTF-8 or PostgreSQL does not have: NUL, and halves of a pair."""
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")
"""What of JSON may be one of these, or a whole pair."""


def stored_text(text: str) -> str:
    r"""Return a text of a run as a column holds it: what cannot be stored is written as its code, and a long text is cut and told apart by a digest.

    Example:
        >>> stored_text("bert-3"), stored_text("a\x00b")
        ('bert-3', 'a\\u0000b')
        >>> len(stored_text("x" * 5000))
        317
    """
    kept = _coded(text)
    if len(kept) <= _LONGEST or _CUT.fullmatch(kept):
        return kept
    return f"{kept[:_LONGEST]}…{hashlib.blake2s(kept.encode(), digest_size=8).hexdigest()}"


def stored_json(value: Any) -> str:
    r"""Return *value* as JSON of which PostgreSQL can read every text: what cannot be stored is written as its code, as in a column.

    One text that it cannot read is an error of each question about the table.

    Example:
        >>> stored_json({"project": "a\x00b", "name": "é"})
        '{"project": "a\\\\u0000b", "name": "\\u00e9"}'
    """
    written = json.dumps(value)
    return json.dumps(_all_coded(value)) if _SUSPECT.search(written) else written


def _coded(text: str) -> str:
    return _NOT_STORED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _all_coded(value: Any) -> Any:
    if isinstance(value, str):
        return _coded(value)
    if isinstance(value, Mapping):
        return {_all_coded(name): _all_coded(each) for name, each in value.items()}
    return [_all_coded(each) for each in value] if isinstance(value, (list, tuple)) else value

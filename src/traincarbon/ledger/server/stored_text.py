"""Texts as PostgreSQL can hold them, and keys that fit into its indexes."""

import hashlib
import re

_LONGEST = 300
_CUT = re.compile(rf".{{{_LONGEST}}}…[0-9a-f]{{16}}", re.DOTALL)
"""What was cut already, as the server shows it: it stays as it is."""
_NOT_STORED = re.compile("[\x00\ud800-\udfff]")
"""What UTF-8 or PostgreSQL does not have: NUL, and halves of a pair."""


def stored_text(text: str) -> str:
    r"""Return a text of a run as a column holds it: what cannot be stored is written as its code, and a long text is cut and told apart by a digest.

    Example:
        >>> stored_text("bert-3"), stored_text("a\x00b")
        ('bert-3', 'a\\u0000b')
        >>> len(stored_text("x" * 5000))
        317
    """
    kept = _NOT_STORED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if len(kept) <= _LONGEST or _CUT.fullmatch(kept):
        return kept
    return f"{kept[:_LONGEST]}…{hashlib.blake2s(kept.encode(), digest_size=8).hexdigest()}"

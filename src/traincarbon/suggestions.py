"""Suggest the name that was probably meant, the same way on the command line, in Python and in files."""

from collections.abc import Iterable

_LONGEST = 60
_ALIKE = 0.6
"""How alike two names must be, of 1 for the same."""


def nearest(name: str, known: Iterable[str], *, most: int = 1, alike: float = _ALIKE) -> list[str]:
    """Return the *known* names that look most like *name*, the best first; none is less *alike* than that, of 1 for the same.

    Example:
        >>> nearest("toknes", ["params", "tokens", "hw"])
        ['tokens']
    """
    from difflib import get_close_matches

    return get_close_matches(name[:_LONGEST], sorted(set(known)), n=most, cutoff=alike)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown *name*: what was probably meant, or else all *known* names.

    Example:
        >>> did_you_mean("toknes", ["params", "tokens"]), did_you_mean("abacus", ["params", "tokens"])
        ('did you mean tokens?', 'known are params, tokens')
    """
    names = list(known)
    close = nearest(name.lower().replace("-", "_"), names)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"

"""What a callback inherits from where its framework is not installed: it can be imported, and refuses to be made."""

from traincarbon.errors import CarbonError

_MARK = "_is_absent"


def absent_base(name: str) -> type:
    """Return a class that takes the place of the class *name* of a framework that is not installed."""
    return type(name, (), {_MARK: True})


def refuse_absent(base: type, *, package: str) -> None:
    """Refuse to make a callback without its framework.

    Args:
        base: What the callback inherits from.
        package: The framework.

    Raises:
        CarbonError: the framework is not installed.
    """
    if getattr(base, _MARK, False):
        raise CarbonError(f"{package} is not installed", hint=f"pip install {package}; a loop of your own needs none: traincarbon.steps")

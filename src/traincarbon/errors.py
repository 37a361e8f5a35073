"""The error tree, drawn before anything raises.

::

    CarbonError                  everything that traincarbon raises on purpose
    ├── OutOfRangeError          a quantity outside what the physics or the formula allows
    ├── QuantityError            a text that is no number: "530 B params", "1e400", "nan"
    ├── PlanError                a plan that cannot be read or contradicts itself
    ├── DatabaseError            a file of the hardware database that cannot be trusted
    └── NotFoundError            no such hardware, region or zone
        └── AmbiguousError       several things fit the name

Each says what was wrong, with the value, in one line, and what to do about it in ``hint``.
"""


class CarbonError(Exception):
    """Base of all errors raised on purpose; ``str(error)`` is one line, ``hint`` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class OutOfRangeError(CarbonError):
    """A quantity lies outside what the physics or the formula allows."""


class QuantityError(CarbonError):
    """A text does not state a finite number in the expected unit."""


class PlanError(CarbonError):
    """A plan cannot be read, names something unknown, or contradicts itself."""


class DatabaseError(CarbonError):
    """A file of the hardware database is unreadable, incomplete or inconsistent."""


class NotFoundError(CarbonError):
    """No hardware, region or zone has that name."""


class AmbiguousError(NotFoundError):
    """Several things have a name like that; the candidates are in the hint."""

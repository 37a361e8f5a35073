"""The error tree.

::

    CarbonError                  every error that traincarbon raises on purpose
    ├── OutOfRangeError          a quantity outside its possible range
    ├── QuantityError            a text that does not state a number: "530 B params", "1e400", "nan"
    ├── PlanError                a plan that cannot be read or contradicts itself
    ├── DatabaseError            a file of the hardware database that is unreadable or inconsistent
    └── NotFoundError            unknown hardware, region or zone
        └── AmbiguousError       a name that matches several

The message is one line and states what was wrong, with the value. ``hint`` states what to do.
"""


class CarbonError(Exception):
    """Base of all errors that traincarbon raises on purpose.

    Args:
        message: What was wrong, in one line.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class OutOfRangeError(CarbonError):
    """A quantity is outside its possible range."""


class QuantityError(CarbonError):
    """A text does not state a finite number in the expected unit."""


class PlanError(CarbonError):
    """A plan cannot be read, names something unknown, or contradicts itself."""


class DatabaseError(CarbonError):
    """A file of the hardware database is unreadable, incomplete or inconsistent."""


class NotFoundError(CarbonError):
    """No hardware, region or zone has the name."""


class AmbiguousError(NotFoundError):
    """The name matches several things; the hint lists them."""

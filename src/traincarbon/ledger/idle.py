"""When a GPU that a run holds is idle: by its utilisation, and by its power where its idle power is known."""

IDLE_UTILISATION = 0.02
"""Up to this mean utilisation nothing runs on a GPU."""
_TIMES_IDLE_POWER = 2.0
"""A GPU that reports no utilisation to speak of draws at most this many times its idle power, as a program holds it."""
_TIMES_IDLE_POWER_ALONE = 1.2
"""The same where it does not report its utilisation, so that only its power tells."""


def is_idle(*, utilisation: float | None, power_w: float, idle_w: float | None) -> bool | None:
    """Return whether a GPU was idle over some time, None if that cannot be known.

    Args:
        utilisation: Its mean utilisation, None where it does not report it. [1]
        power_w: Its mean power. [W]
        idle_w: Its power without work, by the hardware database. [W]

    Example:
        >>> is_idle(utilisation=0.0, power_w=80.0, idle_w=None), is_idle(utilisation=0.0, power_w=400.0, idle_w=70.0)
        (True, False)
        >>> is_idle(utilisation=None, power_w=80.0, idle_w=70.0), is_idle(utilisation=None, power_w=80.0, idle_w=None)
        (True, None)
    """
    if utilisation is None:
        return None if idle_w is None else power_w <= _TIMES_IDLE_POWER_ALONE * idle_w
    return utilisation <= IDLE_UTILISATION and (idle_w is None or power_w <= _TIMES_IDLE_POWER * idle_w)

"""From a plan to an estimate: the chain from parameters and tokens to time, money, energy, carbon and water.

The package is called like the function that it is about, and may be called as it: ``traincarbon.estimate(params=7e9, …)``.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traincarbon.estimate.result import Estimate


class _CallablePackage(type(sys)):  # type: ignore[misc]
    """This package as a function; importing a module of it would otherwise hide the function of the same name."""

    def __call__(self, *args: Any, **fields: Any) -> "Estimate":
        """Return the estimate of a plan, see :func:`traincarbon.estimate.chain.estimate`."""
        from traincarbon.estimate.chain import estimate

        return estimate(*args, **fields)


sys.modules[__name__].__class__ = _CallablePackage

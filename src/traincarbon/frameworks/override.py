"""Stand around a method of one object for a while, as around the step of a Trainer, and leave the object as it was."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

Around: TypeAlias = Callable[..., Any]
"""Takes the method that it stands around, then the arguments of a call, and returns what the call returns."""


class Override:
    """Calls *around* in place of a method of *owner*, until :meth:`undo`.

    Args:
        owner: The object; others of its class keep their method.
        name: The method.
        around: What is called.

    Attributes:
        is_done: Whether the object has such a method.
    """

    def __init__(self, owner: object, name: str, around: Around) -> None:
        method = getattr(owner, name, None)
        self.is_done = callable(method) and hasattr(owner, "__dict__")
        if not callable(method) or not self.is_done:
            return

        @functools.wraps(method)
        def called(*args: Any, **options: Any) -> Any:
            return around(method, *args, **options)

        self._owner, self._name, self._called = owner, name, called
        self._own = vars(owner).get(name)
        setattr(owner, name, called)

    def undo(self) -> None:
        """Leave the object as it was, unless other code has put something else there since; safe to call twice."""
        if not self.is_done or vars(self._owner).get(self._name) is not self._called:
            return
        if self._own is None:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._own)

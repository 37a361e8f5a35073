"""The Python bindings of NVML, imported without what they import and do not use."""

import sys
from types import ModuleType
from typing import Any

_UNUSED = "ctypes.util"
"""The bindings import it for Windows alone; it imports shutil, subprocess and tempfile, which take longer and more memory than all else here."""


def nvml_bindings() -> Any:
    """Return the module ``pynvml``.

    Raises:
        ImportError: it is not installed.
    """
    if _UNUSED in sys.modules:
        import pynvml

        return pynvml
    placeholder = _Placeholder(_UNUSED)
    sys.modules[_UNUSED] = placeholder
    try:
        import pynvml
    finally:
        if sys.modules.get(_UNUSED) is placeholder:
            del sys.modules[_UNUSED]
    return pynvml


class _Placeholder(ModuleType):
    """A module that becomes the real one when somebody uses it, as another thread may meanwhile."""

    def find_library(self, name: str) -> str | None:
        """Find a library by its name, as the real module does."""
        found: str | None = _real().find_library(name)
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(), name)


def _real() -> Any:
    if isinstance(sys.modules.get(_UNUSED), _Placeholder):
        del sys.modules[_UNUSED]
    from ctypes import util

    return util

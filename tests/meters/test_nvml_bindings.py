"""The bindings of NVML work as after a plain import, without the modules that they do not use."""

import subprocess
import sys

_WITHOUT = """
import sys
from traincarbon.meters.nvml_bindings import nvml_bindings
bindings = nvml_bindings()
print(bindings.NVML_SUCCESS, callable(bindings.nvmlInit), *(name for name in ("shutil", "subprocess", "tempfile", "ctypes.util") if name in sys.modules))
import ctypes.util
print(callable(ctypes.util.find_library), ctypes.util.find_library is not bindings.find_library, bindings.find_library("c") == ctypes.util.find_library("c"))
print(nvml_bindings() is bindings)
"""


def test_the_bindings_are_imported_without_what_they_do_not_use() -> None:
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{_WITHOUT}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == ["0 True", "True True True", "True"]


def test_a_module_that_is_imported_already_stays_as_it_is() -> None:
    code = "import ctypes.util; before = ctypes.util\nfrom traincarbon.meters.nvml_bindings import nvml_bindings\nnvml_bindings()\nprint(ctypes.util is before)"
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"

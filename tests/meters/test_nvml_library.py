"""NVML through the real bindings: which failures are answers, and which are errors with a hint."""

from types import SimpleNamespace

import pytest

from traincarbon.meters.gpu import GpuError
from traincarbon.meters.nvml_library import Library, NoDeviceError, NotOursError

ERRORS = ("NVMLError", "NVMLError_NotSupported", "NVMLError_FunctionNotFound", "NVMLError_NoPermission")


@pytest.fixture
def library(played):
    """Return a function that plays a trace and opens NVML."""

    def call(*lines):
        import pynvml

        played.play("wave 1:300", *lines)
        made = Library(pynvml)
        made.open()
        return made

    return call


@pytest.mark.parametrize("code", ["not_supported", "no_permission", 13])
def test_what_a_gpu_does_not_support_or_permit_is_no_answer(library, code):
    opened = library(f"fail nvmlDeviceGetName {code}")
    assert opened("nvmlDeviceGetName", opened("nvmlDeviceGetHandleByIndex", 0)) is None


@pytest.mark.parametrize(("code", "kind"), [("lost", GpuError), ("no_permission", NotOursError), ("driver_not_loaded", NoDeviceError)])
def test_what_fails_is_an_error_of_ours(library, code, kind):
    opened = library(f"fail nvmlDeviceGetHandleByIndex {code}")
    with pytest.raises(kind, match="nvmlDeviceGetHandleByIndex: "):
        opened("nvmlDeviceGetHandleByIndex", 0)
    assert opened.optional("nvmlDeviceGetHandleByIndex", 0) is None


def test_without_a_handle_nothing_is_asked(library):
    assert library()("nvmlDeviceGetName", None) is None


def test_a_function_that_the_bindings_lack_is_an_error_of_ours(library):
    with pytest.raises(GpuError, match="nvmlDeviceGetPriceOfTea"):
        library()("nvmlDeviceGetPriceOfTea", 1)


def test_a_name_that_is_no_text_is_an_error_of_ours(library):
    opened = library()
    handle = opened("nvmlDeviceGetHandleByIndex", 0)
    opened._pynvml = SimpleNamespace(nvmlDeviceGetName=lambda _: b"\xff".decode(), **dict.fromkeys(ERRORS, RuntimeError))
    with pytest.raises(GpuError, match="nvmlDeviceGetName: "):
        opened("nvmlDeviceGetName", handle)

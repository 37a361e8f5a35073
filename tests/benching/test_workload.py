import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from traincarbon.benching import workload
from traincarbon.benching.workload import NumpyOnProcessor, TorchOnGpus, TorchOnProcessor, open_workload
from traincarbon.errors import CarbonError
from traincarbon.extras import install_command


@pytest.fixture(autouse=True)
def _no_threads_left(monkeypatch):
    """Put back after each test what the opening of a workload sets."""
    for variable in workload._THREADS:
        monkeypatch.setenv(variable, "1")
        monkeypatch.delenv(variable)


def without(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_numpy_stands_in_where_pytorch_is_missing(monkeypatch):
    without(monkeypatch, "torch")
    opened = open_workload(None, threads=2)
    assert opened.library.startswith(f"NumPy {np.__version__}")
    assert list(opened.bytes_of) == ["fp32", "fp64"]
    assert opened.accelerators == ()


def test_asking_for_pytorch_where_it_is_missing_says_how_to_get_it(monkeypatch):
    without(monkeypatch, "torch")
    with pytest.raises(CarbonError, match="PyTorch is not installed") as refused:
        open_workload("torch", threads=2)
    assert refused.value.hint == f"{install_command(extra='torch')}, or use --library numpy"


def test_libraries_take_as_many_threads_as_were_allotted_unless_the_environment_says(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    open_workload("numpy", threads=3)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_a_sweep_moves_two_arrays_read_and_one_written_over_all_threads():
    work, moved_b = NumpyOnProcessor(2).sweep(480_000)
    assert moved_b == 480_000
    work(2)


def test_numpy_multiplies_in_the_precision_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(np, "matmul", lambda left, _, out: seen.append((left.dtype, left.shape, out.dtype)))
    for precision in ("fp32", "fp64"):
        NumpyOnProcessor(1).product(precision, 8)(1)
    assert seen == [(np.float32, (8, 8), np.float32), (np.float64, (8, 8), np.float64)]


class Torch:
    """As much of PyTorch as a bench calls, on made-up GPUs; it notes what is done where."""

    __version__ = "2.99"
    bfloat16, float16, float32 = "bfloat16", "float16", "float32"

    def __init__(self, *names):
        self.done = []
        properties = SimpleNamespace(total_memory=42e9)
        self.cuda = SimpleNamespace(
            is_available=lambda: bool(names),
            device_count=lambda: len(names),
            get_device_name=lambda index: names[index],
            get_device_properties=lambda _: properties,
            synchronize=lambda device: self.done.append(("wait", device)),
        )
        self.version = SimpleNamespace(hip=None, cuda="13.0")
        self.backends = SimpleNamespace(cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=None)))

    def randn(self, rows, columns, *, device):  # noqa: ARG002
        return SimpleNamespace(to=lambda kind: SimpleNamespace(device=device, kind=kind))

    def ones(self, length, *, device):
        return SimpleNamespace(device=device, length=length)

    def matmul(self, left, right, *, out):
        assert left.device == right.device == out.device
        self.done.append(("product", left.device, left.kind, self.backends.cuda.matmul.allow_tf32))

    def add(self, first, second, *, out):
        assert first.length == second.length == out.length
        self.done.append(("sum", first.device))


def test_gpus_are_taken_where_pytorch_sees_any(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", Torch("Acme One", "Acme One"))
    opened = open_workload(None, threads=4)
    assert isinstance(opened, TorchOnGpus)
    assert opened.accelerators == ("Acme One", "Acme One")
    assert opened.library == "PyTorch 2.99 with CUDA 13.0"
    assert opened.memory_b == 42e9
    assert next(iter(opened.bytes_of)) == "bf16"


def test_the_processor_is_taken_where_pytorch_sees_no_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", Torch())
    opened = open_workload(None, threads=4)
    assert type(opened) is TorchOnProcessor
    assert list(opened.bytes_of) == ["fp32", "bf16"]


def test_all_gpus_of_a_kind_work_at_once_and_are_waited_for():
    torch = Torch("Acme One", "Acme Two", "Acme One")
    opened = TorchOnGpus(torch)
    opened.product("bf16", 8)(2)
    assert torch.done == [
        *[("product", device, "bfloat16", False) for _ in range(2) for device in ("cuda:0", "cuda:2")],
        ("wait", "cuda:0"),
        ("wait", "cuda:2"),
    ]
    assert opened.notes == ("GPUs of other models are not measured: Acme Two",)


@pytest.mark.parametrize(("precision", "kind", "is_tf32"), [("fp32", "float32", False), ("tf32", "float32", True), ("fp16", "float16", False)])
def test_each_precision_is_what_it_says(precision, kind, is_tf32):
    torch = Torch("Acme One")
    TorchOnGpus(torch).product(precision, 8)(1)
    assert torch.done[0] == ("product", "cuda:0", kind, is_tf32)


def test_a_sweep_on_gpus_is_counted_for_one_of_them():
    torch = Torch("Acme One", "Acme One")
    work, moved_b = TorchOnGpus(torch).sweep(1.2e6)
    work(1)
    assert moved_b == 1.2e6
    assert [what for what, *_ in torch.done] == ["sum", "sum", "wait", "wait"]


def test_real_pytorch_multiplies_on_the_processor():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'traincarbon[torch]'")
    opened = TorchOnProcessor(torch)
    for precision in opened.bytes_of:
        opened.product(precision, 16)(2)
    work, moved_b = opened.sweep(12_000)
    work(1)
    assert moved_b == 12_000

"""The work of a benchmark: large matrix products and sweeps through memory, by PyTorch on GPUs or the processor, or by NumPy."""

import os
from collections.abc import Callable
from typing import Any, Protocol

from traincarbon.extras import MissingExtraError

Work = Callable[[int], None]
"""Does its work a given number of times on each accelerator, and returns when all is done."""

LIBRARIES = ("torch", "numpy")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_TERMS = 3
"""Arrays in a sweep: two read and one written."""


class Workload(Protocol):
    """A library and the device that it computes on."""

    library: str
    """Its name and version, and those of the library beneath."""
    accelerators: tuple[str, ...]
    """Names of the GPUs in use, empty if the processor computes."""
    memory_b: float | None
    """Memory of one GPU, None for the processor."""
    bytes_of: dict[str, int]
    """Bytes of a number by precision, the most common in training first."""
    notes: tuple[str, ...]
    """Notes about the device."""

    def product(self, precision: str, size: int) -> Work:
        """Return the product of two square matrices of *size*: 2 size³ FLOP."""
        ...

    def sweep(self, total_b: float) -> tuple[Work, float]:
        """Return the sum of two arrays into a third, *total_b* in total, and the bytes that it moves."""
        ...


def open_workload(library: str | None, *, threads: int) -> Workload:
    """Return the workload of *library*, by default PyTorch if it is installed, else NumPy.

    Args:
        library: ``torch`` or ``numpy``.
        threads: Processor threads to use, unless the environment states them. [1]

    Raises:
        MissingExtraError: it is not installed.
    """
    for variable in _THREADS:
        os.environ.setdefault(variable, str(threads))
    if library != "numpy":
        try:
            import torch
        except ImportError as error:
            if library == "torch":
                raise MissingExtraError("PyTorch is not installed", extra="torch", otherwise="use --library numpy") from error
        else:
            return TorchOnGpus(torch) if torch.cuda.is_available() else TorchOnProcessor(torch)
    return NumpyOnProcessor(threads)


class NumpyOnProcessor:
    """NumPy on the processor: matrix products by its BLAS, sweeps with one thread per processor."""

    accelerators: tuple[str, ...] = ()
    memory_b: float | None = None
    notes: tuple[str, ...] = ()

    def __init__(self, threads: int) -> None:
        import numpy as np

        self._np = np
        self._threads = threads
        beneath = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
        self.library = f"NumPy {np.__version__}" + (f" with {beneath['name']} {beneath.get('version', '')}".rstrip() if beneath.get("name") else "")
        self.bytes_of = {"fp32": 4, "fp64": 8}

    def product(self, precision: str, size: int) -> Work:
        """Return the product of two square matrices of *size*."""
        np = self._np
        random = np.random.default_rng(0)
        kind = {"fp32": np.float32, "fp64": np.float64}[precision]
        left, right = (random.standard_normal((size, size), dtype=kind) for _ in range(2))
        result = np.empty_like(left)

        def work(times: int) -> None:
            for _ in range(times):
                np.matmul(left, right, out=result)

        return work

    def sweep(self, total_b: float) -> tuple[Work, float]:
        """Return a sum of two arrays into a third."""
        from concurrent.futures import ThreadPoolExecutor

        np = self._np
        each = max(int(total_b / 8 / _TERMS / self._threads), 1)
        parts = [tuple(np.ones(each) for _ in range(_TERMS)) for _ in range(self._threads)]
        pool = ThreadPoolExecutor(self._threads)

        def work(times: int) -> None:
            for _ in range(times):
                list(pool.map(lambda part: np.add(part[0], part[1], out=part[2]), parts))

        return work, float(each * self._threads * 8 * _TERMS)


class TorchOnProcessor:
    """PyTorch on the processor."""

    accelerators: tuple[str, ...] = ()
    memory_b: float | None = None
    notes: tuple[str, ...] = ()

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._devices = ["cpu"]
        self.library = f"PyTorch {torch.__version__}"
        self.bytes_of = {"fp32": 4, "bf16": 2}

    def product(self, precision: str, size: int) -> Work:
        """Return the product of two square matrices of *size* on each device."""
        torch = self._torch
        kind = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision, torch.float32)
        sets = [[torch.randn(size, size, device=device).to(kind) for _ in range(3)] for device in self._devices]

        def work(times: int) -> None:
            torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
            for _ in range(times):
                for left, right, result in sets:
                    torch.matmul(left, right, out=result)
            self._wait()

        return work

    def sweep(self, total_b: float) -> tuple[Work, float]:
        """Return a sum of two arrays into a third on each device."""
        torch = self._torch
        each = max(int(total_b / 4 / _TERMS), 1)
        sets = [[torch.ones(each, device=device) for _ in range(_TERMS)] for device in self._devices]

        def work(times: int) -> None:
            for _ in range(times):
                for first, second, result in sets:
                    torch.add(first, second, out=result)
            self._wait()

        return work, float(each * 4 * _TERMS)

    def _wait(self) -> None:
        """Return at once: the processor is done when the call returns."""


class TorchOnGpus(TorchOnProcessor):
    """PyTorch on all visible GPUs of the same model as the first, all at once as in a training."""

    def __init__(self, torch: Any) -> None:
        super().__init__(torch)
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        same = [index for index, name in enumerate(names) if name == names[0]]
        self._devices = [f"cuda:{index}" for index in same]
        self.accelerators = tuple(names[index] for index in same)
        others = sorted(set(names) - {names[0]})
        self.notes = (f"GPUs of other models are not measured: {', '.join(others)}",) if others else ()
        self.memory_b = float(torch.cuda.get_device_properties(0).total_memory)
        self.library += f" with {'ROCm ' + torch.version.hip if torch.version.hip else f'CUDA {torch.version.cuda}'}"
        self.bytes_of = {"bf16": 2, "fp16": 2, "tf32": 4, "fp32": 4}

    def _wait(self) -> None:
        for device in self._devices:
            self._torch.cuda.synchronize(device)

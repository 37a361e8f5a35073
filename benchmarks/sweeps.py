"""Measure how many plans a second of one processor a sweep estimates and writes, without layouts and with them: ``python benchmarks/sweeps.py``."""

import os
import resource
import tempfile
import time

from traincarbon.explore.sweeps.sweep import sweep

PLAIN = {
    "hw": "dgx-h100",
    "params": {"from": 1e9, "to": 1e12, "n": 500, "scale": "log"},
    "tokens": {"from": 1e11, "to": 1e13, "n": 500, "scale": "log"},
    "servers": [16, 64, 256, 1024],
}
LAID_OUT = {**PLAIN, "params": {"from": 1e9, "to": 1e12, "n": 100, "scale": "log"}, "tokens": {"from": 1e11, "to": 1e13, "n": 100, "scale": "log"}}

UNSHARED = {**PLAIN, "params": {"from": 1e9, "to": 1e12, "n": 15, "scale": "log"}, "ffn": {"from": 2048, "to": 66_040, "n": 8000}, "tokens": 1e12}
"""No two plans have a model and a number of servers in common, so none share a layout."""
LARGE = {**PLAIN, "params": {"from": 1e9, "to": 1e12, "n": 2_000, "scale": "log"}}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, grid, layouts in (("medians", PLAIN, False), ("medians and layouts", LAID_OUT, True)):
            best_s, file = float("inf"), os.path.join(folder, "x.parquet")
            for _ in range(3):
                began_s = time.process_time()
                found = sweep(grid, file, layouts=layouts)
                best_s, size_b = min(best_s, time.process_time() - began_s), os.path.getsize(file)
                os.unlink(file)
            print(f"{name}: {found.plans:,} plans, {found.plans / best_s:,.0f} a second of one processor, {size_b / found.plans:.0f} bytes each")
        file = os.path.join(folder, "x.parquet")
        _workers("layouts that no two plans share", UNSHARED, file, layouts=True)
        _workers("intervals", LARGE, file, intervals=True)


def _workers(name: str, grid: dict[str, object], file: str, *, layouts: bool = False, intervals: bool = False) -> None:
    """Compare the processor time of one process with that of two workers and what starts and joins them: their efficiency on a machine with nothing else to do."""
    used_s = []
    for workers in (1, 2):
        began_s = _processor_s()
        found = sweep(grid, file, layouts=layouts, intervals=intervals, workers=workers)
        used_s.append(_processor_s() - began_s)
        os.unlink(file)
    print(f"{name}: {found.plans:,} plans, {found.plans / used_s[0]:,.0f} a second of one processor")
    print(f"two workers: {used_s[0]:.1f} s of processors in one process, {used_s[1]:.1f} s with two workers: {100.0 * used_s[0] / used_s[1]:.0f} %")


def _processor_s() -> float:
    """Return the processor time [s] of this process and of those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()

"""Measure how many plans a second of one processor a sweep estimates and writes, without layouts and with them: ``python benchmarks/sweeps.py``."""

import os
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


if __name__ == "__main__":
    main()

"""Measure how many layout searches a second an array of plans gets, and compare every result with the search of one plan.

Run it with ``python benchmarks/layouts.py``. Other load slows both searches alike, so the ratio of their processor times is given too.
"""

import argparse
import math
import random
import time

import numpy as np

from traincarbon.database.load import open_database
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.search import LayoutTask, Spread, fastest
from traincarbon.estimation.layout.shape import shape_of
from traincarbon.formulas.layout import Shape

TARGET = 50_000.0
BEFORE = 480.0
"""Searches a second of one plan after another on two quiet cores, before there were arrays."""


def random_plans(count: int) -> list[LayoutTask]:
    """Return plans of 0.3 B to 500 B parameters, a fifth of them mixtures of experts, on 1 to 8,192 accelerators."""
    database, chance = open_database(), random.Random(16)
    chip = database.product("accelerators", "h100-sxm5-80gb")
    assert chip is not None
    machine, _ = machine_of(database, chip, precision="bf16", accelerators=1024.0)
    sustained = sustained_of(database, accelerator=chip.id, generation=chip.generation, precision="bf16")
    plans = []
    for _ in range(count):
        params, seq_len = 10.0 ** chance.uniform(8.5, 11.7), chance.choice([2048.0, 4096.0, 8192.0, 32768.0])
        accelerators = 2.0 ** chance.randint(0, 13) if chance.random() < 0.5 else 8.0 * chance.randint(1, 512)
        shape = shape_of(params=params, active_params=params / 8.0 if chance.random() < 0.2 else None, vocab=50257.0, seq_len=seq_len)
        sequences = float(max(1, round(4e6 * math.sqrt(accelerators / 1024.0) / seq_len)))
        plans.append(LayoutTask(shape, machine, sustained, accelerators, 76e9, sequences))
    return plans


def together(plans: list[LayoutTask]) -> LayoutTask:
    shape = Shape(*(np.array(field) for field in zip(*(plan.shape for plan in plans), strict=True)))
    counts = {name: np.array([getattr(plan, name) for plan in plans]) for name in ("accelerators", "sequences")}
    return plans[0]._replace(shape=shape, **counts)


def differs(alone: Spread | None, arrays: Spread, place: int) -> bool:
    if alone is None:
        return not math.isnan(arrays.mfu[place])
    pairs = ((alone.layout, arrays.layout), (alone.step, arrays.step), (alone.memory, arrays.memory), ((alone.mfu,), (arrays.mfu,)))
    return any(tuple(map(float, one)) != tuple(float(field[place]) for field in many) for one, many in pairs)


def main() -> None:
    """Print searches a second, and the number of plans whose result differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=10_000)
    plans = random_plans(parser.parse_args().plans)
    task = together(plans)
    fastest_of_each(task)
    walls, processors = [], []
    for _ in range(5):
        wall_s, processor_s = time.perf_counter(), time.process_time()
        arrays = fastest_of_each(task)
        walls.append(time.perf_counter() - wall_s)
        processors.append(time.process_time() - processor_s)
    began_s = time.process_time()
    alone = [fastest(plan) for plan in plans]
    alone_s = time.process_time() - began_s
    wrong = sum(differs(spread, arrays, place) for place, spread in enumerate(alone))
    count = len(plans)
    print(f"{count:,} random plans, {sum(spread is None for spread in alone):,} of them without a layout; {wrong:,} differ from the search of one plan")
    print(f"{count / min(walls):,.0f} plans a second by the clock (target {TARGET:,.0f}); {count / min(processors):,.0f} a second of one processor")
    print(f"one after another: {count / alone_s:,.0f} a second of one processor ({BEFORE:,.0f} before); arrays take {alone_s / min(processors):.0f} times less")


if __name__ == "__main__":
    main()

"""Random searches for a layout, and many of them as one search of arrays."""

import math
import random

import numpy as np

from traincarbon.estimation.layout.search import LayoutTask
from traincarbon.estimation.layout.shape import shape_of
from traincarbon.formulas.layout import Shape


def plans(machine, count, *, seed, **fixed):
    """Random plans: dense models and mixtures of experts from 0.3 B to 500 B, on 1 to 8,192 accelerators."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        params, seq_len = 10.0 ** chance.uniform(8.5, 11.7), chance.choice([2048.0, 4096.0, 32768.0])
        accelerators = chance.choice([2.0 ** chance.randint(0, 13), 8.0 * chance.randint(1, 512), float(chance.randint(1, 300))])
        shape = shape_of(params=params, active_params=params / 8.0 if chance.random() < 0.2 else None, vocab=50257.0, seq_len=seq_len)
        sequences = max(1.0, round(chance.uniform(0.2, 5.0) * 1e5 * math.sqrt(accelerators) / seq_len))
        made.append(LayoutTask(shape, *machine, accelerators, chance.uniform(20e9, 80e9), sequences, **fixed))
    return made


def together(tasks):
    numbers = {name: np.array([getattr(task, name) for task in tasks]) for name in ("accelerators", "memory_b", "sequences")}
    return tasks[0]._replace(shape=Shape(*map(np.array, zip(*(task.shape for task in tasks), strict=True))), **numbers)

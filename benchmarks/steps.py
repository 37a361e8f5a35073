"""What `traincarbon.steps` costs a batch: a loop of a million batches with and without it, in processor time."""

import os
import threading
import time
from collections.abc import Callable, Iterable

import traincarbon
from traincarbon.tracking.progress_pipe import environment_of

BATCHES = 1_000_000
ROUNDS = 5


def seconds(batches: Iterable[int]) -> float:
    """Return the processor time of a loop that does nothing, in seconds."""
    began_s = time.process_time()
    for _ in batches:
        pass
    return time.process_time() - began_s


def main() -> None:
    """Print the cost of a batch, the least and the most of five rounds."""
    reads, writes = os.pipe()
    os.environ.update(environment_of(writes))
    threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reads, 1 << 16), b"")], daemon=True).start()
    kinds: dict[str, float | Callable[[int], float] | None] = {"steps only": None, "a number of tokens": 4096.0, "a function of the batch": lambda _: 4096.0}
    for kind, tokens in kinds.items():
        costs = []
        for _ in range(ROUNDS):
            plain_s = seconds(range(BATCHES))
            costs.append((seconds(traincarbon.steps(range(BATCHES), tokens=tokens)) - plain_s) / BATCHES * 1e6)
        print(f"{kind}: {min(costs):.2f} to {max(costs):.2f} µs")


if __name__ == "__main__":
    main()

"""A driver of Ray that runs one training on each of four nodes: UNTIL PORT SCRIPT, with the script of a rank to run in each."""

import runpy
import sys
import time

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

_NODES, _GPUS = 4, 8


def train(script: str, until: str) -> None:
    """Run the script of a rank."""
    sys.argv[1:] = [until]
    runpy.run_path(script)


def main() -> None:
    """Wait for all nodes, run the training on each, and wait for its end."""
    until, port, script = sys.argv[1:]
    while True:
        try:
            ray.init(address=f"127.0.0.1:{port}", log_to_driver=False)
            break
        except ConnectionError:
            time.sleep(1.0)
    while ray.cluster_resources().get("GPU", 0) < _NODES * _GPUS:
        time.sleep(0.5)
    group = placement_group([{"GPU": _GPUS}] * _NODES, strategy="STRICT_SPREAD")
    task = ray.remote(num_gpus=_GPUS, num_cpus=0)(train)
    places = [PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=number) for number in range(_NODES)]
    ray.get([task.options(scheduling_strategy=place).remote(script, until) for place in places])


if __name__ == "__main__":
    main()

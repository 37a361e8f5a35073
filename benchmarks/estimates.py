"""Measure how many estimates a second one core makes: one by one, as arrays, and with other estimators. Run it with ``make bench``."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PLANS = 100_000
REPEATS = 7


def rate(function: Callable[[int], object], *, each: int = 1) -> float:
    """Return how many plans a second *function* answers with *each* plans a call: the median of repeats of about a third of a second."""
    start = time.perf_counter()
    calls = 0
    while time.perf_counter() - start < 1.0 / 3.0:
        function(calls)
        calls += 1
    rates = []
    for repeat in range(REPEATS):
        start = time.perf_counter()
        for call in range(calls):
            function(repeat * calls + call)
        rates.append(calls * each / (time.perf_counter() - start))
    return statistics.median(rates)


def show(name: str, plans_per_s: float, target: float | None = None) -> None:
    print(f"{name:46}{plans_per_s:14,.0f}{f'{target:,.0f}' if target else '':>12}", flush=True)


def traincarbon_one_by_one() -> None:
    import traincarbon

    def estimate(call: int) -> traincarbon.Estimate:
        return traincarbon.estimate(params=530e9 + call, tokens=270e9, hw="dgx-a100", servers=560)

    show("estimates", rate(estimate))
    show("estimates, all figures and intervals read", rate(lambda call: estimate(call).results), 8e3)


def traincarbon_arrays() -> None:
    import numpy as np

    import traincarbon

    random = np.random.default_rng(0)
    params = np.exp(random.uniform(np.log(1e9), np.log(1e12), PLANS))
    tokens = params * random.uniform(10.0, 40.0, PLANS)

    def estimate(call: int) -> traincarbon.Estimate:
        return traincarbon.estimate(params=params, tokens=tokens + call, hw="dgx-a100", servers=560)

    show(f"plans in arrays of {PLANS:,}", rate(estimate, each=PLANS))
    show("the same, all figures and intervals read", rate(lambda call: estimate(call).results, each=PLANS), 2e6)


def llm_analysis() -> None:
    """Measure llm-analysis on MT-NLG 530B, the model of its own examples, with its configurations read beforehand."""
    try:
        from llm_analysis.analysis import ActivationRecomputation, LLMAnalysis
        from llm_analysis.config import ParallelismConfig, get_dtype_config_by_name, get_gpu_config_by_name, get_model_config_by_name
    except ImportError:
        print("llm-analysis: not installed")
        return
    import logging

    logging.disable(logging.CRITICAL)
    model, gpu, dtype = get_model_config_by_name("mt-nlg-530b"), get_gpu_config_by_name("a100-sxm-80gb"), get_dtype_config_by_name("w16a16e16")
    layout = ParallelismConfig(tp_size=8, pp_size=35, dp_size=8)

    def estimate(call: int) -> object:
        analysis = LLMAnalysis(model, gpu, dtype, layout, flops_efficiency=0.5)
        return analysis.training(
            batch_size_per_gpu=1,
            global_batch_size=1920,
            seq_len=2048,
            total_num_tokens=270e9 + call,
            activation_recomputation=ActivationRecomputation.FULL,
        )

    show("llm-analysis, accelerator-hours only", rate(estimate))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="virtual environment with the other estimators")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if options.peer:
        llm_analysis()
        return
    print(f"\n{'on one core, warm':46}{'plans a s':>14}{'target':>12}")
    traincarbon_one_by_one()
    traincarbon_arrays()
    if options.peers:
        sys.stdout.flush()
        offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
        subprocess.run([options.peers / "bin" / "python", __file__, "--peer"], env=offline, stderr=subprocess.DEVNULL, check=True)
        print("LLMCarbon: not installed (it is not on PyPI)")


if __name__ == "__main__":
    main()

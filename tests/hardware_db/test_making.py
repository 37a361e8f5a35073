"""The making of the shipped hardware: the fit of its shares, its spread, and one convention for all servers of an accelerator."""

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from traincarbon.database.load import builtin_root
from traincarbon.estimation.chain import estimate
from traincarbon.uncertain import Z_90

REFERENCE = "h100-sxm5-80gb"
LOGIC_OF_THE_REST = 25.0 / 58.0
"""Integrated circuits over all but memory, in NVIDIA's footprint of the HGX H100."""


@pytest.fixture(scope="module")
def by_method():
    """Return the figures of each method that has one of the H100, by accelerator."""
    figures = defaultdict(dict)
    with (Path(builtin_root()) / "embodied.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["scope"] == "accelerator-by-method" and row["kind"] in ("published", "derived"):
                figures[row["method"]][row["item"]] = float(row["kgco2e"])
    return {method: values for method, values in figures.items() if REFERENCE in values}


@pytest.fixture(scope="module")
def parts(shipped, by_method):
    """Return memory, dies and power of each accelerator over those of an H100."""
    factors = {row["scope"]: float(row["median"]) for row in shipped.rows("priors", "area_factor")}
    found = {}
    for item in {item for values in by_method.values() for item in values}:
        chip = shipped.product("accelerators", item)
        power, area, process = chip.value("board_power_w"), chip.value("die_area_mm2"), chip.value("process_nm")
        logic = area * factors[f"process_nm={process:g}"] / 814.0 if area is not None else power / 700.0
        found[item] = np.array([chip.value("memory_b") / 80e9, logic, power / 700.0])
    return found


def _log_errors(by_method, parts, memory):
    logic = (1.0 - memory) * LOGIC_OF_THE_REST
    shares = np.array([memory, logic, 1.0 - memory - logic])
    for values in by_method.values():
        yield [math.log(kg / values[REFERENCE] / float(shares @ parts[item])) for item, kg in values.items() if item != REFERENCE]


def _prior(shipped, name, scope):
    return float(shipped.rows("priors", name, scope)[0]["median"])


def test_the_level_is_the_geometric_mean_of_the_methods_for_an_h100(shipped, by_method):
    figures = [values[REFERENCE] for values in by_method.values()]
    assert sorted(figures) == [164.0, 273.0, 575.1]
    logs = np.log(figures)
    assert math.exp(logs.mean()) == pytest.approx(_prior(shipped, "reference_kgco2e", "*"), rel=0.005)
    assert logs.std(ddof=1) == pytest.approx(float(shipped.rows("priors", "hardware_kgco2e", "scope=*")[0]["sigma_ln"]), abs=0.005)


def test_the_shares_are_those_that_fit_every_method_best(shipped, by_method, parts):
    loss = {memory: sum(np.mean(np.square(errors)) for errors in _log_errors(by_method, parts, memory)) for memory in np.arange(0.3, 0.95, 0.01)}
    fitted = min(loss, key=loss.__getitem__)
    memory, logic = _prior(shipped, "making_share", "part=memory"), _prior(shipped, "making_share", "part=logic")
    assert memory == pytest.approx(fitted, abs=0.015)
    assert logic == pytest.approx((1.0 - memory) * LOGIC_OF_THE_REST, abs=0.001)
    assert max(math.sqrt(np.mean(np.square(errors))) for errors in _log_errors(by_method, parts, memory)) < 0.2


def test_the_interval_covers_what_the_methods_say(shipped, by_method):
    inside = []
    for values in by_method.values():
        for item, kg in values.items():
            row = shipped.rows("priors", "reference_kgco2e", "*")[0]
            made = _made(shipped, item)["accelerator_kgco2e"]
            inside.append(abs(math.log(kg / made)) <= Z_90 * float(row["sigma_ln"]))
    assert sum(inside) / len(inside) >= 0.9, inside


def _made(shipped, hw):
    steps = estimate(params=1e9, tokens=1e9, hw=hw, database=shipped).steps
    return {step.name: step.value for step in steps if step.name.endswith("_kgco2e")}


@pytest.mark.parametrize("chip", ["h100-sxm5-80gb", "h200-sxm-141gb", "b200-sxm-180gb", "a100-sxm4-80gb"])
def test_an_accelerator_is_made_the_same_in_every_server(shipped, chip):
    servers = [server for server in shipped.products("servers") if server.keys["accelerator"] == chip and (server.value("accelerator_count") or 0) >= 8]
    made = [_made(shipped, server.id) for server in servers]
    assert len(made) >= 3
    assert len({round(each["accelerator_kgco2e"], 6) for each in made}) == 1
    for server, each in zip(servers, made, strict=True):
        if "memory_b" in server.facts:
            gib = server.value("memory_b") / 2**30 / server.value("accelerator_count")
            assert each["hardware_kgco2e"] - each["accelerator_kgco2e"] == pytest.approx(gib * _prior(shipped, "host_kgco2e_per_gib", "*")), server.id


def test_the_same_silicon_is_made_alike_and_a_wafer_is_no_card(shipped):
    gb200, b200, wafer, h100 = (_made(shipped, hw)["accelerator_kgco2e"] for hw in ("gb200", "b200", "cs-2", "h100"))
    assert 1.0 <= gb200 / b200 < 1.2
    assert wafer > 5.0 * h100

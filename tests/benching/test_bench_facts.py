import json
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest

from acme import WORLD
from benches import gpu_bench, made_bench, rate
from conftest import ACCELERATOR
from traincarbon.benching.bench import GemmRate
from traincarbon.benching.bench_facts import check_name, facts_of, save_facts, total_power, write_facts
from traincarbon.benching.mean_power import MeanPower
from traincarbon.database.check import check
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.quantities import EnergySource

CHIP = "accelerators/acme-one-40gb.toml"


@pytest.fixture
def world(make_root, tmp_path):
    """Return a function that keeps a bench beside the small world, and returns the database with it and what was written."""
    base = make_root({**WORLD, CHIP: ACCELERATOR}, folder="base")
    root = tmp_path / "own"
    root.mkdir()

    def build(bench, **options):
        written = facts_of(bench, Database([base, str(root)]), root=str(root), **options)
        write_facts(written, str(root))
        return Database([base, str(root)]), written

    return build


def modelled(cpu_w, dram_w=0.0):
    return tuple(MeanPower(part, power_w, EnergySource.MODELLED, sigma, 1) for part, power_w, sigma in (("cpu", cpu_w, 0.6), ("dram", dram_w, 0.3)) if power_w)


def test_a_processor_becomes_a_server_of_one_chip_whose_peak_is_what_was_reached(world):
    database, _ = world(made_bench())
    server, cpu = database.product("servers", "this"), database.product("accelerators", "this-chip")
    assert server.name == "This machine: 2 threads of Acme CPU 9000"
    assert (server.value("accelerator_count"), server.keys["accelerator"]) == (1.0, "this-chip")
    assert cpu.value("peak_fp32_flop_per_s") == server.value("gemm_fp32_flop_per_s") == 200e9
    assert cpu.value("memory_bandwidth_b_per_s") == 35e9
    assert (cpu.value("board_power_w"), cpu.value("idle_power_w")) == (28.0, 4.0)
    assert (server.value("typical_power_w"), server.value("idle_power_w")) == (30.0, 5.0)
    assert (cpu.keys["type"], cpu.keys["generation"]) == ("cpu", "cpu")
    assert "fp64" not in str(cpu.facts.keys())


@pytest.mark.parametrize(
    "bench",
    [made_bench(), gpu_bench(), gpu_bench("Other Two"), made_bench(idle=(), loaded=()), made_bench(idle=modelled(5.0), loaded=modelled(20.0))],
    ids=["a processor", "a known GPU", "another GPU", "no meters", "modelled"],
)
def test_what_is_written_holds_together(world, bench):
    before, _ = world(made_bench(), name="earlier")
    faults = check(before).faults
    database, _ = world(bench, name="my-dgx.2")
    assert check(database).faults == faults
    assert not any("earlier" in str(fault) for fault in faults)


def test_every_fact_names_the_bench_its_file_and_the_place_in_it(world, tmp_path):
    database, written = world(made_bench())
    entry = database.sources()["bench-this-20260304t050607z"]
    assert (entry["publisher"], entry["published"]) == ("carbon bench", "2026-03-04")
    assert "NumPy 2.4.6" in entry["method"]
    stated = json.loads((tmp_path / "own" / "benches" / "this-20260304T050607Z.json").read_text())
    assert stated == made_bench().to_dict()
    for product in (database.product("servers", "this"), database.product("accelerators", "this-chip")):
        for each in product.facts.values():
            assert each.source == "bench-this-20260304t050607z"
            file, _, place = each.locator.partition(", ")
            assert file in written.files
            assert place.partition(",")[0] in stated
            assert each.kind == "measured"


def test_a_known_gpu_keeps_the_facts_of_the_database_and_its_rate_is_the_machines(world):
    database, written = world(gpu_bench())
    server = database.product("servers", "this")
    assert (server.keys["accelerator"], server.value("accelerator_count")) == ("acme-one-40gb", 8.0)
    assert server.value("gemm_bf16_flop_per_s") == 80e12
    assert (server.value("idle_power_w"), server.value("typical_power_w")) == (570.0, 3270.0)
    assert "max_power_w" not in server.facts
    assert not any(name.startswith("accelerators/") for name in written.files)


@pytest.mark.parametrize("name", ["Acme One", "NVIDIA Acme One 40GB", "Tesla acme-one"])
def test_a_gpu_is_known_by_what_its_driver_calls_it(world, name):
    database, _ = world(gpu_bench(name))
    assert database.product("servers", "this").keys["accelerator"] == "acme-one-40gb"


@pytest.mark.parametrize(
    ("bench", "reason"),
    [
        (gpu_bench("Other Two"), "is not in the database"),
        (gpu_bench(memory_b=10e9), "has 10 GB, acme-one-40gb has 40"),
        (gpu_bench(flop_per_s=130e12), "reaches 1.3e+14 FLOP/s, the peak of acme-one-40gb is 1e+14"),
    ],
    ids=["another name", "another memory, as a share of it", "faster than it can be"],
)
def test_a_gpu_that_is_not_the_known_one_has_its_measured_rates_as_peaks(world, bench, reason):
    database, written = world(bench)
    gpu = database.product("accelerators", "this-chip")
    assert any(reason in note for note in written.notes)
    assert gpu.value("peak_bf16_flop_per_s") == bench.gemm["bf16"].rate.median
    assert (gpu.value("board_power_w"), gpu.value("idle_power_w")) == (390.0, 60.0)
    assert (gpu.keys["type"], gpu.keys["generation"]) == ("gpu", "unknown")


def test_modelled_power_says_so_and_brings_its_bounds(world):
    database, _ = world(made_bench(idle=modelled(5.0, 2.0), loaded=modelled(20.0, 2.0)))
    cap = database.product("accelerators", "this-chip").facts["board_power_w"]
    assert cap.kind == "derived"
    assert "modelled" in cap.note
    assert cap.low < 20.0 < cap.high
    assert cap.low * cap.high == pytest.approx(20.0**2, rel=1e-3)


@pytest.mark.parametrize(
    ("loaded", "watts"),
    [
        (modelled(20.0, 9.0), 20.0),
        ((MeanPower("server", 90.0, EnergySource.POWER, 0.0, 1),), 90.0),
        ((MeanPower("cpu", 20.0, EnergySource.COUNTER, 0.0, 1),), None),
    ],
    ids=["a model holds the memory and the host", "a meter of the whole machine", "a counter of the processor alone"],
)
def test_a_processor_that_stands_for_its_whole_machine_leaves_nothing_for_the_host(world, loaded, watts):
    database, _ = world(made_bench(idle=(), loaded=loaded))
    server, cpu = database.product("servers", "this"), database.product("accelerators", "this-chip")
    assert server.value("max_power_w") == watts
    assert watts is None or cpu.value("board_power_w") == watts


def test_without_meters_no_power_is_claimed(world):
    database, _ = world(made_bench(idle=(), loaded=()))
    assert not any("power" in name for name in database.product("accelerators", "this-chip").facts)
    assert not any("power" in name for name in database.product("servers", "this").facts)


def test_an_estimate_on_the_machine_answers_with_its_figures(world):
    database, _ = world(made_bench(idle=modelled(5.0), loaded=modelled(20.0)))
    answer = estimate(params=1e6, tokens=1e8, hw="this", servers=1, database=database)
    # 6e14 FLOP at a utilisation between 5 and 95 % of 200 GFLOP/s
    assert 6e14 / 200e9 / 0.95 < answer["duration_s"].median < 6e14 / 200e9 / 0.05
    assert answer["it_energy_kwh"].median > 0.0
    assert answer.spread_shares["it_energy_kwh"]["power_cap"] > 0.1
    assert any(each.name == "precision" and each.value == "fp32" for each in answer.assumptions)


def test_a_later_bench_takes_the_place_of_the_earlier_which_is_kept(world, tmp_path):
    world(made_bench())
    faster = made_bench(started_at="2026-05-06T07:08:09+00:00", gemm={"fp32": GemmRate(2048, rate(220e9))})
    database, written = world(faster)
    assert database.product("servers", "this").value("gemm_fp32_flop_per_s") == 220e9
    assert written.notes == ("replaces the benchmark of 2026-03-04, still in benches/this-20260304T050607Z.json: fp32 +10%",)
    assert sorted(os.listdir(tmp_path / "own" / "benches")) == ["this-20260304T050607Z.json", "this-20260506T070809Z.json"]
    assert {"bench-this-20260304t050607z", "bench-this-20260506t070809z"} <= database.sources().keys()
    assert [fault for fault in check(database).faults if "this" in fault.place] == []


def test_a_chip_of_ones_own_goes_when_the_machine_turns_out_to_have_a_known_one(world):
    world(made_bench())
    database, _ = world(gpu_bench(started_at="2026-05-06T07:08:09+00:00"))
    assert database.product("accelerators", "this-chip") is None
    assert database.product("servers", "this").keys["accelerator"] == "acme-one-40gb"


def test_sources_of_ones_own_stay(world, tmp_path):
    (tmp_path / "own" / "sources.toml").write_text('# mine\n[mine]\ntitle = "T"\npublisher = "P"\npublished = 2024\n')
    database, _ = world(made_bench())
    assert (tmp_path / "own" / "sources.toml").read_text().startswith("# mine\n[mine]\n")
    assert "mine" in database.sources()


def test_sources_that_are_cut_in_half_stop_it_before_anything_is_written(world, tmp_path):
    (tmp_path / "own" / "sources.toml").write_text("[mine\n")
    with pytest.raises(DatabaseError):
        world(made_bench())
    assert os.listdir(tmp_path / "own") == ["sources.toml"]


def test_sources_that_cannot_be_read_stop_it(world, tmp_path):
    (tmp_path / "own" / "sources.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DatabaseError, match=r"sources\.toml"):
        world(made_bench())


def test_a_write_that_fails_half_way_leaves_what_holds_together(world, tmp_path, monkeypatch):
    world(made_bench())
    from traincarbon.benching import bench_facts

    real = bench_facts.replace_file

    def failing(file, text, **how):
        if "/servers/" in file:
            raise CarbonError("the disk is full")
        real(file, text, **how)

    monkeypatch.setattr(bench_facts, "replace_file", failing)
    with pytest.raises(CarbonError, match="disk is full"):
        world(made_bench(started_at="2026-05-06T07:08:09+00:00"))
    database = Database([str(tmp_path / "base"), str(tmp_path / "own")])
    assert database.product("servers", "this").value("gemm_fp32_flop_per_s") == 200e9
    assert [fault for fault in check(database).faults if "this" in fault.place] == []


def test_a_meter_of_the_whole_machine_stands_for_all_and_else_parts_add_up():
    parts = [MeanPower("cpu", 30.0, EnergySource.COUNTER, 0.0, 1), MeanPower("dram", 10.0, EnergySource.MODELLED, 0.4, 1)]
    assert total_power(parts) == MeanPower("all", 40.0, EnergySource.MODELLED, pytest.approx(0.1), 2)
    assert total_power([*parts, MeanPower("server", 90.0, EnergySource.POWER, 0.0, 1)]) == MeanPower("all", 90.0, EnergySource.POWER, 0.0, 1)
    assert total_power(parts, per=2).power_w == 20.0
    assert total_power([]) is None


@pytest.mark.parametrize("name", ["", "../x", "A100", "a b", "-x", "x" * 70, "<script>", "x\n"])
def test_a_name_that_cannot_be_a_files_is_refused(make_database, name):
    with pytest.raises(CarbonError, match="cannot be the name of a machine"):
        check_name(make_database(), name)


@pytest.mark.parametrize("name", ["acme-box", "acme-one-40gb"])
def test_hardware_that_no_bench_wrote_is_never_replaced(make_database, name):
    with pytest.raises(CarbonError, match="already in the database") as refused:
        check_name(make_database(), name)
    assert refused.value.hint == "choose another --name"


def test_a_machine_of_a_bench_may_be_measured_again(world):
    database, _ = world(made_bench())
    check_name(database, "this")


def test_a_chip_of_one_machine_is_no_known_chip_to_the_next(world):
    database, _ = world(gpu_bench("Other Two"), name="first")
    assert database.product("accelerators", "first-chip").name == "Other Two (this machine)"
    database, _ = world(gpu_bench("first chip"), name="second")
    assert database.product("servers", "second").keys["accelerator"] == "second-chip"


def test_benches_that_end_at_the_same_time_all_have_their_source(make_root, tmp_path):
    base, own = make_root({**WORLD, CHIP: ACCELERATOR}, folder="base"), tmp_path / "own"
    database = Database([base])
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda at: save_facts(made_bench(), database, root=str(own), name=f"machine-{at}"), range(24)))
    assert len(tomllib.loads((own / "sources.toml").read_text())) == len(written) == 24
    assert not check(Database([base, str(own)])).faults


def test_benches_of_one_name_and_second_are_each_kept_and_the_last_counts(make_root, tmp_path):
    base, own = make_root({**WORLD, CHIP: ACCELERATOR}, folder="base"), tmp_path / "own"
    for reached in (100e9, 200e9, 300e9):
        save_facts(made_bench(gemm={"fp32": GemmRate(2048, rate(reached))}), Database([base, str(own)]), root=str(own))
    assert len(list((own / "benches").iterdir())) == 3
    assert len(tomllib.loads((own / "sources.toml").read_text())) == 3
    assert Database([base, str(own)]).product("servers", "this").value("gemm_fp32_flop_per_s") == 300e9

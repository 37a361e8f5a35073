import json
import time

import pytest

from benches import Watts, made_bench, rate
from traincarbon.benching import bench as module
from traincarbon.benching.bench import Bench, GemmRate, Pace, processor_name
from traincarbon.benching.workload import open_workload
from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.meters.base import Unavailable
from traincarbon.meters.cgroup import Allotment
from traincarbon.meters.process_usage import Usage

BRIEF = Pace(0.0, 0.05, 0.0, 0.0, 0.0)


class Machine:
    """A machine of whose processors others take so many threads."""

    def __init__(self, *, others=0.0):
        self.others, self.start_s = others, time.monotonic()

    def usage(self):
        return Usage(self.others * (time.monotonic() - self.start_s) + time.process_time(), 8e9)


class Quick:
    """A workload that is as fast as nothing, on the processor or on made-up GPUs."""

    library = "Quick 1.0"
    bytes_of = {"fp32": 4, "fp64": 8}  # noqa: RUF012
    notes = ()

    def __init__(self, accelerators=(), memory_b=None):
        self.accelerators, self.memory_b = accelerators, memory_b
        self.sizes = []

    def product(self, precision, size):
        self.sizes.append((precision, size))
        return self._work

    def sweep(self, total_b):
        self.swept_b = total_b
        return self._work, total_b

    def _work(self, times):
        time.sleep(min(1e-4 * times, 0.02))


@pytest.fixture
def measure(monkeypatch):
    """Return a function that runs a brief bench of a quick workload on a machine, quiet unless said."""
    monkeypatch.setattr("traincarbon.benching.timing._BURST_S", 1e-3)

    def run(*, workload=None, others=0.0, **options):
        monkeypatch.setattr(module.process_usage, "source", lambda _: Machine(others=others))
        meters = options.pop("meters", ([], [Unavailable("nvml", "no driver", "get one")]))
        return module.measure(pace=options.pop("pace", BRIEF), meters=meters, open_library=lambda *_, **__: workload or Quick(), **options)

    return run


def meter():
    return Watts(time.monotonic, {"cpu:0": ("cpu", 20.0)})


def test_everything_is_measured_and_said(measure):
    found = measure(meters=([meter()], []))
    assert list(found.gemm) == ["fp32", "fp64"]
    assert found.main == "fp32"
    assert found.library == "Quick 1.0"
    assert [draw.power_w for draw in (*found.idle, *found.loaded)] == pytest.approx([20.0, 20.0])
    assert found.bandwidth.median > 0.0
    assert found.memory_b == 8e9
    assert found.started_at.endswith("+00:00")


def test_without_meters_the_rest_is_still_measured_and_the_reasons_are_kept(measure):
    found = measure()
    assert (found.idle, found.loaded) == ((), ())
    assert found.unmetered == ("nvml: no driver",)
    assert found.gemm["fp32"].rate.median > 0.0


def test_a_busy_machine_is_refused_with_what_to_do(measure, monkeypatch):
    monkeypatch.setattr(module, "allotment", lambda: Allotment(None, None))
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)
    with pytest.raises(CarbonError, match=r"not idle: other programs keep \d\.\d threads of the processor busy, and a benchmark needs") as refused:
        measure(others=2.0, pace=BRIEF._replace(check_s=0.15))
    assert "--force" in refused.value.hint


def test_force_measures_a_busy_machine_and_says_so(measure, monkeypatch):
    monkeypatch.setattr(module, "allotment", lambda: Allotment(None, None))
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)
    found = measure(others=2.0, pace=BRIEF._replace(check_s=0.15), force=True)
    assert found.notes[0].startswith("measured while the machine was busy: other programs keep ")


def test_a_busy_board_is_refused(measure):
    busy = meter()
    busy.watts, busy.energy_j, busy.utilisation = {"gpu:0": ("gpu", 300.0)}, {"gpu:0": 0.0}, 0.75
    with pytest.raises(CarbonError, match="gpu:0 is 75% busy with something else"):
        measure(meters=([busy], []))
    assert busy.closed


def test_a_gpu_needs_no_more_than_a_thread_to_itself(measure, monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(module, "allotment", lambda: Allotment(None, None))
    board = meter()
    board.watts, board.energy_j = {"gpu:0": ("gpu", 300.0)}, {"gpu:0": 0.0}
    gpu = Quick(("Acme One",), 1e9)
    assert not any(
        "while the machine was busy" in note for note in measure(workload=gpu, meters=([board], []), others=5.0, pace=BRIEF._replace(check_s=0.15)).notes
    )
    with pytest.raises(CarbonError, match="a benchmark needs 8"):
        measure(others=5.0, pace=BRIEF._replace(check_s=0.15))


def test_a_gpu_that_the_library_does_not_reach_is_pointed_out(measure):
    seen = meter()
    seen.names = {"gpu:GPU-1": "Acme One", "cpu:0": "Acme CPU"}
    (note,) = [note for note in measure(meters=([seen], [])).notes if "Acme" in note]
    assert note == f"the processor was measured: Quick 1.0 cannot use the Acme One; {install_command(extra='torch')} to measure it"
    assert not any("Acme" in note for note in measure(workload=Quick(("Acme One",), 1e9), meters=([seen], [])).notes)


def test_meters_are_closed_whatever_happens(measure):
    opened = meter()

    class Broken(Quick):
        def product(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(workload=Broken(), meters=([opened], []))
    assert opened.closed


def test_matrices_and_arrays_fit_in_the_memory_there_is(measure):
    small = Quick(("Tiny GPU",), 64e6)
    measure(workload=small)
    assert all(3 * Quick.bytes_of[precision] * size**2 <= 0.25 * 64e6 for precision, size in small.sizes)
    assert small.swept_b == 0.125 * 64e6


def test_what_is_done_next_is_parts(measure):
    parts = []
    measure(progress=parts.append)
    assert parts[0] == "checking that the machine is idle"
    assert [each for each in parts if "products" in each] == ["matrix products in fp32 for 0 s", "matrix products in fp64 for 0 s"]


@pytest.mark.parametrize(
    ("gemm", "bandwidth", "others", "busy_threads", "note"),
    [
        (rate(1e9, trend=0.8), rate(1e9), 0.0, 4.0, "fp32 products became 20% slower over time: perhaps heat"),
        (rate(1e9), rate(1e9, trend=0.9), 3.0, 4.0, "memory sweeps became 10% slower over time: other work, or heat"),
        (rate(1e9, low=0.8e9, high=1.2e9), rate(1e9), 0.0, 4.0, "fp32 products vary by 50%: other work at times, or a changing clock rate"),
        (rate(1e9), rate(1e9), 0.0, 1.0, "matrix products kept 1.0 of 4 threads busy: see OMP_NUM_THREADS and OPENBLAS_NUM_THREADS"),
        (rate(1e9), rate(1e9), 3.0, 1.0, "matrix products kept 1.0 of 4 threads busy: other programs used the rest"),
        (rate(1e9), rate(1e9), 3.0, 4.0, "other programs kept 3.0 threads busy during the benchmark"),
    ],
    ids=["heat", "heat or others", "noise", "threads idle", "threads taken", "others"],
)
def test_what_makes_a_figure_less_than_it_seems_is_noted(gemm, bandwidth, others, busy_threads, note):
    class Load:
        def busy_threads(self):
            return others

        def take_from_us(self, busy):
            return busy > 1.0

    notes = []
    module._note_troubles({"fp32": GemmRate(8, gemm)}, bandwidth, Load(), busy_threads, 4, notes)
    assert any(each.startswith(note) for each in notes), notes


def test_a_good_bench_has_no_notes():
    class Load:
        def busy_threads(self):
            return None

    notes = []
    module._note_troubles({"fp32": GemmRate(8, rate(1e9))}, rate(1e9), Load(), 3.9, 4, notes)
    assert notes == []


def test_the_result_is_json_of_the_contract():
    parts = json.loads(json.dumps(made_bench().to_dict()))
    assert parts["schema"] == "traincarbon/bench/1"
    assert parts["gemm_flop_per_s"]["fp32"] == {"size": 2048, "median": 200e9, "low": 196e9, "high": 204e9, "bursts": 20, "trend": 1.0}
    assert parts["loaded"][0] == {"part": "cpu", "power_w": 28.0, "how": "counter", "sigma_ln": 0.0, "devices": 1}
    assert parts["bandwidth_b_per_s"]["median"] == 35e9
    assert parts["unmetered"] == ["nvml: no NVIDIA driver"]
    assert set(parts) == {"schema", "gemm_flop_per_s", "bandwidth_b_per_s", *Bench.__slots__} - {"gemm", "bandwidth"}


def test_a_processor_has_a_name_of_printable_words():
    name = processor_name()
    assert name
    assert name.isprintable()
    assert len(name) <= 80


def test_this_machine_is_really_measured(monkeypatch):
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    monkeypatch.setattr(module, "_SWEEP_B", {"cpu": 2e7})
    monkeypatch.setattr(module, "_MOST_SIZE", {"cpu": 512})
    found = module.measure(pace=Pace(0.05, 0.3, 0.0, 0.0, 0.0), library="numpy", force=True, open_library=open_workload)
    assert 1e8 < found.gemm["fp32"].rate.median < 1e14
    assert 1e8 < found.bandwidth.median < 1e13
    assert found.gemm["fp32"].size in (256, 512)
    assert found.busy_threads > 0.0

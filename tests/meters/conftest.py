"""Fixtures of the tests of meters: the replaying NVML, and every meter with a source that can be advanced and broken."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from native.replay import Replay, build
from traincarbon.meters import amd, codecarbon, cpu_model, cray, hwmon, ipmi, nvml, rapl, replay
from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.cgroup import Allotment
from traincarbon.meters.process_usage import Usage

WATTS = 200.0


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Case(NamedTuple):
    """A meter, how to let time pass for its source, and how to break the source."""

    meter: Meter
    advance: Callable[[float], None]
    fail: Callable[[], None]


def opened(found: Meter | Unavailable) -> Meter:
    assert not isinstance(found, Unavailable), found
    return found


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def played(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The replaying NVML in this process."""
    return Replay(nvml_library, tmp_path, monkeypatch)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def powercap(tmp_path: Path):
    """Return a function that writes a powercap tree, zone to name and microjoules, and returns its root."""

    def write(zones: dict[str, tuple[str, int]], *, range_uj: int = 262_143_328_850) -> str:
        for zone, (name, energy_uj) in zones.items():
            folder = tmp_path / "powercap" / zone
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "name").write_text(f"{name}\n")
            (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
            (folder / "energy_uj").write_text(f"{energy_uj}\n")
        return str(tmp_path / "powercap")

    return write


class Amd(SimpleNamespace):
    """AMD SMI with GPUs as dictionaries: the answer of each by the name of the query."""

    class AmdSmiException(Exception):  # noqa: N818  its own name
        """The error of AMD SMI."""

    def __init__(self, boards: list[dict]) -> None:
        super().__init__(boards=boards, shut=0)
        questions = {name for board in boards for name in board}
        for name in questions:
            setattr(self, name, lambda board, name=name: self.answer(board, name))

    def answer(self, board: dict, name: str):
        if isinstance(board.get(name), Exception):
            raise board[name]
        return board.get(name)

    def amdsmi_init(self) -> None:
        """Do nothing."""

    def amdsmi_shut_down(self) -> None:
        self.shut += 1

    def amdsmi_get_processor_handles(self) -> list[dict]:
        return self.boards


@pytest.fixture
def make_amd():
    """Return a function that makes a module of AMD SMI."""
    return Amd


@pytest.fixture
def amd_board():
    """Return a function that makes the answers of an AMD GPU."""
    return _amd_board


def _amd_board(uuid: str = "9cff74a1-0000-1000-80ff-aaaaaaaaaaaa", **answers) -> dict:
    return {
        "amdsmi_get_gpu_device_uuid": uuid,
        "amdsmi_get_gpu_asic_info": {"market_name": "AMD Instinct MI300X"},
        "amdsmi_get_energy_count": {"energy_accumulator": 10**9, "counter_resolution": 15.3, "timestamp": 1},
        "amdsmi_get_power_info": {"current_socket_power": 200, "average_socket_power": "N/A"},
        "amdsmi_get_power_cap_info": {"power_cap": 750_000_000},
        "amdsmi_get_gpu_activity": {"gfx_activity": 50},
        "amdsmi_get_gpu_vram_usage": {"vram_total": 196592, "vram_used": 1024},
        **answers,
    }


class Piece:
    """A hardware object like CodeCarbon's."""

    watts = WATTS
    broken = False

    def start(self) -> None:
        """Do nothing."""

    def measure_power_and_energy(self, last_duration: float):
        if self.broken:
            raise RuntimeError("no sensor")
        return SimpleNamespace(W=self.watts), SimpleNamespace(kWh=self.watts * last_duration / 3.6e6)


class Job:
    """A process whose usage the test sets."""

    def __init__(self) -> None:
        self.cpu_s = 5.0
        self.memory_b = 4e9
        self.alive = True
        self.broken = False

    def usage(self) -> Usage:
        if self.broken:
            raise OSError("no /proc")
        return Usage(self.cpu_s, self.memory_b, alive=self.alive)


@pytest.fixture(params=["nvml", "nvml without counter", "nvml with MIG", "amd", "cray", "rapl", "hwmon", "ipmi", "cpu_model", "codecarbon", "replay"])
def opened_case(request, clock, tmp_path, powercap, monkeypatch, shipped) -> Case:
    """Every meter in turn, with a source of about 200 W."""

    def wait(seconds: float) -> None:
        clock.now_s += seconds

    def remove(*files: Path) -> Callable[[], None]:
        return lambda: [file.unlink() for file in files]

    if request.param.startswith("nvml"):
        played = request.getfixturevalue("played")
        extra = {"nvml": [], "nvml without counter": ["fail energy not_supported"], "nvml with MIG": ["mig 0 3 4"]}[request.param]
        played.play("devices 2", f"wave 1:{WATTS}", "fail device lost from 1000", *extra)
        environ = {"CUDA_VISIBLE_DEVICES": "MIG-a1100001,1"} if "MIG" in request.param else {}
        meter = opened(nvml.probe(environ=environ, clock=played.clock))
        return Case(meter, lambda seconds: played.set(played.now_s + seconds), lambda: played.set(1000.0))
    if request.param == "amd":
        board = _amd_board()
        kfd = tmp_path / "kfd"
        kfd.touch()
        monkeypatch.setitem(__import__("sys").modules, "amdsmi", Amd([board]))

        def on(seconds: float) -> None:
            wait(seconds)
            if isinstance(board["amdsmi_get_energy_count"], dict):
                board["amdsmi_get_energy_count"]["energy_accumulator"] += round(WATTS * seconds / 15.3e-6)

        meter = opened(amd.probe(environ={}, kfd=str(kfd), clock=clock))
        lost = Amd.AmdSmiException("lost")
        return Case(meter, on, lambda: board.update(amdsmi_get_energy_count=lost, amdsmi_get_power_info=lost))
    if request.param == "rapl":
        root = powercap({"intel-rapl:0": ("package-0", 1000), "intel-rapl:0:0": ("dram", 2000)})
        files = [Path(root, zone, "energy_uj") for zone in ("intel-rapl:0", "intel-rapl:0:0")]

        def count(seconds: float) -> None:
            wait(seconds)
            for file in (file for file in files if file.exists()):
                file.write_text(f"{int(file.read_text()) + round(WATTS * seconds * 1e6)}\n")

        return Case(opened(rapl.probe(root=root, clock=clock)), count, remove(*files))
    if request.param == "cray":
        counter = tmp_path / "energy"

        def rise(seconds: float) -> None:
            wait(seconds)
            before_j = int(counter.read_text().split()[0]) if counter.exists() else 0
            if before_j:
                counter.write_text(f"{before_j + round(WATTS * seconds)} J 0 us\n")

        counter.write_text("5000 J 0 us\n")
        return Case(opened(cray.probe(root=str(tmp_path), clock=clock)), rise, remove(counter))
    if request.param == "hwmon":
        folder = tmp_path / "hwmon" / "hwmon0"
        folder.mkdir(parents=True)
        (folder / "name").write_text("power_meter\n")
        (folder / "power1_average").write_text(f"{round(WATTS * 1e6)}\n")
        return Case(opened(hwmon.probe(root=str(tmp_path / "hwmon"), clock=clock)), wait, remove(folder / "power1_average"))
    if request.param == "ipmi":
        tool = tmp_path / "ipmitool"
        tool.write_text(f"#!/bin/sh\necho '    Instantaneous power reading:    {WATTS:.0f} Watts'\n")
        tool.chmod(0o755)
        return Case(opened(ipmi.probe(command=[str(tool)], clock=clock)), wait, remove(tool))
    if request.param == "cpu_model":
        job = Job()

        def work(seconds: float) -> None:
            wait(seconds)
            job.cpu_s += seconds

        meter = opened(cpu_model.probe(pid=1, usage=job, allotted=Allotment(None, None), database=shipped, clock=clock))
        return Case(meter, work, lambda: setattr(job, "broken", True))
    if request.param == "codecarbon":
        piece = Piece()
        monkeypatch.setattr(codecarbon, "_pieces", lambda: [codecarbon.Piece(piece, "cpu:codecarbon", "cpu", "counter")])
        return Case(opened(codecarbon.probe(clock=clock)), wait, lambda: setattr(piece, "broken", True))
    file = tmp_path / "trace.csv"
    file.write_text("time_s,device,power_w\n" + "".join(f"{second},gpu:0,{WATTS}\n" for second in range(200)))
    return Case(opened(replay.probe(file=str(file), clock=clock)), wait, lambda: None)


@pytest.fixture
def case(opened_case):
    """Every meter in turn, closed after the test."""
    yield opened_case
    opened_case.meter.close()

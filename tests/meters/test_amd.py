"""AMD SMI, stood in for by a module with the answers of its Python bindings."""

import sys

import pytest

from traincarbon.extras import install_command
from traincarbon.meters import amd
from traincarbon.meters.base import Unavailable


@pytest.fixture
def probe(tmp_path, monkeypatch, clock, make_amd):
    """Return a function that probes with those boards and environment."""

    def call(boards, **environ):
        kfd = tmp_path / "kfd"
        kfd.touch()
        module = make_amd(boards)
        monkeypatch.setitem(sys.modules, "amdsmi", module)
        return amd.probe(environ=environ, kfd=str(kfd), clock=clock), module

    return call


def test_energy_is_counts_times_their_resolution(probe, amd_board, clock):
    board = amd_board()
    meter, _ = probe([board])
    clock.now_s += 2.0
    board["amdsmi_get_energy_count"]["energy_accumulator"] += 10_000_000
    reading = meter.read()[0]
    assert reading.energy_j == pytest.approx(153.0)
    assert reading[4:10] == ("counter", 200.0, 0.5, None, None, 2.0**30)
    assert meter.names == {reading.device: "AMD Instinct MI300X"}


def test_older_versions_call_the_counter_power_and_the_cap_watts(probe, amd_board, clock):
    board = amd_board(amdsmi_get_energy_count={"power": 10**9, "counter_resolution": 15.3, "timestamp": 1}, amdsmi_get_power_cap_info={"power_cap": 300})
    meter, _ = probe([board])
    clock.now_s += 1.0
    board["amdsmi_get_energy_count"]["power"] += 10_000_000
    assert meter.read()[0].energy_j == pytest.approx(153.0)
    clock.now_s += 1.0
    board["amdsmi_get_energy_count"]["power"] += 100_000_000
    meter.read()
    assert "more than it can draw" in meter.notes[0]


def test_a_counter_that_shows_zero_is_none(probe, amd_board, clock):
    meter, _ = probe([amd_board(amdsmi_get_energy_count={"energy_accumulator": 0, "counter_resolution": 15.3})])
    clock.now_s += 1.0
    reading = meter.read()[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(200.0))


def dies(amd_board, *, model="AMD Instinct MI250X"):
    """Return the dies of two boards, of which every second one states nothing."""
    silent = {"amdsmi_get_energy_count": {"energy_accumulator": 0}, "amdsmi_get_power_info": {"current_socket_power": 0, "average_socket_power": "N/A"}}
    name = {"amdsmi_get_gpu_asic_info": {"market_name": model}}
    return [amd_board(uuid, **name, **(silent if uuid in "bd" else {})) for uuid in "abcd"]


@pytest.mark.parametrize(
    ("visible", "energies_j"),
    [(None, {"a": 153.0, "c": 153.0}), ("0,1", {"a": 153.0}), ("0", {"a": 76.5}), ("1", {"b": 76.5}), ("1,2,3", {"b": 76.5, "c": 153.0})],
)
def test_two_dies_share_the_energy_of_their_board(probe, amd_board, clock, visible, energies_j):
    boards = dies(amd_board)
    meter, _ = probe(boards, **({} if visible is None else {"ROCR_VISIBLE_DEVICES": visible}))
    clock.now_s += 2.0
    for board in boards[::2]:
        board["amdsmi_get_energy_count"]["energy_accumulator"] += 10_000_000
    readings = {reading.device: reading for reading in meter.read()}
    assert {device: reading.energy_j for device, reading in readings.items()} == {f"gpu:{uuid}": pytest.approx(j) for uuid, j in energies_j.items()}
    assert {reading.how for reading in readings.values() if reading.sigma_ln} <= {"modelled"}
    assert all((reading.sigma_ln > 0.0) == (reading.energy_j < 100.0) for reading in readings.values())
    assert meter.unread == ()


def test_a_gpu_that_states_nothing_is_assumed_and_the_others_are_read(probe, amd_board):
    silent = amd_board(
        "silent", amdsmi_get_energy_count={"energy_accumulator": 0}, amdsmi_get_power_info={"current_socket_power": 0, "average_socket_power": "N/A"}
    )
    meter, _ = probe([amd_board("first"), silent])
    assert [(reading.device, reading.how) for reading in meter.read()] == [("gpu:first", "counter"), ("gpu:silent", "assumed")]
    assert "its power is assumed, 375 W" in meter.notes[0]


@pytest.mark.parametrize("current", [0, 65535, 2**32 - 1, "N/A", None])
def test_what_stands_for_unknown_is_no_power(probe, amd_board, clock, current):
    told = {"current_socket_power": current, "average_socket_power": 300}
    meter, _ = probe([amd_board(amdsmi_get_energy_count={}, amdsmi_get_power_info=told, amdsmi_get_gpu_activity={"gfx_activity": 65535})])
    clock.now_s += 1.0
    reading = meter.read()[0]
    assert (reading.power_w, reading.energy_j, reading.utilisation) == (300.0, pytest.approx(300.0), None)


def test_a_gpu_that_fails_does_not_take_the_others_with_it(probe, amd_board, make_amd):
    failing = amd_board("failing", amdsmi_get_energy_count={}, amdsmi_get_power_info=make_amd([]).AmdSmiException("unknown error"))
    meter, _ = probe([failing, amd_board("sound")])
    assert [(reading.device, reading.how) for reading in meter.read()] == [("gpu:failing", "assumed"), ("gpu:sound", "counter")]
    assert meter.notes[0].startswith("gpu:failing: cannot be read (amdsmi_get_power_info: unknown error): its power is assumed")


@pytest.mark.parametrize(
    ("environ", "devices"),
    [
        ({}, "abc"),
        ({"ROCR_VISIBLE_DEVICES": "2,0"}, "ca"),
        ({"HIP_VISIBLE_DEVICES": "1"}, "b"),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "b"),
        ({"ROCR_VISIBLE_DEVICES": "2,0", "HIP_VISIBLE_DEVICES": "1", "CUDA_VISIBLE_DEVICES": "0"}, "a"),
        ({"ROCR_VISIBLE_DEVICES": "GPU-b,1"}, "b"),
    ],
)
def test_only_visible_gpus_are_read(probe, amd_board, environ, devices):
    meter, _ = probe([amd_board(uuid) for uuid in "abc"], **environ)
    assert [reading.device for reading in meter.read()] == [f"gpu:{uuid}" for uuid in devices]


def test_what_is_missing_is_named(tmp_path, monkeypatch, probe, amd_board):
    assert "no AMD driver" in amd.probe(kfd=str(tmp_path / "none")).reason
    assert "no AMD GPU is visible" in probe([])[0].reason
    assert "HIP_VISIBLE_DEVICES=7: no device 7" in probe([amd_board()], HIP_VISIBLE_DEVICES="7")[0].reason
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    found = amd.probe(kfd=str(tmp_path / "kfd"))
    assert isinstance(found, Unavailable)
    assert found.hint == install_command(extra="amd")


def test_bindings_that_find_no_library_say_so_and_print_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "amdsmi.py").write_text("print('Unable to find libamd_smi.so')\nraise OSError('libamd_smi.so: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "amdsmi", raising=False)
    (tmp_path / "kfd").touch()
    found = amd.probe(kfd=str(tmp_path / "kfd"))
    assert isinstance(found, Unavailable)
    assert found.reason == "AMD SMI does not load: libamd_smi.so: cannot open shared object file"
    assert capsys.readouterr() == ("", "")


def test_a_library_that_fails_says_so(monkeypatch, probe, amd_board, make_amd):
    def fail(_):
        raise make_amd([]).AmdSmiException("no permission")

    monkeypatch.setattr(make_amd, "amdsmi_get_processor_handles", fail)
    found, _ = probe([amd_board()])
    assert isinstance(found, Unavailable)
    assert found.reason == "amdsmi_get_processor_handles: no permission"
    assert "render" in found.hint


def test_a_gpu_without_an_id_is_known_by_its_number(probe, amd_board, make_amd):
    meter, _ = probe([amd_board(amdsmi_get_gpu_device_uuid=make_amd([]).AmdSmiException("not supported"))])
    assert [reading.device for reading in meter.read()] == ["gpu:index-0"]


@pytest.mark.parametrize("cap", [0, 1, 2**32 - 1, "N/A"])
def test_an_impossible_power_limit_is_unknown(probe, amd_board, clock, cap):
    board = amd_board(amdsmi_get_power_cap_info={"power_cap": cap})
    meter, _ = probe([board])
    clock.now_s += 2.0
    board["amdsmi_get_energy_count"]["energy_accumulator"] += 10_000_000
    assert (meter.read()[0].energy_j, meter.notes) == (pytest.approx(153.0), [])


def test_closing_shuts_the_library_down_once(probe, amd_board):
    meter, module = probe([amd_board()])
    meter.close()
    meter.close()
    assert module.shut == 1

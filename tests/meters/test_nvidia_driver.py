"""The GPUs that the kernel lists without any library."""

import ctypes

import pytest

from traincarbon.meters.nvidia_driver import AMD, LIBRARY, has_device, kernel_gpus, library_file, load_problem


@pytest.fixture
def bus(tmp_path):
    """Return a function that adds a device to a bus and returns the folder of the bus."""

    def add(place, vendor, device, kind="0x030200"):
        folder = tmp_path / "pci" / place
        folder.mkdir(parents=True)
        for name, text in (("vendor", vendor), ("device", device), ("class", kind)):
            (folder / name).write_text(f"{text}\n")
        return str(tmp_path / "pci")

    return add


@pytest.fixture
def driver(tmp_path):
    """Return a function that adds a board to the driver's list and returns the folder of the list."""

    def add(place, model, uuid):
        folder = tmp_path / "gpus" / place
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 0\nGPU UUID: \t {uuid}\nBus Location: \t {place}\n")
        return str(tmp_path / "gpus")

    return add


def test_the_driver_lists_boards_by_name_and_id(driver, bus, tmp_path):
    bus("0000:07:00.0", "0x10de", "0x20b0")
    driver("0000:07:00.0", "NVIDIA A100-SXM4-40GB", "GPU-aaaa")
    proc = driver("0000:0f:00.0", "NVIDIA A100-SXM4-40GB", "GPU-????????-????")
    pci = str(tmp_path / "pci")
    assert kernel_gpus(proc=proc, pci=pci) == [
        ("gpu:GPU-aaaa", "NVIDIA A100-SXM4-40GB", "10de:20b0"),
        ("gpu:0000:0f:00.0", "NVIDIA A100-SXM4-40GB", ""),
    ]
    assert [each.device for each in kernel_gpus(visible_devices="GPU-aaaa", proc=proc, pci=pci)] == ["gpu:GPU-aaaa"]
    assert [each.device for each in kernel_gpus(visible_devices="1", proc=proc, pci=pci)] == ["gpu:0000:0f:00.0"]
    assert kernel_gpus(visible_devices="", proc=proc, pci=pci) == []


def test_without_a_driver_the_bus_lists_what_computes(bus, tmp_path):
    bus("0000:01:00.0", "0x10de", "0x2330")
    bus("0000:01:00.1", "0x10de", "0x22a3", "0x040300")
    bus("0000:02:00.0", "0x8086", "0x0001", "0x030000")
    pci = bus("0000:03:00.0", "0x1002", "0x74a1", "0x120000")
    none = str(tmp_path / "none")
    assert kernel_gpus(proc=none, pci=pci) == [("gpu:0000:01:00.0", "", "10de:2330")]
    assert kernel_gpus(vendor=AMD, proc=none, pci=pci) == [("gpu:0000:03:00.0", "", "1002:74a1")]


def test_a_device_is_there_if_the_kernel_shows_a_file_or_a_folder_of_it(driver, tmp_path):
    none = str(tmp_path / "none")
    assert not has_device(proc=none, dev=str(tmp_path))
    assert has_device(proc=driver("0000:07:00.0", "NVIDIA", "GPU-a"), dev=none)
    (tmp_path / "nvidia0").touch()
    assert has_device(proc=none, dev=str(tmp_path))
    assert not has_device(proc=none, dev=none)


def test_a_library_that_is_there_and_cannot_be_loaded_is_named(tmp_path, monkeypatch):
    def refuse(name):
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", refuse)  # another test may have loaded it in this process
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert library_file(folders=[str(tmp_path)]) == ""
    file = tmp_path / LIBRARY
    file.symlink_to(tmp_path / "gone")
    assert library_file(folders=[str(tmp_path)]) == str(file)
    assert load_problem(folders=[str(tmp_path)]) == f"{file} cannot be read"
    assert "No such file" in load_problem(folders=[])

"""A machine with an NVIDIA GPU whose library cannot be loaded: the remedy comes before the training, and no total leaves the GPU out."""

import json
import os
import shutil
import subprocess
import sys

import pytest

MACHINE = """
set -e
mount -t tmpfs none {folder}/dev
cp -a /dev/null /dev/zero /dev/random /dev/urandom /dev/tty {folder}/dev/
ln -s /proc/self/fd {folder}/dev/fd
mkdir {folder}/dev/shm
touch {folder}/dev/nvidia0
mount --bind {folder}/pci /sys/bus/pci/devices
mount --move {folder}/dev /dev
exec "$@"
"""


@pytest.fixture
def machine(tmp_path):
    """Return a function that runs a command on a machine whose bus lists one GPU with that device id, and whose driver has no library."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("only root can give a process a /dev of its own")

    def call(device, *command):
        slot = tmp_path / "pci" / "0000:01:00.0"
        slot.mkdir(parents=True)
        for name, text in (("vendor", "0x10de"), ("device", device), ("class", "0x030200")):
            (slot / name).write_text(f"{text}\n")
        (tmp_path / "dev").mkdir()
        environ = {**os.environ, "CARBON_STORE": str(tmp_path / "store"), "LD_LIBRARY_PATH": ""}
        environ.pop("CUDA_VISIBLE_DEVICES", None)
        script = MACHINE.format(folder=tmp_path)
        return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *command], env=environ, capture_output=True, text=True, check=False)

    return call


@pytest.mark.parametrize(("device", "known"), [("0x2330", True), ("0xffff", False)])
def test_the_remedy_comes_before_the_training_and_the_total_is_assumed_or_unknown(machine, device, known):
    carbon = [sys.executable, "-m", "traincarbon"]
    done = machine(device, *carbon, "track", "--json", "--", "sh", "-c", "echo the training starts >&2; sleep 2")
    assert done.returncode == 0, done.stderr
    before, _, after = done.stderr.partition("the training starts")
    assert "its driver's library cannot be loaded" in before
    assert "To meter it: " in before
    assert ("its power is assumed, 350 W" in after, "will be unknown" in after) == (known, not known)
    record = json.loads(done.stdout.strip().split("\n")[-1])
    if known:
        assert (record["how"]["gpu"], record["accelerators"], record["hw"]) == ("assumed", 1, "h100-sxm5-80gb")
        assert record["energy_j"]["gpu"] == pytest.approx(350.0 * record["duration_s"], rel=0.15)
        total = record["facility_energy_kwh"]
        assert total["median"] > record["energy_j"]["gpu"] / 3.6e6
        assert total["high"] > 2.0 * total["low"]
    else:
        assert (record["energy_j"]["gpu"], record["facility_energy_kwh"], record["cost_usd"]) == (None, None, None)

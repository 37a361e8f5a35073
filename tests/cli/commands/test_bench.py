"""``carbon bench``: what it shows, what it keeps, and what it refuses before it measures anything."""

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benches import gpu_bench, made_bench, rate
from traincarbon.benching import bench as library
from traincarbon.benching.bench import GemmRate
from traincarbon.benching.mean_power import MeanPower
from traincarbon.cli.commands.bench import command
from traincarbon.database.load import forget_databases, open_database
from traincarbon.quantities import EnergySource


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the user's own, of which nothing is there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    forget_databases()
    yield tmp_path / "traincarbon" / "hardware_db"
    forget_databases()


@pytest.fixture
def run(monkeypatch, own):  # noqa: ARG001
    """Return a function that runs the command on a machine of which a bench finds what is given."""

    def invoke(*words, found=None, fails=False):
        asked = {}

        def measure(**options):
            asked.update(options)
            if options["progress"] is not None:
                options["progress"]("idle power for 4 s")
            return found or made_bench()

        monkeypatch.setattr("traincarbon.benching.machine.measure", measure)
        done = CliRunner().invoke(command, list(words))
        assert (done.exception is not None) == fails, done.output
        done.asked = asked
        return done

    return invoke


def test_it_shows_rates_with_their_spread_power_and_how_it_is_known(run):
    shown = run("--quiet").stdout.splitlines()
    assert shown[0] == "2 threads of Acme CPU 9000 · NumPy 2.4.6 · 20 s"
    assert "Products, fp32     200  GFLOP/s  196 – 204" in shown
    assert "Memory              35  GB/s     34.3 – 35.7" in shown
    assert "  cpu    4 W    28 W  counted by the hardware" in shown
    assert shown[-1].startswith("Next: carbon estimate --params 1e6 --tokens 1e8 --hw this")


def test_what_it_kept_can_be_estimated_on_at_once(run, own):
    run()
    assert sorted(path.name for path in own.iterdir()) == ["accelerators", "benches", "servers", "sources.toml"]
    import traincarbon

    assert traincarbon.estimate(params=1e6, tokens=1e8, hw="this")["accelerator_hours_h"].median > 0.0


def test_a_dry_run_shows_the_files_and_writes_nothing(run, own):
    shown = run("--dry-run").stdout
    assert "Would save: in" in shown
    assert "# servers/this.toml" in shown
    assert "[peak_fp32_flop_per_s]\nvalue = 200000000000.0" in shown
    assert not own.exists()


def test_json_is_the_librarys_result_and_what_was_written(run, own):
    told = json.loads(run("--json", "--quiet").stdout)
    assert told["schema"] == "traincarbon/bench/1"
    assert told["written"] == {
        "name": "this",
        "folder": str(own),
        "files": ["benches/this-20260304T050607Z.json", "sources.toml", "accelerators/this-chip.toml", "servers/this.toml"],
        "dry_run": False,
    }


def test_progress_goes_to_stderr_and_check_silences_it(run):
    assert run().stderr == "idle power for 4 s\n"
    assert run("--quiet", "--name", "again").stderr == ""


@pytest.mark.parametrize(("words", "pace"), [((), library.THOROUGH), (("--quick",), library.QUICK)])
def test_the_pace_is_that_asked_for(run, words, pace):
    assert run(*words).asked["pace"] == pace


def test_no_pace_takes_two_minutes():
    for pace in (library.THOROUGH, library.QUICK):
        # four precisions on a GPU, each warmed up for a quarter of its time
        assert pace.check_s + pace.idle_s + 1.25 * (pace.main_s + 3 * pace.other_s + pace.sweep_s) < 60.0


def test_options_reach_the_library(run):
    asked = run("--force", "--library", "numpy").asked
    assert (asked["force"], asked["library"]) == (True, "numpy")


def test_gpus_are_shown_each_for_itself_and_a_known_one_by_its_facts(run, own):
    shown = run(found=gpu_bench("NVIDIA H100 80GB HBM3", memory_b=85e9, flop_per_s=700e12)).stdout
    assert shown.startswith("8 × NVIDIA H100 80GB HBM3 · PyTorch 2.13 · 20 s")
    assert "Products, bf16, each GPU" in shown
    assert "TFLOP/s" in shown
    assert 'accelerator = "h100-sxm5-80gb"' in (own / "servers" / "this.toml").read_text()
    assert not (own / "accelerators").exists()


def test_everything_fits_the_screen(run):
    busy = made_bench(
        notes=("fp32 products vary by 400%: other work now and then, or a changing clock",) * 2,
        loaded=(MeanPower("cpu", 28.0, EnergySource.MODELLED, 0.7, 1),),
        gemm={"fp32": GemmRate(2048, rate(204.123e9, low=11.2e9))},
        library="NumPy 2.4.6 with scipy-openblas 0.3.31.188.0",
        processor="AMD Ryzen Threadripper PRO 7995WX 96-Cores at 2.5 GHz and a very long name",
    )
    dark = made_bench(idle=(), loaded=(), unmetered=("nvml: no NVIDIA driver: libnvidia-ml.so.1 is not found",) * 4)
    for name, found in (("busy", busy), ("dark", dark)):
        lines = run("--name", name, found=found).stdout.splitlines()
        assert max(len(line) for line in lines if "/" not in line or "Next" in line) <= 80


def test_modelled_power_shows_its_bounds_and_missing_power_its_reason(run):
    assert "modelled, not measured: 6.3 – 63 W loaded" in run(found=made_bench(loaded=(MeanPower("cpu", 20.0, EnergySource.MODELLED, 0.7, 1),))).stdout
    shown = run("--name", "dark", found=made_bench(idle=(), loaded=())).stdout
    assert "Not metered: nvml: no NVIDIA driver; see carbon doctor for what would help" in shown


def test_power_that_is_next_to_nothing_or_unknown_is_not_written_out(run):
    idle, loaded = (
        (MeanPower("dram", 0.00875, EnergySource.MODELLED, 0.5, 1),),
        (MeanPower("dram", 0.25, EnergySource.MODELLED, 0.5, 1), MeanPower("cpu", 28.0, EnergySource.COUNTER, 0.0, 1)),
    )
    shown = run(found=made_bench(idle=idle, loaded=loaded)).stdout.splitlines()
    cpu, dram = (next(line for line in shown if line.strip().startswith(part)) for part in ("cpu", "dram"))
    assert cpu.split()[:4] == ["cpu", "–", "28", "W"]
    assert dram.split()[:6] == ["dram", "<", "0.1", "W", "0.250", "W"]
    assert shown.index(cpu) < shown.index(dram)


def test_a_name_that_is_taken_is_refused_before_anything_is_measured(run):
    refused = run("--name", "dgx-a100", fails=True)
    assert "already in the database" in str(refused.exception)
    assert refused.asked == {}


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    refused = run(fails=True)
    assert "cannot write" in str(refused.exception)
    assert refused.asked == {}
    assert run("--dry-run").asked != {}


def test_sources_cut_in_half_are_found_out_before_anything_is_measured(run, own):
    own.mkdir(parents=True)
    (own / "sources.toml").write_text("[mine\n")
    refused = run(fails=True)
    assert "sources.toml is not TOML" in str(refused.exception)
    assert refused.asked == {}


def test_facts_go_to_the_folder_named(run, own, tmp_path):
    (tmp_path / "team").mkdir()
    run("--db", str(tmp_path / "team"), "--name", "team-box")
    assert (tmp_path / "team" / "servers" / "team-box.toml").exists()
    assert not own.exists()
    assert open_database(str(tmp_path / "team")).product("servers", "team-box") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_interrupted_it_leaves_nothing_behind(tmp_path):
    code = "from traincarbon.cli import main; main()"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-c", code, "bench", "--quick", "--force", "--library", "numpy"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        next(line for line in running.stderr if line.startswith("idle power"))
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
    assert list(tmp_path.iterdir()) == []

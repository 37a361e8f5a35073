"""Large numbers: fifty trackers in one store, five hundred children, a gigabyte of output, and children that close every descriptor."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from killed_runs import CARBON, POWER_W
from traincarbon.ledger.store import Ledger

TRACKERS = 50
CHILDREN = 500
GIGABYTE_B = 1_000_000_000


def run(words, *, env, **rest):
    return subprocess.run([*CARBON, "track", "--quiet", *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, **rest)


def test_fifty_trackers_at_once_leave_fifty_complete_records(store, environment):
    words = [["--store", str(store), "--run-id", f"r{number}", "--interval", "0.2", "--", "sleep", "0.5"] for number in range(TRACKERS)]
    with ThreadPoolExecutor(TRACKERS) as pool:
        done = list(pool.map(lambda each: run(each, env=environment), words))
    assert [each.returncode for each in done] == [0] * TRACKERS
    with Ledger(store) as ledger:
        records = ledger.runs()
        assert ledger.faults() == []
    assert sorted(record.run_id for record in records) == sorted(f"r{number}" for number in range(TRACKERS))
    for record in records:
        assert (record.state, record.exit_code) == ("finished", 0)
        assert record.energy_j["gpu"] == pytest.approx(POWER_W * record.duration_s, rel=0.01)


def test_five_hundred_short_lived_children_are_charged_to_the_job(store, environment):
    env = {name: value for name, value in environment.items() if name != "CARBON_REPLAY"}
    loop = f'i=0; while [ $i -lt {CHILDREN} ]; do /bin/true; i=$((i+1)); done; read -r line < /proc/$$/stat; echo "$line"'
    done = run(["--store", str(store), "--run-id", "run", "--interval", "0.1", "--meter", "cpu_model", "--", "sh", "-c", loop], env=env)
    assert done.returncode == 0
    ticks = sum(int(field) for field in done.stdout.rpartition(b")")[2].split()[11:15])
    with Ledger(store) as ledger:
        (cpu,) = [use for use in ledger.run("run").by_device if use.part == "cpu"]
    watts_a_thread = cpu.energy_j / (ticks / 100.0)
    assert 0.5 * 2.8 <= watts_a_thread <= 2.0 * 4.5, (cpu, ticks)  # published measurements of a busy thread, see docs/metering.md


def test_a_gigabyte_of_output_passes_untouched(store, environment):
    command = [*CARBON, "track", "--quiet", "--store", str(store), "--", "head", "-c", str(GIGABYTE_B), "/dev/zero"]
    counted = subprocess.run(f"{' '.join(map(_quoted, command))} | wc -c", shell=True, env=environment, capture_output=True, text=True, timeout=120)
    assert counted.stdout.strip() == str(GIGABYTE_B)


def test_so_does_a_quarter_of_it_with_a_search_for_progress(store, environment):
    command = [*CARBON, "track", "--quiet", "--store", str(store), "--progress-regex", r"step (\d+)", "--", "head", "-c", str(GIGABYTE_B // 4), "/dev/zero"]
    counted = subprocess.run(f"{' '.join(map(_quoted, command))} | wc -c", shell=True, env=environment, capture_output=True, text=True, timeout=120)
    assert counted.stdout.strip() == str(GIGABYTE_B // 4)


def test_a_child_that_closes_all_descriptors_is_metered_to_its_end(store, environment):
    code = "import os, time, traincarbon; os.closerange(0, 4096); traincarbon.progress(steps=3); time.sleep(0.3); os._exit(5)"
    done = run(["--store", str(store), "--run-id", "run", "--interval", "0.1", "--", sys.executable, "-c", code], env=environment)
    assert done.returncode == 5
    with Ledger(store) as ledger:
        record = ledger.run("run")
    assert (record.state, record.exit_code) == ("failed", 5)
    assert record.energy_j["gpu"] == pytest.approx(POWER_W * record.duration_s, rel=0.02)


def test_a_child_that_outlives_the_command_is_named(store, environment):
    done = subprocess.run(
        [*CARBON, "track", "--store", str(store), "--run-id", "run", "--", "sh", "-c", "setsid sleep 60 >&- 2>&- & echo $!"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    os.kill(int(done.stdout.splitlines()[0]), signal.SIGKILL)
    assert done.returncode == 0
    assert "1 process of the training outlives it and is not metered any more" in done.stderr
    with Ledger(store) as ledger:
        assert any("outlives it" in note for note in ledger.run("run").notes)


def _quoted(word):
    import shlex

    return shlex.quote(word)

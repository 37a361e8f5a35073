"""A tracked command keeps its streams, signals, terminal and exit code."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracked import Place, python, until
from traincarbon.tracking.sidecar.job import marked_processes

COUNT = """
import os, signal, sys, time
got = []
signals = [getattr(signal, 'SIG' + name) for name in 'TERM INT HUP USR1 USR2 QUIT WINCH ALRM'.split()]
for number in signals: signal.signal(number, lambda number, _: got.append(signal.Signals(number).name))
print(os.getpid(), flush=True)
end = time.monotonic() + 10
while len(got) < int(sys.argv[1]) and time.monotonic() < end: time.sleep(0.005)
time.sleep(0.1)
print(*got, flush=True)
"""
WAIT = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_commands(place, code):
    done = place.track("--quiet", "--run-id", "r", "--", "sh", "-c", f"exit {code}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    record = place.record("r")
    assert (record.exit_code, record.state) == (code, "failed" if code else "finished")


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "INT", "HUP"])
def test_a_death_by_a_signal_is_a_death_by_the_same_signal(place, name):
    number = getattr(signal, f"SIG{name}")
    done = place.track(
        "--quiet",
        "--run-id",
        "r",
        "--",
        *python(f"import os, signal; signal.signal({number:d}, 0) if {number:d} != 9 else 0; os.kill(os.getpid(), {number:d})"),
    )
    assert (done.returncode, done.stderr) == (-number, "")
    record = place.record("r")
    assert (record.state, record.signal, record.exit_code) == ("killed", number, None)


def test_all_bytes_of_all_streams_pass_unchanged(place):
    data = bytes(range(256)) * 1000
    done = place.track("--quiet", "--", "sh", "-c", "tee /dev/stderr", input=data, text=False)
    assert (done.stdout, done.stderr) == (data, data)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_what_is_closed_stays_closed_and_does_not_change_how_it_ends(place, tmp_path, closed):
    code = (
        f"import os\nopen = [fd for fd in range(3) if os.path.exists(f'/proc/{{os.getpid()}}/fd/{{fd}}')]\nos.close(os.open({str(tmp_path / 'seen')!r}, 65))\n"
    )
    code += f"os.execv('/bin/sh', ['sh', '-c', 'echo ' + ' '.join(map(str, open)) + ' > {tmp_path}/seen; exit 7'])"
    done = place.track("--run-id", "r", "--", *python(code), preexec_fn=lambda: [os.close(fd) for fd in closed])
    assert done.returncode == 7
    assert (tmp_path / "seen").read_text().split() == [str(fd) for fd in range(3) if fd not in closed]
    assert place.record("r").exit_code == 7


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_takes_nothing_does_not_change_how_it_ends(place, stream):
    with open("/dev/full", "w") as full:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: full}
        assert place.track("--run-id", "r", "--json", "--", "sh", "-c", "exit 7", capture_output=False, **streams).returncode == 7
    assert place.record("r").exit_code == 7


def test_a_closed_stderr_of_the_tracker_does_not_end_the_command(place):
    reads, writes = os.pipe()
    os.close(reads)
    done = place.track(
        "--run-id", "r", "--max-kwh", "1e-9", "--", *python("import time; time.sleep(0.4); raise SystemExit(7)"), capture_output=False, stderr=writes
    )
    os.close(writes)
    assert done.returncode == 7
    assert any("budget" in note for note in place.record("r").notes)


def test_the_command_has_its_arguments_folder_and_environment_and_only_our_variables_more(place, tmp_path):
    words = ["a b", "", "new\nline", "--", "--quiet", "é\udcff", "$HOME", "*"]
    code = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))"
    done = place.track("--quiet", "--", *python(code), *words, cwd=tmp_path)
    seen_words, folder, env = json.loads(done.stdout)
    assert (seen_words, folder) == (words, str(tmp_path))
    more = {name for name, value in env.items() if place.env.get(name) != value}
    assert more - {"PWD", "OLDPWD", "_", "SHLVL", "LC_CTYPE"} == {"CARBON_SESSION", "CARBON_RUN_ID", "CARBON_PROGRESS_FD", "CARBON_PROGRESS_PIPE"}


def test_the_command_inherits_no_descriptor_of_ours_but_the_one_for_progress_and_no_mask(place):
    code = (
        "import json, os\n"
        "fds = sorted(int(name) for name in os.listdir('/proc/self/fd'))\n"
        "status = open('/proc/self/status').read()\n"
        "masks = [status.split(f'{name}:')[1].split()[0] for name in ('SigBlk', 'SigIgn')]\n"
        "print(json.dumps([[fd for fd in fds if os.path.exists(f'/proc/self/fd/{fd}')], int(os.environ['CARBON_PROGRESS_FD']), masks]))"
    )
    direct = json.loads(subprocess.run(python(code), env={**place.env, "CARBON_PROGRESS_FD": "0"}, capture_output=True, check=True, close_fds=True).stdout)
    fds, progress, masks = json.loads(place.track("--quiet", "--", *python(code)).stdout)
    assert sorted({*fds} - {progress}) == direct[0]
    assert [int(mask, 16) & 0x7FFFFFFF for mask in masks] == [int(mask, 16) & 0x7FFFFFFF for mask in direct[2]]  # above are the C library's own


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1", "USR2", "QUIT", "WINCH", "ALRM"])
def test_a_signal_is_passed_on_exactly_once(place, name):
    with place.tracking("--quiet", "--", *python(COUNT), "1", start_new_session=True) as process:
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert process.stdout.read().split() == [f"SIG{name}"]
        assert process.wait(10) == 0


def test_an_ignored_hangup_stays_ignored(place):
    with place.tracking("--quiet", "--", *python("import time; print('on', flush=True); time.sleep(0.4); raise SystemExit(5)"), start_new_session=True,
                        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:  # fmt: skip
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 5


def test_a_caller_that_ignores_its_children_gets_the_exit_code(place):
    assert place.track("--quiet", "--", "sh", "-c", "exit 7", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)).returncode == 7


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]


@pytest.mark.parametrize("name", ["TSTP", "STOP"])
def test_a_stop_stops_the_command_and_it_goes_on_with_its_supervisor(place, name):
    with place.tracking("--quiet", "--", *python(WAIT), process_group=0) as process:
        pid = int(process.first)
        assert until(lambda: list(Path(place.store, "journals").glob("*/*.jsonl")))  # the metering process knows the command
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert until(lambda: state_of(pid) == "T")
        process.send_signal(signal.SIGCONT)
        assert until(lambda: state_of(pid) != "T")
        process.terminate()
        assert process.wait(10) == -signal.SIGTERM


def test_a_killed_supervisor_leaves_no_orphan_and_a_record(place):
    script = f"{sys.executable} -S -c 'import time; time.sleep(60)' & exec {sys.executable} -S -c \"{WAIT}\""
    with place.tracking("--run-id", "r", "--", "sh", "-c", script, start_new_session=True) as process:
        pid = int(process.first)
        session = re.search(rb"CARBON_SESSION=(\w+)", Path(f"/proc/{pid}/environ").read_bytes())[1].decode()
        assert until(lambda: len(marked_processes(session)) == 2)
        assert until(lambda: os.path.isdir(os.path.join(place.store, "journals", "r")) and any(line["kind"] == "interval" for line in place.lines("r")))
        process.kill()
        assert until(lambda: not marked_processes(session))
        assert until(lambda: place.lines("r")[-1]["kind"] == "end")
    record = place.record("r")
    assert record.state == "killed"
    assert any("supervisor was killed" in note for note in record.notes)
    assert record.energy_j["gpu"] > 0.0


def test_a_killed_meter_is_started_anew_and_the_run_adds_up(place):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(4.0)"
    with place.tracking("--run-id", "r", "--", *python(code)) as process:
        until(lambda: os.path.isdir(os.path.join(place.store, "journals", "r")) and any(line["kind"] == "interval" for line in place.lines("r")))
        os.kill(place.lines("r")[0]["process"], signal.SIGKILL)
        assert process.wait(10) == 0
    record = place.record("r")
    assert any("the metering process was killed and started again" in note for note in record.notes)
    assert (record.state, record.exit_code, record.restarts) == ("finished", 0, 0)
    assert 0.5 * 3600.0 * record.duration_s < record.energy_j["gpu"] < 1.05 * 3600.0 * record.duration_s


def test_processes_that_outlive_the_command_are_listed(place):
    done = place.track("--run-id", "r", "--", "sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!")
    try:
        assert f"1 process of the training outlives it and is not metered any more: {done.stdout.strip()} sleep" in done.stderr
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, env):
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**env, "PS1": "READY> ", "TERM": "dumb"})
        self.seen = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, *, seconds=15.0):
        """Read until *pattern* shows; return its match and forget what came before."""
        import select

        end_s = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            left_s = end_s - time.monotonic()
            assert left_s > 0.0, f"no {pattern!r} in {self.seen!r}"
            if select.select([self.master], [], [], left_s)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        self.seen = self.seen[found.end() :]
        return found

    def close(self):
        os.close(self.master)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(place, tmp_path):
    (tmp_path / "wait.py").write_text(WAIT)
    (tmp_path / "count.py").write_text(COUNT)
    words = " ".join(f"'{word}'" if re.fullmatch(r"[\w/.=-]+", word) else '"$CODE"' for word in place.command())
    place.env["CODE"] = place.command()[3]
    (tmp_path / "t").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (tmp_path / "t").chmod(0o755)
    shell = Terminal(place.env | {"T": str(tmp_path / "t"), "P": f"{sys.executable} -S {tmp_path}"})
    shell.expect("READY> ")
    yield shell
    shell.close()


def test_ctrl_c_reaches_the_command_once_and_the_shell_sees_what_it_would_have_seen(terminal):
    terminal.type("$T --quiet -- $P/count.py 1; echo code=$?\n")
    terminal.expect(r"\n\d+\r")
    terminal.type("\x03")
    terminal.expect(r"SIGINT\r\n")
    assert terminal.expect(r"code=(\d+)")[1] == "0"
    terminal.expect("READY> ")
    terminal.type("$T --quiet -- $P/wait.py\n")
    terminal.expect(r"\n\d+\r")
    terminal.type("\x03")
    terminal.expect("READY> ")
    terminal.type("echo code=$?\n")
    assert terminal.expect(r"code=(\d+)")[1] == "130"


def test_ctrl_z_gives_the_shell_back_and_fg_goes_on(terminal):
    terminal.type("$T --quiet -- $P/wait.py\n")
    pid = int(terminal.expect(r"\n(\d+)\r")[1])
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect("READY> ")
    assert state_of(pid) == "T"
    terminal.type("fg\n")
    assert until(lambda: state_of(pid) in "SR")
    terminal.type("\x03")
    terminal.expect("READY> ")
    assert not os.path.exists(f"/proc/{pid}")


def test_a_budget_that_is_reached_at_the_end_warns_and_signals_no_process(place):
    done = place.track("--interval", "5", "--max-hours", "1e-6", "--on-budget", "stop", "--", "sleep", "0.3")
    assert done.returncode == 0
    assert "carbon: the budget of 0.00000100 h is spent" in done.stderr
    assert "signal" not in done.stderr
    assert "stopped" not in done.stderr


def test_a_run_of_which_nothing_is_metered_has_no_figures(place):
    done = place.track("--run-id", "r", "--meter", "ipmi", "--", "sleep", "0.3", env={"CARBON_REPLAY": ""})
    record = place.record("r")
    assert (record.facility_energy_kwh, record.operational_kgco2e, record.cost_usd) == (None, None, None)
    assert "Measured: nothing\nModelled: nothing\n" in done.stderr
    assert "0 kWh" not in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lists the children of a process")
def test_a_process_without_its_mark_is_listed_and_ends_with_a_killed_supervisor(place):
    child = "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], env={}, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)"
    code = f"import subprocess, sys, time; print({child}.pid, flush=True); time.sleep("
    done = place.track("--run-id", "r", "--", *python(f"{code}3.0)"))
    pid = int(done.stdout)
    os.kill(pid, signal.SIGKILL)
    assert f"1 process of the training outlives it and is not metered any more: {pid} " in done.stderr
    with place.tracking("--run-id", "s", "--", *python(f"{code}60)")) as process:
        pid = int(process.first)
        process.kill()
        assert until(lambda: not os.path.exists(f"/proc/{pid}"))

"""Tracking from Python: the code runs as it would without, even if the metering process fails."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import traincarbon
from tracked import METERED, Place, until
from traincarbon.errors import CarbonError
from traincarbon.tracking.messages import REPLACED
from virtual_terminal import VirtualTerminal

BEFORE = "import os, sys, time, signal, json\nimport traincarbon\n"


@pytest.fixture
def place(tmp_path):
    """A store, and a place for what it does not take, without the runs of the same name that other tests left there."""
    place = Place(tmp_path)
    place.env["XDG_DATA_HOME"] = str(tmp_path / "data")
    return place


@pytest.fixture
def script(place, tmp_path):
    """Return a function that runs a script in a process of its own."""

    def run(code, *, env=None, **options):
        (tmp_path / "script.py").write_text(BEFORE + code)
        options = {"capture_output": True, "text": True, "timeout": 30, **options}
        return subprocess.run([sys.executable, "-W", "error", str(tmp_path / "script.py")], env=place.env | (env or {}), check=False, **options)

    return run


def test_a_block_is_metered_and_leaves_no_trace_in_the_process(script, place):
    done = script(
        "before = dict(os.environ), sorted(os.listdir('/proc/self/fd'))\n"
        "with traincarbon.track(quiet=True, run_id='r', interval_s=0.1, project='nlp') as run:\n"
        "    time.sleep(0.3)\n"
        "    run.progress(tokens=500)\n"
        "    traincarbon.progress(tokens=1000)\n"
        "assert (dict(os.environ), sorted(os.listdir('/proc/self/fd'))) == before\n"
        "try: os.waitpid(-1, os.WNOHANG)\n"
        "except ChildProcessError: print(run.run_id, run.record.state, run.record.tokens)\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("r finished 1000.0\n", "", 0)
    record = place.record("r")
    assert record.energy_j["gpu"] == pytest.approx(3600.0 * record.duration_s, rel=0.02)
    assert (record.project, record.exit_code) == ("nlp", 0)


@pytest.mark.parametrize(
    ("raised", "exit_code", "state", "code"),
    [
        ("ValueError('no')", 1, "failed", 1),
        ("SystemExit(7)", 7, "failed", 7),
        ("SystemExit", 0, "finished", 0),
        ("SystemExit('why')", 1, "failed", 1),
        ("SystemExit(True)", 1, "failed", 1),
        ("KeyboardInterrupt", 130, "failed", -2),
    ],
)
def test_what_the_code_raises_goes_on_and_is_the_outcome_of_the_run(script, place, raised, exit_code, state, code):
    done = script(f"with traincarbon.track(quiet=True, run_id='r', interval_s=0.1): raise {raised}")
    assert done.returncode == code
    assert (raised.partition("(")[0] in done.stderr) == (not raised.startswith("SystemExit"))
    record = place.record("r")
    assert (record.exit_code, record.state) == (exit_code, state)


@pytest.mark.parametrize("decorator", ["@traincarbon.track(quiet=True)", "@traincarbon.track(quiet=True, run_id='r', interval_s=0.1)"])
def test_a_decorated_function_stays_what_it_was_and_is_metered_whenever_it_is_called(script, place, decorator):
    done = script(
        f'{decorator}\ndef train(a, *, b=2):\n    "Train."\n    return a + b\nprint(train(1), train(1, b=5), train.__name__, train.__doc__)',
        env={"CARBON_RUN_ID": "r"},
    )
    assert (done.stdout, done.stderr) == ("3 6 train Train.\n", "")
    assert place.record("r").restarts == 1


@pytest.mark.parametrize("env", [{"LOCAL_RANK": "1"}, {"SLURM_LOCALID": "3"}])
def test_a_rank_that_is_alone_is_metered_whatever_its_number(script, place, env):
    done = script("with traincarbon.track(quiet=True, run_id='r', interval_s=0.1): pass", env=env)
    assert (done.stdout, done.stderr) == ("", "")
    assert place.record("r").state == "finished"


def test_a_block_within_a_block_is_part_of_the_outer_run(script, place):
    done = script(
        "with traincarbon.track(quiet=True, run_id='outer', interval_s=0.1):\n with traincarbon.track(quiet=True, run_id='inner') as run: print(run.record)\n print('on')"
    )
    assert (done.stdout, done.stderr) == ("None\non\n", "")
    assert place.record("outer").state == "finished"


def test_a_forked_child_neither_ends_the_run_nor_changes_it(script, place):
    done = script(
        "with traincarbon.track(quiet=True, run_id='r', interval_s=0.1) as run:\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        traincarbon.progress(steps=5)\n"
        "        run.stop(exit_code=3)\n"
        "        os._exit(0)\n"
        "    os.waitpid(pid, 0)\n"
        "    time.sleep(0.2)\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)
    record = place.record("r")
    assert (record.state, record.counts) == ("finished", {"steps": 5.0})


def test_threads_may_start_and_stop_the_same_tracker(script, place):
    done = script(
        "import threading\n"
        "run = traincarbon.track(quiet=True, run_id='r', interval_s=0.1)\n"
        "for act in (run.start, run.stop):\n"
        "    threads = [threading.Thread(target=act) for _ in range(8)]\n"
        "    for thread in threads: thread.start()\n"
        "    for thread in threads: thread.join()\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert len({line["process"] for line in place.lines("r")}) == 1


@pytest.mark.parametrize("stderr", ["sys.stderr.close()", "sys.stderr = None", "os.close(2)", "os.closerange(0, 3)"])
def test_a_store_that_cannot_be_written_and_an_stderr_that_is_gone_harm_nothing(script, tmp_path, stderr):
    (tmp_path / "file").write_text("")
    code = f"{stderr}\nwith traincarbon.track(store={str(tmp_path / 'file' / 'x')!r}, interval_s=0.1): time.sleep(0.2)\nos._exit(6)"
    assert script(code).returncode == 6


def test_an_unwritable_store_is_one_line(script, tmp_path):
    (tmp_path / "file").write_text("")
    done = script(f"with traincarbon.track(store={str(tmp_path / 'file' / 'x')!r}, interval_s=0.1): time.sleep(0.2)\nprint('on')")
    assert done.stdout == "on\n"
    line, *summary = done.stderr.splitlines()
    assert line.startswith("carbon: the journal cannot be written")
    assert not any("Again: " in line for line in summary)


@pytest.mark.parametrize(
    "broken",
    [
        "sys.executable = '/nowhere/python'",
        "sys.executable = None",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (before, 4096))",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (before + 6, 4096))",
    ],
)
def test_a_meter_that_cannot_be_started_is_one_line_and_leaves_nothing_open(script, broken):
    done = script(
        "import resource\n"
        "run = traincarbon.track(run_id='r')\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        f"{broken}\n"
        "with run: pass\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 4096))\n"
        "print(len(os.listdir('/proc/self/fd')) - before)"
    )
    assert done.stdout == "0\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("carbon: the run is not metered: ")


@pytest.mark.parametrize("how", ["", "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"])
def test_a_meter_that_was_killed_does_not_end_the_code_and_is_replaced(script, place, how):
    done = script(
        f"{how}with traincarbon.track(run_id='r', interval_s=0.1) as run:\n"
        "    os.kill(run._sidecar.pid, signal.SIGKILL)\n"
        "    for _ in range(2000): traincarbon.progress(tokens=1, loss=1.5)\n"
        "    time.sleep(1.0)\n"
        "    traincarbon.progress(tokens=5)\n"
        "print('on')"
    )
    assert (done.stdout, done.returncode) == ("on\n", 0)
    assert "did not confirm the end of the run" not in done.stderr
    record = place.record("r")
    assert (record.state, record.tokens) == ("finished", 5.0)
    assert REPLACED in record.notes


def test_a_training_that_ignores_its_children_is_metered(script, place):
    done = script("signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwith traincarbon.track(quiet=True, run_id='r', interval_s=0.1): time.sleep(0.3)")
    assert (done.stderr, done.returncode) == ("", 0)
    record = place.record("r")
    assert record.state == "finished"
    assert not [note for note in record.notes if "failed" in note]


WAITED = """
import subprocess, multiprocessing
with traincarbon.track(quiet=True, run_id='r', interval_s=0.1) as run:
    pids = {os.posix_spawn('/bin/true', ['true'], os.environ) for _ in range(3)}
    assert run._sidecar.pid not in pids
    waited = set()
    try:
        while True: waited.add(os.wait()[0])
    except ChildProcessError: pass
    assert waited == pids, (waited, pids)
    assert subprocess.run(['echo', 'sub'], capture_output=True, text=True).stdout == 'sub\\n'
    with multiprocessing.get_context('spawn').Pool(1) as pool: assert pool.map(len, ['ab']) == [2]
"""


def test_a_training_that_waits_for_all_its_children_meets_its_own_only(script, place):
    done = script(f"if __name__ == '__main__':\n{textwrap.indent(WAITED, '    ')}")
    assert (done.stderr, done.returncode) == ("", 0)
    assert place.record("r").state == "finished"


def test_a_handler_that_waits_for_whatever_has_ended_meets_no_process_of_ours(script):
    done = script(
        "met = []\n"
        "def handle(*_):\n"
        "    try: met.append(os.waitpid(-1, os.WNOHANG)[0])\n"
        "    except ChildProcessError: pass\n"
        "signal.signal(signal.SIGCHLD, handle)\n"
        "with traincarbon.track(quiet=True, run_id='r', interval_s=0.1): time.sleep(0.3)\n"
        "print(met)"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_where_orphans_come_to_the_training_the_meter_leaves_no_zombie(script, place):
    done = script(
        "import ctypes\n"
        "assert not ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # as process 1 of a container\n"
        "with traincarbon.track(quiet=True, run_id='r', interval_s=0.1) as run: assert run._sidecar.is_child\n"
        "try: print(os.waitpid(-1, os.WNOHANG))\n"
        "except ChildProcessError: print('none')"
    )
    assert (done.stdout, done.stderr) == ("none\n", "")
    assert place.record("r").state == "finished"


def test_threads_that_are_metered_at_once_are_one_run_and_the_next_is_metered_again(script, place):
    done = script(
        "import threading\n"
        "before, met = dict(os.environ), []\n"
        "def train(each):\n"
        "    with traincarbon.track(quiet=True, run_id=f'r{each}', interval_s=0.1) as run:\n"
        "        together.wait()\n"
        "        met.append(run.record is not None)\n"
        "        time.sleep(0.1 * each)\n"
        "together = threading.Barrier(6, timeout=20)\n"
        "threads = [threading.Thread(target=train, args=(each,)) for each in range(6)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "assert dict(os.environ) == before\n"
        "with traincarbon.track(quiet=True, run_id='next', interval_s=0.1): time.sleep(0.2)\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert place.record("next").state == "finished"
    assert sum(name.startswith("r") for name in os.listdir(f"{place.store}/journals")) == 1


def test_what_the_code_opens_after_it_closed_all_descriptors_is_left_alone(script, place, tmp_path):
    done = script(
        f"run = traincarbon.track(run_id='r', interval_s=0.1).start()\n{METERED}"
        "pid = run._sidecar.pid\n"
        "os.closerange(3, 100)\n"
        f"files = [os.open({str(tmp_path / 'own')!r} + str(each), os.O_RDWR | os.O_CREAT) for each in range(20)]\n"
        "traincarbon.progress(steps=4)\n"
        "run.stop()\n"
        "print([os.fstat(descriptor).st_size for descriptor in files] == [0] * 20, pid)"
    )
    left_alone, pid = done.stdout.split()
    assert left_alone == "True"
    assert done.stderr.startswith("carbon: the metering process did not confirm the end of the run: the record in ")
    assert done.stderr.endswith("may lack its last seconds\n")
    assert until(lambda: not os.path.exists(f"/proc/{pid}"))
    assert place.record("r").state == "killed"


@pytest.mark.parametrize("odd", ["del sys.argv", "sys.argv = [1, None]", "sys.path += [None, 3]"])
def test_a_program_that_is_odd_is_metered(script, place, odd):
    done = script(f"{odd}\nwith traincarbon.track(quiet=True, run_id='r', interval_s=0.1): time.sleep(0.1)")
    assert (done.stderr, done.returncode) == ("", 0)
    assert place.record("r").state == "finished"


def test_a_child_that_was_forked_while_another_thread_starts_or_stops_can_stop_too(script):
    done = script(
        "run = traincarbon.track(quiet=True, run_id='r', interval_s=0.1).start()\n"
        "with run._lock: pid = os.fork()\n"
        "if not pid:\n"
        "    run._lock.acquire(blocking=False)  # nobody here will let it go\n"
        "    run.stop()\n"
        "    os._exit(4)\n"
        "signal.alarm(10)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "run.stop()"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("4\n", "", 0)


def test_a_killed_training_gets_its_record_finished(script, place):
    done = script(f"run = traincarbon.track(quiet=True, run_id='r', interval_s=0.1).start()\n{METERED}time.sleep(0.4)\nos.kill(os.getpid(), 9)")
    assert done.returncode == -9
    assert until(lambda: place.lines("r")[-1]["kind"] == "end")
    record = place.record("r")
    assert record.state == "killed"
    assert record.energy_j["gpu"] == pytest.approx(3600.0 * record.duration_s, rel=0.05)


def test_an_option_that_cannot_be_is_refused_where_it_is_given():
    with pytest.raises(CarbonError):
        traincarbon.track(max_kwh=-1.0)
    with pytest.raises(CarbonError, match="unknown option 'max_kw'") as caught:
        traincarbon.track(max_kw=1)
    assert caught.value.hint == "did you mean max_kwh?"
    with pytest.raises(CarbonError, match="unknown option 'no_such_option'"):
        traincarbon.track(no_such_option=1)


def test_a_pattern_for_output_is_refused_in_python():
    with pytest.raises(CarbonError, match="not available in Python") as caught:
        traincarbon.track(progress_regex=r"step (\d+)")
    assert "traincarbon.progress" in caught.value.hint


def test_the_meter_is_in_a_session_of_its_own(script):
    done = script(
        "with traincarbon.track(quiet=True, run_id='r', interval_s=0.1) as run:\n"
        "    pid = run._sidecar.pid\n"
        "    print(json.dumps([os.getsid(pid) == os.getsid(0), os.getpgid(pid) == os.getpgid(0), os.getsid(pid) == os.getpgid(pid)]))\n"
    )
    assert json.loads(done.stdout) == [False, False, True]


def test_what_returns_before_its_work_is_done_is_refused(place):
    async def coroutine():
        pass

    def generator():
        yield

    for function in (coroutine, generator):
        with pytest.raises(CarbonError, match=r"is a coroutine or a generator"):
            traincarbon.track(store=str(place.store))(function)


def test_a_log_gets_the_summary_at_the_end_and_a_quiet_run_nothing(script):
    code = "with traincarbon.track(run_id='r', interval_s=0.1{}): time.sleep(0.3)\nprint('on')"
    loud, quiet = script(code.format("")), script(code.format(", quiet=True"))
    assert (loud.stdout, quiet.stdout, quiet.stderr) == ("on\n", "on\n", "")
    assert "r · finished, exit code 0" in loud.stderr
    assert "Measured: gpu" in loud.stderr
    assert "Again: carbon runs show r" in loud.stderr


def test_the_command_that_shows_the_run_again_names_a_store_that_was_given(script, tmp_path):
    done = script("with traincarbon.track(run_id='r', store='runs'): time.sleep(0.1)", cwd=tmp_path)
    assert "Again: carbon runs show r --store runs" in done.stderr


def test_a_terminal_has_the_panel_while_the_run_lasts(place, tmp_path):
    terminal = VirtualTerminal(80, 30)
    (tmp_path / "script.py").write_text(BEFORE + "with traincarbon.track(run_id='shown', interval_s=0.1):\n print('step', flush=True)\n sys.stdin.readline()\n")
    environment = place.env | {"TERM": "xterm-256color"}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")], env=environment, stdin=subprocess.PIPE, stdout=terminal.stream, stderr=terminal.stream, text=True
    ) as training:
        assert until(lambda: any("shown" in line and "running" in line for line in terminal.display))
        assert "step" in terminal.display
        training.stdin.write("\n")
    shown = terminal.transcript()
    assert not any("running" in line for line in shown)
    assert any(line.startswith("shown · finished") for line in shown)
    assert terminal.screen.margins is None
    terminal.close()


def test_a_budget_is_announced_while_the_run_lasts_and_only_once(place, tmp_path):
    (tmp_path / "script.py").write_text(f"{BEFORE}signal.alarm(60)\nwith traincarbon.track(run_id='r', interval_s=0.1, max_kwh=1e-4): sys.stdin.readline()\n")
    command = [sys.executable, "-W", "error", str(tmp_path / "script.py")]
    with subprocess.Popen(command, env=place.env, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as training:
        said = ""
        while "is spent" not in said:
            line = training.stderr.readline()
            assert line, said
            said += line
        assert training.poll() is None  # it goes on when it is told to
        training.stdin.write("\n")
        training.stdin.close()
        said += training.stderr.read()
    assert training.returncode == 0
    assert said.count("carbon: the budget of 0.000100 kWh is spent") == 1


@pytest.mark.parametrize("code", ["with run: print('trained')", "run.start()", "run(print)('trained')"])
def test_a_budget_that_cannot_be_metered_is_an_error_before_the_code_runs(script, place, code):
    done = script(
        f"run = traincarbon.track(run_id='r', max_kwh=5, on_budget='stop')\nbefore = sorted(os.listdir('/proc/self/fd')), dict(os.environ)\n"
        f"try:\n    {code}\nexcept traincarbon.CarbonError as error: print(error, error.hint, sep='\\n')\n"
        "assert (sorted(os.listdir('/proc/self/fd')), dict(os.environ)) == before\n",
        env={"CARBON_REPLAY": "/nowhere"},
    )
    problem, hint = done.stdout.splitlines()
    assert problem.startswith("the budget of 5 kWh cannot be metered: no meter can be read here")
    assert hint.endswith('only be warned: on_budget="warn"')
    assert done.stderr == ""
    assert not os.path.exists(f"{place.store}/journals")


@pytest.mark.parametrize("limit", ["max_kwh=5", "max_hours=1"])
def test_a_budget_is_an_error_where_no_metering_process_can_start(script, limit):
    done = script(
        f"sys.executable = None\ntry:\n    with traincarbon.track(quiet=True, {limit}, on_budget='stop'): print('trained')\n"
        "except traincarbon.CarbonError as error: print(error, error.hint, sep='\\n')"
    )
    assert done.stdout.splitlines()[0] == "the budget cannot be metered: there is no metering process"
    assert done.stdout.splitlines()[1].endswith('on_budget="warn"')


def test_a_budget_that_only_warns_starts_without_meters(script):
    done = script("with traincarbon.track(run_id='r', max_kwh=5, on_budget='warn'): print('trained')", env={"CARBON_REPLAY": "/nowhere"})
    assert (done.stdout, done.returncode) == ("trained\n", 0)


WHY = "with traincarbon.track(run_id='r', quiet=True) as run: time.sleep(0.1)\nprint(run.record is None, run.why_no_record)"


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({}, "False "),
        ({"CARBON_SESSION": "s"}, "True this process is metered already, as part of an outer run: its record has the energy"),
        ({"CARBON_SESSION": "s", "CARBON_RUN_ID": "an outer run on another node"}, "False "),
    ],
)
def test_a_record_that_is_none_has_a_reason_that_says_whose_record_it_is(script, env, why):
    assert script(WHY, env=env).stdout == f"{why}\n"


def test_a_block_within_a_tracked_command_is_part_of_its_run(place):
    code = f"import sys, time; sys.path[:0] = {sys.path!r}; import traincarbon\n{WHY}"
    done = place.track("--run-id", "outer", "--", sys.executable, "-c", code)
    assert done.stdout == "True this process is metered already, as part of the run outer: its record has the energy\n"
    assert os.listdir(f"{place.store}/journals") == ["outer"]


def test_a_run_that_has_not_started_and_one_that_cannot_be_metered_have_a_reason(script):
    done = script("run = traincarbon.track(quiet=True)\nprint(run.why_no_record)\nsys.executable = None\nwith run: pass\nprint(run.why_no_record)")
    assert done.stdout.splitlines()[0].startswith("the run has not started")
    assert done.stdout.splitlines()[1].startswith("the run is not metered: ")


def test_the_documented_example_runs_on_every_rank_of_a_launcher_and_all_name_one_run(place, tmp_path):
    """Two processes of one parent with the environment that torchrun gives its workers."""
    blocks = Path(__file__).parents[2].joinpath("docs", "tracking.md").read_text().split("```python\n")
    example = tmp_path / "example.py"
    example.write_text(blocks[1].split("```")[0] + "\nprint(run.run_id)\n")
    world = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    ranks = [
        subprocess.Popen(
            [sys.executable, str(example)], cwd=tmp_path, env=place.env | world | {"RANK": rank, "LOCAL_RANK": rank}, stdout=-1, stderr=-1, text=True
        )
        for rank in "01"
    ]
    said = [rank.communicate(timeout=60) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], said
    assert len({out.splitlines()[-1] for out, _ in said}) == 1
    assert not [err for _, err in said if "Traceback" in err]

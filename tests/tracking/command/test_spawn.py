"""A command starts as from a shell."""

import os
import re
import sys

import pytest

import tracked
from tracked import Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.mark.parametrize(("command", "code"), [("/nowhere/python", 127), ("no-such-command", 127), ("/etc/passwd", 126), ("/", 126), ("", 127)])
def test_a_command_that_cannot_be_started_has_the_exit_code_of_a_shell_and_leaves_no_record(place, command, code):
    done = place.track("--", command)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.fullmatch(r"error: cannot start '.*': [^\n]+\nhint: [^\n]+\n", done.stderr)
    assert not os.path.exists(os.path.join(place.store, "journals"))


def test_the_shell_runs_a_script_without_interpreter_but_not_a_broken_program(place, tmp_path):
    for name, content in (("script", b'echo "$0" "$@"; exit 3\n'), ("program", b"\x7fELF\0")):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for command in (str(tmp_path / "script"), "script"):
        done = place.track("--quiet", "--", command, "a b", "c", env=path)
        assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path / 'script'} a b c\n", "")
    assert place.track("--", str(tmp_path / "program")).returncode == 126


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the environment at the start is not shown")
@pytest.mark.parametrize("given", [{}, {"LC_CTYPE": "C"}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C"}])
def test_python_s_change_of_the_locale_does_not_reach_the_command(place, given):
    place.env = {name: value for name, value in place.env.items() if not name.startswith(("LC_", "LANG"))} | given
    done = place.track("--quiet", "--", "env")
    seen = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert {name: value for name, value in seen.items() if name.startswith(("LC_", "LANG"))} == given


NO_ROOM = "import errno, os\ndef refuse(*_, **__): raise BlockingIOError(errno.EAGAIN, 'Resource temporarily unavailable')\nos.posix_spawn = os.posix_spawnp = os.fork = refuse\n"


def test_where_no_further_process_fits_the_command_takes_the_place_of_the_tracker(place, monkeypatch):
    monkeypatch.setattr(tracked, "CARBON", NO_ROOM + tracked.CARBON)
    script = (
        "import os, signal, sys; signal.signal(signal.SIGINT, lambda *_: print('interrupted')); os.kill(os.getpid(), signal.SIGINT)"
        "; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, ())), 'blocked'); sys.exit(7)"
    )
    done = place.track("--quiet", "--", sys.executable, "-c", script)
    assert (done.returncode, done.stdout.split()) == (7, ["interrupted", "0", "blocked"])
    assert done.stderr.splitlines()[-1].endswith("leaves room for the command alone")
    assert place.track("--quiet", "--", "no-such-command").returncode == 127

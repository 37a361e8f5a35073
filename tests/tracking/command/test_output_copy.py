"""Output is passed on unchanged and in order, and a slow or missing reader of the copy never delays it."""

import fcntl
import os
import struct
import subprocess
import sys
import termios
import threading

import pytest

# a process of its own, so that its standard streams can be anything: it relays one command and tells of itself on descriptor 9
HARNESS = """
import os, sys, json
from traincarbon.tracking.command.launch import pipe
from traincarbon.tracking.command.output_copy import OutputCopy
tap, copying = pipe()
os.set_blocking(copying, False)
if sys.argv[1] == "drained":
    import threading
    taken = []
    def take():
        while data := os.read(tap, 1 << 16): taken.append(data)
    taker = threading.Thread(target=take, daemon=True); taker.start()
relay = OutputCopy(copying)
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=relay.actions)
relay.start()
status = os.waitpid(pid, 0)[1]
if os.environ.get("RESIZE"):
    relay.resize()
relay.close()
os.close(copying)
if sys.argv[1] == "drained":
    taker.join(); copy = b"".join(taken)
else:
    os.set_blocking(tap, False); copy = os.read(tap, 1 << 20)
result = {"code": os.waitstatus_to_exitcode(status), "copy": copy[:8000].decode("latin-1"), "kib": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]),
        "open": len(os.listdir("/proc/self/fd"))}
os.write(9, json.dumps(result).encode())
"""


def relayed(*command, mode="drained", **streams):
    """Run *command* behind a relay; return what the relay tells and what came out of stdout and stderr."""
    import json

    tells, telling = os.pipe()
    code = f"import os; os.dup2({telling}, 9); os.closerange(10, 200)\n{HARNESS}"
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    process = subprocess.Popen([sys.executable, "-c", code, mode, *command], pass_fds=[telling], **streams)
    os.close(telling)
    try:
        out, err = process.communicate(timeout=60)
        data = b"".join(iter(lambda: os.read(tells, 1 << 16), b""))
    finally:
        process.kill()
        os.close(tells)
    return (json.loads(data) if data else {}), out, err


def test_both_streams_come_out_where_they_belong_byte_by_byte():
    result, out, err = relayed("sh", "-c", r"printf 'a\r\033[0m\000\377\nno end'; printf 'e\n' >&2; exit 3")
    assert (out, err, result["code"]) == (b"a\r\x1b[0m\0\xff\nno end", b"e\n", 3)
    assert sorted(result["copy"]) == sorted("a\r\x1b[0m\0\xff\nno ende\n")


def test_two_streams_to_one_place_stay_in_order():
    _, out, _ = relayed("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done", stderr=subprocess.STDOUT)
    assert out.split() == [f"{stream}{place}".encode() for place in range(1, 10) for stream in "oe"]


def test_a_hundred_megabytes_go_through_in_bounded_memory():
    result, size = {}, 0
    reads, writes = os.pipe()

    def run():
        result.update(relayed("head", "-c", "100000000", "/dev/zero", mode="stuck", stdout=writes)[0])
        os.close(writes)

    thread = threading.Thread(target=run)
    thread.start()
    while data := os.read(reads, 1 << 20):
        size += len(data)
    thread.join()
    os.close(reads)
    assert size == 100_000_000
    assert result["kib"] < 40_000


def test_a_copy_without_a_reader_delays_nothing_and_is_cut_between_lines():
    result, out, _ = relayed("seq", "100000", mode="stuck")
    assert out == b"".join(b"%d\n" % number for number in range(1, 100_001))
    lines = result["copy"].split("\n")
    assert lines[:1000] == [str(number) for number in range(1, 1001)]


def test_a_reader_that_goes_away_is_felt_by_the_command():
    reads, writes = os.pipe()
    os.close(reads)
    result, _, _ = relayed("sh", "-c", "while echo y 2>/dev/null; do :; done; exit 5", stdout=writes)
    os.close(writes)
    assert result["code"] in (5, -13)


def test_what_outlives_the_command_and_writes_for_ever_is_not_waited_for():
    result, out, _ = relayed("sh", "-c", "echo begun; yes & echo $! >&2; sleep 0.05", mode="stuck")
    assert out.startswith(b"begun\n")
    assert result["code"] == 0


@pytest.mark.parametrize("closed", [1, 2])
def test_a_stream_that_is_closed_stays_closed_for_the_command(closed):
    code = "import os\nfor fd in (1, 2):\n try: os.write(fd, b'open')\n except OSError: pass"
    result, out, err = relayed(sys.executable, "-S", "-c", code, preexec_fn=lambda: os.close(closed))
    assert result["code"] == 0
    assert (out, err) == ((b"", b"open") if closed == 1 else (b"open", b""))


def test_a_terminal_stays_a_terminal_with_its_size_and_its_line_ends():
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    code = r"import os; os.write(1, f'{os.isatty(1)} {tuple(os.get_terminal_size(1))}\n\rbar\x1b[K'.encode())"
    result, _, err = relayed(sys.executable, "-S", "-c", code, stdout=slave)
    os.close(slave)
    assert os.read(master, 1000) == b"True (99, 33)\r\n\rbar\x1b[K"
    assert result["copy"] == "True (99, 33)\n\rbar\x1b[K"
    assert err == b""
    os.close(master)


@pytest.mark.parametrize("streams", ["sh -c 'exec >&- 2>&-; sleep 0.05'", "true"])
def test_resizing_a_terminal_that_the_command_has_left_is_no_error(streams, monkeypatch):
    monkeypatch.setenv("RESIZE", "1")
    master, slave = os.openpty()
    result, _, err = relayed("sh", "-c", streams, stdout=slave)
    os.close(slave)
    os.close(master)
    assert (result["code"], err) == (0, b"")


def test_all_descriptors_are_let_go():
    first, _, _ = relayed("true")
    more, _, _ = relayed("sh", "-c", "exec >&-; sleep 0.02")
    assert first["open"] == more["open"] <= 7

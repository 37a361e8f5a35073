"""Every command fits the screen that it is printed on, and its colours are those that the user asks for."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from traincarbon import terminal_text

ROOT = Path(__file__).parents[2]
PLAN = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"]
COMMANDS = [
    ["estimate", *PLAN],
    ["estimate", *PLAN, "--servers", "280", "--region", "us-east-1"],
    ["estimate", "--params", "70B", "--tokens", "10M", "--kind", "lora", "--hw", "rtx-4090", "--accelerators", "1"],
    ["estimate", *PLAN, "--servers", "280", "--explain"],
    ["estimate", *PLAN, "--explain"],
    *(["db", "show", name] for name in ("dgx-a100", "h100", "us-east-1", "FR", "nvidia-2021-a100-datasheet")),
    *(["db", "list", what] for what in ("hardware", "regions", "zones", "sources", "priors")),
    ["db", "check"],
    ["compare", *PLAN, "--region", "us-east-1,sweden", "--rent", "on_demand,spot"],
    ["compare", str(ROOT / "reports" / "mt-nlg-530b.toml"), "--rent", "on_demand,spot,reserved_1y"],
    ["advise", *PLAN],
    ["advise", *PLAN, "--explain"],
    ["optimise", "--hw", "dgx-h100", "--budget-usd", "1e6"],
    ["doctor"],
    ["runs", "list"],
    ["runs", "show", "a-run-with-a-long-name-that-somebody-chose-2026-11-29"],
    ["runs", "import", str(ROOT / "reports" / "sacct.txt"), "--dry-run"],
    ["calibrate", "--from", str(ROOT / "reports" / "example-runs.csv"), "--dry-run"],
    ["diff", str(ROOT / "reports" / "llama-65b.toml"), str(ROOT / "reports" / "bloom-176b.toml")],
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A ledger with the example runs, and one whose id is long."""
    folder = tmp_path_factory.mktemp("store")
    long = folder / "long.csv"
    long.write_text(
        "run_id,started_at,duration_s,energy_kwh,hw\na-run-with-a-long-name-that-somebody-chose-2026-11-29,2026-11-29T10:00:00Z,3600,1.5,dgx-a100\n"
    )
    for file in (ROOT / "reports" / "example-runs.csv", long):
        printed(["runs", "import", str(file)], store=folder)
    return folder


def printed(words, *, store, **env):
    done = subprocess.run(
        [sys.executable, "-m", "traincarbon", *words], capture_output=True, encoding="utf-8", env={**os.environ, "CARBON_STORE": str(store), **env}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:40])
def test_no_line_is_wider_than_the_screen(words, columns, store):
    text = printed(words, store=store, COLUMNS=str(columns))
    assert [line for line in text.splitlines() if len(line) > columns and " " in line.strip()] == []  # a path stays whole


@pytest.mark.parametrize(
    "words",
    [
        *COMMANDS[:3],
        next(words for words in COMMANDS if words[0] == "compare" and "reserved_1y" in words[-1]),
        ["db", "list", "hardware"],
        COMMANDS[-1],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_no_line_is_wider_than_a_narrow_screen(words, store):
    text = printed(words, store=store, COLUMNS="40")
    assert [line for line in text.splitlines() if len(line) > 40 and " " in line.strip()] == []


def test_a_narrow_screen_has_the_bounds_below_the_medians(store):
    narrow, usual = (printed(["estimate", *PLAN], store=store, COLUMNS=columns).splitlines() for columns in ("40", "80"))
    (at,) = [number for number, line in enumerate(narrow) if line.startswith("Energy ")]
    (energy,) = [line for line in usual if line.startswith("Energy")]
    shown = [*narrow[at].split()[1:], *narrow[at + 1].split()]
    assert "–" in narrow[at + 1]
    assert energy.split()[-len(shown) :] == shown


def test_an_impossible_size_is_named(store):
    for size, name in ((["--params", "1e30", "--tokens", "1e12"], "params"), (["--params", "1e9", "--tokens", "1e29"], "tokens")):
        assert f"Warning: {name} above" in printed(["estimate", *size, "--hw", "h100"], store=store, COLUMNS="120")


def test_a_wide_screen_is_used(store):
    for words in (["estimate", *PLAN], ["db", "show", "dgx-a100"], ["advise", *PLAN, "--explain"]):
        lengths = [max(map(len, printed(words, store=store, COLUMNS=str(columns)).splitlines())) for columns in (80, 120, 200)]
        assert lengths[0] > 70
        assert lengths[1] > 105
        assert lengths[2] > 105


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_ids_of_a_list_can_be_pasted(columns, store):
    text = printed(["runs", "list"], store=store, COLUMNS=str(columns))
    for record in json.loads(printed(["runs", "list", "--json"], store=store)):
        assert re.search(rf"(^|\n){re.escape(record['run_id'])}(\s|$)", text)


def on_a_terminal(words, **env):
    """What a command prints on a terminal of 100 columns."""
    import fcntl
    import struct
    import termios

    keep = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    with subprocess.Popen([sys.executable, "-m", "traincarbon", *words], stdout=theirs, stderr=theirs, env={**keep, "TERM": "xterm", **env}) as process:
        os.close(theirs)
        pieces = []
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            pieces.append(piece)
        process.wait()
    os.close(ours)
    return b"".join(pieces).decode("utf-8")


def test_a_terminal_gets_colours_by_meaning_and_its_own_width():
    text = on_a_terminal(["estimate", *PLAN])
    assert "\x1b[33mWarning: " in text
    assert "\x1b[36mAssumed:\x1b[0m" in text
    lengths = [len(terminal_text.plain(line.rstrip("\r"))) for line in text.split("\n")]
    assert 85 < max(lengths) <= 100
    assert "\x1b[31mDoes not fit" in on_a_terminal(["estimate", "--params", "70B", "--tokens", "1B", "--hw", "rtx-4090", "--accelerators", "1"])
    assert on_a_terminal(["estimate", "--hw", "nothing"]).startswith("\x1b[31merror\x1b[0m: ")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
@pytest.mark.parametrize("words", [["estimate", *PLAN], ["estimate", "--hw", "nothing"], ["db", "show", "h100"], ["doctor"]])
def test_who_wants_no_colours_gets_none(words, env):
    assert "\x1b" not in on_a_terminal(words, **env)


def test_colours_can_be_forced_into_a_pipe(store):
    assert "\x1b[33mWarning: " in printed(["estimate", *PLAN], store=store, FORCE_COLOR="1")
    assert "\x1b" not in printed(["estimate", *PLAN], store=store)
    assert "\x1b" not in printed(["estimate", *PLAN], store=store, FORCE_COLOR="0")

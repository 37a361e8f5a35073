"""`carbon serve` as a process: it says where it is, answers, refuses a taken port, and ends when it is told to."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from traincarbon.extras import MissingExtraError
from traincarbon.webapp.serve import serve

CARBON = [sys.executable, "-m", "traincarbon", "serve"]


@pytest.fixture
def started(store):
    process = subprocess.Popen([*CARBON, "--port", "0", "--store", str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    link = process.stdout.readline().strip()
    yield process, link
    process.kill()
    process.communicate()


def asked(link, path=""):
    base = link.partition("?")[0]
    with urllib.request.urlopen(base + path, timeout=30) as answer:
        return answer.read().decode()


def test_it_prints_its_address_answers_and_ends_well_on_ctrl_c(started):
    process, link = started
    assert "/?token=" in link
    assert json.loads(asked(link, "healthz"))["status"] == "ok"
    assert "Plan a training" in asked(link)
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in shown


def test_a_second_one_on_the_port_is_refused_in_two_lines(started):
    _, link = started
    port = link.split(":")[2].split("/")[0]
    second = subprocess.run([*CARBON, "--port", port], capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert second.stdout == ""
    assert [line.partition(":")[0] for line in second.stderr.splitlines()] == ["error", "hint"]
    assert f"port {port} is in use" in second.stderr


def test_json_says_where_it_is(store):
    process = subprocess.Popen([*CARBON, "--port", "0", "--store", str(store), "--json", "--read-only"], stdout=subprocess.PIPE, text=True)
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, text
        text += line
    found = json.loads(text)
    assert found["read_only"]
    assert found["link"] == found["url"]
    assert found["store"] == str(store)
    process.kill()
    process.communicate()


def test_without_the_extra_it_says_how_to_add_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match="carbon serve needs Starlette, uvicorn and Jinja2") as caught:
        serve(port=0)
    assert "serve" in caught.value.hint

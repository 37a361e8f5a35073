"""The app in a real browser: figures follow a keystroke, charts answer, nothing is refused by the policy, and axe finds nothing."""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from browser import CHROMIUM, need_chromium
from webapp.made_store import add_ended, add_evil, add_running, add_without_energy
from webapp.started import EVIL

_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage")
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_PATHS = ("/", "/compare", "/runs", "/fleet", "/facts?words=h100", "/accuracy", "/runs/evil-3")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return a store with runs of every kind."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def served(filled):
    """Return the address of an app in a process of its own."""
    need_chromium()
    store = filled
    add_evil(store)
    add_ended(store, "later", begin_s=70.0 * 86_400.0, start={"project": "another project"})
    add_without_energy(store, "unmetered")
    command = [sys.executable, "-m", "traincarbon", "serve", "--port", "0", "--store", str(store), "--read-only", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip().rstrip("/")
    process.kill()
    process.communicate()


def relayed(served, script):
    """Return a server that passes requests on to the app and adds *script* to its pages, for the policy forbids scripts in them."""

    class Relay(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/test.js":
                return self.answer(200, {"content-type": "text/javascript"}, script.encode())
            passed = {"HX-Request": "true"} if self.headers["HX-Request"] else {}
            with urlopen(Request(served + self.path, headers=passed), timeout=60) as found:
                body, headers = (
                    found.read(),
                    {name: value for name, value in found.headers.items() if name.lower() in ("content-type", "content-security-policy", "hx-replace-url")},
                )
            return self.answer(found.status, headers, body.replace(b"</head>", b'<script src="/test.js" defer></script></head>'))

        def answer(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run_in_page(served, path, script, *options):
    """Return what *script* writes into the title of the page, as JSON, once it has run in it."""
    server = relayed(served, script)
    with tempfile.TemporaryDirectory() as profile:
        address = f"http://127.0.0.1:{server.server_port}{path}"
        command = [CHROMIUM, *_QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=15000", *options, "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    server.shutdown()
    server.server_close()
    found = re.search(r"<title>\[\[(.*)\]\]</title>", shown, re.DOTALL)
    assert found, shown[:2000]
    return json.loads(found[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


TYPE = """
const violations = [];
document.addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective));
const value = () => document.querySelector("[data-card=rent_usd] .value").textContent.trim();
const before = value(), field = document.querySelector("#f-tokens");
document.addEventListener("htmx:afterSettle", event => {
  if (event.target.id !== "answer") return;
  const chart = document.querySelector("#plan-chart-amount");
  document.title = "[[" + JSON.stringify({
    before, after: value(), note: document.querySelector("#n-tokens").textContent, css: document.querySelector("#n-tokens").className,
    address: location.search, focus: document.activeElement === field, buttons: chart.querySelectorAll(".files button").length,
    marks: chart.querySelectorAll(".mark[data-tip]").length, violations }) + "]]";
});
addEventListener("load", () => {
  field.focus();
  field.value = "1B";
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
"""


def test_a_keystroke_moves_the_cards_and_the_charts_and_warns_beside_the_field(served):
    found = run_in_page(served, "/", TYPE)
    assert found["before"] != found["after"]
    assert found["note"].startswith("fewer tokens than parameters")
    assert "warn" in found["css"]
    assert "tokens=1B" in found["address"]
    assert found["focus"]
    assert found["buttons"] == 3
    assert found["marks"] > 3
    assert found["violations"] == []


LOOK = """
const violations = [];
document.addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective));
addEventListener("load", () => setTimeout(() => {
  document.title = "[[" + JSON.stringify({
    width: document.documentElement.scrollWidth, wide: [...document.querySelectorAll("main *")].filter(each => each.getBoundingClientRect().right > innerWidth && !each.closest(".wide")).map(each => each.outerHTML.slice(0, 120)), inner: innerWidth, violations, executed: Boolean(window.executed),
    hosts: performance.getEntriesByType("resource").map(entry => new URL(entry.name).host).filter(host => host !== location.host),
    rules: [...document.styleSheets].map(sheet => sheet.cssRules.length) }) + "]]";
}, 300));
window.alert = () => { window.executed = true; };
"""


@pytest.mark.parametrize("width", [500, 1280])
@pytest.mark.parametrize("path", _PATHS)
def test_nothing_is_executed_overflows_or_comes_from_elsewhere(served, path, width):
    found = run_in_page(served, path, LOOK, f"--window-size={width},900")
    assert found["width"] <= found["inner"], found["wide"]
    assert found["violations"] == []
    assert not found["executed"]
    assert found["hosts"] == []
    assert len(found["rules"]) == 3
    assert min(found["rules"]) > 20


@pytest.mark.parametrize("path", _PATHS)
def test_axe_finds_nothing(served, path):
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe-playwright-python is not installed")
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    script = f"""{axe}
    addEventListener("load", () => axe.run(document, {{ resultTypes: ["violations"], runOnly: {json.dumps(_AXE_TAGS)} }})
      .then(found => {{ document.title = "[[" + JSON.stringify(found.violations.map(({{ id, nodes }}) => [id, nodes[0].html.slice(0, 150)])) + "]]"; }}));"""
    assert run_in_page(served, path, script, "--window-size=1280,900") == []


def test_a_run_is_followed_live_in_the_page(served, filled):
    add_running(filled, "now")
    script = """
    document.addEventListener("htmx:sseMessage", () => {
      document.title = "[[" + JSON.stringify(document.querySelector("[sse-swap] .value").textContent) + "]]";
    });"""
    assert run_in_page(served, "/runs/now", script).endswith(" s")


def test_the_texts_of_the_tests_are_those_that_would_be_executed():
    assert "alert(1)" in EVIL["script"]

"""Drive headless Chromium as a reader does: open pages at any width, press keys, click, and ask what is shown.

It speaks the DevTools protocol over two pipes, so that it needs no package beside the browser, and the policy of a page does not keep it out.
"""

import base64
import contextlib
import fcntl
import itertools
import json
import os
import select
import subprocess
import sys
import tempfile
import time

from browser import CHROMIUM, need_chromium

_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage")
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39, "Space": 32}
_TYPED = {"Enter": "\r", "Space": " "}
_WIRE = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
"""Give the browser its ends of the pipes as the descriptors 3 and 4, which the protocol asks for."""
_FREE = 20
"""Descriptors from here on are not those that the browser is given."""
WAIT_S = 60.0
"""How long a test waits for what must come; far longer than it takes, as the machine may be busy."""


class PageError(AssertionError):
    """A script failed in the page, or what must come did not."""


class Browser:
    """A browser in a process of its own; each page has its own tab."""

    def __init__(self, *options):
        need_chromium()
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()

        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, _FREE) for end in (from_us, to_us)]
        wired = [sys.executable, "-S", "-c", _WIRE, *map(str, ends)]
        command = [CHROMIUM, *_QUIET, *options, "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([*wired, *command], pass_fds=ends, **quiet)
        for end in ends:
            os.close(end)
        os.close(from_us)
        os.close(to_us)
        self._write, self._read = to_browser, from_browser
        self._numbers, self._buffer, self._events = itertools.count(1), b"", []

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self._write)
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        self._profile.cleanup()

    def open(self, url, *, width=1280, height=900, is_dark=False):
        """Open a page in a new tab, as wide and as light as asked for."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, target, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        page.send("Page.bringToFront")
        page.resize(width, height)
        page.send("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]})
        page.go(url)
        return page

    def send(self, method, params=None, session=None):
        """Return the answer of the browser to a command."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params or {}, **({} if session is None else {"sessionId": session})}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end_s = time.monotonic() + WAIT_S
        while True:
            found = self._next(end_s)
            if found.get("id") == number:
                if "error" in found:
                    raise PageError(f"{method}: {found['error']['message']}")
                return found["result"]
            self._events.append(found)

    def events_of(self, session, method):
        """Return the parameters of the events of a page so far."""
        return [each["params"] for each in self._events if each.get("sessionId") == session and each.get("method") == method]

    def _next(self, end_s):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(end_s - time.monotonic(), 0.0))
            if not ready:
                raise PageError("the browser does not answer")
            read = os.read(self._read, 1 << 20)
            if not read:
                raise PageError("the browser has ended")
            self._buffer += read
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """A page that is open in a tab."""

    def __init__(self, browser, target, session):
        self._browser, self._target, self._session = browser, target, session

    def send(self, method, params=None):
        return self._browser.send(method, params, self._session)

    def go(self, url):
        """Open an address and wait until it is loaded with its scripts."""
        self.send("Page.navigate", {"url": url})
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def resize(self, width, height=900):
        self.send("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def ask(self, expression):
        """Return the value of an expression in the page; a promise is awaited."""
        found = self.send("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description", details["text"]))
        return found["result"].get("value")

    def wait_for(self, expression):
        """Wait until an expression is true."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            with contextlib.suppress(PageError):  # the page is being replaced
                if self.ask(f"Boolean({expression})"):
                    return
            time.sleep(0.02)
        raise PageError(f"never true: {expression}")

    def press(self, *keys, shift=False):
        """Press keys, one after the other, on whatever has the focus."""
        for key in keys:
            code = {"key": " " if key == "Space" else key, "code": key, "windowsVirtualKeyCode": _KEYS[key], "modifiers": 8 if shift else 0}
            typed = {"text": _TYPED[key]} if key in _TYPED else {}
            self.send("Input.dispatchKeyEvent", {"type": "keyDown", **code, **typed})
            self.send("Input.dispatchKeyEvent", {"type": "keyUp", **code})

    def type(self, text):
        """Type text into whatever has the focus."""
        for letter in text:
            self.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, "key": letter})
            self.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": letter})

    def tab_to(self, selector, *, most=60):
        """Press Tab until the element has the focus, once the page is there; return how often."""
        self.wait_for("document.readyState === 'complete' && document.activeElement !== null")
        for presses in range(most + 1):
            if self.ask(f"document.activeElement.matches({json.dumps(selector)})"):
                return presses
            self.press("Tab")
        raise PageError(f"{most} presses of Tab do not reach {selector}")

    def settle(self):
        """Wait until no answer is on its way that would replace what the page shows."""
        self.wait_for("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")

    def click(self, selector):
        """Click an element, once no answer is on its way that would replace it; a pointer may miss what moves on a busy machine."""
        self.settle()
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")

    def text(self, selector):
        """Return the text of an element as it is shown."""
        return self.ask(f"document.querySelector({json.dumps(selector)})?.innerText")

    def picture(self, file, *, whole=True):
        """Save a picture of the page."""
        found = self.send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole, **({"clip": self._whole()} if whole else {})})
        with open(file, "wb") as stream:
            stream.write(base64.b64decode(found["data"]))

    def _whole(self):
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16_000), "scale": 1}

    @property
    def problems(self):
        """What the page was refused, or failed in: violations of its policy, errors of scripts, requests to other hosts."""
        logged = [each["entry"]["text"] for each in self._browser.events_of(self._session, "Log.entryAdded") if each["entry"]["level"] == "error"]
        thrown = [each["exceptionDetails"]["text"] for each in self._browser.events_of(self._session, "Runtime.exceptionThrown")]
        return logged + thrown

    @property
    def requests(self):
        """The addresses that the page asked for."""
        return [each["request"]["url"] for each in self._browser.events_of(self._session, "Network.requestWillBeSent")]

    def close(self):
        self._browser.send("Target.closeTarget", {"targetId": self._target})

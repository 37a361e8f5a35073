"""Real servers of metrics for tests: Prometheus with blocks that promtool filled, and VictoriaMetrics, each on a port of its own."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

_WAIT_S = 60.0


class Filled(NamedTuple):
    """A series with its samples: time [s] and value."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


@contextmanager
def prometheus(folder: Path, series: Sequence[Filled], *flags: str) -> Iterator[str]:
    """Run Prometheus with *series* and yield its address; the test is skipped where it is not installed."""
    server = _program("prometheus")
    promtool = _program("promtool")
    folder.mkdir(parents=True, exist_ok=True)
    text, blocks, config = folder / "metrics.txt", folder / "blocks", folder / "prometheus.yml"
    text.write_text(open_metrics(series))
    config.write_text("global: {}\n")
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", text, blocks], check=True, capture_output=True)
    port = free_port()
    where = f"--web.listen-address=127.0.0.1:{port}"
    command = [server, f"--config.file={config}", f"--storage.tsdb.path={blocks}", "--storage.tsdb.retention.time=100y", where, *flags]
    yield from _running(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "log.txt")


@contextmanager
def scraping(folder: Path, target: str) -> Iterator[str]:
    """Run Prometheus that reads *target* each second and yield its address; the test is skipped where it is not installed."""
    server = _program("prometheus")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: carbon, static_configs: [{{targets: ['{target}']}}]}}]\n")
    port = free_port()
    command = [server, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    yield from _running(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "log.txt")


@contextmanager
def victoria_metrics(folder: Path, series: Sequence[Filled]) -> Iterator[str]:
    """Run VictoriaMetrics with *series* and yield its address; the test is skipped where it is not installed."""
    server = _program("victoria-metrics")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [server, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y", "-search.latencyOffset=0"]
    for url in _running(command, f"http://127.0.0.1:{port}", "/health", folder / "log.txt"):
        lines = "".join(f"{_labelled(each.labels)} {value!r} {round(time_s * 1e3)}\n" for each in series for time_s, value in each.samples)
        urllib.request.urlopen(f"{url}/api/v1/import/prometheus", data=lines.encode()).close()
        urllib.request.urlopen(f"{url}/internal/force_flush").close()
        yield url


def open_metrics(series: Sequence[Filled]) -> str:
    """Return *series* as text that promtool reads."""
    lines = []
    for name in dict.fromkeys(each.labels["__name__"] for each in series):
        lines.append(f"# TYPE {name} gauge")
        for each in series:
            if each.labels["__name__"] == name:
                lines += [f"{_labelled(each.labels)} {value!r} {time_s!r}" for time_s, value in each.samples]
    return "\n".join([*lines, "# EOF", ""])


def _labelled(labels: Mapping[str, str]) -> str:
    return labels["__name__"] + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__") + "}"


def _program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _running(command: Sequence[str], url: str, ready: str, log: Path) -> Iterator[str]:
    with log.open("w") as stream:
        server = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=log.parent)
    try:
        until = time.monotonic() + _WAIT_S
        while not _answers(url + ready):
            assert server.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=_WAIT_S)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

"""What computes the units of a sweep, and what happens when workers are killed."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps import engines
from traincarbon.explore.sweeps.engines import in_processes, in_this_process, on_dask
from traincarbon.explore.sweeps.evaluation import Asked
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.work import Unit, Work
from traincarbon.extras import MissingExtraError

STATED = {"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e12, "n": 400}, "tokens": 1e12, "servers": [1, 16]}


@pytest.fixture
def work(shipped):
    return Work.of(Grid.from_dict(STATED), Asked(), shipped, ())


def files_in(folder):
    folder.mkdir()
    return [(Unit(start, start + 100), str(folder / f"{start}")) for start in range(0, 800, 100)]


def read(files):
    found = []
    for _, file in files:
        with open(file, "rb") as stream:
            found.append(stream.read())
    return found


def workers_of(process):
    """Return the worker processes of *process*, without the tracker of resources."""
    return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]


def test_processes_give_the_same_files_in_the_same_order(work, tmp_path):
    alone, pooled = files_in(tmp_path / "alone"), files_in(tmp_path / "pooled")
    assert list(in_this_process(work, alone)) == list(in_processes(work, pooled, workers=2)) == [unit for unit, _ in alone]
    assert read(alone) == read(pooled)


def test_what_a_killed_process_had_is_computed_by_another(work, tmp_path):
    alone, pooled = files_in(tmp_path / "alone"), files_in(tmp_path / "pooled")
    list(in_this_process(work, alone))
    units = in_processes(work, pooled, workers=1)
    done = [next(units)]
    workers_of(psutil.Process())[0].kill()
    done += units
    assert done == [unit for unit, _ in pooled]
    assert read(alone) == read(pooled)


def test_an_error_of_a_worker_is_that_error(work, tmp_path):
    with pytest.raises(CarbonError, match="other facts"):
        list(in_processes(work._replace(sweep_sha256=""), files_in(tmp_path / "files"), workers=1))


SCRIPT = """
import sys
from traincarbon.database.load import open_database
from traincarbon.explore.sweeps.sweep import sweep
if __name__ == "__main__":
    sweep({"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e12, "n": 40_000_000}, "tokens": 1e12, "servers": [1, 16]},
          sys.argv[1], workers=2, on_progress=lambda done, plans: print(done, flush=True))
"""


def test_workers_end_with_the_process_that_started_them(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, str(script), str(tmp_path / "x.parquet")], stdout=subprocess.PIPE, text=True) as process:
        for _ in range(2):  # none is done, then some
            process.stdout.readline()
        workers = workers_of(psutil.Process(process.pid))
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    assert len(workers) == 2
    until_s = time.monotonic() + 60.0
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    assert not (tmp_path / "x.parquet").exists()
    assert os.listdir(next(tmp_path.glob(".x.parquet.*.units")))


distributed = pytest.importorskip("distributed")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", ""])
def test_a_scheduler_that_does_not_answer_is_said(work, tmp_path, address, monkeypatch):
    monkeypatch.setattr("traincarbon.explore.sweeps.engines._ANSWERS_S", 0.5)
    with pytest.raises(CarbonError, match="no scheduler of Dask") as caught:
        list(on_dask(work, files_in(tmp_path / "files"), scheduler=address))
    assert "dask scheduler" in caught.value.hint


@pytest.mark.parametrize("address", ["nonsense", "tcp://x", "tls://x", "http://h:1", ""])
def test_what_is_no_address_makes_no_client_of_dask(work, tmp_path, address, monkeypatch):
    def never(*_, **__):
        pytest.fail("it takes 20 s to close, and prints a traceback")

    monkeypatch.setattr(distributed, "Client", never)
    with pytest.raises(CarbonError, match="no scheduler of Dask"):
        list(on_dask(work, files_in(tmp_path / "files"), scheduler=address))


@pytest.mark.parametrize(
    "address", ["inproc://192.0.2.1/1/1", "ucx://192.0.2.1", "ws://192.0.2.1:8786", "tcp://192.0.2.1:8786", "tls://192.0.2.1:8786", "192.0.2.1:8786"]
)
def test_an_address_of_any_kind_that_dask_knows_gets_a_client(work, tmp_path, address, monkeypatch):
    def asked(scheduler, **_):
        raise OSError(f"asked {scheduler}")

    monkeypatch.setattr(distributed, "Client", asked)
    with pytest.raises(CarbonError, match=f"asked {address}"):
        list(on_dask(work, files_in(tmp_path / "files"), scheduler=address))


class _Future:
    def __init__(self, error):
        self._error = error

    def result(self):
        raise self._error


@pytest.mark.parametrize("error", [ImportError("no module named traincarbon"), AttributeError("no attribute computed_bytes")])
def test_a_worker_without_the_module_or_the_function_has_another_version(error):
    with pytest.raises(CarbonError, match="another version of traincarbon, or none"):
        engines._sent(_Future(error))


def test_a_worker_that_lacks_a_package_says_so():
    with pytest.raises(MissingExtraError, match="needs pyarrow"):
        engines._sent(_Future(MissingExtraError("a sweep needs pyarrow, which is not installed", extra="parquet")))


@pytest.mark.parametrize("error", [MissingExtraError("it needs pyarrow", extra="parquet"), AttributeError("'NoneType' object has no attribute 'x'")])
def test_an_error_here_is_not_said_to_be_of_a_worker(monkeypatch, error):
    distributed = SimpleNamespace(
        Client=lambda *_, **__: SimpleNamespace(close=lambda: None), KilledWorker=KeyError, client=SimpleNamespace(FutureCancelledError=KeyError)
    )
    monkeypatch.setattr(engines, "import_module", lambda _: distributed)
    monkeypatch.setattr(engines, "_check_address", lambda _: None)
    with pytest.raises(type(error), match=str(error)), engines._client("tcp://127.0.0.1:1"):
        raise error

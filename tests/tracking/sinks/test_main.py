"""The process of a sink: it logs the latest state, ends with the record, and says once what fails."""

import pytest

from made_states import interval, state
from tracked import Place, python
from traincarbon.tracking.messages import Final, Note, Opened
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.settings import SinkRequest
from traincarbon.tracking.sinks import main
from traincarbon.tracking.sinks.feed import Feed
from traincarbon.tracking.sinks.main import Logging


class Memory:
    """A sink that keeps what it gets, and fails as often as it is told to."""

    where = "in memory"

    def __init__(self, failures=0):
        self.logged, self.finished, self.is_closed, self._failures = [], [], False, failures

    def log(self, status):
        if self._failures:
            self._failures -= 1
            raise ValueError("no room\nleft")
        self.logged.append(status.values)

    def finish(self, status):
        self.finished.append(status)

    def close(self):
        self.is_closed = True


@pytest.fixture
def logging(monkeypatch, tmp_path):
    """Return a function that logs a run to a sink: the feed, what was said, and what does it."""

    def begin(sink, run_id="r", nodes=1, store=None):
        monkeypatch.setattr(main, "open_sink", lambda *_: sink if isinstance(sink, Memory) else sink())
        said, feed = [], Feed()
        settings = settings_from(argv=["x"], run_id=run_id, store=store or str(tmp_path / "none"))._replace(
            sinks=(SinkRequest("prometheus", ":1"),), nodes=nodes
        )
        return feed, said, Logging(settings, feed, tell=said.append, hang_up=lambda: said.append("hung up"))

    return begin


def test_a_run_that_has_ended_is_logged_as_its_record_has_it(logging, tmp_path):
    place = Place(tmp_path)
    assert place.track("--run-id", "r", "--hw", "8xH100", "--quiet", "--", *python("import time; time.sleep(1)")).returncode == 0
    sink = Memory()
    feed, said, work = logging(sink, store=place.store)
    feed.put(state())
    feed.end(Final())
    work.run()
    (last,) = sink.finished
    assert last.is_last
    assert last.values["energy_kwh"] == place.record("r").facility_energy_kwh["median"]
    assert last.values["loss"] == state().progress.loss
    assert said == [Opened("Prometheus: in memory"), "hung up"]
    assert sink.is_closed


def test_each_node_speaks_for_itself_where_prometheus_reads_all_of_them(logging, tmp_path):
    place = Place(tmp_path)
    assert place.track("--run-id", "r", "--hw", "8xH100", "--quiet", "--", *python("import time; time.sleep(1)")).returncode == 0
    sink = Memory()
    feed, _, work = logging(sink, store=place.store, nodes=2)
    feed.put(state()._replace(results={"facility_energy_kwh": interval(7.0)}))
    feed.end(Final())
    work.run()
    assert [last.values["energy_kwh"] for last in sink.finished] == [7.0]


def test_a_metering_process_that_is_killed_ends_no_run(logging):
    sink = Memory()
    feed, _, work = logging(sink)
    feed.end(None)
    work.run()
    assert sink.finished == []
    assert sink.is_closed


def test_what_fails_is_said_once_and_the_next_values_are_logged(logging):
    sink = Memory(failures=2)
    feed, said, work = logging(sink)
    states = iter([state(elapsed_s=1.0), state(elapsed_s=2.0), state(elapsed_s=3.0)])
    feed.take = lambda: next(states, None)
    work.run()
    assert [each.text for each in said if isinstance(each, Note)] == ["Prometheus: no room left: a value is missing there"]
    assert [values["duration_s"] for values in sink.logged] == [3.0]


def test_a_sink_that_cannot_be_opened_is_a_note(logging):
    def refuse():
        raise RuntimeError

    _, said, work = logging(refuse)
    work.run()
    assert said == [Note("Prometheus: RuntimeError: nothing is logged to it"), "hung up"]

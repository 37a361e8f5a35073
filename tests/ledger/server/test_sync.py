"""Sending a store's runs to a server: all of them, each once, whatever happens in between."""

import json
import os
import socket
import threading
from contextlib import closing, contextmanager, suppress

import pytest

from journals import lines_of, write_lines
from made_runs import record
from traincarbon import runs
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.server.connection import ServerAwayError
from traincarbon.ledger.server.sync import sync
from traincarbon.ledger.store import Ledger

NAMES = "SELECT run_id, cluster, state, energy_kwh FROM traincarbon.runs ORDER BY 1, 2"


def write(store, run_id, lines, name="j"):
    return write_lines(os.path.join(store, "journals", run_id, f"{name}.jsonl"), lines)


def name_of(address):
    return address.rpartition("/")[2]


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "store")


def test_every_run_is_sent_once_and_again_when_it_went_on(store, database, server):
    lines = lines_of(run_id="going", intervals=4)
    file = write(store, "going", lines[:3])
    write(store, "done", lines_of(run_id="done"))
    first = sync(ledger=database, store=store)
    assert (set(first.sent), first.unchanged, first.refused) == ({"going", "done"}, 0, {})
    again = sync(ledger=database, store=store)
    assert (again.sent, again.unchanged) == ((), 2)
    write_lines(file, lines)
    assert sync(ledger=database, store=store).sent == ("going",)
    states = {run_id: state for run_id, _, state, _ in server.query(NAMES, name_of(database))}
    assert states == {"going": "finished", "done": "finished"}
    assert server.query("SELECT count(*), sum(seq) FROM traincarbon.processes", name_of(database)) == [["2", "9"]]


def test_only_the_named_runs_are_sent(store, database):
    for run_id in ("one", "two"):
        write(store, run_id, lines_of(run_id=run_id))
    found = sync(["on"], ledger=database, store=store)
    assert (found.sent, found.runs) == (("one",), 1)
    with pytest.raises(NotFoundError):
        sync(["three"], ledger=database, store=store)


def test_imported_records_are_sent_too(store, database, monkeypatch):
    with Ledger(store) as ledger:
        ledger.add([record(f"job-{at}", gpu_kwh=float(at)) for at in range(1, 251)])
    assert len(sync(ledger=database, store=store).sent) == 250
    own = runs.list(store=store)
    monkeypatch.setenv("CARBON_LEDGER", database)
    assert [run.to_dict() for run in runs.list()] == [run.to_dict() for run in own]


def test_nodes_with_stores_of_their_own_make_one_run(tmp_path, database, server):
    start = {"nodes_expected": 2, "launcher": {"name": "slurm", "run_id_from": ["SLURM_CLUSTER_NAME", "SLURM_JOB_ID"]}}
    whole = str(tmp_path / "whole")
    for node in ("a1", "b2"):
        lines = lines_of(run_id="slurm-a-7", node=node, start=start)
        write(str(tmp_path / node), "slurm-a-7", lines, node)
        write(whole, "slurm-a-7", lines, node)
    for node in ("a1", "b2"):
        sync(ledger=database, store=str(tmp_path / node))
    ((run_id, cluster, state, energy),) = server.query(NAMES, name_of(database))
    expected = runs.load(store=whole)
    assert (run_id, cluster, state, float(energy)) == ("slurm-a-7", "", "finished", pytest.approx(expected.metered_kwh))


def test_two_clusters_with_one_job_id_are_two_runs(tmp_path, database, monkeypatch):
    start = {"launcher": {"name": "slurm", "run_id_from": ["SLURM_JOB_ID"]}}
    for cluster, power_w in (("a", 100.0), ("b", 300.0)):
        write(str(tmp_path / cluster), "slurm-4711", lines_of(run_id="slurm-4711", node=cluster, power_w=power_w, start=start))
        sync(ledger=database, store=str(tmp_path / cluster), cluster=cluster)
    monkeypatch.setenv("CARBON_LEDGER", database)
    assert {run.run_id: run.energy_j["gpu"] for run in runs.list()} == {"slurm-4711@a": 1500.0, "slurm-4711@b": 4500.0}
    assert runs.load("slurm-4711@b").energy_j["gpu"] == 4500.0
    with pytest.raises(CarbonError, match="2 runs begin with 'slurm-4711'"):
        runs.load("slurm-4711")


def test_a_run_that_was_merged_into_another_store_does_not_count_twice(tmp_path, database, server):
    write(str(tmp_path / "mine"), "mine", lines_of(run_id="mine"))
    sync(ledger=database, store=str(tmp_path / "mine"))
    runs.merge([tmp_path / "mine"], store=tmp_path / "other")
    sync(ledger=database, store=str(tmp_path / "other"))
    assert len(server.query(NAMES, name_of(database))) == 1


def test_an_old_copy_of_a_journal_replaces_nothing(tmp_path, database, server):
    lines = lines_of(run_id="run", intervals=6)
    write(str(tmp_path / "new"), "run", lines)
    write(str(tmp_path / "old"), "run", lines[:3])
    for store in ("new", "old", "new"):
        sync(ledger=database, store=str(tmp_path / store))
    assert server.query("SELECT seq FROM traincarbon.processes", name_of(database)) == [["7"]]
    ((_, _, state, energy),) = server.query(NAMES, name_of(database))
    assert (state, float(energy)) == ("finished", pytest.approx(3000.0 / 3.6e6))


NASTY = ["x'; DROP TABLE traincarbon.runs; --", '"; DELETE FROM runs', ":p1 %s %(a)s {0}", "a\x00b", "../../etc", "n" * 1900, "{sorting}", "@", "a@b", "\\"]


def test_names_are_never_read_as_sql(store, database, monkeypatch):
    with Ledger(store) as ledger:
        ledger.add([record(f"run {name}", project=name, hw=name, gpu_kwh=1.0) for name in NASTY])
    assert len(sync(ledger=database, store=store, cluster=NASTY[0], user=NASTY[1]).sent) == len(NASTY)
    own = {json.dumps(run.to_dict()) for run in runs.list(store=store)}
    monkeypatch.setenv("CARBON_LEDGER", database)
    found = runs.list()
    assert len(found) == len(NASTY)
    assert len({json.dumps(run.to_dict()) for run in found} & own) >= len(NASTY) - 3  # ids that cannot be stored are shown by their code
    for name in NASTY:
        assert len(runs.list(project=name)) == 1
        assert runs.list(state=name) == ()
        with pytest.raises(NotFoundError):
            runs.load(f"no {name}")


def test_a_user_is_recorded_only_where_one_asks_for_it(store, database, server, monkeypatch):
    write(store, "run", lines_of())
    sync(ledger=database, store=store)
    assert server.query("SELECT username IS NULL FROM traincarbon.totals", name_of(database)) == [["t"]]
    monkeypatch.setenv("CARBON_LEDGER_USER", "ada")
    assert sync(ledger=database, store=store).sent == ("run",)
    assert server.query("SELECT username, runs FROM traincarbon.totals", name_of(database)) == [["ada", "1"]]


def test_a_clock_that_is_an_hour_off_changes_the_time_alone(store, database, server):
    lines = lines_of(run_id="run")
    write(store, "run", [{**each, "wall_s": each["wall_s"] + (3600.0 if each["seq"] > 1 else 0.0)} for each in lines])
    sync(ledger=database, store=store)
    ((_, _, state, energy),) = server.query(NAMES, name_of(database))
    assert (state, float(energy)) == ("finished", pytest.approx(1500.0 / 3.6e6))


def test_a_part_that_another_version_sent_is_kept_and_the_run_is_named(tmp_path, database, server):
    start = {"nodes_expected": 2, "launcher": {"name": "slurm", "run_id_from": ["CARBON_RUN_ID"]}}
    for node in ("a1", "b2"):
        write(str(tmp_path / node), "big", lines_of(run_id="big", node=node, start=start), node)
    sync(ledger=database, store=str(tmp_path / "a1"))
    server.query("UPDATE traincarbon.processes SET version = 1, summary = 'of another version'", name_of(database))
    found = sync(ledger=database, store=str(tmp_path / "b2"))
    assert (found.sent, list(found.refused)) == ((), ["big"])
    assert "another version" in found.refused["big"]
    assert sync(ledger=database, store=str(tmp_path / "b2")).refused  # it is tried again
    server.query("DELETE FROM traincarbon.sources", name_of(database))
    sync(ledger=database, store=str(tmp_path / "a1"))  # the other store was brought up to date
    assert sync(ledger=database, store=str(tmp_path / "b2")).refused == {}


@contextmanager
def listener(answer):
    """A server that accepts connections and answers each in its own way."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        accepted = []

        def accept():
            while True:
                try:
                    found, _ = listening.accept()
                except OSError:
                    return
                accepted.append(found)
                answer(found)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"postgresql://carbon:secret@127.0.0.1:{listening.getsockname()[1]}/team"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for found in accepted:
                found.close()


@pytest.mark.parametrize("answer", [lambda found: found.close(), lambda found: found.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")], ids=["drops", "another"])
def test_a_server_that_accepts_and_drops_is_an_error_and_the_store_keeps_the_runs(store, answer):
    write(store, "run", lines_of())
    with listener(answer) as address, pytest.raises(CarbonError) as caught:
        sync(ledger=address, store=store, wait_s=0.3)
    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert len(runs.list(store=store)) == 1


def test_a_port_without_a_server_is_an_error_that_says_when_to_try_again(store):
    write(store, "run", lines_of())
    with pytest.raises(ServerAwayError, match="does not answer") as caught:
        sync(ledger="postgresql://carbon@127.0.0.1:1/team", store=store, wait_s=0.0)
    assert "carbon runs sync" in caught.value.hint


@contextmanager
def cutting(port, after_b):
    """A proxy of a server that cuts each of its first connections after a number of bytes from the client, and passes the later ones on."""
    rest = list(after_b)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threads, sockets = [], []

        def serve():
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                server = socket.create_connection(("127.0.0.1", port))
                sockets.extend((client, server))
                limit_b = rest.pop(0) if rest else None
                pairs = [(client, server, limit_b), (server, client, None)]
                threads.extend(threading.Thread(target=pump, args=pair) for pair in pairs)
                for thread in threads[-2:]:
                    thread.start()

        def pump(source, target, limit_b):
            passed_b = 0
            with suppress(OSError):
                while piece := source.recv(1 << 14):
                    passed_b += len(piece)
                    if limit_b is not None and passed_b > limit_b:
                        break
                    target.sendall(piece)
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        main = threading.Thread(target=serve)
        main.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            main.join()
            for found in sockets:
                with suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for found in sockets:
                found.close()


def test_connections_that_are_cut_anywhere_lose_and_double_nothing(store, database, server):
    with Ledger(store) as ledger:
        ledger.add([record(f"job-{at}", gpu_kwh=1.0) for at in range(30)])
    with cutting(server.port, (50, 400, 900, 2_000, 4_000, 20_000, 60_000)) as port:
        found = sync(ledger=database.replace(str(server.port), str(port)), store=store, wait_s=20.0)
    assert (len(found.sent), found.refused) == (30, {})
    assert server.query("SELECT count(*), sum(energy_kwh) FROM traincarbon.runs WHERE record IS NOT NULL", name_of(database)) == [["30", "30"]]
    assert sync(ledger=database, store=store).unchanged == 30


def test_two_stores_that_send_parts_of_the_same_runs_at_once_wait_for_each_other(tmp_path, database, server):
    start = {"nodes_expected": 4, "launcher": {"name": "slurm", "run_id_from": ["CARBON_RUN_ID"]}}
    nodes = ("a1", "b2", "c3", "d4")
    for node in nodes:
        for at in range(20):
            write(str(tmp_path / node), f"big-{at}", lines_of(run_id=f"big-{at}", node=node, start=start), node)
    threads = [threading.Thread(target=sync, kwargs={"ledger": database, "store": str(tmp_path / node)}) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = server.query(NAMES, name_of(database))
    assert len(rows) == 20
    assert [float(energy) for *_, energy in rows] == [pytest.approx(4 * 1500.0 / 3.6e6)] * 20


def test_without_a_server_the_error_says_where_to_name_one(store):
    with pytest.raises(CarbonError, match="no ledger on a server is named") as caught:
        sync(store=store)
    assert "CARBON_LEDGER=" in caught.value.hint

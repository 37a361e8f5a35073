"""Measure a team's ledger on PostgreSQL: writers while the server is killed, and questions to many runs. Run it with ``make team-ledger``."""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from journals import lines_of, write_lines
from postgres_server import Server, postgres
from team_writers import send_while_killed
from traincarbon import runs
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import month_uses
from traincarbon.ledger.listed_runs import Filter, month_sums, page_of
from traincarbon.ledger.server.answers import ServerRuns

ROUNDS = 5
COPY = """
INSERT INTO traincarbon.runs
    (run_id, cluster, started_at, ended_at, project, state, username, hw, duration_s,
    gpu_h, energy_kwh, co2e_kg, cost_usd, idle_h, idle_usd, repeated_usd, is_shared, record)
SELECT 'run-' || at, '', to_char(timestamp '2024-01-01' + at * interval '95 seconds', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(timestamp '2024-01-01' + at * interval '95 seconds' + hours * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'project ' || at % 40,
    (ARRAY['finished', 'finished', 'failed', 'killed'])[1 + at % 4], 'user ' || at % 300, 'dgx-h100', 3600 * hours, 8 * hours,
    10 * (1 + random() * 90), 4 * (1 + random() * 90), 20 * (1 + random() * 90), random(), random(), CASE WHEN at % 3 = 0 THEN random() END, 0,
    replace(record, 'run-0', 'run-' || at)
FROM (SELECT at, CASE WHEN at % 20 = 0 THEN 25 + random() * 50 ELSE 0.1 + random() * 12 END AS hours FROM generate_series(1, {count}) AS at) AS run,
    (SELECT record FROM traincarbon.runs WHERE run_id = 'run-0') AS one;
INSERT INTO traincarbon.processes (run_id, cluster, writer, seq, version, summary)
SELECT runs.run_id, '', runs.run_id, seq, version, summary FROM traincarbon.runs, (SELECT seq, version, summary FROM traincarbon.processes LIMIT 1) AS one
WHERE runs.run_id <> 'run-0';
"""
MONTHS = "SELECT project, month, count(*), sum(energy_kwh), sum(co2e_kg), sum(cost_usd) FROM traincarbon.runs WHERE record IS NOT NULL GROUP BY project, month"
TOTALS = "SELECT project, month, sum(runs), sum(energy_kwh), sum(co2e_kg), sum(cost_usd) FROM traincarbon.totals GROUP BY project, month"
NEWEST = "SELECT run_id, started_at, project, state, energy_kwh FROM traincarbon.runs ORDER BY started_at DESC, run_id LIMIT 30"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=200)
    parser.add_argument("--runs-each", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carbon-team-") as folder:
        if asked.writers:
            with postgres() as server:
                server.new_database("team")
                found = send_while_killed(server, "team", folder, writers=asked.writers, runs_each=asked.runs_each)
            print(f"{asked.writers} writers, {found.written} runs, server killed and started again after a third: {found.lost} lost, {found.doubled} doubled;")
            print(f"writers were told {found.failures} times that it is away; {found.wall_s:.0f} s")
        if asked.runs:
            with postgres("max_wal_size = 8GB") as server:
                ask_many(server, folder, asked.runs)


def ask_many(server: Server, folder: str, count: int) -> None:
    """Fill a ledger with runs, and time what people ask of it."""
    address = server.new_database("many")
    store = f"{folder}/many"
    write_lines(f"{store}/journals/run-0/j.jsonl", lines_of(run_id="run-0", devices=tuple(f"gpu:{number}" for number in range(8))))
    runs.sync(ledger=address, store=store)
    server.query(COPY.format(count=count), "many")
    server.query("VACUUM ANALYZE; CHECKPOINT", "many")
    ((size, rows),) = server.query("SELECT pg_size_pretty(pg_database_size('many')), count(*) FROM traincarbon.runs", "many")
    print(f"{int(rows):,} runs: {size}")
    found = ServerRuns(address)
    ((latest,),) = server.query("SELECT max(month) FROM traincarbon.runs WHERE started_at < (SELECT max(month) FROM traincarbon.runs)", "many")
    month = month_named(latest)
    print(f"{latest}: {sum(use.runs for use in month_uses(found, month, has_days=False).values()):,} runs")
    questions: dict[str, Callable[[], object]] = {
        "project × month, of the table": lambda: found.rows(MONTHS),
        "project × month, of the view of totals by project, user and month": lambda: found.rows(TOTALS),
        "the newest 30": lambda: found.rows(NEWEST),
        "project × month as serve asks it, 11 sums and counts": lambda: month_sums(found),
        "the newest 50 as serve lists them, with the number of all": lambda: page_of(found, Filter()),
        "records of the newest 30 as carbon runs list reads them": lambda: found.records(limit=30),
        "one record by its id": lambda: found.record("run-777"),
        "ids that begin with run-7777": lambda: found.ids("run-7777"),
        "the latest month of a budget, at the start of a run": lambda: month_uses(found, month, has_days=False),
        "the same by day, as carbon runs budget shows it": lambda: month_uses(found, month),
    }
    for name, ask in questions.items():
        print(f"{name}: {1e3 * timed(ask):.1f} ms")
    found.close()


def timed(ask: Callable[[], object]) -> float:
    """Return the median seconds of several answers, after a first one."""
    ask()
    taken = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began_s)
    return statistics.median(taken)


if __name__ == "__main__":
    main()

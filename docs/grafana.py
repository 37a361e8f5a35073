"""Write into docs/frameworks.md what a real Prometheus answers to the queries of the dashboard (make grafana).

The run has eight GPUs that a library replays as NVML, and reports tokens and loss; Prometheus of the system reads it each second for half a minute.
"""

import json
import re
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from metric_servers import free_port, scraping  # noqa: E402  after the folder of the tests is known
from native import replay  # noqa: E402
from tracked import Place, python  # noqa: E402

PAGE = ROOT / "docs" / "frameworks.md"
MARKS = ("<!-- answers -->", "<!-- end -->")
DASHBOARD = ROOT / "src" / "traincarbon" / "tracking" / "sinks" / "grafana.json"
RUN = "llama-7b"
SECONDS = 30.0
TRAINING = f"""
import os, time
print("started", flush=True)
with os.fdopen(int(os.environ["CARBON_PROGRESS_FD"]), "w", buffering=1) as pipe:
    for step in range(1, {round(2 * SECONDS * 2)}):
        print('{{"steps": %d, "total_steps": 2000, "tokens": %d, "loss": %f}}' % (step, step * 36000, 2.0 + 3.0 / step), file=pipe)
        time.sleep(0.5)
"""
OPTIONS = ("--hw", "8xH100", "--region", "france", "--params", "7e9", "--max-kwh", "5", "--rent-price", "2.5", "--run-id", RUN)


def shown(answer: dict[str, object]) -> str:
    """Return an answer in one line: each series with its labels that differ, four digits of its value."""
    series = answer["data"]["result"]  # type: ignore[index]
    texts = []
    for each in series[:3]:
        labels = {name: value for name, value in each["metric"].items() if name in ("hw_id", "hw_type", "budget")}
        text = ", ".join(
            value if name != "hw_id" else f"…{value[-4:]}" for name, value in sorted(labels.items()) if not (name == "hw_type" and "hw_id" in labels)
        )
        value = float(each["value"][1])
        texts.append(f"{f'{text}: ' if text else ''}{f'{value:,.0f}' if value >= 1e4 else f'{value:.4g}'}")
    return " · ".join(texts) + (f" · … ({len(series)})" if len(series) > 3 else "")


def answers(folder: Path) -> list[tuple[str, str, str]]:
    """Return the title of each panel with each of its queries and what Prometheus answers."""
    place, port = Place(folder), free_port()
    (folder / "trace").write_text("devices 8\ncap 700\nwave 1:600\n")
    place.env = {name: value for name, value in place.env.items() if name != "CARBON_REPLAY"}
    place.env |= {"LD_LIBRARY_PATH": str(replay.build(folder).parent), "NVML_REPLAY_TRACE": str(folder / "trace")}
    command = [*OPTIONS, "--prometheus", f"127.0.0.1:{port}", "--", *python(TRAINING)]
    found = []
    with scraping(folder / "prometheus", f"127.0.0.1:{port}") as server, place.tracking(*command):
        time.sleep(SECONDS)
        for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
            for target in panel["targets"]:
                query = target["expr"].replace("$run_id", RUN).replace("$__rate_interval", "15s")
                with urllib.request.urlopen(f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=10) as answer:  # noqa: S310  ours
                    found.append((panel["title"], target["expr"], shown(json.load(answer))))
    return found


def main() -> None:
    """Write the table anew."""
    with tempfile.TemporaryDirectory() as folder:
        found = answers(Path(folder))
    rows = [f"| {title} | `{query.replace('|', chr(92) + '|')}` | {answer} |" for title, query, answer in found]
    table = "\n".join([MARKS[0], "", "| panel | query | answer |", "|---|---|---|", *rows, "", MARKS[1]])
    text = PAGE.read_text("utf-8")
    written = re.sub(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: table, text, count=1, flags=re.DOTALL)
    PAGE.write_text(written, "utf-8")


if __name__ == "__main__":
    main()

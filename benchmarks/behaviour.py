"""Check whether two checkouts give the same answers: write plans, records of runs, reports and the JSON of commands to folders, and compare them.

    OLD/.venv/bin/python benchmarks/behaviour.py runs /tmp/store        # 50 tracked runs, made once
    OLD/.venv/bin/python benchmarks/behaviour.py dump /tmp/old /tmp/store
    .venv/bin/python benchmarks/behaviour.py dump /tmp/new /tmp/store
    .venv/bin/python benchmarks/behaviour.py compare /tmp/old /tmp/new

Numbers must agree to nine digits. Texts may differ: they are counted, and shown with ``--texts``.
"""

import json
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CARBON = [sys.executable, "-c", "import sys; from traincarbon.__main__ import main; sys.argv[0] = 'carbon'; main()"]
ROOT = Path(__file__).resolve().parents[1]
PLANS = 200
RUNS = 50
CLOSE = 1e-9
HARDWARE = ("dgx-a100", "dgx-h100", "a100-sxm4-80gb", "h100-sxm5-80gb", "p4d.24xlarge", "p5.48xlarge", "tpu-v4", "mi300x", "v100-sxm2-32gb", "rtx-4090")
REGIONS = (None, "france", "us-east-1", "ca-central-1", "germany", "europe-north1", "sweden")


def random_plan(draw: random.Random) -> dict[str, Any]:
    """Return the fields of a plan as people state them: always work and hardware, sometimes more."""
    params = 10 ** draw.uniform(7.5, 12.2)
    plan: dict[str, Any] = {"params": params, "tokens": params * 10 ** draw.uniform(-0.5, 2.5), "hw": draw.choice(HARDWARE), "region": draw.choice(REGIONS)}
    maybe: dict[str, Any] = {
        "active_params": params * draw.uniform(0.05, 1.0),
        "accelerators": float(2 ** draw.randint(0, 12)),
        "start": draw.choice(("2020", "2022-06", "2024-03", "2026")),
        "precision": draw.choice(("bf16", "fp16", "fp32")),
        "kind": draw.choice(("pretrain", "finetune", "lora")),
        "family": draw.choice(("decoder", "encoder", "encoder-decoder", "vision", "diffusion", "speech")),
        "mfu": draw.choice(("0.3..0.5", 0.4, "0.35±0.05")),
        "goodput": draw.uniform(0.5, 1.0),
        "pue": draw.choice((1.1, "1.1..1.4")),
        "carbon_intensity": draw.uniform(20.0, 700.0),
        "market_intensity": draw.uniform(0.0, 300.0) + 1.0,
        "basis": draw.choice(("lifecycle", "direct")),
        "rent": draw.choice(("on_demand", "spot", "reserved_1y", "reserved_3y")),
        "rent_price": draw.uniform(0.5, 8.0),
        "electricity_price": draw.uniform(0.03, 0.4),
        "purchase_price": draw.uniform(5e4, 5e5),
        "service_life": draw.uniform(2.0, 7.0),
        "utilisation": draw.uniform(0.2, 1.0),
        "seq_len": float(draw.choice((512, 2048, 4096, 8192))),
        "recompute": draw.choice(("none", "selective", "full")),
    }
    plan |= {name: value for name, value in maybe.items() if draw.random() < 0.25}
    if draw.random() < 0.3:
        plan |= {"layers": float(draw.randint(12, 96)), "hidden": 128.0 * draw.randint(8, 100), "heads": 8.0}
    if draw.random() < 0.1:
        plan.pop("mfu", None)
        plan |= {"accelerator_hours": params * plan["tokens"] * 6.0 / 4e13 / 3600.0}
    return {name: value for name, value in plan.items() if value is not None}


def carbon(*words: str, **environment: str) -> str:
    """Return what a command prints, whatever its exit code."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CARBON_", "SLURM_"))}
    env = {**clean, "XDG_CONFIG_HOME": "/nonexistent", "XDG_DATA_HOME": "/nonexistent", "COLUMNS": "80", **environment}
    return subprocess.run([*CARBON, *words], capture_output=True, text=True, cwd=ROOT, env=env, check=False).stdout


def make_runs(store: Path) -> None:
    """Track fifty short commands with a replayed trace into *store*: with and without a plan, a place, a budget and progress."""
    store.mkdir(parents=True, exist_ok=True)
    trace = store.parent / f"{store.name}-trace.csv"
    trace.write_text("time_s,device,power_w\n0,gpu:0,310\n6000,gpu:0,310\n0,gpu:1,280\n6000,gpu:1,280\n")
    for at in range(RUNS):
        words = ["track", "--run-id", f"run-{at:02}", "--interval", "0.1", "--quiet", "--project", f"p{at % 3}"]
        words += ["--plan", "reports/finetune-7b.toml"] if at % 2 else []
        words += ["--region", REGIONS[1 + at % 6] or ""] if at % 5 else []
        words += ["--max-kwh", "50"] if at % 7 == 0 else []
        carbon(*words, "--", "sh", "-c", f"sleep 0.4; exit {at % 4 == 3:d}", CARBON_STORE=str(store), CARBON_REPLAY=str(trace))


def dump(folder: Path, store: Path) -> None:
    """Write everything that is compared into *folder*, as JSON."""
    from traincarbon import CarbonError, estimate

    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(11)
    for at in range(PLANS):
        plan = random_plan(draw)
        try:
            found: object = estimate(**plan).to_dict()
        except CarbonError as error:
            found = {"plan": plan, "error": [str(error), error.hint]}
        (folder / f"plan-{at:03}.json").write_text(json.dumps(found, sort_keys=True))
    kept = {"CARBON_STORE": str(store)}
    for at in range(RUNS):
        (folder / f"runs-{at:02}.json").write_text(carbon("runs", "show", f"run-{at:02}", "--json", **kept))
    for source in sorted((ROOT / "reports").glob("*.toml")):
        page = folder / f"{source.stem}.html"
        page.unlink(missing_ok=True)
        carbon("report", str(source.relative_to(ROOT)), "-o", str(page))
        embedded = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
        (folder / f"reports-{source.stem}.json").write_text(json.dumps([json.loads(each) for each in embedded]))
    commands = {
        "compare": ("compare", "reports/mt-nlg-530b.toml", "--rent", "on_demand,spot,reserved_1y", "--json"),
        "advise": ("advise", "reports/mt-nlg-530b.toml", "--json"),
        "advise-small": ("advise", "reports/finetune-7b.toml", "--json"),
        "optimise": ("optimise", "--hw", "dgx-h100", "--budget-usd", "1e6", "--json"),
        "validate": ("validate", "--json"),
        "calibrate": ("calibrate", "--from", "reports/example-runs.csv", "--dry-run", "--json"),
        "import": ("runs", "import", "reports/sacct.txt", "--dry-run", "--json"),
        "db": ("db", "show", "dgx-a100", "--json"),
    }
    for name, words in commands.items():
        (folder / f"command-{name}.json").write_text(carbon(*words) or '"nothing"')


def leaves(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield every leaf of a JSON document with its path, and the length of each list; steps are found by name, other items by position."""
    if isinstance(value, dict):
        yield place, sorted(value)
        for name, item in value.items():
            yield from leaves(item, f"{place}.{name}")
    elif isinstance(value, list):
        names = [str(at) for at in range(len(value))]
        if place.endswith(".steps"):
            given = [item["name"] for item in value]
            names = [f"{name} {given[:at].count(name)}" for at, name in enumerate(given)]
        else:
            yield place, len(value)
        for name, item in zip(names, value, strict=True):
            yield from leaves(item, f"{place}[{name}]")
    else:
        yield place, value


def same(old: object, new: object) -> bool:
    """Return whether two leaves agree, numbers to nine digits."""
    if isinstance(old, float) and isinstance(new, (int, float)) and not isinstance(new, bool):
        return math.isclose(old, new, rel_tol=CLOSE, abs_tol=1e-12)
    return old == new


def compare(old: Path, new: Path, *, with_texts: bool) -> int:
    """Print what differs, by kind of place; return the number of differences that are not wording."""
    wrong, added, texts, files = Counter[str](), Counter[str](), Counter[tuple[str, str]](), 0
    for file in sorted(old.glob("*.json")):
        files += 1
        was, now = (dict(leaves(json.loads((folder / file.name).read_text()))) for folder in (old, new))
        for place in was.keys() | now.keys():
            before, after = was.get(place, "(absent)"), now.get(place, "(absent)")
            if same(before, after):
                continue
            if ".steps[" in place and before == "(absent)":
                added[place.partition(".steps[")[2].partition(" ")[0]] += 1
            elif isinstance(before, str) and isinstance(after, str) and "(absent)" not in (before, after):
                texts[before, after] += 1
            else:
                wrong[f"{file.stem.split('-')[0]} {re.sub(r'[0-9]+', 'N', place)}: {before!r:.70} → {after!r:.70}"] += 1
    print(f"{files} documents: {sum(wrong.values())} values differ, {sum(texts.values())} texts differ ({len(texts)} kinds)")
    for step, count in added.most_common():
        print(f"{count:6} values of added steps: {step}")
    for what, count in wrong.most_common(40):
        print(f"{count:6} {what}")
    if with_texts:
        for (before, after), count in texts.most_common():
            print(f"{count:6} - {before}\n       + {after}")
    return sum(wrong.values())


def main() -> None:
    task, *folders = [word for word in sys.argv[1:] if word != "--texts"]
    if task == "runs":
        make_runs(Path(folders[0]))
    elif task == "dump":
        dump(Path(folders[0]), Path(folders[1]))
    else:
        sys.exit(compare(Path(folders[0]), Path(folders[1]), with_texts="--texts" in sys.argv) > 0)


if __name__ == "__main__":
    main()

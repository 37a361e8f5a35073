"""Run the commands that README shows and write what they print below them: ``make readme``.

A ``console`` block holds commands, each after ``$ ``, and what they print. ``make readme`` runs them one after another in a
temporary folder that holds the examples, without the settings, facts and runs of the user, on a page of 80 columns.
The table between ``<!-- accuracy -->`` and ``<!-- end -->`` is that of ``carbon validate``.
A recorded output that another machine would not repeat belongs in a ``text`` block.
"""

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
CONSOLE = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
ACCURACY = re.compile(r"(?<=<!-- accuracy -->\n).*?(?=<!-- end -->)", re.DOTALL)
PROMPT = "$ "
FOLDERS = ("examples", "hardware_db", "reports")
COLUMNS = 80

QUANTITIES = {
    "step_time_s": "Time of a step",
    "accelerator_hours_h": "GPU-hours",
    "facility_energy_kwh": "Energy of the facility",
    "operational_kgco2e": "CO2e of the electricity",
}
"""The quantities of ``carbon validate --json`` that the table shows, and what it calls them."""
RULES = ("epoch_mfu_0.375", "generation_mean", "llmcarbon")
"""The simple rules, in the order of the table's columns."""


def prepare(folder: Path) -> dict[str, str]:
    """Fill *folder* with what a reader's checkout holds, and return an environment in which ``carbon`` is this one."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, words in {"carbon": ("-m", "traincarbon"), "python": ()}.items():
        command = folder / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *words])} "$@"\n')
        command.chmod(0o755)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CARBON_") and name not in {"FORCE_COLOR", "CLICOLOR_FORCE"}}
    return {
        **ours,
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "CARBON_STORE": str(folder / "runs"),
        "COLUMNS": str(COLUMNS),
        "NO_COLOR": "1",
        "OPENBLAS_NUM_THREADS": "1",  # on a busy machine, threads that wait for each other take minutes for the small matrices of the examples
    }


def commands(session: str) -> list[str]:
    r"""Return the commands of a *session*; one that ends in a backslash continues on the next line.

    Example:
        >>> commands("$ carbon estimate \\\n    --params 7B\n7B parameters\n$ carbon doctor\n")
        ['carbon estimate \\\n    --params 7B', 'carbon doctor']
    """
    found = re.findall(r"^\$ ((?:.*\\\n)*.*)$", session, re.MULTILINE)
    return [command.rstrip() for command in found]


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run *command* in *folder* and return what it prints.

    Raises:
        RuntimeError: The command failed.
    """
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}\nfailed with exit code {done.returncode}:\n{done.stdout}")
    return done.stdout


def replayed(session: str, folder: Path, environment: dict[str, str]) -> str:
    """Return *session* with what its commands print now, and an empty line between two commands."""
    return "\n".join(f"{PROMPT}{command}\n{run(command, folder, environment)}" for command in commands(session))


def accuracy(folder: Path, environment: dict[str, str]) -> str:
    """Return the table of typical errors: those of the model, then those of the simple rules."""
    found = json.loads(run("carbon validate --json --quiet", folder, environment))
    pooled = {each["quantity"]: each for each in found["sets"] if each["set"] == "all"}
    rows = [
        "| predicted without the organisation's own runs | values | traincarbon | inside its 90 % interval | MFU of 37.5 % | mean of the GPU generation | LLMCarbon |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for quantity, label in QUANTITIES.items():
        ours = pooled[quantity]
        errors = [ours, *(ours["baselines"][rule] for rule in RULES)]
        factors = [f"× {math.exp(each['median_abs_ln']):.2f}" for each in errors]
        cells = [label, str(ours["n"]), f"**{factors[0]}**", f"{ours['coverage_90']:.0%}".replace("%", " %"), *factors[1:]]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def rewritten(page: Path) -> str:
    """Return the text of *page* with what its commands print now."""
    text = page.read_text("utf-8")
    if not CONSOLE.search(text) and not ACCURACY.search(text):
        return text
    with tempfile.TemporaryDirectory(prefix="carbon-outputs-") as name:
        folder = Path(name)
        environment = prepare(folder)
        text = CONSOLE.sub(lambda block: replayed(block[0], folder, environment), text)
        return ACCURACY.sub(lambda _: accuracy(folder, environment), text)


def main() -> None:
    """Write every page anew whose commands print something else now."""
    for page in PAGES:
        try:
            new = rewritten(page)
        except RuntimeError as error:
            sys.exit(f"{page.relative_to(ROOT)}: {error}")
        if new != page.read_text("utf-8"):
            page.write_text(new, "utf-8")
            print(f"wrote {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

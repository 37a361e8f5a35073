"""Write what comes out of each launcher into docs/multi-node.md, from jobs on four machines made here: ``make multi-node``, as root."""

import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT / "tests")  # not the folder of this file, which has a module of the same name

from launchers import machines, slurm  # noqa: E402  the rig lies beside the tests
from launchers.cases import CASES, Case, run_case, show  # noqa: E402
from launchers.machines import Machines  # noqa: E402
from launchers.rig import TRACK, Found, Rig  # noqa: E402
from launchers.services import SERVICES, run_service  # noqa: E402

PAGE = Path(__file__).with_name("multi-node.md")
SERVICE_HEAD = ("launcher", "what you type", "run id", "nodes", "GPUs", "off the truth by")
HEAD = ("launcher", "what you type", "runs", "nodes", "GPUs", "energy", "off the truth by", "meters", "facility")


def deviation(found: Found) -> str:
    """Return how far the metered energy is from the truth, in per cent."""
    return f"{round(100.0 * found.error, 2) + 0.0:+.2f} %"


def row(case: Case, found: Found) -> tuple[str, ...]:
    """Return a line of the table of launchers."""
    run = found.run
    facility_wh = 1000.0 * (run.facility_energy_kwh or {}).get("median", 0.0)
    energy_wh = (run.energy_j["gpu"] or 0.0) / 3600.0
    return (
        *(case.name, f"`{case.recipe}`".replace("|", "\\|"), "1", f"{run.nodes} of {run.nodes_expected}", str(run.accelerators)),
        *(f"{energy_wh:.2f} Wh", deviation(found), str(found.meters), f"{facility_wh:.0f} Wh"),
    )


def table(rig: Rig) -> str:
    """Run every case, and return the table of what came out."""
    rows = [HEAD, ("---",) * len(HEAD)]
    for case in CASES:
        if case.needs and not (rig.torch / "bin" / case.needs).exists():
            print(f"left out, as {case.needs} is not installed: {case.name}")
            continue
        rows.append(row(case, run_case(rig, case)))
        print(" · ".join(rows[-1]), flush=True)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def services_table(rig: Rig) -> str:
    """Run a training as each launcher that cannot be run here, and return the table of what came out."""
    rows = [SERVICE_HEAD, ("---",) * len(SERVICE_HEAD)]
    for service in SERVICES:
        found = run_service(rig, service)
        run = found.run
        seen = f"{run.nodes} of {run.nodes_expected}" if (run.nodes_expected or 0) >= run.nodes else str(run.nodes)
        run_id = f"`{run.run_id}`" if service.run_id else "one that both agree on"
        rows.append((service.name, service.recipe, run_id, seen, str(run.accelerators), deviation(found)))
        print(" · ".join(rows[-1]), flush=True)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def mute_node(rig: Rig) -> str:
    """Run a job on four nodes of which one cannot write the store, and return the page of the run."""
    before = rig.runs()
    later = rig.pulse_later()
    with rig.hidden_store("n3"):
        job = rig.slurm.submit(f"{TRACK} -- srun {rig.rank(later)}", "--nodes=4", "--ntasks-per-node=8", "--gres=gpu:8")
        rig.pulsed(before, job, later, nodes=3)
    (run_id,) = rig.new_runs(before)
    shown = re.sub(r"\S*/train\.py \S+", "train.py", show(rig, run_id).replace(sys.executable, "python"))
    return f"```text\n$ carbon runs show last\n{re.sub(r' +$', '', shown, flags=re.MULTILINE).strip()}\n```"


@contextmanager
def rig_of(names: tuple[str, ...]) -> Iterator[Rig]:
    """Build the machines and the cluster for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        shared = Machines(Path(folder), names)
        with slurm.slurm(shared) as cluster:
            yield Rig(shared, cluster, ROOT / ".venv-launchers")


def written(text: str, parts: dict[str, str]) -> str:
    """Return the page with each marked part replaced."""

    def part(name: str) -> Callable[[re.Match[str]], str]:
        return lambda found: f"{found[1]}\n{parts[name]}\n\n{found[2]}"

    for name in parts:
        text, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end -->\n)", part(name), text, flags=re.DOTALL)
        assert count == 1, name
    return text


def main() -> None:
    """Make the page anew."""
    problem = machines.unavailable() or slurm.unavailable()
    if problem:
        sys.exit(f"error: {problem}\nhint: run it as root on Debian with slurm-wlm, munge and openmpi-bin")
    with rig_of(("n0", "n1", "n2", "n3")) as rig:
        made = f"Made on {time.strftime('%Y-%m-%d', time.gmtime())} by `make multi-node`."
        parts = {"mute": mute_node(rig), "services": services_table(rig), "launchers": f"{table(rig)}\n\n{made}"}
    PAGE.write_text(written(PAGE.read_text("utf-8"), parts), "utf-8")


if __name__ == "__main__":
    main()

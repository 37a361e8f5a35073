"""The launchers that people use, each as a batch script for four machines with eight GPUs, and what they type."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from launchers.machines import Pulse
from launchers.rig import CARBON, TRACK, Found, Rig

_SHAPE = ("--nodes=4", "--ntasks-per-node=8", "--gres=gpu:8")
_MPI = "--oversubscribe --bind-to none"
_TORCHRUN = "torchrun --nnodes 4 --nproc-per-node 8 --node-rank $SLURM_NODEID --master-addr 127.0.0.1 --master-port {port} --local-addr 127.0.0.1"


class Case(NamedTuple):
    """A way to launch a training."""

    name: str
    recipe: str
    """What the user types; ``…`` stands for the launcher's own options."""
    script: Callable[[Rig, Pulse], str]
    """Returns the batch script on the rig."""
    options: tuple[str, ...] = _SHAPE
    needs: str = ""
    """A program of the environment with torch and ray, if it needs one."""


def _torchrun(rig: Rig, pulse: Pulse, options: str = "", *, tracked: bool, before: str = "") -> str:
    """Return the step that starts torchrun once a node; the shell of each node gives it the node's rank."""
    port = 20000 + int(pulse.from_s * 10.0) % 20000
    return f"srun --ntasks-per-node=1 --ntasks=4 sh -c '{before}{rig.torch}/bin/{_TORCHRUN.format(port=port)}{options} {rig.script(pulse, tracked=tracked)}'"


_RAY = """\
srun --ntasks-per-node=1 --ntasks=4 --overlap sh -c 'sleep $((SLURM_NODEID * 3)); if [ $SLURM_NODEID = 0 ]; then at="--head --port={port} --include-dashboard=false"; else at=--address=127.0.0.1:{port}; fi
export RAY_raylet_start_wait_time_s=180
until {ray} start $at --num-cpus=1 --num-gpus=8 --object-store-memory=80000000 --disable-usage-stats --block; do sleep 1; done' >{log} 2>&1 &
cluster=$!
{track}{python} {driver} {until} {port} {script}
code=$?
kill $cluster
wait $cluster
exit $code"""
"""Ray on each node, then its driver; as Ray's own recipe for Slurm. A node that does not reach the head in time, on a busy machine, tries again."""


def _ray(rig: Rig, pulse: Pulse, *, tracked: bool, before: str = "") -> str:
    """Return the script that starts Ray on all nodes and a driver on the first one."""
    bin, (script, until) = rig.torch / "bin", rig.script(pulse, tracked=tracked).split()
    log, driver, port = rig.machines.folder / "ray.log", Path(__file__).with_name("ray_driver.py"), 20000 + int(pulse.from_s * 10.0) % 20000
    return _RAY.format(ray=bin / "ray", python=bin / "python", log=log, driver=driver, port=port, track=before, until=until, script=script)


CASES = (
    Case("Slurm, batch script around srun", "carbon track -- srun python train.py", lambda rig, pulse: f"{TRACK} -- srun {rig.rank(pulse)}"),
    Case("Slurm, each rank, all GPUs visible", "srun carbon track -- python train.py", lambda rig, pulse: f"srun {TRACK} -- {rig.rank(pulse)}"),
    Case(
        "Slurm, each rank, one GPU a rank",
        "srun --gpus-per-task=1 carbon track -- python train.py",
        lambda rig, pulse: f"srun --gpus-per-task=1 {TRACK} -- {rig.rank(pulse)}",
    ),
    Case(
        "Slurm, each rank, overlapping masks",
        "srun sh -c 'CUDA_VISIBLE_DEVICES=… carbon track -- python train.py'",
        lambda rig, pulse: f"srun sh -c 'CUDA_VISIBLE_DEVICES=$SLURM_LOCALID,$(((SLURM_LOCALID + 1) % 8)) exec {TRACK} -- {rig.rank(pulse)}'",
    ),
    Case("Slurm, traincarbon.track() in each rank", "srun python train.py", lambda rig, pulse: f"srun {rig.rank(pulse, tracked=True)}"),
    Case(
        "Slurm, traincarbon.track(), one GPU a rank",
        "srun --gpus-per-task=1 python train.py",
        lambda rig, pulse: f"srun --gpus-per-task=1 {rig.rank(pulse, tracked=True)}",
    ),
    Case(
        "Open MPI, batch script around mpirun",
        "carbon track -- mpirun -np 32 python train.py",
        lambda rig, pulse: f"{TRACK} -- mpirun -np 32 {_MPI} {rig.rank(pulse)}",
    ),
    Case(
        "Open MPI, each rank",
        "mpirun -np 32 carbon track -- python train.py",
        lambda rig, pulse: f"mpirun -np 32 {_MPI} {TRACK} -- {rig.rank(pulse)}",
    ),
    Case(
        "torchrun with an id, traincarbon.track() in each rank",
        "srun torchrun --rdzv-id 7 … train.py",
        lambda rig, pulse: _torchrun(rig, pulse, " --rdzv-id 7", tracked=True),
        needs="torchrun",
    ),
    Case(
        "torchrun without an id, traincarbon.track() in each rank",
        "srun torchrun … train.py",
        lambda rig, pulse: _torchrun(rig, pulse, tracked=True),
        needs="torchrun",
    ),
    Case(
        "torchrun on each node under the tracker",
        "srun carbon track -- torchrun … train.py",
        lambda rig, pulse: _torchrun(rig, pulse, tracked=False, before=f"{TRACK} -- "),
        needs="torchrun",
    ),
    Case(
        "Ray, around its driver",
        "carbon track -- python driver.py",
        lambda rig, pulse: _ray(rig, pulse, tracked=False, before=f"{TRACK} -- "),
        needs="ray",
    ),
    Case("Ray, traincarbon.track() in each task", "python driver.py", lambda rig, pulse: _ray(rig, pulse, tracked=True), needs="ray"),
)


def run_case(rig: Rig, case: Case) -> Found:
    """Run a case and return what was recorded; it must be one run."""
    before = rig.runs()
    later = rig.pulse_later()
    job = rig.slurm.submit(case.script(rig, later), *case.options)
    pulse = rig.pulsed(before, job, later, nodes=4)
    found = rig.new_runs(before)
    assert len(found) == 1, f"{len(found)} runs: {', '.join(found)}\n{rig.slurm.output(job)}"
    return rig.found(found[0], rig.machines.energy_j(pulse))


def show(rig: Rig, run_id: str) -> str:
    """Return what ``carbon runs show`` prints of a run."""
    return rig.slurm.run(CARBON, "runs", "show", run_id).stdout

"""A real Slurm on this computer: munged, slurmctld, and one slurmd on each machine."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from launchers.machines import BOARDS, Machines, free_ports, started, wait_until

_COMMANDS = ("munged", "slurmctld", "slurmd", "srun", "sbatch")
_CONF = """\
ClusterName=rig
SlurmctldHost=controller(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,defer_batch=0
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool.%n
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
InactiveLimit=0
KillWait=3
JobRequeue=1
RequeueExit=99
GresTypes=gpu
{nodes}
PartitionName=all Nodes=ALL Default=YES State=UP OverSubscribe=FORCE:8 MaxTime=INFINITE
"""


class Slurm:
    """The commands of a cluster that is up.

    Args:
        machines: The machines, one node each.
        folder: Where configuration, state and logs are.
    """

    def __init__(self, machines: Machines, folder: Path) -> None:
        self.machines = machines
        self.folder = folder

    def environment(self, **others: str) -> dict[str, str]:
        """Return the environment of somebody who submits jobs."""
        return self.machines.environment(SLURM_CONF=str(self.folder / "slurm.conf"), **others)

    def run(self, *command: str, timeout_s: float = 120.0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Slurm, as from a login node."""
        return subprocess.run(command, env=self.environment(**env), capture_output=True, text=True, timeout=timeout_s, check=False)

    def start(self, *command: str, log: Path) -> subprocess.Popen[str]:
        """Start a command of Slurm, as from a login node; its stderr goes to *log*."""
        with log.open("w") as stream:
            return subprocess.Popen(command, env=self.environment(), stdout=subprocess.DEVNULL, stderr=stream, text=True)

    def submit(self, script: str, *options: str, **env: str) -> str:
        """Submit a batch script and return the job's id; its output goes to ``ID.out``."""
        file = self.folder / "script"
        file.write_text(f"#!/bin/bash\n{script}\n")
        found = self.run("sbatch", "--parsable", f"--output={self.folder}/%j.out", *options, str(file), **env)
        assert found.returncode == 0, found.stderr
        return found.stdout.strip().partition(";")[0]

    def output(self, job: str) -> str:
        """Return what a job has written."""
        file = self.folder / f"{job}.out"
        return file.read_text() if file.exists() else ""

    def state(self, job: str) -> str:
        """Return the state of a job, as ``COMPLETED``; "" if Slurm has forgotten it."""
        shown = self.run("scontrol", "show", "job", job, "--oneliner").stdout
        return next((word.partition("=")[2] for word in shown.split() if word.startswith("JobState=")), "")

    def has_ended(self, job: str) -> bool:
        """Return whether a job has ended, and does not wait to be started again."""
        return self.state(job) not in ("PENDING", "CONFIGURING", "RUNNING", "SUSPENDED")

    def wait(self, job: str, *, timeout_s: float = 120.0) -> str:
        """Wait until a job has ended, with all its steps, and return its state."""
        until_s = time.monotonic() + timeout_s
        while (state := self.state(job)) in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED") and time.monotonic() < until_s:
            time.sleep(0.2)
        return state


@contextlib.contextmanager
def slurm(machines: Machines) -> Iterator[Slurm]:
    """Start a cluster with one node for each machine, and end it with all its jobs."""
    folder = machines.folder / "slurm"
    for name in ("state", *(f"spool.{node}" for node in machines.names)):
        (folder / name).mkdir(parents=True)
    _configure(machines, folder)
    cluster = Slurm(machines, folder)
    env = cluster.environment()
    munge = ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.socket"]
    munge += [f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.log"]
    with contextlib.ExitStack() as services:
        services.enter_context(started(munge, env=env, log=folder / "munged.out"))
        wait_until((folder / "munge.socket").exists, "munged opens its socket")
        controller = ["unshare", "--uts", "sh", "-ec", 'hostname controller; exec slurmctld -D -f "$0"', f"{folder}/slurm.conf"]
        services.enter_context(started(controller, env=env, log=folder / "slurmctld.out"))
        for node in machines.names:
            daemon = machines.enter(node, ["slurmd", "-D", "-N", node, "-f", f"{folder}/slurm.conf"])
            services.enter_context(started(daemon, env=env, log=folder / f"slurmd.{node}.out"))
        services.callback(lambda: cluster.run("scancel", "--user=root"))
        wait_until(lambda: cluster.run("sinfo", "--noheader", "--states=idle", "--format=%D").stdout.strip() == str(len(machines.names)), "all nodes are idle")
        yield cluster


def unavailable() -> str:
    """Return why there can be no cluster here, "" if there can."""
    absent = [name for name in _COMMANDS if shutil.which(name) is None]
    return f"{', '.join(absent)}: not installed (slurm-wlm, munge)" if absent else ""


def _configure(machines: Machines, folder: Path) -> None:
    ports = free_ports(len(machines.names) + 1)
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={name} NodeAddr=127.0.0.1 Port={port} CPUs=64 RealMemory=64000 Gres=gpu:{BOARDS}"
        for name, port in zip(machines.names, ports[1:], strict=True)
    )
    (folder / "slurm.conf").write_text(_CONF.format(folder=folder, controller_port=ports[0], nodes=nodes))
    # tty1 to tty8 take the places of nvidia0 to nvidia7: Slurm hands out files that exist, and nothing opens them
    (folder / "gres.conf").write_text(f"Name=gpu File=/dev/tty[1-{BOARDS}]\n")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    folder.chmod(0o755)

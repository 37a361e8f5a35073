"""Ids of jobs as batch systems and MPI write them, and one id for a command of a job."""

import re
from collections.abc import Sequence

from traincarbon.tracking.launchers.values import Environment, Text, stated

_FIRST_SPECIAL_STEP = 0xFFFF_FFF0
"""Slurm numbers the batch script, the interactive shell and its own helpers from here; they are no steps of ``srun``."""
_OF_A_STEP = {
    "SLURM_STEP_ID", "SLURM_STEPID", "SLURM_STEP_NUM_NODES", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_NNODES", "SLURM_NTASKS", "SLURM_NODEID",
    "SLURM_PROCID", "SLURM_LOCALID",
}  # fmt: skip
_LONGEST, _DIGEST_B = 80, 3
_NO_TASK = ("", "0", "undefined")
_OF_ONE_PROCESS = re.compile(
    r"--?(?:(?:node|local|machine|process|global|group|worker|host)[-_]?rank|(?:process|node|machine|host|worker)[-_](?:id|index|ip)|local[-_]addr)"
)
"""Options that differ between the nodes or ranks of one training."""
LAUNCHER_MODULES = ("torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch", "deepspeed.launcher.runner", "mpi4py")
"""Modules that run a script, which comes after them."""
_RANK = "--rank"
"""An option that is the rank of a process for some programs and that of a matrix for others."""


def slurm_job(env: Environment) -> Text | None:
    """Return the job of Slurm with its cluster: job ids start again on each cluster, and every task of an array has a job of its own.

    Example:
        >>> slurm_job({"SLURM_CLUSTER_NAME": "a", "SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "10", "SLURM_ARRAY_TASK_ID": "2"}).value
        'a-10_2'
    """
    array = [name for name in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID") if stated(env, name)]
    job = array if len(array) == 2 else [name for name in ("SLURM_JOB_ID", "SLURM_JOBID") if stated(env, name)][:1]
    cluster = [name for name in ("SLURM_CLUSTER_NAME",) if stated(env, name)]
    if not job:
        return None
    return Text("-".join([*(stated(env, name) for name in cluster), "_".join(stated(env, name) for name in job)]), (*cluster, *job))


def slurm_step(env: Environment) -> Text | None:
    """Return the step of ``srun`` that a process belongs to; the batch script belongs to none."""
    for name in ("SLURM_STEP_ID", "SLURM_STEPID"):
        value = stated(env, name)
        if value.isascii() and value.isdigit() and len(value) <= 10 and int(value) < _FIRST_SPECIAL_STEP:
            return Text(str(int(value)), (name,))
    return None


def without_step(env: Environment) -> Environment:
    """Return *env* as the batch script of Slurm sees it: without what counts in one step of the job alone."""
    return env if slurm_step(env) is None else {name: value for name, value in env.items() if name not in _OF_A_STEP}


def lsf_job(env: Environment) -> Text | None:
    """Return the job of LSF with its index in an array; LSF states index 0 for a job that is in none."""
    job, index = stated(env, "LSB_JOBID"), stated(env, "LSB_JOBINDEX")
    if not job:
        return None
    return Text(job, ("LSB_JOBID",)) if index in _NO_TASK else Text(f"{job}_{index}", ("LSB_JOBID", "LSB_JOBINDEX"))


def pbs_job(env: Environment) -> Text | None:
    """Return the job of PBS: ``12[3].server`` is task 3 of array 12. The server's name becomes a digest, as it names a machine."""
    written = stated(env, "PBS_JOBID")
    job, _, server = written.partition(".")
    if not job:
        return None
    job = job.replace("[]", "").replace("[", "_").replace("]", "")
    return Text(f"{job}-{digest(server)}" if server else job, ("PBS_JOBID",))


def sge_job(env: Environment) -> Text | None:
    """Return the job of Grid Engine with its task in an array."""
    job, task = stated(env, "JOB_ID"), stated(env, "SGE_TASK_ID")
    if not job:
        return None
    return Text(job, ("JOB_ID",)) if task in _NO_TASK else Text(f"{job}_{task}", ("JOB_ID", "SGE_TASK_ID"))


def aws_job(env: Environment) -> Text | None:
    """Return the job of AWS Batch; all nodes of a job have its id followed by ``#`` and their index."""
    job = stated(env, "AWS_BATCH_JOB_ID").partition("#")[0]
    return Text(job.replace(":", "_"), ("AWS_BATCH_JOB_ID",)) if job else None


def mpi_job(env: Environment) -> Text | None:
    """Return a digest of what one ``mpirun`` gives all its ranks. Its namespace alone is made of a process number, which comes again."""
    names = [name for name in ("PMIX_NAMESPACE", "OMPI_MCA_orte_hnp_uri") if stated(env, name)]
    return Text(digest(*(stated(env, name) for name in names), size_b=6), tuple(names)) if names else None


def command_of(argv: Sequence[str], *, ranks: Sequence[int] = ()) -> str:
    """Return a digest of a command, the same on all nodes and ranks that run it and again when its job is started again.

    Of a command that runs a Python script, only the script and what follows it count, so that a tracker around the launcher and one in the script agree.

    Args:
        argv: The command, or the arguments of a script with its name.
        ranks: The numbers of this process and node; ``--rank`` with one of them is left out, as are options that are ranks for sure.

    Example:
        >>> command_of(["torchrun", "--nnodes=2", "src/train.py", "--lr", "1"]) == command_of(["/home/me/src/train.py", "--lr", "1"])
        True
    """
    words: list[str] = []
    skip = False
    told = _script_of(argv)
    for index, word in enumerate(told):
        name, separator, value = word.partition("=")
        following = value if separator else told[index + 1] if index + 1 < len(told) else ""
        if skip:
            skip = False
        elif _OF_ONE_PROCESS.fullmatch(name) or (name == _RANK and following in map(str, ranks)):
            skip = not separator
        else:
            words.append(word)
    return digest(*words)


def _script_of(argv: Sequence[str]) -> list[str]:
    """Return the name of the Python script or module that a command runs, and its arguments; the whole command if it runs none."""
    for index, word in enumerate(argv):
        if word.endswith(".py") and " " not in word:
            return [re.split(r"[/\\]", word)[-1], *argv[index + 1 :]]
        if word == "-m" and index + 1 < len(argv) and argv[index + 1] not in LAUNCHER_MODULES:
            return [f"{argv[index + 1].rpartition('.')[2]}.py", *argv[index + 2 :]]
    return list(argv)


def plain_id(written: str) -> str:
    """Return an id as a short, plain name; what cannot stay as it is becomes part of a digest, so that two ids never become one.

    Example:
        >>> plain_id("bert-3"), plain_id("../etc")
        ('bert-3', '_etc-ecdd5c')
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", written).lstrip(".")[:_LONGEST]
    return plain if plain == written else f"{plain}-{digest(written)}"


def digest(*words: str, size_b: int = _DIGEST_B) -> str:
    """Return a short digest of *words* in hexadecimal digits, two a byte."""
    from _blake2 import blake2s  # hashlib loads OpenSSL, which takes longer than all else here

    return blake2s("\0".join(words).encode("utf-8", "surrogateescape"), digest_size=size_b).hexdigest()

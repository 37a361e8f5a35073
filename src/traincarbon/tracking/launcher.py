"""Who started this process: the run that it belongs to, and its place among the nodes and ranks of that run.

The outermost scheduler gives the run, the innermost launcher the rank. The table is :mod:`traincarbon.tracking.launchers.table`.
"""

import re
from collections.abc import Mapping, Sequence

from traincarbon.tracking.launchers.launch import Launch
from traincarbon.tracking.launchers.parents import CONTROL_PORT
from traincarbon.tracking.launchers.platforms import counts_pods
from traincarbon.tracking.launchers.row import Launcher
from traincarbon.tracking.launchers.run_ids import LAUNCHER_MODULES, command_of, plain_id, without_step
from traincarbon.tracking.launchers.starters import STARTERS
from traincarbon.tracking.launchers.table import EXPERIMENTS, LAUNCHERS
from traincarbon.tracking.launchers.values import Count, CountReader, Environment, count, positive, stated

_COMMAND = "the command"
"""What a run id comes from besides variables."""
_ADDRESSES = (
    ("--rdzv-endpoint",),
    ("--master-addr", "--master-port"),
    ("--main-process-ip", "--main-process-port"),
    ("MASTER_ADDR", "MASTER_PORT"),
    ("PET_RDZV_ENDPOINT",),
    ("PET_MASTER_ADDR", "PET_MASTER_PORT"),
    (CONTROL_PORT,),
)
"""Where the ranks of a training meet, in the words of each launcher."""
_PROGRAMS = ("torchrun", "accelerate", "accelerate-launch", "deepspeed", *LAUNCHER_MODULES)
_LONGEST_ADDRESS = 300

__all__ = ["Launch", "launched"]


def launched(env: Environment, argv: Sequence[str] = ()) -> Launch:
    """Return who started a process with the environment *env*; never raises.

    Args:
        env: The environment, with what :func:`~traincarbon.tracking.launchers.parents.environment_with_parents` adds to it.
        argv: The command that is tracked. Options of torchrun and accelerate in it count as variables, and it tells the commands of a job apart.

    Example:
        >>> launch = launched({"SLURM_CLUSTER_NAME": "hpc", "SLURM_JOB_ID": "9", "SLURM_STEP_ID": "0", "SLURM_PROCID": "5", "SLURM_LOCALID": "1"})
        >>> launch.run_id, launch.launcher, launch.rank, launch.local_rank, launch.nodes
        ('slurm-hpc-9-0', 'slurm', 5, 1, None)
    """
    env = {**env, **_options(argv)}
    rows = [row for row in LAUNCHERS if row.is_there(env)]
    if any(row.crosses_steps for row in rows):  # its daemons may be a step, which knows of its own nodes alone
        env = without_step(env)
        rows = [row for row in LAUNCHERS if row.is_there(env)]
    found: dict[str, Count] = {}
    node = _node(env, rows)
    found.update(node)
    for name, size in (("local_rank", "local_size"), ("rank", "world_size")):
        pair = {each: value for each in (name, size) if (value := _innermost(env, rows, each)) is not None}
        if name in pair and size in pair and pair[name].value >= pair[size].value:  # two launchers' words
            del pair[size]
        found.update(pair)
    attempt = count("CARBON_ATTEMPT")(env) or _outermost(env, rows, "attempt")
    if attempt is not None:
        found["attempt"] = attempt
    numbers = {name: each.value for name, each in found.items()}
    run_id, run_id_from, comes_again = _run_id(env, rows, argv, numbers)
    rendezvous, address_from = _address(env)
    where = {name: each.variables for name, each in found.items()}
    where |= {name: names for name, names in (("run_id", run_id_from), ("rendezvous", address_from)) if names}
    starters = [row for row in rows if row in STARTERS]
    return Launch(
        run_id=run_id,
        run_id_from=run_id_from,
        comes_again=comes_again,
        launcher=rows[0].name if rows else "",
        starter=starters[-1].name if starters else "",
        rendezvous=rendezvous,
        found=where,
        **numbers,
    )


def _run_id(env: Environment, rows: Sequence[Launcher], argv: Sequence[str], numbers: Mapping[str, int]) -> tuple[str, tuple[str, ...], bool]:
    """Return the id of the run, the variables that gave it, and whether it comes again."""
    if given := env.get("CARBON_RUN_ID", "").strip():  # as it is: an invalid one is an error, as any option of the user's
        return given, ("CARBON_RUN_ID",), False
    for row in (*rows, *(each for each in EXPERIMENTS if each.is_there(env))):
        job = row.run_id(env) if row.run_id is not None else None
        if job is None:
            continue
        step = row.step(env) if row.step is not None and _step_is_whole(env, row, numbers) else None
        parts = [*([row.name] if row.has_prefix else []), job.value]
        if step is not None:
            return plain_id("-".join([*parts, step.value])), (*job.variables, *step.variables), False
        if row.is_job and argv:
            ranks = [numbers[name] for name in ("rank", "node_rank") if name in numbers]
            return plain_id("-".join([*parts, command_of(argv, ranks=ranks)])), (*job.variables, _COMMAND), True
        return plain_id("-".join(parts)), job.variables, not row.has_prefix
    return "", (), False


def _step_is_whole(env: Environment, job: Launcher, numbers: Mapping[str, int]) -> bool:
    """Return whether all ranks of the training are in this step: not where there is one for each node."""
    nodes = job.nodes(env) if job.nodes is not None else None
    return nodes is None or nodes.value >= numbers.get("nodes", 1)


def _node(env: Environment, rows: Sequence[Launcher]) -> dict[str, Count]:
    """Return the nodes of the run and the rank of this one: by the launcher that sees most nodes, of several the outermost."""
    sizes = [(row, size) for row in rows if row.nodes is not None and (size := row.nodes(env)) is not None]
    largest = max(sizes, key=lambda each: each[1].value, default=None)
    stated_size = positive("CARBON_NODES")(env)
    size = stated_size if stated_size is not None else largest[1] if largest is not None else None
    ordered = ([largest[0]] if largest is not None else []) + list(rows)
    ranks = (rank for row in ordered if row.node_rank is not None and (rank := row.node_rank(env)) is not None)
    rank = next((rank for rank in ranks if size is None or rank.value < size.value), None)
    return {name: each for name, each in (("node_rank", rank), ("nodes", size)) if each is not None}


def _innermost(env: Environment, rows: Sequence[Launcher], name: str) -> Count | None:
    return _outermost(env, rows[::-1], name)


def _outermost(env: Environment, rows: Sequence[Launcher], name: str) -> Count | None:
    readers: list[CountReader | None] = [getattr(row, name) for row in rows]
    return next((found for read in readers if read is not None and (found := read(env)) is not None), None)


def _of_this_pod(env: Environment, address: str) -> str:
    """Return *address* as other pods know it: some operators tell the first pod that it is its own master, at ``localhost``."""
    host, separator, port = address.rpartition(":")
    name = stated(env, "HOSTNAME")
    return f"{name}{separator}{port}" if name and host in ("localhost", "127.0.0.1") and counts_pods(env) and stated(env, "RANK") == "0" else address


def _address(env: Environment) -> tuple[str, tuple[str, ...]]:
    for names in _ADDRESSES:
        parts = [part for name in names if (part := stated(env, name))]
        if stated(env, names[0]) and len(":".join(parts)) <= _LONGEST_ADDRESS:
            return _of_this_pod(env, ":".join(parts)), names[: len(parts)]
    return "", ()


def _options(argv: Sequence[str]) -> dict[str, str]:
    """Return the options of a launcher that *argv* starts, up to the script; an underscore in a name counts as a dash."""
    words = [str(word) for word in argv]
    start = next((index for index, word in enumerate(words[:8]) if re.split(r"[/\\]", word)[-1] in _PROGRAMS), None)
    if start is None:
        return {}
    options: dict[str, str] = {}
    for index in range(start + 1, len(words)):
        name, separator, value = words[index].partition("=")
        if name.endswith(".py"):
            break
        if name.startswith("--"):
            options[name.replace("_", "-")] = value if separator else words[index + 1] if index + 1 < len(words) else ""
    return options

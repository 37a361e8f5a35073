"""Who launched this process, for ``carbon doctor``: each fact with the variables that state it."""

import os

from traincarbon.tracking.launcher import Launch, launched
from traincarbon.tracking.launchers.parents import environment_with_parents
from traincarbon.tracking.launchers.regions import stated_region
from traincarbon.tracking.launchers.table import LAUNCHERS
from traincarbon.tracking.launchers.values import Environment

_NONE = "none found: each run gets an id of its own"
_BY_ADDRESS = "agreed on in the store by all that meet at the address below"


def this_launch() -> Launch:
    """Return who launched this process."""
    return launched(environment_with_parents(os.environ))


def launch_rows(launch: Launch) -> list[tuple[str, str]]:
    """Return what launched a process as rows of a label and a text.

    Example:
        >>> launch_rows(launched({"FLUX_JOB_ID": "fN", "FLUX_TASK_RANK": "1", "FLUX_JOB_SIZE": "4"}))[1:]
        [('run id', 'flux-fN (FLUX_JOB_ID)'), ('rank', '1 of 4 (FLUX_TASK_RANK, FLUX_JOB_SIZE)')]
    """
    if launch == Launch():
        return [("launcher", _NONE)]
    names = dict.fromkeys(name for name in (launch.launcher, launch.starter) if name)
    rows = [("launcher", ", ".join(_titles(names)) or "variables of torch.distributed")]
    rows.append(("run id", _run_id(launch)))
    rows += [
        row
        for row in (
            _place(launch, "node", "node_rank", "nodes"),
            _place(launch, "rank", "rank", "world_size"),
            _place(launch, "local rank", "local_rank", "local_size"),
        )
        if row[1]
    ]
    if launch.attempt is not None:
        rows.append(("attempt", f"{launch.attempt + 1}{_from(launch, 'attempt')}"))
    if launch.rendezvous:
        rows.append(("address", f"{launch.rendezvous}{_from(launch, 'rendezvous')}"))
    return rows


def region_rows(env: Environment) -> list[tuple[str, str]]:
    """Return the region that the launcher states, as a row; none where it states none.

    Example:
        >>> region_rows({"AWS_BATCH_JOB_ID": "9", "AWS_REGION": "eu-north-1"})
        [('region', 'aws:eu-north-1 (AWS_REGION)')]
    """
    found = stated_region(env)
    return [] if found is None else [("region", f"{found.value} ({', '.join(found.variables)})")]


def launch_dict(launch: Launch) -> dict[str, object]:
    """Return what launched a process as JSON holds it."""
    return {name: value for name, value in launch._asdict().items() if name != "comes_again"}


def _run_id(launch: Launch) -> str:
    if launch.run_id:
        more = ", and a part of its own for each command" if any(row.is_job and row.name == launch.launcher for row in LAUNCHERS) and _is_of_job(launch) else ""
        return f"{launch.run_id}{_from(launch, 'run_id')}{more}"
    return _BY_ADDRESS if launch.rendezvous and launch.is_one_of_many else "none: a new one for each run"


def _is_of_job(launch: Launch) -> bool:
    """Return whether the id is that of a whole job and not of one of its steps."""
    return "CARBON_RUN_ID" not in launch.run_id_from and not any("STEP" in name for name in launch.run_id_from)


def _place(launch: Launch, label: str, rank: str, size: str) -> tuple[str, str]:
    """Return a rank of a size, or the one of them that is stated."""
    number, whole = getattr(launch, rank), getattr(launch, size)
    if number is None and whole is None:
        return label, ""
    told = f"one of {whole}" if number is None else f"{number}" if whole is None else f"{number} of {whole}"
    return label, f"{told}{_from(launch, rank, size)}"


def _from(launch: Launch, *fields: str) -> str:
    variables = dict.fromkeys(name for field in fields for name in launch.found.get(field, ()))
    return f" ({', '.join(variables)})" if variables else ""


def _titles(names: dict[str, None]) -> list[str]:
    return [next(row.title.partition(",")[0] for row in LAUNCHERS if row.name == name) for name in names]

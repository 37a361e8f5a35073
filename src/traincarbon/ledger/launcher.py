"""What launched a run, as its start lines and records state it."""

from collections.abc import Iterable, Mapping

from traincarbon.decode import amount, items, table, text

_LONGEST, _MOST_VARIABLES = 200, 20


def checked_launcher(stated: object) -> dict[str, object] | None:
    """Return the name of a launcher, what started the processes, the variables that gave the run id, and the attempt; None where none is stated."""
    known = table(stated)
    if not known:
        return None
    attempt = amount(known.get("attempt"))
    return {
        "name": (text(known.get("name")) or "")[:_LONGEST],
        "starter": (text(known.get("starter")) or "")[:_LONGEST],
        "run_id_from": [(text(name) or "")[:_LONGEST] for name in items(known.get("run_id_from"))[:_MOST_VARIABLES]],
        "attempt": None if attempt is None else int(attempt),
    }


def latest_launcher(stated: Iterable[Mapping[str, object] | None]) -> dict[str, object] | None:
    """Return what launched a run, by the process that states the latest attempt, of several the first.

    Example:
        >>> latest_launcher([{"name": "slurm", "attempt": 0}, None, {"name": "slurm", "attempt": 2}])
        {'name': 'slurm', 'attempt': 2}
    """
    return max((dict(each) for each in stated if each), key=lambda each: amount(each.get("attempt")) or 0.0, default=None)


def launcher_line(launcher: Mapping[str, object] | None) -> str:
    """Return a phrase on what launched a run and what gave its id, "" where nothing is stated.

    Example:
        >>> launcher_line({"name": "slurm", "starter": "srun", "run_id_from": ["SLURM_JOB_ID", "SLURM_STEP_ID"], "attempt": 1})
        'slurm, srun, attempt 2; run id from SLURM_JOB_ID, SLURM_STEP_ID'
    """
    if not launcher:
        return ""
    attempt = amount(launcher.get("attempt"))
    names = list(dict.fromkeys(name for name in (text(launcher.get("name")), text(launcher.get("starter"))) if name))
    started = ", ".join([*names, *([f"attempt {int(attempt) + 1}"] if attempt else [])])
    variables = ", ".join(name for each in items(launcher.get("run_id_from")) if (name := text(each)))
    return "; ".join(part for part in (started, f"run id from {variables}" if variables else "") if part)

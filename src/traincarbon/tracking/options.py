"""What somebody asks of the tracker, checked before anything is started."""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from traincarbon.errors import CarbonError, OutOfRangeError, PlanError
from traincarbon.tracking.settings import INTERVAL_S, POLICIES, Settings
from traincarbon.tracking.sidecar.job import MARK

if TYPE_CHECKING:
    from traincarbon.estimation.plan import Plan, PlanFields

    class TrackOptions(PlanFields, total=False):
        """The options of a tracked run as keyword arguments of :func:`traincarbon.track`; :func:`prepared` describes them."""

        run_id: str | None
        project: str
        store: str | os.PathLike[str] | None
        interval_s: float
        meters: str | Sequence[str]
        plan: Plan | PlanFields | str | os.PathLike[str] | None
        db: str | os.PathLike[str] | None
        progress_regex: str
        on_budget: str
        budget_signal: str | int
        grace_s: float
        max_kwh: float | str | None
        max_usd: float | str | None
        max_kgco2e: float | str | None
        max_hours: float | str | None
        total_tokens: float | str | None
        total_samples: float | str | None
        total_steps: float | str | None


LIMITS = {"max_kwh": "kwh", "max_usd": "usd", "max_kgco2e": "kgco2e", "max_hours": "hours"}
"""Options of a budget and the name of what they limit."""
TOTALS = {"total_tokens": "tokens", "total_samples": "samples", "total_steps": "steps"}

_NAMED = ("run_id", "project", "store", "interval_s", "meters", "plan", "db", "progress_regex", "on_budget", "budget_signal", "grace_s", "quiet")
"""The other options."""

_SHORTEST_S, _LONGEST_S = 0.05, 3600.0
_MOST_B = 20 * 1024
"""Of a command line or an environment that is recorded, as JSON: both have to fit into the buffer of a pipe."""
_LONGEST_WORD, _MOST_WORDS = 2000, 999
_MOST_CHARACTERS = 200
_MOST_DIGITS = 9


def prepared(
    *,
    argv: Sequence[str],
    run_id: str | None = None,
    project: str = "",
    store: str | os.PathLike[str] | None = None,
    interval_s: float = INTERVAL_S,
    meters: Sequence[str] = (),
    plan: Any = None,
    db: str | os.PathLike[str] | None = None,
    progress_regex: str = "",
    on_budget: str = POLICIES[0],
    budget_signal: str | int = "USR1",
    grace_s: float = 60.0,
    tell_s: float = 0.0,
    **options: Any,
) -> Settings:
    """Return what the process that meters has to know.

    Args:
        argv: The command line that is recorded, secrets hidden.
        run_id: An id of its own, or that of a run to go on with; made up unless given.
        project: What the run belongs to.
        store: Where journals and ledger are; by default the user's data folder.
        interval_s: Between two records. [s]
        meters: Names of meters; all that can be read unless named.
        plan: What to hold the run against: a :class:`~traincarbon.Plan`, its fields, or a TOML file.
        db: Another hardware database.
        progress_regex: What to look for in the command's output.
        on_budget: ``warn``, ``signal`` or ``stop``.
        budget_signal: Signal by which the script saves its state.
        grace_s: Between that signal, the request to stop and the end. [s]
        tell_s: How often to tell how things stand; 0 where nobody looks on. [s]
        options: Budgets (``max_kwh`` …), totals (``total_tokens`` …), and fields of a plan that say where and on what it runs.

    Raises:
        CarbonError: something of it cannot be, with what would.
    """
    from traincarbon.ledger.store_folder import store_folder

    if not _SHORTEST_S <= interval_s <= _LONGEST_S:
        raise OutOfRangeError(f"a record every {interval_s:g} s is not possible", hint="give 0.05 to 3600 seconds, as --interval 5")
    if not 0.0 <= grace_s <= _LONGEST_S:
        raise OutOfRangeError(f"a grace of {grace_s:g} s is not possible", hint="give 0 to 3600 seconds, as --grace 60")
    if on_budget not in POLICIES:
        raise CarbonError(f"on_budget is {on_budget!r}", hint=f"one of {', '.join(POLICIES)}")
    limits = {name: _positive(option, options.pop(option)) for option, name in LIMITS.items() if options.get(option) is not None}
    totals = {name: _positive(option, options.pop(option)) for option, name in TOTALS.items() if options.get(option) is not None}
    stated = {name: value for name, value in options.items() if value is not None and name not in {*LIMITS, *TOTALS}}
    plan_fields, context = _planned(plan, stated, db)
    if progress_regex:
        from traincarbon.tracking.pattern import Pattern

        Pattern(progress_regex)
    meters = [meters] if isinstance(meters, str) else list(meters)
    for name in meters:
        _check_meter(name)
    words, environment = masked_context(argv, os.environ)
    return Settings(
        run_id=_identity("run_id", run_id or default_run_id(os.environ)),
        session=os.urandom(8).hex(),
        store=store_folder(store),
        owner=os.getpid(),
        project=_identity("project", project),
        argv=words,
        env=environment,
        nodes=_nodes(os.environ),
        interval_s=interval_s,
        meters=meters,
        tell_s=tell_s,
        plan=plan_fields,
        context=context,
        database=None if db is None else os.fspath(db),
        totals=totals,
        pattern=progress_regex,
        limits=limits,
        on_budget=on_budget,
        budget_signal=_signal(budget_signal),
        grace_s=grace_s,
        versions={"python": ".".join(map(str, sys.version_info[:3]))},
    )


def masked_context(argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment as they may be recorded: without secrets, persons and places, and of bounded size."""
    from traincarbon.ledger.masking import mask, mask_env

    words: list[str] = []
    left_b = _MOST_B
    for whole in mask(argv[:_MOST_WORDS]):
        word = whole if len(whole) <= _LONGEST_WORD else f"{whole[: _LONGEST_WORD - 1]}…"
        left_b -= len(json.dumps(word)) + 2
        if left_b < 0:
            break
        words.append(word)
    if len(words) < len(argv):
        words.append(f"… {len(argv) - len(words)} more")
    kept: dict[str, str] = {}
    left_b = _MOST_B
    for name, value in mask_env(env).items():
        size_b = len(json.dumps([name, value]))
        if size_b <= left_b:
            left_b -= size_b
            kept[name] = value
    return words, kept


def default_run_id(env: Mapping[str, str]) -> str:
    """Return the id of a run that was given none: of the job that all its nodes share, else one of its own.

    Example:
        >>> default_run_id({"SLURM_JOB_ID": "8121", "SLURM_STEP_ID": "0"}), len(default_run_id({}))
        ('slurm-8121-0', 12)
    """
    if env.get("CARBON_RUN_ID") and MARK not in env:  # within a tracked command it names the run outside
        return env["CARBON_RUN_ID"]
    if env.get("TORCHELASTIC_RUN_ID", "none") not in ("", "none"):
        return env["TORCHELASTIC_RUN_ID"]
    if env.get("SLURM_JOB_ID"):
        return "-".join(["slurm", env["SLURM_JOB_ID"], *([env["SLURM_STEP_ID"]] if env.get("SLURM_STEP_ID") else [])])
    return os.urandom(6).hex()


def _nodes(env: Mapping[str, str]) -> int:
    """Return how many machines the launcher says there are."""
    for name in ("SLURM_NNODES", "GROUP_WORLD_SIZE", "PET_NNODES"):
        if (nodes := _count(env, name)) is not None:
            return max(nodes, 1)
    ranks, here = _count(env, "WORLD_SIZE"), _count(env, "LOCAL_WORLD_SIZE")
    return max(ranks // here, 1) if ranks and here else 1


def _count(env: Mapping[str, str], name: str) -> int | None:
    """Return how many of something a variable states, None where it states no number that can be."""
    text = env.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _planned(plan: Any, stated: dict[str, Any], db: Any) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the fields of the plan, and those by which energy and hours are valued; look both up, so that a name is not found wrong after hours."""
    if plan is None and not stated and db is None:
        return None, {}
    from traincarbon.database.find import find_hardware, find_place
    from traincarbon.database.load import open_database
    from traincarbon.estimation.plan import FIELDS, Plan
    from traincarbon.suggestions import did_you_mean

    facts = open_database(db)
    for name in stated:
        if name not in FIELDS:
            raise PlanError(f"unknown option {name!r}", hint=did_you_mean(name, [*LIMITS, *TOTALS, *_NAMED, *FIELDS]))
    context = Plan(**stated).to_dict()
    if "hw" in context:
        find_hardware(facts, context["hw"])
    if "region" in context:
        find_place(facts, context["region"])
    if plan is None:
        return None, context
    if isinstance(plan, (str, os.PathLike)):
        plan = Plan.read(plan)
    fields = {**(plan.to_dict() if isinstance(plan, Plan) else dict(plan)), **context}
    from traincarbon.estimation.chain import estimate

    answer = estimate(Plan.from_dict(fields), database=facts)
    return answer.plan.to_dict(), fields


def _identity(name: str, text: str | None) -> str:
    """Return *text*, a name that a person gives.

    Raises:
        CarbonError: it is too long, or holds what cannot be printed.
    """
    text = text or ""
    if len(text) > _MOST_CHARACTERS or not text.isprintable():
        raise CarbonError(f"{name} is {text[:40]!r}", hint=f"at most {_MOST_CHARACTERS} characters, all of them printable")
    return text


def _positive(name: str, value: Any) -> float:
    from traincarbon.estimation.parse import parse_quantity

    number = parse_quantity(value) if isinstance(value, str) else float(value)
    if not 0.0 < number < float("inf"):
        raise OutOfRangeError(f"{name} is {value}", hint="it must be above 0")
    return number


def _signal(named: str | int) -> int:
    """Return the number of a signal given by name or number.

    Raises:
        CarbonError: there is no such signal.
    """
    text = str(named).upper().removeprefix("SIG")
    found = signal.Signals.__members__.get(f"SIG{text}")
    if found is None and text.isdigit() and int(text) in signal.valid_signals():
        return int(text)
    if found is None:
        raise CarbonError(f"no signal {named!r}", hint="as USR1, SIGTERM or 10")
    return int(found)


def _check_meter(name: str) -> None:
    from traincarbon.meters.registry import meter_names

    if name not in meter_names():
        raise CarbonError(f"no meter {name!r}", hint=f"known are {', '.join(meter_names())}")

"""The options of tracking, checked before anything starts."""

import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from traincarbon.errors import CarbonError, OutOfRangeError
from traincarbon.quantities import BUDGETED
from traincarbon.tracking.deduced_region import with_region
from traincarbon.tracking.launcher import launched
from traincarbon.tracking.launchers.parents import environment_with_parents
from traincarbon.tracking.open_runs import open_runs
from traincarbon.tracking.reports import COUNTS
from traincarbon.tracking.run_identity import identified
from traincarbon.tracking.settings import INTERVAL_S, LOG_TO, OUTSIDE, PROMETHEUS, BudgetPolicy, Limits, LogFormat, NodeScope, Settings, SinkRequest
from traincarbon.tracking.sidecar.job import MARK
from traincarbon.tracking.software import software_versions

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.plan_keywords import PlanFields

    class TrackOptions(PlanFields, total=False):
        """The options of a tracked run as keyword arguments of :func:`traincarbon.track`; :func:`settings_from` describes them."""

        run_id: str | None
        project: str
        store: str | os.PathLike[str] | None
        interval_s: float
        meters: str | Sequence[str]
        plan: Plan | PlanFields | str | os.PathLike[str] | None
        db: str | os.PathLike[str] | None
        progress_regex: str
        log_format: str | None
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
        log_to: str | Sequence[str]
        prometheus: str | None


LIMITS = {f"max_{name}": name for name in BUDGETED}
"""Option to the budget that it sets."""
TOTALS = {f"total_{name}": name for name in COUNTS}
"""Option to the count whose total it states."""

_UNITS = {"kwh": "kWh", "usd": "$", "kgco2e": "kg CO2e", "hours": "h"}
"""Budget to the unit in which it is given."""
_SHORTEST_S, _LONGEST_S = 0.05, 3600.0
_MOST_B = 20 * 1024
"""Most bytes of a recorded command line or environment, as JSON: both must fit into the buffer of a pipe."""
_LONGEST_WORD, _MOST_WORDS = 2000, 999
_MOST_CHARACTERS = 200


def settings_from(
    *,
    argv: Sequence[str],
    run_id: str | None = None,
    project: str = "",
    store: str | os.PathLike[str] | None = None,
    interval_s: float = INTERVAL_S,
    nodes: object = NodeScope.ALL,
    meters: Sequence[str] = (),
    plan: "Plan | Mapping[str, object] | str | os.PathLike[str] | None" = None,
    db: str | os.PathLike[str] | None = None,
    progress_regex: str = "",
    log_format: str | None = None,
    on_budget: str | None = None,
    budget_signal: str | int = "USR1",
    grace_s: float = 60.0,
    state_every_s: float = 0.0,
    log_to: str | Sequence[str] = (),
    prometheus: str | None = None,
    **options: object,
) -> Settings:
    """Return the settings of the metering process.

    Args:
        argv: The command line to record; secrets are masked.
        run_id: Id of the run; reuse one to continue that run. By default that of the batch job, else a new one.
        project: The project that the run belongs to.
        store: The folder of journals and ledger; by default the user's data folder.
        interval_s: Time between two journal records. [s]
        nodes: ``all`` meters every node of a batch job from its first one, ``here`` this one alone, ``ssh`` reaches the others through ssh. A number is that of the plan's servers.
        meters: Names of the only meters to use; all available ones by default.
        plan: The plan to compare the run with: a :class:`~traincarbon.Plan`, its fields, or a TOML file.
        db: Extra folder of hardware facts; its entries override the built-in ones.
        progress_regex: A regular expression for progress in the command's output.
        log_format: The tool whose log lines tell the progress, as ``megatron``.
        on_budget: ``warn``, ``signal`` or ``stop`` when a budget is used up; by default it warns. If stated, ``warn`` also starts a training whose budget cannot be metered.
        budget_signal: The signal at which the script saves its state.
        grace_s: Time from that signal to SIGTERM, and from SIGTERM to SIGKILL. [s]
        state_every_s: Time between two live states; 0 sends none. [s]
        log_to: Where to log the run while it is metered: ``wandb``, ``mlflow``, ``tensorboard``, ``trackio``, ``otel``; by default what ``CARBON_LOG_TO`` names.
        prometheus: The address at which Prometheus reads it, as ``:9400``; by default that of ``CARBON_PROMETHEUS``.
        options: Budgets (``max_kwh`` …), totals (``total_tokens`` …), and plan fields for hardware, place, prices and model.

    Raises:
        CarbonError: an option is invalid; the hint says what is valid.
    """
    from traincarbon.ledger.store_folder import store_folder

    if not _SHORTEST_S <= interval_s <= _LONGEST_S:
        raise OutOfRangeError(f"an interval of {interval_s:g} s is not possible", hint="give 0.05 to 3600 seconds, as --interval 5")
    if not 0.0 <= grace_s <= _LONGEST_S:
        raise OutOfRangeError(f"a grace period of {grace_s:g} s is not possible", hint="give 0 to 3600 seconds, as --grace 60")
    if on_budget not in (None, *BudgetPolicy):
        raise CarbonError(f"on_budget is {on_budget!r}", hint=f"one of {', '.join(BudgetPolicy)}")
    if log_format not in (None, *LogFormat):
        raise CarbonError(f"unknown log format {log_format!r}", hint=f"one of {', '.join(LogFormat)}")
    if nodes not in tuple(NodeScope):  # a number of them: a field of the plan
        options["nodes"], nodes = nodes, NodeScope.ALL
    limits = {name: _positive(option, options.pop(option)) for option, name in LIMITS.items() if options.get(option) is not None}
    totals = {name: _positive(option, options.pop(option)) for option, name in TOTALS.items() if options.get(option) is not None}
    stated = {name: value for name, value in options.items() if value is not None and name not in {*LIMITS, *TOTALS}}
    plan_fields, context = _planned(plan, stated, db)
    context, notes = with_region(context, os.environ, db)
    if progress_regex:
        from traincarbon.tracking.pattern import Pattern

        Pattern(progress_regex)
    meters = (meters,) if isinstance(meters, str) else tuple(meters)
    for name in meters:
        _check_meter(name)
    words, environment = masked_context(argv, os.environ)
    store = store_folder(store)
    is_outside = nodes == NodeScope.ALL and _is_outside_of_job()
    launch = identified(launched(environment_with_parents(os.environ), argv), store=store, given=_printable("run_id", run_id))
    return Settings(
        run_id=_printable("run_id", launch.run_id),
        launch=launch,
        notes=(*notes, *([OUTSIDE] if is_outside else [])),
        within=os.environ.get(MARK, ""),
        session=os.urandom(8).hex(),
        store=store,
        owner=os.getpid(),
        project=_printable("project", project),
        argv=tuple(words),
        env=environment,
        nodes=launch.nodes or _listed_nodes(),
        is_outside=is_outside,
        is_machine=(launch.nodes or 1) > 1 and nodes == NodeScope.ALL and _is_batch_step(),
        interval_s=interval_s,
        meters=meters,
        state_every_s=state_every_s,
        plan=plan_fields,
        context=context,
        database=None if db is None else os.fspath(db),
        totals=totals,
        pattern=progress_regex,
        log_format=None if log_format is None else LogFormat(log_format),
        limits=Limits(**limits),
        on_budget=BudgetPolicy(on_budget or BudgetPolicy.WARN),
        starts_unmetered=on_budget == BudgetPolicy.WARN,
        budget_signal=_signal(budget_signal),
        grace_s=grace_s,
        scope=NodeScope(str(nodes)),
        versions=software_versions(),
        sinks=(sinks := _sinks(log_to, prometheus, is_first=not launch.node_rank)),
        open_runs=open_runs() if sinks else {},
    )


def _sinks(log_to: str | Sequence[str], prometheus: str | None, *, is_first: bool) -> tuple[SinkRequest, ...]:
    """Return where a node logs: where the user asks for it, the first one for all but Prometheus."""
    if not (log_to or prometheus or LOG_TO in os.environ or PROMETHEUS in os.environ):
        return ()
    from traincarbon.tracking.sinks.requests import sinks_from

    return tuple(request for request in sinks_from(log_to=log_to, prometheus=prometheus) if is_first or request.name == "prometheus")


def _listed_nodes() -> int:
    """Return how many hosts the scheduler lists in a file, 1 without such a file."""
    from traincarbon.tracking.other_nodes.allocation import listed_hosts

    return max(len(listed_hosts(os.environ)), 1)


def _is_batch_step() -> bool:
    """Return whether this is the batch step of a job of Slurm: the tasks of its steps are no descendants of this process."""
    from traincarbon.tracking.other_nodes.allocation import is_first_process

    return "SLURM_JOB_ID" in os.environ and is_first_process(os.environ)


def _is_outside_of_job() -> bool:
    """Return whether this machine is no node of the job of Slurm whose shell runs on it, as a login node after ``salloc``."""
    from traincarbon.tracking.other_nodes.allocation import is_outside

    return "SLURM_JOB_ID" in os.environ and is_outside(os.environ)


def masked_context(argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment for the record: without secrets, names of people and paths, and of bounded size."""
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


def _planned(
    plan: "Plan | Mapping[str, object] | str | os.PathLike[str] | None", stated: Mapping[str, object], db: str | os.PathLike[str] | None
) -> tuple[dict[str, object] | None, dict[str, object]]:
    """Return the fields of the plan, and those that the user stated; look both up, so that a misspelt name fails now and not after hours."""
    if plan is None and not stated and db is None:
        return None, {}
    from traincarbon.database.find_counted import find_counted
    from traincarbon.database.find_place import find_place
    from traincarbon.database.load import open_database
    from traincarbon.estimation.plan import Plan

    _refuse_unknown(stated)
    facts = open_database(db)
    context = _with_model(Plan.from_dict(stated), facts)
    if "hw" in context:
        find_counted(facts, str(context["hw"]))
    if "region" in context:
        find_place(facts, str(context["region"]))
    if plan is None:
        return None, context
    if isinstance(plan, (str, os.PathLike)):
        plan = Plan.read(plan)
    fields = _with_model(Plan.from_dict({**(plan.to_dict() if isinstance(plan, Plan) else dict(plan)), **context}), facts)
    from traincarbon.estimation.chain import estimate

    answer = estimate(Plan.from_dict(fields), database=facts)
    return answer.plan.to_dict(), fields


def _with_model(plan: "Plan", facts: "Database") -> dict[str, object]:
    """Return the fields of *plan*, with those that follow from the model that it names."""
    if plan.model is not None:
        from traincarbon.estimation.model.resolve import with_model

        plan, _ = with_model(plan, facts)
    return plan.to_dict()


def _refuse_unknown(options: Iterable[str]) -> None:
    """Raise an error for the first of *options* that is not a field of a plan, with the option that was probably meant."""
    from traincarbon.estimation.plan_fields import ALIASES, FIELDS
    from traincarbon.suggestions import did_you_mean

    for name in options:
        if name not in FIELDS and name not in ALIASES:
            raise CarbonError(f"unknown option {name!r}", hint=did_you_mean(name, (*LIMITS, *TOTALS, *settings_from.__annotations__, *FIELDS)))


def _printable(name: str, text: str | None) -> str:
    """Return *text*, the value of the option *name*.

    Raises:
        CarbonError: it is too long, or not printable.
    """
    text = text or ""
    if len(text) > _MOST_CHARACTERS or not text.isprintable():
        raise CarbonError(f"{name} is {text[:40]!r}", hint=f"at most {_MOST_CHARACTERS} characters, all of them printable")
    return text


def _positive(name: str, value: object) -> float:
    from traincarbon.estimation.parse import parse_option
    from traincarbon.estimation.units import MEASURES, counted

    budget = LIMITS.get(name)
    number = parse_option(name, value, MEASURES[_UNITS[budget]] if budget is not None else counted(name.removeprefix("total_")))
    if not 0.0 < number < float("inf"):
        raise OutOfRangeError(f"{name} is {value}", hint="it must be above 0")
    return number


def _signal(named: str | int) -> int:
    """Return the number of a signal, given its name or number.

    Raises:
        CarbonError: there is no such signal.
    """
    text = str(named).upper().removeprefix("SIG")
    found = signal.Signals.__members__.get(f"SIG{text}")
    if found is None and text.isdigit() and int(text) in signal.valid_signals():
        return int(text)
    if found is None:
        raise CarbonError(f"unknown signal {named!r}", hint="give a name or number, as USR1, SIGTERM or 10")
    return int(found)


def _check_meter(name: str) -> None:
    from traincarbon.meters.registry import meter_names

    if name not in meter_names():
        raise CarbonError(f"unknown meter {name!r}", hint=f"one of {', '.join(meter_names())}")

"""What a session came to so far: its energy and hours valued, its progress, the forecast and the budgets."""

import math
from collections.abc import Iterable, Mapping

from traincarbon.decode import encode, number
from traincarbon.quantities import J_PER_KWH, RECORDED, S_PER_H, CostBasis
from traincarbon.tracking.live_state import BudgetState, DeviceState, LiveState, ProgressState
from traincarbon.tracking.reports import COUNTS, Report
from traincarbon.tracking.settings import BudgetPolicy, Settings
from traincarbon.tracking.value.forecast import Forecast, Observed, forecast_of, spent
from traincarbon.tracking.value.idle_watch import IdleWatch
from traincarbon.tracking.value.pace import waiting_s
from traincarbon.tracking.value.phases import Phases
from traincarbon.tracking.value.run_budgets import Demand, RunBudgets
from traincarbon.tracking.value.run_results import Part, RunResults, counted_j, mfu_of, run_results
from traincarbon.tracking.value.session_progress import Progress
from traincarbon.tracking.value.trend import Points
from traincarbon.tracking.value.valuation import PlannedRun, RunQuestion, Valuation
from traincarbon.uncertain import Interval, Uncertain

_MOST_NOTES = 20
_RATE_WINDOW_S = 60.0


class Session:
    """The results of a session while it is metered; what is not known is left out.

    Args:
        settings: The settings of the metering process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._progress = Progress(settings.totals, continues=settings.continues)
        self._energy = Points()
        self._phases = Phases()
        self._idle = IdleWatch()
        self._names: Mapping[str, str] = {}
        self._accelerators: int | None = None
        self._has_unread_gpu = False
        self._valuation = Valuation()
        self._budgets = RunBudgets(settings)
        self._announced_unwatched = False
        self._observed: Observed | None = None
        self._results: RunResults | None = None
        self._forecast: Forecast | None = None
        self._messages: list[str] = []
        self._demands: list[Demand] = []
        self._notes: list[str] = []

    def set_devices(self, *, names: Mapping[str, str], accelerators: int | None, has_unread_gpu: bool = False) -> None:
        """Take what the meters found: the name of each device, the number of accelerators, and whether a GPU is there that no meter reads."""
        self._names, self._accelerators, self._has_unread_gpu = names, accelerators, has_unread_gpu

    def question(self, *, journal: str) -> RunQuestion:
        """Return the question to the lookup process; *journal* is the name of this session's journal."""
        settings = self._settings
        return RunQuestion(
            stated=settings.context,
            plan=settings.plan,
            devices=self._names,
            accelerators=self._accelerators,
            nodes=settings.nodes,
            database=settings.database,
            store=settings.store,
            run_id=settings.run_id,
            journal=journal,
        )

    def set_valuation(self, valuation: Valuation) -> list[str]:
        """Take the answer of the lookup process; return its notes."""
        self._valuation = valuation
        self._budgets.begin(valuation.earlier.values)
        return [*valuation.notes, *valuation.earlier.notes]

    def add_budget(self, settings: Settings) -> str:
        """Watch the budget of another process of the run too; return a note if it is another one."""
        note = self._budgets.add(settings)
        self._announced_unwatched = self._announced_unwatched and not note
        return note

    def keep_budgets(self, settings: Iterable[Settings]) -> None:
        """Watch budgets of trainings within this one only while one of those with *settings* goes on."""
        self._budgets.keep(settings)

    def add_plan(self, settings: Settings) -> bool:
        """Take the plan of a training within this one where none was given; return whether it was taken and has to be looked up.

        What this one states of hardware, place and prices goes before what the other one states.
        """
        if self._settings.plan is not None or settings.plan is None:
            return False
        self._settings = self._settings._replace(plan=settings.plan, context={**settings.context, **self._settings.context})
        return True

    def add_reports(self, reports: Iterable[Report]) -> None:
        """Take what the script reports of its progress."""
        for report in reports:
            before = self._tokens(ended=False) or 0.0
            self._progress.add(report)
            self._phases.add(report, tokens=(self._tokens(ended=False) or 0.0) - before)

    def begin(self, began_s: float) -> None:
        """Take when the session began, in seconds of the monotonic clock."""
        self._phases.begin(began_s)

    def changes_phase(self, reports: Iterable[Report]) -> bool:
        """Return whether a phase begins or ends with *reports*, so that the meters should be read before they are added."""
        return any(self._phases.changes(report) for report in reports)

    def settle_phases(self, parts: Mapping[str, Part], *, time_s: float) -> None:
        """Share the energy of *parts*, as the meters showed it at *time_s*, among the phases until then."""
        self._phases.settle(time_s=time_s, energy_j=counted_j(parts))

    def update(self, parts: Mapping[str, Part], *, elapsed_s: float, time_s: float, ended: bool = False) -> list[str]:
        """Work out the results anew; return notes, new or not.

        Args:
            parts: Part to its energy since the session began.
            elapsed_s: Time since the session began. [s]
            time_s: Now, on the monotonic clock. [s]
            ended: Whether the training has ended.
        """
        if ended:  # before that, only a reading settles them: the energy known now is that of the latest one
            self._phases.end(time_s=time_s, energy_j=counted_j(parts))
        self._energy.add(time_s, sum(part.energy_j for part in parts.values()))
        accelerators, unread = float(self._accelerators or 0), self._has_unread_gpu
        valuation, elapsed_h = self._valuation, elapsed_s / S_PER_H
        processors = valuation.processors
        self._observed = observed = Observed(elapsed_s, parts, accelerators, self._progress, self._energy, self._settings.nodes, unread, processors)
        self._results = run_results(
            parts,
            accelerator_hours_h=elapsed_h * accelerators,
            processor_hours_h=elapsed_h * processors,
            coefficients=valuation.coefficients,
            has_unread_gpu=unread,
        )
        self._forecast = forecast_of(observed, coefficients=valuation.coefficients, plan=valuation.plan, earlier=valuation.earlier)
        if any(self._budgets):
            now = spent(self._results, observed)
            if not self._announced_unwatched:
                self._announced_unwatched = True
                self._messages += self._budgets.unwatched(now, cost_basis=self._results.cost_basis, accelerators=accelerators)
            for action, demand in self._budgets.check(now, self._forecast.values, time_s=time_s, ended=ended):
                self._messages.append(action.text)
                self._demands += [demand] if demand.kind is not BudgetPolicy.WARN else []
        return [*self._results.notes, *self._progress.notes]

    def note(self, text: str) -> None:
        """Keep a note for the live state."""
        if text not in self._notes:
            self._notes = [*self._notes[-_MOST_NOTES:], text]

    def take_messages(self) -> list[str]:
        """Return the messages for the user since the last call."""
        messages, self._messages = self._messages, []
        return messages

    def take_demands(self) -> list[Demand]:
        """Return what the budgets demanded since the last call, ``signal`` or ``stop``, and of whom."""
        demands, self._demands = self._demands, []
        return demands

    def start_fields(self) -> dict[str, object]:
        """Return what is known of the run as a whole, for the journal's ``start`` line."""
        settings, valuation = self._settings, self._valuation
        plan = valuation.plan or PlannedRun()
        return {
            "hw": valuation.hw or settings.context.get("hw") or "",
            "accelerators": self._accelerators,
            "device_names": dict(self._names),
            "unread_gpu": self._has_unread_gpu,
            "idle_gpu_w": valuation.idle_gpu_w,
            "site": dict(valuation.site),
            "params": number(settings.context.get("params") or plan.params),
            "plan": None if settings.plan is None else {**settings.plan, "planned_tokens": plan.tokens, **encode(plan.results)},
            "assumptions": list(valuation.assumptions),
        }

    def interval_fields(self) -> dict[str, object]:
        """Return what the journal's ``interval`` line states beside the devices."""
        stated: dict[str, object] = {}
        if self._results is not None:
            stated |= {name: value.to_dict() for name, value in _intervals(self._results.values).items() if name in RECORDED}
            stated |= {"cost_basis": self._results.cost_basis, "sources_kwh": self._results.sources_kwh}
        if self._forecast is not None:
            stated["forecast"] = None if self._forecast.why_not else self._forecast.to_dict()
        if latest := self._progress.latest():
            stated["latest"] = latest
        if resumed := self._progress.resumed():
            stated["resumed_from"] = resumed
        if self._progress.is_per_rank:
            stated["per_rank"] = True
        if self._phases.used:
            stated["phases"] = self._phases.to_dict()
        return {**stated, "mfu": self._mfu()}

    def counts(self, *, ended: bool = False) -> dict[str, float]:
        """Return what a ``progress`` line states: what this session did itself, so that sessions add up."""
        return self._progress.done_here(ended=ended)

    def live_state(self, *, devices: tuple[DeviceState, ...], elapsed_s: float) -> LiveState:
        """Return the state of the run for the display."""
        settings, results = self._settings, self._results
        return LiveState(
            run_id=settings.run_id,
            project=settings.project,
            elapsed_s=elapsed_s,
            devices=devices,
            metered_kwh=None if (metered_j := self._metered_j()) is None else metered_j / J_PER_KWH,
            results=_intervals(results.values) if results is not None else {},
            earlier={name: value.median for name, value in self._valuation.earlier.values.items()},
            cost_basis=CostBasis(results.cost_basis) if results is not None and results.cost_basis else None,
            progress=self._progress_state(),
            phase=self._phases.name,
            idle_gpus=self._idle.idle(devices, now_s=elapsed_s, idle_w=self._valuation.idle_gpu_w),
            forecast=_intervals(self._forecast.values) if self._forecast is not None else {},
            plan=self._compared_plan(),
            budgets=self.budgets(),
            notes=tuple(self._notes),
        )

    def budgets(self) -> tuple[BudgetState, ...]:
        """Return the budgets, with what is spent and forecast of each."""
        if self._results is None or self._observed is None:
            return ()
        return self._budgets.states(spent(self._results, self._observed), self._forecast.values if self._forecast is not None else {})

    def _compared_plan(self) -> Mapping[str, Interval]:
        """Return the plan for the work of this run, with the same parts of CO2e; as it is while there is no forecast."""
        if self._forecast is not None and self._forecast.plan is not None:
            return self._forecast.plan.results
        return self._valuation.plan.results if self._valuation.plan is not None else {}

    def _metered_j(self) -> float | None:
        """Return the energy of all parts, None before the first is known, or if a GPU is not among them."""
        if self._observed is None or not self._observed.parts or self._has_unread_gpu:
            return None
        return float(sum(part.energy_j for part in self._observed.parts.values()))

    def _tokens(self, *, ended: bool = True) -> float | None:
        """Return the tokens of this session: as reported, else by steps of known size; *ended* as in :meth:`Progress.done_here`."""
        counts = self._progress.done_here(ended=ended)
        batch = number((self._settings.plan or {}).get("batch_tokens") or self._settings.context.get("batch_tokens"))
        if "tokens" not in counts and "steps" in counts and batch is not None:
            return counts["steps"] * batch
        return counts.get("tokens")

    def _mfu(self) -> float | None:
        tokens, flop_per_token, peak = self._tokens(), self._valuation.flop_per_token, self._valuation.coefficients.peak_flop_per_s
        if self._observed is None or tokens is None or flop_per_token is None or peak is None:
            return None
        hours = self._observed.elapsed_s / S_PER_H * (self._observed.accelerators or self._observed.processors)
        return mfu_of(tokens=tokens, flop_per_token=flop_per_token, accelerator_hours_h=hours, peak_flop_per_s=peak)

    def _progress_state(self) -> ProgressState:
        progress, tokens, metered_j = self._progress, self._tokens(), self._metered_j()
        forecast = self._forecast if self._forecast is not None and not self._forecast.why_not else None
        now_s = self._energy.xs[-1] if self._energy.xs else 0.0
        late_s = {name: waiting_s(progress.points(name), now_s) for name in COUNTS}
        rates = {name: progress.rate_per_s(name, window_s=_RATE_WINDOW_S, late_s=late_s[name]) for name in COUNTS}
        rate, pace_s = (rates.get(forecast.unit), forecast.pace_s) if forecast is not None else (None, None)
        return ProgressState(
            counts=progress.counts,
            rates_per_s={name: rate for name, rate in rates.items() if rate is not None},
            over_rate=1.0 / (pace_s * rate) if pace_s and rate else None,
            late_s=min((late_s[name] for name in progress.counts), default=0.0),
            loss=progress.loss,
            accelerator_flop_per_s=progress.accelerator_flop_per_s,
            share_done=forecast.share if forecast is not None else None,
            left_s=number(forecast.left_s.median) if forecast is not None and forecast.left_s is not None else None,
            mfu=self._mfu(),
            j_per_token=metered_j / tokens if tokens and metered_j is not None else None,
        )


def _intervals(values: Mapping[str, Uncertain]) -> dict[str, Interval]:
    """Return *values* with their 90 % intervals, without those that are not finite."""
    intervals = {name: Interval.of(value) for name, value in values.items()}
    return {name: interval for name, interval in intervals.items() if math.isfinite(interval.high)}

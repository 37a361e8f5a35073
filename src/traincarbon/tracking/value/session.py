"""What a session has come to so far: its energy and hours valued, its progress, the forecast and the budgets."""

from collections.abc import Iterable, Mapping
from typing import Any

from traincarbon.quantities import S_PER_H
from traincarbon.tracking.progress import COUNTS, Progress, Report
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.value.budget import FIGURE_OF, Budget, Limits
from traincarbon.tracking.value.forecast import Before, Outlook, Seen, outlook, spent
from traincarbon.tracking.value.run_results import Coefficients, Figures, Part, figures_of, interval, mfu_of, uncertain_of
from traincarbon.tracking.value.trend import Points
from traincarbon.uncertain import Uncertain

RECORDED = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd")
"""The figures that the journal holds."""

_UNITS = {"kwh": "kWh", "usd": "$", "kgco2e": "kg CO2e", "hours": "h"}
_MOST_NOTES = 20
_WINDOW_S = 60.0


class Account:
    """Keeps the account of a session; what is not known yet or at all is left out of it.

    Args:
        settings: What the tracker was told.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._progress = Progress(settings.totals)
        self._energy = Points()
        self._names: Mapping[str, str] = {}
        self._accelerators: int | None = None
        self._appraisal: Mapping[str, Any] = {}
        self._coefficients = Coefficients()
        self._before = Before()
        self._budget: Budget | None = None
        self._watched = False
        self._seen: Seen | None = None
        self._figures: Figures | None = None
        self._outlook: Outlook | None = None
        self._news: list[str] = []
        self._demands: list[str] = []
        self._notes: list[str] = []

    def metered(self, *, names: Mapping[str, str], accelerators: int | None) -> None:
        """Take what the meters found: what each device is called, and how many accelerators there are."""
        self._names, self._accelerators = names, accelerators

    def request(self, *, journal: str) -> dict[str, Any]:
        """Return what the appraiser has to know, see :func:`traincarbon.tracking.value.rates.appraise`; *journal* is the name of our own."""
        settings = self._settings
        known = {
            "devices": dict(self._names),
            "accelerators": self._accelerators,
            "nodes": settings.nodes,
            "plan": settings.plan,
            "database": settings.database,
        }
        return {**settings.context, **known, "store": settings.store, "run_id": settings.run_id, "journal": journal}

    def appraised(self, answer: Mapping[str, Any]) -> list[str]:
        """Take the appraiser's answer; return what in it is worth a note."""
        self._appraisal = answer
        self._coefficients = Coefficients.from_dict(answer.get("coefficients") or {})
        earlier = answer.get("before") or {}
        self._before = Before({name: uncertain_of(value) for name, value in (earlier.get("figures") or {}).items()}, earlier.get("counts") or {})
        settings = self._settings
        if settings.limits:
            self._budget = Budget(Limits(**settings.limits), policy=settings.on_budget, before=self._before.figures, grace_s=settings.grace_s)
        return [*answer.get("notes", ()), *earlier.get("notes", ())]

    def report(self, reports: Iterable[Report]) -> None:
        """Take what the script says of its progress."""
        for report in reports:
            self._progress.add(report)

    def update(self, parts: Mapping[str, Part], *, elapsed_s: float, time_s: float, ended: bool = False) -> list[str]:
        """Bring the account up to date; return what in it is worth a note, new or not.

        Args:
            parts: Part to what it drew since the session began.
            elapsed_s: Since the session began. [s]
            time_s: Now, on the monotonic clock. [s]
            ended: The training has ended.
        """
        self._energy.add(time_s, sum(part.energy_j for part in parts.values()))
        self._seen = seen = Seen(elapsed_s, parts, float(self._accelerators or 0), self._progress, self._energy, self._settings.nodes)
        self._figures = figures_of(parts, accelerator_hours_h=elapsed_s / S_PER_H * seen.accelerators, coefficients=self._coefficients)
        self._outlook = outlook(seen, coefficients=self._coefficients, plan=self._appraisal.get("plan"), before=self._before)
        if self._budget is not None:
            now = spent(self._figures, seen)
            if not self._watched:
                self._watched = True
                self._news += self._budget.unwatched(now)
            for action in self._budget.check(now, self._outlook.figures, time_s=time_s, ended=ended):
                self._news.append(action.text)
                self._demands += [action.kind] if action.kind != "warn" else []
        return [*self._figures.notes, *self._progress.notes]

    def note(self, text: str) -> None:
        """Keep something that who looks on should see."""
        if text not in self._notes:
            self._notes = [*self._notes[-_MOST_NOTES:], text]

    def news(self) -> list[str]:
        """Return what the user should hear now, each once."""
        news, self._news = self._news, []
        return news

    def demands(self) -> list[str]:
        """Return what the budgets demand, each once: ``signal`` or ``stop``."""
        demands, self._demands = self._demands, []
        return demands

    def facts(self) -> dict[str, Any]:
        """Return what is known of the run as such, for the journal's ``start`` line."""
        settings, plan = self._settings, self._appraisal.get("plan") or {}
        params = self._settings.context.get("params") or plan.get("params")
        return {
            "hw": self._appraisal.get("hw") or settings.context.get("hw") or "",
            "accelerators": self._accelerators,
            "params": params if isinstance(params, (int, float)) else None,
            "plan": None if settings.plan is None else {**settings.plan, **(plan.get("results") or {})},
            "assumptions": list(self._appraisal.get("assumptions", ())),
        }

    def fields(self) -> dict[str, Any]:
        """Return what an ``interval`` line states beside the devices."""
        values = self._figures.values if self._figures is not None else {}
        stated: dict[str, Any] = {name: interval(values[name]) for name in RECORDED if name in values}
        if self._figures is not None:
            stated |= {"cost_basis": self._figures.cost_basis, "sources_kwh": self._figures.sources_kwh}
        if self._outlook is not None:
            stated["forecast"] = None if self._outlook.why_not else self._outlook.to_dict()
        return {**stated, "mfu": self._mfu()}

    def counts(self, *, ended: bool = False) -> dict[str, float]:
        """Return what a ``progress`` line states: what this session did itself, so that sessions add up."""
        return self._progress.done_here(ended=ended)

    def state(self, *, devices: list[dict[str, Any]], missing: Mapping[str, str], elapsed_s: float) -> dict[str, Any]:
        """Return how things stand, for those who look on."""
        settings, values = self._settings, self._figures.values if self._figures is not None else {}
        parts = self._seen.parts if self._seen is not None else {}
        plan = self._appraisal.get("plan") or {}
        return {
            "run_id": settings.run_id,
            "project": settings.project,
            "argv": list(settings.argv),
            "state": "running",
            "elapsed_s": elapsed_s,
            "interval_s": settings.interval_s,
            "devices": devices,
            "energy_j": {name: part.energy_j for name, part in parts.items()},
            "how": {name: part.how for name, part in parts.items()},
            "missing": dict(missing),
            "figures": {name: interval(value) for name, value in values.items()},
            "cost_basis": self._figures.cost_basis if self._figures is not None else "",
            "progress": self._progress_state(),
            "forecast": None if self._outlook is None or self._outlook.why_not else self._outlook.to_dict(),
            "plan": plan.get("results"),
            "budgets": self.budgets(),
            "notes": list(self._notes),
        }

    def budgets(self) -> list[dict[str, Any]]:
        """Return what is allowed, how much of it is spent, and what the whole run is expected to take."""
        if self._budget is None or self._figures is None or self._seen is None:
            return []
        now = spent(self._figures, self._seen)
        forecast = self._outlook.figures if self._outlook is not None else {}
        return [
            {"name": name, "unit": _UNITS[name], "limit": limit, "spent": share * limit, "forecast": _in_unit(name, forecast.get(FIGURE_OF[name]))}
            for name, limit in self._settings.limits.items()
            if (share := self._budget.share(name, now)) is not None
        ]

    def _tokens(self) -> float | None:
        """Return the tokens of this session: as reported, else by steps of known size."""
        counts = self._progress.done_here(ended=True)
        batch = (self._settings.plan or {}).get("batch_tokens") or self._settings.context.get("batch_tokens")
        if "tokens" not in counts and "steps" in counts and isinstance(batch, (int, float)):
            return counts["steps"] * float(batch)
        return counts.get("tokens")

    def _mfu(self) -> float | None:
        tokens, flop_per_token, peak = self._tokens(), self._appraisal.get("flop_per_token"), self._coefficients.peak_flop_per_s
        if self._seen is None or tokens is None or flop_per_token is None or peak is None:
            return None
        hours = self._seen.elapsed_s / S_PER_H * self._seen.accelerators
        return mfu_of(tokens=tokens, flop_per_token=flop_per_token, accelerator_hours_h=hours, peak_flop_per_s=peak)

    def _progress_state(self) -> dict[str, Any]:
        progress, tokens = self._progress, self._tokens()
        metered_j = sum(part.energy_j for part in self._seen.parts.values()) if self._seen is not None else 0.0
        known = self._outlook if self._outlook is not None and not self._outlook.why_not else None
        return {
            **progress.counts,
            **{f"{name}_per_s": progress.rate_per_s(name, window_s=_WINDOW_S) for name in COUNTS},
            "loss": progress.loss,
            "share": known.share if known is not None else None,
            "eta_s": known.left_s.median if known is not None and known.left_s is not None else None,
            "mfu": self._mfu(),
            "j_per_token": metered_j / tokens if tokens else None,
        }


def _in_unit(name: str, figure: Uncertain | None) -> dict[str, float] | None:
    if figure is None:
        return None
    return interval(figure * (1.0 / S_PER_H) if name == "hours" else figure)

"""Look up in the database what a tracked run's energy and hours are worth, what its hardware is, and what its plan expects."""

from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from traincarbon.database.driver_names import find_accelerator
from traincarbon.database.find_counted import find_counted
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database, open_database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration_priors import calibrated
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.consequences import CONSEQUENCES
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.facts.gather import gather_for_run
from traincarbon.estimation.facts.question import Question, Subject
from traincarbon.estimation.fields import Use
from traincarbon.estimation.links import RATES
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import fields_with
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.trace import Trace
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.site import AMOUNTS
from traincarbon.tracking.value.run_results import Coefficients
from traincarbon.tracking.value.valuation import PlannedRun, RunQuestion, Valuation
from traincarbon.uncertain import Interval, Num, Uncertain, median_of

P = ParamSpec("P")
T = TypeVar("T")

_STATED = fields_with(Use.RUN)
"""Fields of a plan that the user may state for a run; they override those of the plan."""
_RATES = ("service_life_h", "accelerator_purchase_usd", "embodied_kgco2e", "own_usd")
"""Links that give what an accelerator-hour costs."""
_PLAN_RESULTS = (
    "duration_s",
    "accelerator_hours_h",
    "facility_energy_kwh",
    "operational_kgco2e",
    "embodied_kgco2e",
    "total_kgco2e",
    "electricity_usd",
    "rent_usd",
    "own_usd",
)
"""What the record of a run keeps of its plan."""
_UNKNOWN = Product("", "accelerators", {"name": "this machine"}, (), {})


def look_up(question: RunQuestion) -> Valuation:
    """Return what is known of a run in advance. Never raises: what cannot be looked up becomes a note."""
    return _LookUp(question).valuation()


class _LookUp:
    """One question being answered; a step that fails leaves a note, and the others go on."""

    def __init__(self, question: RunQuestion) -> None:
        self.question = question
        self.notes: list[str] = []
        self.assumptions: list[str] = []
        self.database: Database = self.tried(open_database, question.database or None) or open_database()
        self.planned = dict(question.plan or {})

    def valuation(self) -> Valuation:
        """Return the whole answer."""
        hardware = self.hardware()
        accelerator, count = hardware, 1.0
        if hardware.folder == "servers":
            accelerator = self.database.product("accelerators", hardware.keys.get("accelerator", "")) or _UNKNOWN
            count = hardware.value("accelerator_count") or 1.0
        fields = self.fields(hardware)
        bare = self.facts(hardware, accelerator, count, fields)
        facts = self.tried(calibrated, fields, bare, self.database, is_moe=fields.is_moe) or bare
        chain = Trace(fields, facts)
        is_rented = self.is_rented(facts, chain)
        coefficients = self.coefficients(chain, is_rented=is_rented)
        plan = self.plan(fields, hardware)
        self.assumptions += [f"{given.name}: {given.reason}" for given in chain.used.values() if given.assumed]
        self.notes += facts.warnings
        return Valuation(
            hw=hardware.id,
            coefficients=coefficients,
            is_rented=is_rented,
            processors=count if accelerator.keys.get("type") == "cpu" and not self.question.accelerators else 0.0,
            idle_gpu_w=accelerator.value("idle_power_w"),
            flop_per_token=self.flop_per_token(fields, plan),
            site=self.site(facts, chain),
            plan=plan,
            assumptions=tuple(self.assumptions),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def tried(self, step: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
        """Return the result of *step*, or None and a note if it fails."""
        try:
            return step(*args, **options)
        except CarbonError as error:
            self.notes.append(_note(error))
            return None

    def hardware(self) -> Product:
        """Return the hardware that the user names, else the one that the drivers report, else an unknown one."""
        named = self.question.stated.get("hw") or self.planned.get("hw")
        if named:
            found = self.tried(find_counted, self.database, str(named))
            if found is not None:
                return found[0]
        names = dict.fromkeys(name for device, name in self.question.devices.items() if device.startswith(("gpu", "accelerator")))
        found_by_name = {name: self.tried(find_accelerator, self.database, name) for name in names}
        known = {product.id: product for product in found_by_name.values() if product is not None}
        self.notes += [
            f"{name[:60]!r} is not in the hardware database: give --hw, or add it (carbon db path)"
            for name, product in found_by_name.items()
            if product is None
        ]
        if len(known) > 1:
            self.notes.append(f"this machine has GPUs of several kinds: CO2e and cost are those of {next(iter(known.values())).name}")
        return next(iter(known.values()), _UNKNOWN)

    def fields(self, hardware: Product) -> Plan:
        """Return the fields about hardware and place, those the user stated before those of the plan; invalid ones are left out."""
        stated = {name: value for name in _STATED if (value := self.question.stated.get(name, self.planned.get(name))) is not None}
        if self.question.stated.get("params") is not None:
            stated["params"] = self.question.stated["params"]
        valid = {name: value for name, value in stated.items() if self.tried(Plan.from_dict, {name: value})}
        return Plan.from_dict({"hw": hardware.id or None, **valid})

    def facts(self, hardware: Product, accelerator: Product, count: float, fields: Plan) -> Facts:
        """Return what the database says, each part by itself."""
        place = self.tried(find_place, self.database, fields.region, provider=hardware.operator) if fields.region is not None else None
        facts, errors = gather_for_run(Subject(Question.of(fields), hardware, accelerator, count, place), self.database)
        self.notes += [_note(error) for error in errors]
        return facts

    def is_rented(self, facts: Facts, chain: Trace) -> bool:
        """Return whether the cost of the hardware is a rent: one is given, or it is a cloud's and the database knows its rent."""
        if chain.plan.rent_price is not None:
            return True
        if facts.given("rent_price") is None:
            return False
        return facts.hardware.is_cloud or (facts.place is not None and facts.place.region is not None)

    def site(self, facts: Facts, chain: Trace) -> dict[str, object]:
        """Return where the run is; the basis of an intensity that the user states is not known."""
        place, stated = facts.place, chain.plan.carbon_intensity is not None
        return {
            "region": "" if place is None else place.id,
            "zone": "" if place is None else place.zone,
            "name": "" if place is None else place.name,
            "basis": "" if stated else chain.plan.basis or "lifecycle",
            **{name: _median(chain.values.get(name)) for name in AMOUNTS},
        }

    def coefficients(self, chain: Trace, *, is_rented: bool) -> Coefficients:
        """Return what converts joules and hours into emissions, water and cost."""
        known = chain.known
        chain.values |= {"accelerator_hours_h": 1.0, "electricity_usd": 0.0}
        chain.walk((*RATES, *(link for link in CONSEQUENCES if link.name in _RATES)))
        return Coefficients(
            pue=_uncertain(known("pue")),
            carbon_intensity=_uncertain(known("carbon_intensity")),
            embodied_kgco2e_per_h=_uncertain(known("embodied_kgco2e")),
            electricity_usd_per_kwh=_uncertain(known("electricity_price")),
            rent_usd_per_h=_uncertain(known("rent_price")) if is_rented else None,
            purchase_usd_per_h=_uncertain(known("own_usd")),
            wue_l_per_kwh=_uncertain(known("wue_l_per_kwh")),
            grid_water_l_per_kwh=_uncertain(known("grid_water_l_per_kwh")),
            peak_flop_per_s=_uncertain(known("peak_flop_per_s")),
            host_w=_uncertain(known("host_power_w")),
            host_rest_share=_uncertain(known("host_rest_share")),
            network_share=_uncertain(known("network_share")) if self.question.nodes > 1 else None,
            meter=_uncertain(known("meter")),
        )

    def plan(self, stated: Plan, hardware: Product) -> PlannedRun | None:
        """Return what the plan expects of this run on this hardware, None without a plan or if it cannot be estimated."""
        if not self.planned:
            return None
        fields: dict[str, object] = {**self.planned, **stated.to_dict()}
        fields.setdefault("hw", hardware.id or None)
        if fields.get("servers") is None and fields.get("accelerators") is None and self.question.accelerators:
            fields["accelerators"] = float(self.question.accelerators * max(self.question.nodes, 1))
        expected = self.tried(_estimated, fields, self.database)
        if expected is None:
            return None
        flop, tokens = expected.values["compute_flop"], expected.plan.number("tokens")
        self.notes += [f"plan: {warning}" for warning in expected.warnings]
        return PlannedRun(
            results={name: Interval.of(value) for name in _PLAN_RESULTS if (value := expected.values[name]) is not None},
            tokens=_median(tokens),
            batch_tokens=_median(expected.plan.number("batch_tokens")),
            params=_median(expected.plan.number("params")),
            flop_per_token=None if flop is None or tokens is None else _median(flop / tokens),
        )

    def flop_per_token(self, fields: Plan, plan: PlannedRun | None) -> float | None:
        """Return the model FLOP of a token: the plan's, else those of the parameters."""
        if plan is not None and plan.flop_per_token is not None:
            return plan.flop_per_token
        params = fields.number("params")
        return None if params is None else float(training_flop(active_params=median_of(params), tokens=1.0))


def _estimated(fields: Mapping[str, object], database: Database) -> Estimate:
    return estimate(Plan.from_dict(fields), database=database)


def _median(value: Num | None) -> float | None:
    return None if value is None else float(median_of(value))


def _uncertain(value: Num | None) -> Uncertain | None:
    return value if value is None or isinstance(value, Uncertain) else Uncertain(float(value))


def _note(error: CarbonError) -> str:
    return f"{error}{f' ({error.hint})' if error.hint else ''}"

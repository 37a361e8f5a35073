"""What the database makes of a run that is being tracked: its coefficients, its hardware, its plan."""

from collections.abc import Callable, Mapping
from typing import Any

from traincarbon.database.driver_names import find_accelerator
from traincarbon.database.find import find_hardware, find_place
from traincarbon.database.load import Database, open_database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration_priors import calibrated
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.facts.gather import gather_for_run
from traincarbon.estimation.facts.question import Question, Subject
from traincarbon.estimation.fields import Use
from traincarbon.estimation.links import CONSEQUENCES, RATES
from traincarbon.estimation.plan import Plan, fields_with
from traincarbon.estimation.trace import Trace
from traincarbon.formulas.compute import training_flop
from traincarbon.tracking.value.run_results import Coefficients, interval
from traincarbon.uncertain import Num, Uncertain, median_of

_STATED = fields_with(Use.RUN)
"""Fields of a plan that a request may state too, and then wins over it."""
_RATES = ("service_life_h", "accelerator_purchase_usd", "embodied_kgco2e", "own_usd")
"""Links that give what an accelerator-hour costs."""
_PLAN_RESULTS = ("duration_s", "accelerator_hours_h", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e")
_UNKNOWN = Product("", "accelerators", {"name": "this machine"}, (), {})


def appraise(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is known in advance of a run; nothing is raised: what cannot be known becomes a note.

    Args:
        request: ``devices`` (device to what its driver calls it), ``accelerators`` (how many work on this node), ``nodes``, ``hw`` (the user's word
            for the hardware), ``params``, ``plan`` (fields of a plan, or None), ``database`` (a folder of facts), and any of the
            plan's ``region``, ``start``, ``precision``, ``pue``, ``carbon_intensity``, ``electricity_price``, ``rent_price``,
            ``purchase_price``, ``service_life``, ``utilisation`` and ``basis``.

    Returns:
        ``hw`` (an id, or empty), ``hw_name``, ``accelerator`` (its id), ``coefficients``, ``rented``, ``flop_per_token``, ``plan`` (or None),
        ``assumptions`` and ``notes``, all as JSON can hold them.
    """
    return _Appraisal(request).answer()


class _Appraisal:
    """One request being answered; every step that fails leaves a note and what the others know."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.request = request
        self.notes: list[str] = []
        self.assumptions: list[str] = []
        self.database: Database = self.tried(lambda: open_database(request.get("database") or None)) or open_database()
        planned = request.get("plan")
        self.planned: dict[str, Any] = dict(planned) if isinstance(planned, dict) else {}

    def answer(self) -> dict[str, Any]:
        """Return the whole answer."""
        hardware = self.hardware()
        chip, count = hardware, 1.0
        if hardware.folder == "servers":
            chip = self.database.product("accelerators", hardware.keys.get("accelerator", "")) or _UNKNOWN
            count = hardware.value("accelerator_count") or 1.0
        facts = self.facts(hardware)
        bare = self.setting(hardware, chip, count, facts)
        setting: Facts = self.tried(lambda: calibrated(facts, bare)) or bare
        chain = Trace(facts, setting)
        rented = self.is_rented(setting, chain)
        coefficients = self.coefficients(chain, rented=bool(rented))
        answer = self.plan(facts, hardware)
        self.assumptions += [f"{given.name}: {given.reason}" for given in chain.used.values() if given.assumed]
        self.notes += setting.warnings
        return {
            "hw": hardware.id,
            "hw_name": hardware.name if hardware.id else "",
            "accelerator": chip.id,
            "coefficients": coefficients.to_dict(),
            "rented": rented,
            "flop_per_token": self.flop_per_token(facts, answer),
            "plan": answer,
            "assumptions": self.assumptions,
            "notes": list(dict.fromkeys(self.notes)),
        }

    def tried(self, step: Callable[[], Any]) -> Any:
        """Return what *step* gives, or None with a note of why it failed."""
        try:
            return step()
        except CarbonError as error:
            self.notes.append(_note(error))
            return None

    def hardware(self) -> Product:
        """Return the hardware that the user names, else what the boards are called, else an unknown one."""
        named = self.request.get("hw") or self.planned.get("hw")
        if named:
            found = self.tried(lambda: find_hardware(self.database, str(named)))
            if found is not None:
                return found  # type: ignore[no-any-return]
        stated = self.request.get("devices")
        devices: dict[str, Any] = stated if isinstance(stated, dict) else {}
        names = dict.fromkeys(str(name) for device, name in devices.items() if str(device).startswith(("gpu", "accelerator")))
        boards = {name: self.tried(lambda name=name: find_accelerator(self.database, name)) for name in names}  # type: ignore[misc]
        known = {board.id: board for board in boards.values() if board is not None}
        self.notes += [
            f"{name[:60]!r} is not in the hardware database: give --hw, or add it (carbon db path)" for name, board in boards.items() if board is None
        ]
        if len(known) > 1:
            self.notes.append(f"boards of several kinds work here: figures are those of {next(iter(known.values())).name}")
        return next(iter(known.values()), _UNKNOWN)

    def facts(self, hardware: Product) -> Plan:
        """Return the plan's fields about hardware and place, those of the request before those of the plan; what is wrong is left out."""
        stated = {name: value for name in _STATED if (value := self.request.get(name, self.planned.get(name))) is not None}
        if self.request.get("params") is not None:
            stated["params"] = self.request["params"]
        sound = {name: value for name, value in stated.items() if self.tried(lambda name=name, value=value: Plan.from_dict({name: value}))}  # type: ignore[misc]
        return Plan.from_dict({"hw": hardware.id or None, **sound})

    def setting(self, hardware: Product, chip: Product, count: float, facts: Plan) -> Facts:
        """Return what the database says, each part by itself."""
        place = self.tried(lambda: find_place(self.database, facts.region or "", provider=hardware.operator)) if facts.region is not None else None
        setting, errors = gather_for_run(Subject(Question.of(facts), hardware, chip, count, place), self.database)
        self.notes += [_note(error) for error in errors]
        return setting

    def is_rented(self, setting: Facts, chain: Trace) -> str:
        """Return why the hardware is taken as rented, empty where it is not."""
        if chain.plan.rent_price is not None:
            return "a rent is given"
        if setting.given("rent_price") is None:
            return ""
        if setting.hardware.is_cloud:
            return f"{setting.hardware.name} is a cloud instance"
        if setting.place is not None and setting.place.region is not None:
            return f"{setting.place.id} is a cloud's region"
        return ""

    def coefficients(self, chain: Trace, *, rented: bool) -> Coefficients:
        """Return what turns joules and hours into figures."""
        known = chain.known
        chain.values |= {"accelerator_hours_h": 1.0, "electricity_usd": 0.0}
        chain.walk((*RATES, *(link for link in CONSEQUENCES if link.name in _RATES)))
        return Coefficients(
            pue=_uncertain(known("pue")),
            carbon_intensity=_uncertain(known("carbon_intensity")),
            embodied_kgco2e_per_h=_uncertain(known("embodied_kgco2e")),
            electricity_usd_per_kwh=_uncertain(known("electricity_price")),
            rent_usd_per_h=_uncertain(known("rent_price")) if rented else None,
            purchase_usd_per_h=_uncertain(known("own_usd")),
            wue_l_per_kwh=_uncertain(known("wue_l_per_kwh")),
            grid_water_l_per_kwh=_uncertain(known("grid_water_l_per_kwh")),
            peak_flop_per_s=_uncertain(known("peak_flop_per_s")),
            host_w=_uncertain(known("host_power_w")),
            host_rest_share=_uncertain(known("host_rest_share")),
            network_share=_uncertain(known("network_share")) if self.count("nodes") > 1.0 else None,
            meter=_uncertain(known("meter")),
        )

    def plan(self, facts: Plan, hardware: Product) -> dict[str, Any] | None:
        """Return what the plan expects of this run on this hardware, None where there is no plan or it cannot be answered."""
        if not self.planned:
            return None
        fields = {**self.planned, **facts.to_dict()}
        fields.setdefault("hw", hardware.id or None)
        if fields.get("servers") is None and fields.get("accelerators") is None and self.count("accelerators") > 0.0:
            fields["accelerators"] = self.count("accelerators") * max(self.count("nodes"), 1.0)
        expected = self.tried(lambda: estimate(Plan.from_dict(fields), database=self.database))
        if expected is None:
            return None
        names = (*_PLAN_RESULTS, "electricity_usd", "rent_usd", "own_usd")
        results = {name: interval(value) for name in names if (value := expected.values[name]) is not None}
        flop, tokens = expected.values["compute_flop"], expected.plan.number("tokens")
        self.notes += [f"plan: {warning}" for warning in expected.warnings]
        return {
            "results": results,
            "tokens": _median(tokens),
            "batch_tokens": _median(expected.plan.number("batch_tokens")),
            "params": _median(expected.plan.number("params")),
            "mfu": _median(expected.values["mfu"]),
            "accelerators": _median(expected.accelerators),
            "flop_per_token": None if flop is None or tokens is None else _median(flop / tokens),
        }

    def count(self, name: str) -> float:
        """Return the number that the request states as *name*, 0 where it states none."""
        stated = self.request.get(name)
        return float(stated) if isinstance(stated, (int, float)) and 0.0 < stated < 1e9 else 0.0

    def flop_per_token(self, facts: Plan, answer: Mapping[str, Any] | None) -> float | None:
        """Return the model FLOP of a token: the plan's, else those of the parameters."""
        if answer is not None and answer["flop_per_token"] is not None:
            return float(answer["flop_per_token"])
        params = facts.number("params")
        return None if params is None else float(training_flop(active_params=median_of(params), tokens=1.0))


def _median(value: Num | None) -> float | None:
    return None if value is None else float(median_of(value))


def _uncertain(value: Num | None) -> Uncertain | None:
    return value if value is None or isinstance(value, Uncertain) else Uncertain(float(value))


def _note(error: CarbonError) -> str:
    return f"{error}{f' ({error.hint})' if error.hint else ''}"

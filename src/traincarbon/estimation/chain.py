"""The chain: from a plan and the facts that stand in for what it leaves out to every figure of the estimate."""

from collections.abc import Mapping
from math import ceil
from os import path
from typing import Unpack

from traincarbon.database.load import Database, calibrations_folder, open_database
from traincarbon.errors import PlanError
from traincarbon.estimation import server_counts, work
from traincarbon.estimation.facts.gather import settle
from traincarbon.estimation.facts.types import Setting
from traincarbon.estimation.plan import Plan, PlanFields
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.trace import Links
from traincarbon.formulas import carbon, cost, facility, power, throughput
from traincarbon.quantities import H_PER_YEAR
from traincarbon.uncertain import Num, any_of, median_of

_DEGREES = 3
_FEW_SERVERS = 3
_OVERRIDDEN = {"basis": "carbon_intensity", "rent": "rent_price"}
"""Fields that choose among figures to those that state one."""


def estimate(plan: Plan | None = None, /, *, database: Database | None = None, level: float = 0.9, **fields: Unpack[PlanFields]) -> Estimate:
    """Return what a training takes in time, money, energy, carbon and water, each with its interval.

    Args:
        plan: The plan, or None to give its fields by name.
        database: The facts to rest on; by default ours with the user's own.
        level: Confidence level of the intervals that the result shows. [1]
        **fields: Fields of the plan, as in :class:`~traincarbon.estimation.plan.Plan`; they win over those of *plan*.

    Raises:
        CarbonError: the plan cannot be answered; the message says why and the hint what to do.

    Example:
        >>> answer = estimate(params=530e9, tokens=270e9, hw="dgx-a100")
        >>> f"{answer.median('compute_flop'):.4g} FLOP"
        '8.586e+23 FLOP'
    """
    if plan is None:
        plan = Plan.from_dict(fields)
    elif fields:
        plan = Plan.from_dict({**{name: getattr(plan, name) for name in plan.to_dict()}, **fields})
    database = database if database is not None else open_database()
    setting = settle(plan, database)
    if plan.calibration != "none" and (plan.calibration is not None or path.isdir(calibrations_folder())):
        from traincarbon.estimation.calibration_priors import calibrated

        setting = calibrated(plan, setting)
    answer = Chain(plan, setting, database).run(level)
    if plan.tp is not None or plan.pp is not None or plan.dp is not None:
        answer.warn_of_layout()
    return answer


class Chain(Links):
    """One pass over the formulas, from the work to every figure."""

    def __init__(self, plan: Plan, setting: Setting, database: Database) -> None:
        super().__init__(plan, setting)
        self.database = database

    def run(self, level: float) -> Estimate:
        """Return the estimate."""
        flop = work.compute_flop(self)
        work.executed_flop(self, flop)
        n = self.accelerators()
        fewest = self.fewest_accelerators(n)
        hours, mfu = self.hours(flop, n)
        values: dict[str, Num | None] = {"compute_flop": flop, "mfu": mfu, "accelerator_hours_h": hours}
        values["duration_s"] = self.link(throughput.duration_s, accelerator_hours_h=hours, accelerators=n)
        it = self.it_energy(hours, mfu)
        energy = self.link(facility.facility_energy_kwh, it_energy_kwh=it, pue=self.known("pue"))
        values |= {"it_energy_kwh": it, "facility_energy_kwh": energy}
        values |= self.emissions(hours, energy)
        values["water_l"] = self.link(
            facility.water_l,
            it_energy_kwh=it,
            facility_energy_kwh=energy,
            wue_l_per_kwh=self.known("wue_l_per_kwh"),
            grid_water_l_per_kwh=self.known("grid_water_l_per_kwh"),
        )
        values |= self.money(hours, energy, n)
        self.warn_of_gaps(values)
        return Estimate(
            plan=self.plan,
            setting=self.setting,
            values=values,
            links=self.links,
            inputs=self.used,
            assumed=self.assumed,
            warnings=self.warnings,
            level=level,
            fewest_accelerators=fewest,
            accelerators=n,
            database=self.database,
        )

    def it_energy(self, hours: Num | None, mfu: Num | None) -> Num | None:
        """Return the energy of servers and network, in kWh: the draw of accelerators at their utilisation, of hosts and of switches over the hours."""
        known = self.known
        draw = self.link(
            power.accelerator_power_w,
            board_power_w=known("board_power_w"),
            reference_share=known("power_share"),
            mfu=mfu if mfu is not None else known("power_reference_mfu"),
            reference_mfu=known("power_reference_mfu"),
            exponent=known("power_exponent"),
            idle_share=known("idle_share"),
        )
        draw = self.calibrated("power_calibration", power.calibrated_power_w, power_w=draw)
        host = self.link(
            power.host_power_w,
            max_power_w=known("max_power_w"),
            accelerator_count=self.setting.accelerator_count,
            board_power_w=known("board_power_w"),
            host_share=known("host_share"),
        )
        host = self.calibrated("host_calibration", power.calibrated_power_w, power_w=host)
        return self.link(power.it_energy_kwh, accelerator_hours_h=hours, accelerator_power_w=draw, host_power_w=host, network_share=known("network_share"))

    def emissions(self, hours: Num | None, energy: Num | None) -> dict[str, Num | None]:
        """Return CO2e of the electricity, of making the hardware, and of both; beside them that by contracts, where the plan states some."""
        operational = self.link(carbon.operational_kgco2e, facility_energy_kwh=energy, intensity_gco2e_per_kwh=self.known("carbon_intensity"))
        life, used = self.service()
        making = self.known("hardware_kgco2e")
        embodied = self.link(carbon.embodied_kgco2e, accelerator_hours_h=hours, hardware_kgco2e=making, service_life_h=life, utilisation=used)
        found = {"operational_kgco2e": operational, "embodied_kgco2e": embodied}
        found["total_kgco2e"] = self.link(carbon.total_kgco2e, operational_kgco2e=operational, embodied_kgco2e=embodied)
        by_contract = self.plan.number("market_intensity")
        if by_contract is not None:
            found["operational_market_kgco2e"] = self.link(carbon.operational_kgco2e, facility_energy_kwh=energy, intensity_gco2e_per_kwh=by_contract)
        return found

    def money(self, hours: Num | None, energy: Num | None, n: Num | None) -> dict[str, Num | None]:
        """Return what electricity, renting, a share of owning, and the purchase of the cluster cost."""
        known = self.known
        electricity = self.link(cost.electricity_usd, facility_energy_kwh=energy, electricity_usd_per_kwh=known("electricity_price"))
        price = self.link(
            cost.accelerator_purchase_usd,
            server_usd=known("purchase_price"),
            accelerator_count=self.setting.accelerator_count,
            interconnect_share=known("interconnect_share"),
        )
        life, used = self.service()
        own = {"accelerator_hours_h": hours, "accelerator_purchase_usd": price, "service_life_h": life, "utilisation": used, "electricity_usd": electricity}
        return {
            "electricity_usd": electricity,
            "rent_usd": self.link(cost.rent_usd, accelerator_hours_h=hours, rent_usd_per_h=known("rent_price")),
            "own_usd": self.link(cost.own_usd, **own),
            "purchase_usd": self.link(cost.purchase_usd, accelerators=n, accelerator_purchase_usd=price),
        }

    def service(self) -> tuple[Num, Num]:
        """Return the hours that the hardware stays in service, and the share of them in which it is used."""
        return self.known("service_life") * H_PER_YEAR, self.known("utilisation")

    def hours(self, flop: Num | None, n: Num | None) -> tuple[Num | None, Num | None]:
        """Return accelerator-hours and end-to-end utilisation: the one from the other."""
        plan, number = self.plan, self.plan.number
        peak = self.known("peak_flop_per_s")
        self.known("precision")
        hours = number("accelerator_hours")
        if hours is not None:
            implied = self.link(throughput.implied_mfu, compute_flop=flop, peak_flop_per_s=peak, accelerator_hours_h=hours)
            if implied is not None and any_of(median_of(implied) > 1.0):
                raise PlanError("the accelerator_hours are fewer than this work takes at the peak rate", hint="check hours, params, tokens and precision")
            return hours, implied
        mfu, goodput = self.known("mfu"), number("goodput")
        if plan.mfu is None:
            mfu = self.thinned(mfu, n)
            goodput = self.goodput(n) if goodput is None else goodput
        if goodput is not None:
            mfu = self.link(throughput.end_to_end_mfu, step_mfu=mfu, goodput=goodput)
        mfu = self.calibrated("mfu_calibration", throughput.calibrated_mfu, mfu=mfu)
        return self.link(throughput.accelerator_hours_h, compute_flop=flop, peak_flop_per_s=peak, mfu=mfu), mfu

    def goodput(self, n: Num | None) -> Num:
        """Return the share of the wall-clock in which steps run; of an unknown number of accelerators none interrupts the others."""
        return self.link(
            throughput.run_goodput,
            goodput=self.known("goodput"),
            accelerators=1.0 if n is None else n,
            interruptions_per_h=self.known("interruptions_per_h"),
            interruption_h=self.known("interruption_h"),
        )

    def thinned(self, mfu: Num, n: Num | None) -> Num:
        """Return *mfu* brought down where the model is spread thinly over *n* accelerators."""
        active = self.plan.number("active_params")
        active = self.plan.number("params") if active is None else active
        if n is None or active is None:
            return mfu
        return self.link(
            throughput.thinned_mfu,
            mfu=mfu,
            active_params=median_of(active),
            accelerators=n,
            ample_params=self.known("mfu_ample_params"),
            exponent=self.known("mfu_thin_exponent"),
        )

    def accelerators(self) -> Num | None:
        """Return how many accelerators work together, or None where the plan does not say.

        Raises:
            PlanError: what it says contradicts itself.
        """
        plan, each = self.plan, self.setting.accelerator_count
        n = plan.number("accelerators")
        if plan.servers is not None:
            if self.setting.hardware.folder != "servers":
                raise PlanError(f"{self.setting.hardware.id} is no server", hint=f"give accelerators, or a server as hw: {self.holders()}")
            from_servers = plan.number("servers") * each
            if n is not None and any_of(n != from_servers):
                raise PlanError(f"the servers, of {each:g} accelerators, do not make up the accelerators given", hint="give one of the two")
            n = from_servers
        degrees = [degree for name in ("tp", "pp", "dp") if (degree := plan.number(name)) is not None]
        if len(degrees) == _DEGREES:
            product = degrees[0] * degrees[1] * degrees[2]
            if n is not None and any_of(n != product):
                raise PlanError("tp × pp × dp is not the number of accelerators", hint="give degrees that multiply to it")
            n = product
        return n

    def holders(self) -> str:
        """Return a few servers that hold the plan's accelerator, those that anybody may own first, or how to see all."""
        chip = self.setting.accelerator.id
        found = [server for server in self.database.products("servers") if server.keys.get("accelerator") == chip]
        found.sort(key=lambda server: server.keys.get("operator", "") != "on-prem")
        return " or ".join(server.id for server in found[:_FEW_SERVERS]) or "carbon db list servers"

    def fewest_accelerators(self, n: Num | None) -> Num | None:
        """Return the accelerators that hold the training's state, or None where that is unknown; warn where *n* are too few."""
        params, memory_b = self.plan.number("params"), self.known("memory_b")
        if params is None or memory_b is None:
            return None
        trainable = params
        if self.plan.kind == "lora":
            stated = self.plan.number("trainable_params")
            trainable = stated if stated is not None else params * work.LORA_SHARE
        fewest = server_counts.fewest_accelerators(params=params, trainable_params=trainable, memory_b=memory_b, usable_share=self.known("usable_memory_share"))
        least_n = median_of(fewest)
        if n is not None and any_of(n < least_n):
            counted = "servers" if self.setting.hardware.folder == "servers" else "accelerators"
            least = f": it takes about {ceil(least_n / self.setting.accelerator_count):,} {counted}" if isinstance(least_n, float) else ""
            self.warnings.append(f"the model with its optimiser does not fit in the memory of so few accelerators{least}")
        return fewest

    def warn_of_gaps(self, values: Mapping[str, Num | None]) -> None:
        """Name what other fields leave without effect, and say of each figure that cannot be known what would make it known."""
        chip = self.setting.accelerator.name
        for name, stated in _OVERRIDDEN.items():
            if getattr(self.plan, name) is not None and getattr(self.plan, stated) is not None:
                self.warnings.append(f"{name} does not bear on this estimate: {stated} is given")
        if values["duration_s"] is None and values["accelerator_hours_h"] is not None:
            self.warnings.append("no number of servers is given, so no duration and no price of the cluster: give servers or accelerators")
        if values["compute_flop"] is None:
            self.warnings.append("params and tokens are not both given, so there are no FLOP and no utilisation")
        if values["rent_usd"] is None:
            self.warnings.append(f"no {(self.plan.rent or 'on_demand').replace('_', ' ')} price of {chip} is known: give rent_price")
        if self.known("purchase_price") is None:
            self.warnings.append(f"no purchase price of {self.setting.hardware.name} is known: give purchase_price")

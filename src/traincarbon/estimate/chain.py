"""The chain: from a plan and the facts that stand in for what it leaves out to every figure of the estimate."""

from collections.abc import Callable, Mapping
from typing import Any

from traincarbon.database.load import Database, open_database
from traincarbon.errors import PlanError
from traincarbon.estimate.inputs import Given, Setting, settle
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.result import Assumption, Estimate, Link
from traincarbon.formulas import carbon, compute, cost, facility, power, throughput
from traincarbon.uncertain import Num, median_of
from traincarbon.units import H_PER_YEAR


def estimate(plan: Plan | None = None, /, *, database: Database | None = None, level: float = 0.9, **fields: Any) -> Estimate:
    """Return what a training takes in time, money, energy, carbon and water, each with its interval.

    Args:
        plan: The plan, or None to give its fields by name.
        database: The facts to rest on; by default ours with the user's own.
        level: Confidence level of the intervals that the result shows. [1]
        **fields: Fields of the plan, as in :class:`~traincarbon.estimate.plan.Plan`; they win over those of *plan*.

    Raises:
        CarbonError: the plan cannot be answered; the message says why and the hint what to do.

    Example:
        >>> answer = estimate(params=530e9, tokens=270e9, hw="dgx-a100")
        >>> f"{answer.median('compute_flop'):.4g} FLOP"
        '8.586e+23 FLOP'
    """
    if plan is None:
        plan = Plan(**fields)
    elif fields:
        plan = Plan.from_dict({**{name: getattr(plan, name) for name in plan.to_dict()}, **fields})
    setting = settle(plan, database if database is not None else open_database())
    return Chain(plan, setting).run(level)


class Chain:
    """One pass over the formulas; it remembers each link, so that every figure can explain itself."""

    def __init__(self, plan: Plan, setting: Setting) -> None:
        self.plan = plan
        self.setting = setting
        self.links: list[Link] = []
        self.used: dict[str, Given] = {}
        self.assumed: list[Assumption] = []
        self.warnings: list[str] = list(setting.warnings)

    def run(self, level: float) -> Estimate:
        """Return the estimate."""
        plan, known = self.plan, self.known
        flop = self.compute_flop()
        n = self.accelerators()
        hours, mfu = self.hours(flop)
        values: dict[str, Num | None] = {"compute_flop": flop, "mfu": mfu, "accelerator_hours_h": hours}
        values["duration_s"] = self.link(throughput.duration_s, accelerator_hours_h=hours, accelerators=n)

        draw = self.link(
            power.accelerator_power_w,
            board_power_w=known("board_power_w"),
            reference_share=known("power_share"),
            mfu=mfu if mfu is not None else known("power_reference_mfu"),
            reference_mfu=known("power_reference_mfu"),
            exponent=known("power_exponent"),
            idle_share=known("idle_share"),
        )
        host = self.link(
            power.host_power_w,
            max_power_w=known("max_power_w"),
            accelerator_count=self.setting.accelerator_count,
            board_power_w=known("board_power_w"),
            host_share=known("host_share"),
        )
        it = self.link(power.it_energy_kwh, accelerator_hours_h=hours, accelerator_power_w=draw, host_power_w=host, network_share=known("network_share"))
        energy = self.link(facility.facility_energy_kwh, it_energy_kwh=it, pue=known("pue"))
        values |= {"it_energy_kwh": it, "facility_energy_kwh": energy}

        operational = self.link(carbon.operational_kgco2e, facility_energy_kwh=energy, intensity_gco2e_per_kwh=known("carbon_intensity"))
        life = known("service_life") * H_PER_YEAR
        used = known("utilisation")
        embodied = self.link(carbon.embodied_kgco2e, accelerator_hours_h=hours, hardware_kgco2e=known("hardware_kgco2e"), service_life_h=life, utilisation=used)
        values |= {"operational_kgco2e": operational, "embodied_kgco2e": embodied}
        values["total_kgco2e"] = self.link(carbon.total_kgco2e, operational_kgco2e=operational, embodied_kgco2e=embodied)
        if plan.market_intensity is not None:
            market = self.link(carbon.operational_kgco2e, facility_energy_kwh=energy, intensity_gco2e_per_kwh=plan.number("market_intensity"))
            values["operational_market_kgco2e"] = market
        values["water_l"] = self.link(
            facility.water_l,
            it_energy_kwh=it,
            facility_energy_kwh=energy,
            wue_l_per_kwh=known("wue_l_per_kwh"),
            grid_water_l_per_kwh=known("grid_water_l_per_kwh"),
        )

        electricity = self.link(cost.electricity_usd, facility_energy_kwh=energy, electricity_usd_per_kwh=known("electricity_price"))
        price = self.link(
            cost.accelerator_purchase_usd,
            server_usd=known("purchase_price"),
            accelerator_count=self.setting.accelerator_count,
            interconnect_share=known("interconnect_share"),
        )
        values["electricity_usd"] = electricity
        values["rent_usd"] = self.link(cost.rent_usd, accelerator_hours_h=hours, rent_usd_per_h=known("rent_price"))
        values["own_usd"] = self.link(
            cost.own_usd,
            accelerator_hours_h=hours,
            accelerator_purchase_usd=price,
            service_life_h=life,
            utilisation=used,
            electricity_usd=electricity,
        )
        values["purchase_usd"] = self.link(cost.purchase_usd, accelerators=n, accelerator_purchase_usd=price)
        self.warn_of_gaps(values, price)
        return Estimate(plan, self.setting, values, self.links, self.used, self.assumed, self.warnings, level)

    def link(self, formula: Callable[..., Num], **inputs: Num | None) -> Num | None:
        """Return *formula* of *inputs* and remember it; None where an input is not known."""
        for value in inputs.values():
            if value is None:
                return None
        value = formula(**inputs)
        self.links.append((formula, inputs, value))
        return value

    def known(self, name: str) -> Num:
        """Return what the plan says of *name*, else what the database does, else None."""
        stated = getattr(self.plan, name, None)
        if stated is not None:
            return self.plan.number(name)
        given = self.setting.given.get(name)
        if given is None:
            return None
        self.used[name] = given
        return given.value

    def assume(self, name: str, value: float, reason: str) -> float:
        """Note that *value* stands in for *name*, which the plan does not say, and return it."""
        self.assumed.append(Assumption(name, value, reason))
        return value

    def compute_flop(self) -> Num | None:
        """Return the model FLOP by the most exact count that the plan allows, or None where it states no work."""
        plan, number = self.plan, self.plan.number
        tokens, params = number("tokens"), number("params")
        if tokens is None and plan.accelerator_hours is not None:
            return None
        if tokens is None:
            raise PlanError("the plan states no tokens", hint="give tokens, as 270e9 or 1.4T, or accelerator_hours where they are known")
        shaped = plan.layers is not None and plan.hidden is not None
        if params is None and not shaped:
            if plan.accelerator_hours is not None:
                return None
            raise PlanError("the plan states no params", hint="give params, as 530e9 or 7B, or layers and hidden")
        if params is not None and _any(median_of(tokens) < median_of(params)):
            self.warnings.append("fewer tokens than parameters: a model trained to serve sees 20 or more for each")
        active = number("active_params")
        if plan.kind == "lora":
            trainable = number("trainable_params")
            frozen = active if active is not None else params
            if trainable is None:
                trainable = frozen * self.assume("trainable_share", 0.01, "not said: adapters of 1 % of the model")
            return self.link(compute.adapter_training_flop, frozen_params=frozen, trainable_params=trainable, tokens=tokens)
        if shaped and active is None and plan.family in (None, "decoder", "encoder"):
            return self.exact_flop(tokens)
        count = compute.encoder_decoder_training_flop if plan.family == "encoder-decoder" else compute.training_flop
        return self.link(count, active_params=active if active is not None else params, tokens=tokens)

    def exact_flop(self, tokens: Num) -> Num | None:
        """Return the model FLOP of a transformer whose shape the plan states, attention counted in full."""
        number = self.plan.number
        layers, hidden = number("layers"), number("hidden")
        heads = number("heads")
        kv_heads = number("kv_heads")
        ffn, vocab = number("ffn"), number("vocab")
        heads = 1.0 if heads is None else heads
        kv_heads = heads if kv_heads is None else kv_heads
        gated = ffn is not None and not _any(median_of(ffn) > 3.9 * median_of(hidden))
        if ffn is None:
            ffn = self.assume("ffn_over_hidden", 4.0, "not said: the feed-forward part is four times as wide as the model") * hidden
        if vocab is None:
            vocab = self.assume("vocab", 50257.0, "not said: the vocabulary of GPT-2")
        seq_len = number("seq_len")
        if seq_len is None:
            seq_len = self.assume("seq_len", 2048.0, "not said: contexts of 2,048 tokens")
        n = self.link(
            compute.matmul_params,
            layers=layers,
            hidden=hidden,
            heads=heads,
            kv_heads=kv_heads,
            ffn=ffn,
            vocab=vocab,
            ffn_matrices=3.0 if gated else 2.0,
        )
        return self.link(
            compute.transformer_training_flop,
            matmul_params=n,
            layers=layers,
            hidden=hidden,
            seq_len=seq_len,
            tokens=tokens,
        )

    def hours(self, flop: Num | None) -> tuple[Num | None, Num | None]:
        """Return accelerator-hours and end-to-end utilisation: the one from the other."""
        plan, number = self.plan, self.plan.number
        peak = self.known("peak_flop_per_s")
        hours = number("accelerator_hours")
        if hours is not None:
            return hours, self.link(throughput.implied_mfu, compute_flop=flop, peak_flop_per_s=peak, accelerator_hours_h=hours)
        mfu = self.known("mfu")
        if plan.goodput is not None:
            step = mfu if plan.mfu is not None else mfu / self.setting.given["goodput"].value
            mfu = self.link(throughput.end_to_end_mfu, step_mfu=step, goodput=number("goodput"))
        return self.link(throughput.accelerator_hours_h, compute_flop=flop, peak_flop_per_s=peak, mfu=mfu), mfu

    def accelerators(self) -> Num | None:
        """Return how many accelerators work together, or None where the plan does not say."""
        plan, each = self.plan, self.setting.accelerator_count
        n = plan.number("accelerators")
        if plan.servers is not None:
            if self.setting.hardware.folder != "servers":
                raise PlanError(f"{self.setting.hardware.id} is no server", hint="give accelerators, or a server as hw: carbon db list servers")
            from_servers = plan.number("servers") * each
            if n is not None and _any(n != from_servers):
                raise PlanError(f"servers {plan.servers:g} of {each:g} are not accelerators {plan.accelerators:g}", hint="give one of the two")
            n = from_servers
        degrees = [plan.number(name) for name in ("tp", "pp", "dp")]
        if all(degree is not None for degree in degrees):
            product = degrees[0] * degrees[1] * degrees[2]
            if n is not None and _any(n != product):
                raise PlanError(f"tp × pp × dp is {product:g}, not the number of accelerators", hint="give degrees that multiply to it")
            n = product
        return n

    def warn_of_gaps(self, values: Mapping[str, Num | None], price: Num | None) -> None:
        """Say of each figure that cannot be known what would make it known."""
        chip = self.setting.accelerator.name
        if values["duration_s"] is None and values["accelerator_hours_h"] is not None:
            self.warnings.append("no number of servers is given, so no duration and no price of the cluster: give servers or accelerators")
        if values["compute_flop"] is None:
            self.warnings.append("no params and tokens are given, so no FLOP and no utilisation")
        if values["rent_usd"] is None:
            self.warnings.append(f"no {(self.plan.rent or 'on_demand').replace('_', ' ')} price of {chip} is known: give rent_price")
        if price is None:
            self.warnings.append(f"no purchase price of {self.setting.hardware.name} is known: give purchase_price")


def _any(condition: Any) -> bool:
    return condition if isinstance(condition, bool) else bool(condition.any())

"""The chain: from a plan and the facts that stand in for what it leaves out to every figure of the estimate."""

from collections.abc import Callable, Mapping
from math import ceil
from os import path
from typing import Any

from traincarbon.database.load import Database, calibrations_folder, open_database
from traincarbon.errors import PlanError
from traincarbon.estimate import counts
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.result import Assumption, Estimate, Link
from traincarbon.estimate.setting import Given, Setting
from traincarbon.formulas import carbon, compute, cost, facility, power, throughput
from traincarbon.uncertain import Num, clamp, median_of
from traincarbon.units import H_PER_YEAR

_LORA_SHARE = 0.01
"""Parameters in adapters as a share of the model, where a plan does not say."""


_GATED_BELOW = 3.9
"""Feed-forward widths up to this multiple of the model's are taken as gated, with three matrices: they keep the size of two at 4."""
_DEGREES = 3
_SHAPE = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab", "seq_len")


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
    database = database if database is not None else open_database()
    setting = settle(plan, database)
    if plan.calibration != "none" and (plan.calibration is not None or path.isdir(calibrations_folder())):
        from traincarbon.estimate.calibrated import calibrated

        setting = calibrated(plan, setting)
    answer = Chain(plan, setting, database).run(level)
    if plan.tp is not None or plan.pp is not None or plan.dp is not None:
        answer.warn_of_layout()
    return answer


class Chain:
    """One pass over the formulas; it remembers each link, so that every figure can explain itself."""

    def __init__(self, plan: Plan, setting: Setting, database: Database) -> None:
        self.plan = plan
        self.setting = setting
        self.database = database
        self.links: list[Link] = []
        self.used: dict[str, Given] = {}
        self.assumed: list[Assumption] = []
        self.warnings: list[str] = list(setting.warnings)

    def run(self, level: float) -> Estimate:
        """Return the estimate."""
        plan, known = self.plan, self.known
        flop = self.compute_flop()
        self.executed_flop(flop)
        n = self.accelerators()
        fewest = self.fewest_accelerators(n)
        hours, mfu = self.hours(flop, n)
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
        draw = self.calibrated("power_calibration", power.calibrated_power_w, power_w=draw)
        host = self.link(
            power.host_power_w,
            max_power_w=known("max_power_w"),
            accelerator_count=self.setting.accelerator_count,
            board_power_w=known("board_power_w"),
            host_share=known("host_share"),
        )
        host = self.calibrated("host_calibration", power.calibrated_power_w, power_w=host)
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
        return Estimate(
            plan=plan,
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

    def link(self, formula: Callable[..., Num], **inputs: Num | None) -> Num | None:
        """Return *formula* of *inputs* and remember it; None where an input is not known."""
        for value in inputs.values():
            if value is None:
                return None
        value = formula(**inputs)
        self.links.append((formula, inputs, value))
        return value

    def calibrated(self, factor: str, formula: Callable[..., Num], **expected: Num | None) -> Num | None:
        """Return the one quantity that is *expected*, brought by the *factor* to what runs of the user's own showed; as it is where there are none."""
        if factor not in self.setting.given:
            return next(iter(expected.values()))
        return self.link(formula, **expected, factor=self.known(factor))

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

    def stated_or(self, name: str, value: float, reason: str) -> Num:
        """Return what the plan says of *name*, or *value* as an assumption."""
        stated = self.plan.number(name)
        return self.assume(name, value, reason) if stated is None else stated

    def assume(self, name: str, value: float, reason: str) -> float:
        """Note that *value* stands in for *name*, which the plan does not say, and return it."""
        self.assumed.append(Assumption(name, value, reason))
        return value

    def compute_flop(self) -> Num | None:
        """Return the model FLOP by the most exact count that the plan allows, or None where it states no work."""
        plan, number = self.plan, self.plan.number
        tokens, params, active = number("tokens"), number("params"), number("active_params")
        shaped = plan.layers is not None and plan.hidden is not None
        if tokens is None or (params is None and active is None and not shaped):
            if plan.accelerator_hours is not None:
                return None
            missing, example = ("tokens", "270e9 or 1.4T") if tokens is None else ("params", "530e9 or 7B")
            raise PlanError(f"the plan states no {missing}", hint=f"give {missing}, as {example}, or accelerator_hours where they are known")
        if params is not None and plan.kind in (None, "pretrain") and _any(median_of(tokens) < median_of(params)):
            self.warnings.append("fewer tokens than parameters: a model trained to serve sees 20 or more for each")
        for name in ("kind", "family"):
            self.known(name)
        exact = shaped and active is None and plan.kind != "lora" and plan.family in (None, "decoder", "encoder")
        if active is None:
            active = self.matmul_params() if exact or params is None else params
        unused = [name for name in (*(() if exact or params is None else _SHAPE), "batch_tokens") if getattr(plan, name) is not None]
        if unused and plan.servers is None and plan.accelerators is None:
            self.warnings.append(f"{', '.join(unused)} do{'es' * (len(unused) == 1)} not bear on this estimate")
        if exact:
            return self.link(
                compute.transformer_training_flop,
                matmul_params=active,
                layers=number("layers"),
                hidden=number("hidden"),
                seq_len=self.stated_or("seq_len", 2048.0, "not said: contexts of 2,048 tokens"),
                tokens=tokens,
            )
        if plan.kind == "lora":
            trainable = number("trainable_params")
            if trainable is None:
                trainable = active * self.assume("trainable_share", _LORA_SHARE, "not said: adapters of 1 % of the model")
            return self.link(compute.adapter_training_flop, frozen_params=active, trainable_params=trainable, tokens=tokens)
        count = compute.encoder_decoder_training_flop if plan.family == "encoder-decoder" else compute.training_flop
        return self.link(count, active_params=active, tokens=tokens)

    def executed_flop(self, flop: Num | None) -> None:
        """Note what the hardware executes where the plan says what it computes again; utilisation counts model FLOP, so hours stay."""
        plan, number = self.plan, self.plan.number
        if plan.recompute is None or flop is None:
            return
        attention_share = 0.0
        shape = [number(name) for name in ("layers", "hidden", "seq_len", "tokens")]
        if all(part is not None for part in shape):
            layers, hidden, seq_len, tokens = shape
            attention_share = median_of(12.0 * layers * hidden * seq_len * tokens / flop)
        elif plan.recompute == "selective":
            self.warnings.append("how much attention is computed again needs layers, hidden and seq_len")
            return
        self.link(compute.hardware_flop, compute_flop=flop, attention_share=clamp(attention_share, 0.0, 1.0), recompute=plan.recompute)

    def matmul_params(self) -> Num:
        """Return the parameters in matrix products of the shape that the plan states."""
        number = self.plan.number
        hidden, heads, kv_heads, ffn = number("hidden"), number("heads"), number("kv_heads"), number("ffn")
        matrices = 2.0
        if ffn is None:
            ffn = self.assume("ffn_over_hidden", 4.0, "not said: the feed-forward part is four times as wide as the model") * hidden
        elif not _any(ffn > _GATED_BELOW * hidden):
            matrices = self.assume("ffn_matrices", 3.0, "so narrow a feed-forward part is taken as gated")
        return self.link(
            compute.matmul_params,
            layers=number("layers"),
            hidden=hidden,
            heads=1.0 if heads is None else heads,
            kv_heads=kv_heads if kv_heads is not None else 1.0 if heads is None else heads,
            ffn=ffn,
            vocab=self.stated_or("vocab", 50257.0, "not said: the vocabulary of GPT-2"),
            ffn_matrices=matrices,
        )

    def hours(self, flop: Num | None, n: Num | None) -> tuple[Num | None, Num | None]:
        """Return accelerator-hours and end-to-end utilisation: the one from the other."""
        plan, number = self.plan, self.plan.number
        peak = self.known("peak_flop_per_s")
        self.known("precision")
        hours = number("accelerator_hours")
        if hours is not None:
            implied = self.link(throughput.implied_mfu, compute_flop=flop, peak_flop_per_s=peak, accelerator_hours_h=hours)
            if implied is not None and _any(median_of(implied) > 1.0):
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
                raise PlanError(f"{self.setting.hardware.id} is no server", hint="give accelerators, or a server as hw: carbon db list servers")
            from_servers = plan.number("servers") * each
            if n is not None and _any(n != from_servers):
                raise PlanError(f"the servers, of {each:g} accelerators, do not make up the accelerators given", hint="give one of the two")
            n = from_servers
        degrees = [degree for name in ("tp", "pp", "dp") if (degree := plan.number(name)) is not None]
        if len(degrees) == _DEGREES:
            product = degrees[0] * degrees[1] * degrees[2]
            if n is not None and _any(n != product):
                raise PlanError("tp × pp × dp is not the number of accelerators", hint="give degrees that multiply to it")
            n = product
        return n

    def fewest_accelerators(self, n: Num | None) -> Num | None:
        """Return the accelerators that hold the training's state, or None where that is unknown; warn where *n* are too few."""
        params, memory_b = self.plan.number("params"), self.known("memory_b")
        if params is None or memory_b is None:
            return None
        trainable = params
        if self.plan.kind == "lora":
            stated = self.plan.number("trainable_params")
            trainable = stated if stated is not None else params * _LORA_SHARE
        fewest = counts.fewest_accelerators(params=params, trainable_params=trainable, memory_b=memory_b, usable_share=self.known("usable_memory_share"))
        least_n = median_of(fewest)
        if n is not None and _any(n < least_n):
            counted = "servers" if self.setting.hardware.folder == "servers" else "accelerators"
            least = f": it takes about {ceil(least_n / self.setting.accelerator_count):,} {counted}" if isinstance(least_n, float) else ""
            self.warnings.append(f"the model with its optimiser does not fit in the memory of so few accelerators{least}")
        return fewest

    def warn_of_gaps(self, values: Mapping[str, Num | None], price: Num | None) -> None:
        """Say of each figure that cannot be known what would make it known."""
        chip = self.setting.accelerator.name
        if values["duration_s"] is None and values["accelerator_hours_h"] is not None:
            self.warnings.append("no number of servers is given, so no duration and no price of the cluster: give servers or accelerators")
        if values["compute_flop"] is None:
            self.warnings.append("params and tokens are not both given, so there are no FLOP and no utilisation")
        if values["rent_usd"] is None:
            self.warnings.append(f"no {(self.plan.rent or 'on_demand').replace('_', ' ')} price of {chip} is known: give rent_price")
        if price is None:
            self.warnings.append(f"no purchase price of {self.setting.hardware.name} is known: give purchase_price")


def _any(condition: Any) -> bool:
    return condition if isinstance(condition, bool) else bool(condition.any())

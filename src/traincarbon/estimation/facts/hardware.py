"""What the hardware brings into an estimate: its peak, utilisation, power and the making of it."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS, Fact, Product
from traincarbon.database.select import prior, sigma_of
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimation.facts.types import Setting
from traincarbon.estimation.links import EXPECTED_MFU
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.walk import walk
from traincarbon.formulas.throughput import narrowed_mfu
from traincarbon.uncertain import Z_90, Num, Uncertain

_PRECISION_ORDER = ("bf16", "fp16", "tf32", "fp32")
"""What a training uses where nothing is said: the first of these that the chip has."""
_PRECISION_ORDER_OF_PROCESSORS = ("fp32", "bf16", "fp16", "tf32")

AMPLE_PEAK_FLOP_PER_S = 312e12
"""The peak, that of an A100 at 16 bits, for which the prior ``mfu_ample_params`` is stated; a faster chip needs more work to stay busy."""

_NARROW = ("fp8", "fp4")

_FAMILIES = {"decoder": "dense-lm", "encoder-decoder": "seq2seq"}
"""Words of a plan to words of the priors, where they differ."""


def add_peak(setting: Setting, database: Database, precision: str | None) -> None:
    """Note the dense peak of the chip at the precision used, and its memory.

    Raises:
        PlanError: no peak is known, or none at that precision.
    """
    chip = setting.accelerator
    known = [name for name in PRECISIONS if f"peak_{name}_flop_per_s" in chip.facts]
    if not known:
        raise PlanError(f"no peak rate of {chip.name} is known", hint=f"add one to accelerators/{chip.id}.toml in a folder of your own: carbon db path")
    if precision is not None and precision not in known:
        raise PlanError(f"{chip.name} has no {precision} rate", hint=f"it has {', '.join(known)}")
    order = _PRECISION_ORDER_OF_PROCESSORS if chip.keys.get("type") == "cpu" else _PRECISION_ORDER
    used = precision or next((name for name in order if name in known), known[-1])
    fact = chip.facts[f"peak_{used}_flop_per_s"]
    reason = f"dense {used} peak of {chip.name}"
    setting.add("peak_flop_per_s", fact.value, "FLOP/s", reason, fact)
    if precision is None:
        setting.add("precision", used, "", "not said: the usual one for training on this chip", assumed=True)
    if (memory := chip.facts.get("memory_b")) is not None:
        setting.add("memory_b", memory.value, "B", f"memory of {chip.name}", memory)
        setting.add_prior(database, "usable_memory_share", "*", "", "share of the memory that activations leave to weights and optimiser")


def add_mfu(setting: Setting, database: Database, plan: Plan, *, moe: bool) -> None:
    """Note the prior of the steps' utilisation (the generation's, times the effects of chip, family, kind and precision) and of the run's goodput."""
    chip = setting.accelerator
    generation = chip.keys.get("generation", "")
    base = prior(database, "mfu", f"generation={generation}") or prior(database, "mfu", "generation=*")
    if base is None:
        raise DatabaseError("priors.csv has no mfu,generation=*", hint="carbon db check lists what is missing")
    row, value = base
    known = row["scope"] != "generation=*"
    reasons = [f"{'runs on ' + generation if known else 'runs on any hardware: none is published for ' + (generation or chip.name)}"]
    precision = _precision_of(setting)
    here = measured_ceiling(setting.hardware, chip, precision)
    ceiling, usual = here or gemm_ceiling(database, chip), gemm_ceiling(database, generation if known else "*")
    values: dict[str, Num | None] = {"mfu": value.median, "ceiling": ceiling, "usual_ceiling": usual}
    values |= {"family_factor": 1.0, "kind_factor": 1.0, "precision_factor": 1.0}
    ratio = ceiling / usual
    if ratio != 1.0:
        reasons.append(f"× {ratio:.2f} for the best matrix products measured on {chip.name if here is None else setting.hardware.id}")
    family = "moe-lm" if moe else _FAMILIES.get(plan.family or "decoder", plan.family or "decoder")
    sigma = value.sigma
    narrow = prior(database, "mfu_narrow_share", "*")
    speed_up = speed_up_of(chip, precision)
    if narrow is not None and speed_up != 1.0:
        values |= {"speed_up": speed_up, "narrow_share": narrow[1].median}
        reasons.append(f"at {speed_up:.3g} × the 16-bit peak, which {narrow[1].median:.0%} of the time follows")
    for scope in (f"family={family}", f"kind={plan.kind or 'pretrain'}", f"precision={precision}"):
        factor = prior(database, "mfu_factor", scope)
        if factor is None and not (scope.endswith(("=bf16", "=fp16", "=pretrain"))):
            factor = prior(database, "mfu_factor", f"{scope.partition('=')[0]}=*")
            if factor is not None and scope.startswith("family"):
                reasons.append("no run of this family is published, and 6 FLOP a parameter and token may not be its work")
        if factor is not None:
            values[f"{scope.partition('=')[0]}_factor"] = factor[1].median
            sigma = math.hypot(sigma, factor[1].sigma)
            reasons.append(f"× {factor[1].median:.2f} for {scope}")
    derivation = tuple(walk(EXPECTED_MFU, values))
    mfu: float = derivation[-1][2] or 0.0
    setting.add("mfu", Uncertain(mfu, {"mfu": sigma}), "", f"prior of the steps from published {', '.join(reasons)}", row, assumed=True)
    setting.given["mfu"] = setting.given["mfu"]._replace(derivation=derivation)
    setting.add_prior(database, "goodput", "*", "", "whole runs of small jobs over timed steps; the spread is what runs scatter more than steps")
    setting.add_prior(database, "interruptions_per_h", "*", "1/h", "interruptions for each hour of one accelerator", spread="interruptions")
    setting.add_prior(
        database, "interruption_h", "*", "h", "what one interruption costs: the restart and the work since the checkpoint", spread="interruptions"
    )
    setting.add_prior(database, "mfu_thin_exponent", "*", "", "how fast utilisation falls below that")
    ample = prior(database, "mfu_ample_params", "*")
    if ample is None:
        raise DatabaseError("priors.csv has no mfu_ample_params,*", hint="carbon db check lists what is missing")
    faster = setting.given["peak_flop_per_s"].value / AMPLE_PEAK_FLOP_PER_S
    reason = f"parameters on each accelerator below which utilisation falls: {faster:.3g} × those on an A100, by peak"
    setting.add("mfu_ample_params", ample[1].median * faster, "", reason, ample[0], assumed=True)
    if plan.family is None:
        setting.add("family", "decoder", "", "not said: a decoder-only language model", assumed=True)
    if plan.kind is None:
        setting.add("kind", "pretrain", "", "not said: a training from scratch", assumed=True)


def _precision_of(setting: Setting) -> str:
    return setting.given["peak_flop_per_s"].reason.split()[1]


def _add_reference_mfu(setting: Setting, database: Database) -> None:
    """Note at which utilisation the power share holds: a chip as busy with a narrower format has a lower one."""
    setting.add_prior(database, "power_reference_mfu", "*", "", "utilisation at which the power share holds")
    narrow = prior(database, "mfu_narrow_share", "*")
    if narrow is None or "peak_flop_per_s" not in setting.given:
        return
    speed_up = speed_up_of(setting.accelerator, _precision_of(setting))
    if speed_up != 1.0:
        noted = setting.given["power_reference_mfu"]
        mfu = narrowed_mfu(mfu=noted.value, speed_up=speed_up, narrow_share=narrow[1].median)
        setting.given["power_reference_mfu"] = noted._replace(value=mfu, reason=f"{noted.reason}, at {speed_up:.3g} × the 16-bit peak")


def gemm_ceiling(database: Database, chip: Product | str) -> float:
    """Return the best measured rate of large matrix products over the peak of *chip*, or of a generation by its name; ``*`` is the usual one."""
    scopes = [f"generation={chip}"] if isinstance(chip, str) else [f"accelerator={chip.id}", f"generation={chip.keys.get('generation', '')}"]
    for scope in (*scopes, "generation=*"):
        found = prior(database, "gemm_ceiling", scope)
        if found is not None:
            return float(found[1].median)
    return 1.0


def measured_ceiling(server: Product, chip: Product, precision: str) -> float | None:
    """Return the rate of matrix products that a bench measured on *server* over the peak of *chip*, None where there was none.

    Narrow formats start from the one at 16 bits, as their prior does.
    """
    for name in ("bf16", "fp16") if precision in _NARROW else (precision,):
        reached, peak = server.value(f"gemm_{name}_flop_per_s"), chip.value(f"peak_{name}_flop_per_s")
        if reached is not None and peak is not None:
            return reached / peak
    return None


def speed_up_of(chip: Product, precision: str) -> float:
    """Return the peak of *chip* at *precision* over that at 16 bits, 1 where it has none."""
    wide = chip.value("peak_bf16_flop_per_s") or chip.value("peak_fp16_flop_per_s")
    peak = chip.value(f"peak_{precision}_flop_per_s")
    return peak / wide if peak is not None and wide is not None else 1.0


def add_power(setting: Setting, database: Database) -> None:
    """Note what accelerator, host and network draw; warn where no power is known."""
    chip, server = setting.accelerator, setting.hardware
    board = chip.facts.get("board_power_w")
    if board is None:
        setting.warnings.append(f"no power of {chip.name} is known: give board_power_w in a file of your own (carbon db path)")
        return
    generation = chip.keys.get("generation", "")
    setting.add("board_power_w", board.value, "W", f"power cap of {chip.name}", board)
    idle = chip.facts.get("idle_power_w")
    if idle is not None:
        setting.add("idle_share", idle.value / board.value, "", f"idle draw of {chip.name}", idle)
    else:
        setting.add_prior(database, "idle_share", "*", "", "idle draw as a share of the power cap")
    scope = f"generation={generation}" if prior(database, "power_share", f"generation={generation}") else "generation=*"
    setting.add_prior(database, "power_share", scope, "", "mean draw as a share of the power cap, from measured runs", spread="power")
    _widen_by_cap(setting, board)
    _add_reference_mfu(setting, database)
    setting.add_prior(database, "power_exponent", "*", "", "how fast the draw rises with utilisation")
    nameplate = server.facts.get("max_power_w") if server.folder == "servers" else None
    rest_w = nameplate.value / setting.accelerator_count - board.value if nameplate is not None else -1.0
    if nameplate is not None and (rest_w > 0.0 or (rest_w == 0.0 and chip.keys.get("type") == "cpu")):  # a processor's power may be its machine's
        setting.add("max_power_w", nameplate.value, "W", f"nameplate of {server.name}", nameplate)
    else:
        scopes = (f"generation={generation}", f"type={chip.keys.get('type', '')}", "type=*")
        ratio = next((found for scope in scopes if (found := prior(database, "host_ratio", scope)) is not None), None)
        if ratio is not None:
            of_chips = board.value * setting.accelerator_count
            nameplate_w = Uncertain(of_chips * ratio[1].median, {"host": ratio[1].sigma}) + of_chips
            why = "no nameplate known" if nameplate is None else "its nameplate is below the chips' own power caps"
            reason = f"{why}: servers of such chips have {1 + ratio[1].median:.2f} × the chips' power caps"
            setting.add("max_power_w", nameplate_w, "W", reason, ratio[0], assumed=True)
    setting.add_prior(database, "host_share", "*", "", "mean draw of the rest of the server as a share of its nameplate", spread="host")
    setting.add_prior(database, "network_share", "*", "", "switches between servers, as a share of the servers' draw", spread="network")


def _widen_by_cap(setting: Setting, board: Fact) -> None:
    """Widen the mean draw by how well a cap that was found on the machine is known; the fitted share holds what assumed ones scatter."""
    if board.kind not in ("measured", "derived") or board.low is None or board.high is None or board.low == board.high:
        return
    noted = setting.given["power_share"]
    wider = noted.value * Uncertain(1.0, {"power_cap": math.log(board.high / board.low) / (2.0 * Z_90)})
    setting.given["power_share"] = noted._replace(value=wider, reason=f"{noted.reason}, as well as that cap is known")


def add_embodied(setting: Setting, database: Database) -> None:
    """Note the emissions of making one accelerator with its share of the server."""
    server, chip = setting.hardware, setting.accelerator
    sigma = sigma_of(database, "hardware_kgco2e", "scope=*")
    whole = [row for row in database.rows("embodied", server.id) if row["scope"] == "server"]
    if whole:
        value = float(whole[0]["kgco2e"]) / setting.accelerator_count
        setting.add("hardware_kgco2e", Uncertain(value, {"embodied": sigma}), "kg CO2e", f"making {server.name}, shared over its accelerators", whole[0])
        return
    chips = [row for row in database.rows("embodied", chip.id) if row["scope"] == "accelerator"]
    mine = chips or [row for row in database.rows("embodied", "any-gpu") if row["scope"] == "accelerator"]
    rest = prior(database, "host_kgco2e", "*")
    if not mine or rest is None:
        return
    logs = [math.log(float(row["kgco2e"])) for row in mine]
    middle = math.exp(sum(logs) / len(logs))
    total = Uncertain(middle, {"embodied": sigma if chips else 1.5 * sigma}) + Uncertain(rest[1].median, {"embodied": rest[1].sigma})
    reason = f"making {chip.name if chips else 'an accelerator of any kind'} ({len(mine)} published figure{'s' * (len(mine) > 1)}) and its share of a server"
    setting.add("hardware_kgco2e", total, "kg CO2e", reason, mine[0], assumed=True)

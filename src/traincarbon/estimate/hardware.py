"""What the hardware brings into an estimate: its peak, utilisation, power and the making of it."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS
from traincarbon.database.select import prior, sigma_of
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.setting import Setting
from traincarbon.uncertain import Uncertain

_PRECISION_ORDER = ("bf16", "fp16", "tf32", "fp32")
"""What a training uses where nothing is said: the first of these that the chip has."""

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
    used = precision or next((name for name in _PRECISION_ORDER if name in known), known[-1])
    fact = chip.facts[f"peak_{used}_flop_per_s"]
    reason = f"dense {used} peak of {chip.name}"
    setting.add("peak_flop_per_s", fact.value, "FLOP/s", reason, fact)
    if precision is None:
        setting.add("precision", used, "", "not said: the usual one for training on this chip", assumed=True)
    if (memory := chip.facts.get("memory_b")) is not None:
        setting.add("memory_b", memory.value, "B", f"memory of {chip.name}", memory)
        setting.add_prior(database, "usable_memory_share", "*", "", "share of the memory that activations leave to weights and optimiser")


def add_mfu(setting: Setting, database: Database, plan: Plan, *, moe: bool) -> None:
    """Note the prior of end-to-end utilisation: the generation's, times the effects of family, kind and precision."""
    generation = setting.accelerator.keys.get("generation", "")
    base = prior(database, "mfu", f"generation={generation}") or prior(database, "mfu", "generation=*")
    if base is None:
        raise DatabaseError("priors.csv has no mfu,generation=*", hint="carbon db check lists what is missing")
    row, value = base
    known = row["scope"] != "generation=*"
    family = "moe-lm" if moe else _FAMILIES.get(plan.family or "decoder", plan.family or "decoder")
    reasons = [f"{'runs on ' + generation if known else 'runs on any hardware: none is published for ' + generation}"]
    precision = setting.given["peak_flop_per_s"].reason.split()[1]
    scopes = (f"family={family}", f"kind={plan.kind or 'pretrain'}", f"precision={precision}")
    sigma = value.sigma
    median = value.median
    for scope in scopes:
        factor = prior(database, "mfu_factor", scope)
        if factor is None and not (scope.endswith(("=bf16", "=fp16", "=pretrain"))):
            factor = prior(database, "mfu_factor", f"{scope.partition('=')[0]}=*")
        if factor is not None:
            median *= factor[1].median
            sigma = math.hypot(sigma, factor[1].sigma)
            reasons.append(f"× {factor[1].median:.2f} for {scope}")
    setting.add("mfu", Uncertain(min(median, 0.95), {"mfu": sigma}), "", f"prior from published {', '.join(reasons)}", row, assumed=True)
    setting.add_prior(database, "goodput", "*", "", "typical share of the wall-clock in which steps run")
    setting.add_prior(database, "mfu_ample_params", "*", "", "parameters on each accelerator below which utilisation falls")
    setting.add_prior(database, "mfu_thin_exponent", "*", "", "how fast utilisation falls below that")
    if plan.family is None:
        setting.add("family", "decoder", "", "not said: a decoder-only language model", assumed=True)
    if plan.kind is None:
        setting.add("kind", "pretrain", "", "not said: a training from scratch", assumed=True)


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
    setting.add_prior(database, "power_reference_mfu", "*", "", "utilisation at which the power share holds")
    setting.add_prior(database, "power_exponent", "*", "", "how fast the draw rises with utilisation")
    nameplate = server.facts.get("max_power_w") if server.folder == "servers" else None
    if nameplate is not None and nameplate.value / setting.accelerator_count > board.value:
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

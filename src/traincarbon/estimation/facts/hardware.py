"""The facts about hardware: its peak rate, utilisation and power."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.names import other_sizes
from traincarbon.database.records import CARD_SEGMENTS, NARROW_PRECISIONS, PRECISIONS, Fact, Product
from traincarbon.database.select import prior
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.formulas.throughput import narrowed_mfu
from traincarbon.uncertain import Z_90, Num, Uncertain

_PRECISION_ORDER = ("bf16", "fp16", "tf32", "fp32")
"""The precision of a plan that states none is the first of these that the accelerator has."""
_PRECISION_ORDER_OF_PROCESSORS = ("fp32", "bf16", "fp16", "tf32")


class PeakFacts(Part):
    """The peak rate and the memory of an accelerator.

    Attributes:
        precision: Number format of the matrix products; empty if no peak rate is known.
        assumed_precision: The same as an assumption, if the plan states no precision.
    """

    precision: str = ""
    assumed_precision: Given | None = None
    peak_flop_per_s: Given | None = None
    memory_b: Given | None = None
    usable_memory_share: Given | None = None
    layout_memory_share: Given | None = None


class PowerFacts(Part):
    """The power of accelerators, hosts and network."""

    board_power_w: Given | None = None
    idle_share: Given | None = None
    power_share: Given | None = None
    power_reference_mfu: Given | None = None
    power_exponent: Given | None = None
    max_power_w: Given | None = None
    host_share: Given | None = None
    network_share: Given | None = None


def peak_facts(subject: Subject, database: Database) -> PeakFacts:
    """Return the dense peak of the accelerator at the precision used, and its memory; no peak where none is known at any precision.

    Raises:
        PlanError: no peak at that precision is known, and one at another is.
    """
    chip, stated, memory = subject.accelerator, subject.question.precision, subject.accelerator.facts.get("memory_b")
    used = used_precision(chip, stated)
    if used is None and (known := list(_known_precisions(chip))):
        raise PlanError(f"{chip.name} has no {stated} rate", hint=f"it has {', '.join(known)}")
    fact = chip.facts.get(f"peak_{used}_flop_per_s")
    default = Given("precision", used, "", "not stated: the usual precision for training on this accelerator", assumed=True) if used else None
    usable = "share of the memory that activations leave to weights and optimiser"
    left = "share of the memory that driver and libraries leave"
    return PeakFacts(
        precision=used or "",
        assumed_precision=default if stated is None else None,
        peak_flop_per_s=given("peak_flop_per_s", _spread(fact, "peak"), "FLOP/s", f"dense {used} peak of {chip.name}", fact) if fact is not None else None,
        memory_b=_memory(subject, memory, database) if memory is not None else None,
        usable_memory_share=from_prior(database, "usable_memory_share", "*", "", usable) if memory is not None else None,
        layout_memory_share=from_prior(database, "layout_memory_share", "*", "", left) if memory is not None else None,
    )


def _spread(fact: Fact, name: str) -> Num:
    """Return the value of *fact*, with its range as the spread *name* if it is assumed."""
    if fact.kind != "assumed" or fact.low is None or fact.high is None or fact.low == fact.high:
        return fact.value
    return Uncertain(fact.value, {name: math.log(fact.high / fact.low) / (2.0 * Z_90)})


def _memory(subject: Subject, memory: Fact, database: Database) -> Given:
    """Return the memory of the accelerator; it is assumed if its name was given without a size and it comes in several."""
    chip, named = subject.accelerator, subject.question.hw or ""
    others = [] if subject.hardware.is_server else other_sizes(database, named, chip.id)
    reason = f"memory of {chip.name}" + (f"; {named} may also be {' or '.join(others)}" if others else "")
    return given("memory_b", memory.value, "B", reason, memory, assumed=bool(others))


def used_precision(chip: Product, stated: str | None) -> str | None:
    """Return the precision that a training uses on *chip*: the one *stated*, else the usual one; None if no peak rate at it is known."""
    known = list(_known_precisions(chip))
    if stated is not None or not known:
        return stated if stated in known else None
    order = _PRECISION_ORDER_OF_PROCESSORS if chip.type == "cpu" else _PRECISION_ORDER
    return next((name for name in order if name in known), known[-1])


def _known_precisions(chip: Product) -> Iterator[str]:
    return (name for name in PRECISIONS if f"peak_{name}_flop_per_s" in chip.facts)


def gemm_ceiling(database: Database, chip: Product | str) -> float:
    """Return the best measured rate of large matrix products over the peak of *chip*, or of a generation by its name; ``*`` is the usual one."""
    scopes = [f"generation={chip}"] if isinstance(chip, str) else [f"accelerator={chip.id}", f"generation={chip.generation}"]
    for scope in (*scopes, "generation=*"):
        found = prior(database, "gemm_ceiling", scope)
        if found is not None:
            return float(found.value.median)
    return 1.0


def measured_ceiling(server: Product, chip: Product, precision: str) -> float | None:
    """Return the rate of matrix products that a bench measured on *server* over the peak of *chip*, None if there was no bench.

    For narrow formats it is the rate at 16 bits, as for their prior.
    """
    for name in ("bf16", "fp16") if precision in NARROW_PRECISIONS else (precision,):
        reached, peak = server.value(f"gemm_{name}_flop_per_s"), chip.value(f"peak_{name}_flop_per_s")
        if reached is not None and peak is not None:
            return reached / peak
    return None


def speed_up_of(chip: Product, precision: str) -> float:
    """Return the peak of *chip* at *precision* over that at 16 bits, 1 if either is unknown."""
    wide, peak = chip.peak_16_bit_flop_per_s, chip.value(f"peak_{precision}_flop_per_s")
    return peak / wide if peak is not None and wide is not None else 1.0


def power_facts(subject: Subject, database: Database) -> PowerFacts:
    """Return the power of accelerator, host and network; warn if no power is known.

    Raises:
        DatabaseError: a prior is missing.
    """
    chip, server = subject.accelerator, subject.server
    capped = server.facts.get("accelerator_power_w") if server is not None else None
    board, idle = capped or chip.facts.get("board_power_w"), chip.facts.get("idle_power_w")
    if board is None:
        return PowerFacts(warnings=(f"no power of {chip.name} is known: give board_power_w in a file of your own (carbon db path)",))
    of_idle = "idle power as a share of the power cap"
    return PowerFacts(
        board_power_w=given("board_power_w", board.value, "W", f"power cap of {chip.name}{f' in {subject.hardware.name}' if capped else ''}", board),
        idle_share=from_prior(database, "idle_share", "*", "", of_idle)
        if idle is None
        else given("idle_share", idle.value / board.value, "", f"idle power of {chip.name}", idle),
        power_share=_power_share(chip, board, database),
        power_reference_mfu=_reference_mfu(subject, database),
        power_exponent=from_prior(database, "power_exponent", _law(chip, "power_exponent", database), "", "how fast the power rises with utilisation"),
        max_power_w=_max_power(subject, board, database),
        host_share=from_prior(database, "host_share", "*", "", "mean power of the rest of the server as a share of its nameplate", spread="host"),
        network_share=_network_share(subject, database),
    )


def _network_share(subject: Subject, database: Database) -> Given:
    """Return the power of the switches between servers as a share of the servers' power: none in one machine."""
    if subject.is_one_machine:
        return Given("network_share", 0.0, "", "one machine: no switches between servers", assumed=True)
    return from_prior(database, "network_share", "*", "", "switches between servers, as a share of the servers' power", spread="network")


def is_card(chip: Product) -> bool:
    """Say whether *chip* is a card with graphics memory, of which few are in data centres."""
    return chip.type == "gpu" and chip.segment in CARD_SEGMENTS


def power_scope(chip: Product) -> str:
    """Return the scope of the law of power that *chip* follows; empty for that of its generation.

    Cards with graphics memory take more of their power cap than accelerators of data centres do at the same utilisation, and the power of processors
    and of chips whose power is that of a whole computer hardly follows it.
    """
    if chip.type in ("cpu", "soc"):
        return f"type={chip.type}"
    return f"segment={chip.segment}" if is_card(chip) else ""


def _law(chip: Product, name: str, database: Database) -> str:
    """Return the scope of the prior *name* of the law that *chip* follows; cards of all segments share it."""
    scope = power_scope(chip)
    scope = "segment=*" if scope.startswith("segment=") else scope
    return scope if scope and prior(database, name, scope) else "*"


def _power_share(chip: Product, board: Fact, database: Database) -> Given:
    """Return the mean power as a share of the cap; a cap that is known as a range widens it.

    The range of an assumed cap of a processor is that of all processors, so it widens it as that of a measured one does.
    """
    scopes = (power_scope(chip), f"generation={chip.generation}", "generation=*")
    scope = next((scope for scope in scopes if scope and prior(database, "power_share", scope)), scopes[-1])
    found = prior(database, "power_share", scope)
    is_measured = found is None or found.row["kind"] != "assumed"
    reason = f"mean power as a share of {_cap_of(chip)}{', from measured runs' if is_measured else ''}"
    share = from_prior(database, "power_share", scope, "", reason, spread="power")
    if board.low is None or board.high is None or board.low == board.high:
        return share
    wider = share.value * Uncertain(1.0, {"power_cap": math.log(board.high / board.low) / (2.0 * Z_90)})
    return share._replace(value=wider, reason=f"{share.reason}, as well as that cap is known")


def _cap_of(chip: Product) -> str:
    """Return what the power cap of *chip* is."""
    return {"cpu": "the thermal design power", "soc": "the most that the whole computer takes"}.get(chip.type, "the power cap")


def _reference_mfu(subject: Subject, database: Database) -> Given:
    """Return the utilisation from which on the power share holds: an accelerator as busy with a narrower format has a lower one."""
    scope = _law(subject.accelerator, "power_reference_mfu", database)
    reference = from_prior(database, "power_reference_mfu", scope, "", "utilisation from which on the power share holds")
    narrow = prior(database, "mfu_narrow_share", "*")
    precision = used_precision(subject.accelerator, subject.question.precision)
    speed_up = speed_up_of(subject.accelerator, precision) if precision is not None else 1.0
    if narrow is None or speed_up == 1.0:
        return reference
    mfu = narrowed_mfu(mfu=reference.value, speed_up=speed_up, narrow_share=narrow.value.median)
    return reference._replace(value=mfu, reason=f"{reference.reason}, at {speed_up:.3g} × the 16-bit peak")


def _max_power(subject: Subject, board: Fact, database: Database) -> Given | None:
    """Return the nameplate of the server, or one assumed from the power caps of its accelerators."""
    chip, server, count = subject.accelerator, subject.server, subject.accelerator_count
    nameplate = server.facts.get("max_power_w") if server is not None else None
    if nameplate is not None:
        rest_w = nameplate.value / count - board.value
        if rest_w > 0.0 or (rest_w == 0.0 and chip.type == "cpu"):  # a processor's power may be its machine's
            return given("max_power_w", nameplate.value, "W", f"nameplate of {subject.hardware.name}", nameplate)
    scopes = (f"generation={chip.generation}", f"type={chip.type}", "type=*")
    ratio = next((found for scope in scopes if (found := prior(database, "host_ratio", scope)) is not None), None)
    if ratio is None:
        return None
    of_chips = board.value * count
    nameplate_w = Uncertain(of_chips * ratio.value.median, {"host": ratio.value.sigma}) + of_chips
    why = "no nameplate known" if nameplate is None else "its nameplate is below the accelerators' own power caps"
    reason = f"{why}: servers of such accelerators have {1 + ratio.value.median:.2f} × their power caps"
    return given("max_power_w", nameplate_w, "W", reason, ratio.row, assumed=True)

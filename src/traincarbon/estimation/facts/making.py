"""The facts about making hardware: the emissions of an accelerator with its share of the server."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import Product, Row
from traincarbon.database.select import prior, sigma_of
from traincarbon.estimation.facts.evidence import Given, Part, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.estimation.links import EXPECTED_MAKING
from traincarbon.estimation.walk import walk
from traincarbon.formulas.making import REFERENCE_AREA_MM2, REFERENCE_POWER_W
from traincarbon.uncertain import Num, Uncertain


class EmbodiedFacts(Part):
    """The emissions of making one accelerator with its share of the server."""

    hardware_kgco2e: Given | None = None


def embodied_facts(subject: Subject, database: Database) -> EmbodiedFacts:
    """Return the emissions of making one accelerator with its share of the server.

    A figure of the whole server counts, else one of the accelerator and a share of the server, else one scaled from an H100.

    Raises:
        DatabaseError: the prior of their spread is missing.
    """
    hardware, chip = subject.hardware, subject.accelerator
    sigma = sigma_of(database, "hardware_kgco2e", "scope=*")
    whole = next((row for row in database.rows("embodied", hardware.id) if row["scope"] == "server"), None)
    if whole is not None:
        each = Uncertain(float(whole["kgco2e"]) / subject.accelerator_count, {"embodied": sigma})
        reason = f"making {hardware.name}, shared over its accelerators"
        return EmbodiedFacts(hardware_kgco2e=given("hardware_kgco2e", each, "kg CO2e", reason, whole))
    figures = [row for row in database.rows("embodied", chip.id) if row["scope"] == "accelerator"]
    values, row, how = _of_figures(figures, sigma) if figures else _scaled(chip, database)
    values |= _of_host(subject, database)
    derivation = tuple(walk(EXPECTED_MAKING, values))
    total = values["hardware_kgco2e"]
    if total is None or row is None:
        return EmbodiedFacts()
    made = given("hardware_kgco2e", total, "kg CO2e", f"making {chip.name} ({how}) and its share of a server", row, assumed=True)
    return EmbodiedFacts(hardware_kgco2e=made._replace(derivation=derivation))


def _of_figures(figures: list[Row], sigma: float) -> tuple[dict[str, Num | None], Row | None, str]:
    """Return the geometric mean of the *figures* of an accelerator, the first of them, and how many they are."""
    middle = math.exp(sum(math.log(float(row["kgco2e"])) for row in figures) / len(figures))
    return {"accelerator_kgco2e": Uncertain(middle, {"embodied": sigma})}, figures[0], f"{len(figures)} published value{'s' * (len(figures) > 1)}"


def _scaled(chip: Product, database: Database) -> tuple[dict[str, Num | None], Row | None, str]:
    """Return what the formula needs of *chip*, the row of the H100 that it is scaled from, and how; a processor is part of the host."""
    reference = prior(database, "reference_kgco2e", "*")
    memory, logic = prior(database, "making_share", "part=memory"), prior(database, "making_share", "part=logic")
    if reference is None or memory is None or logic is None:
        return {}, None, ""
    if chip.type in ("cpu", "soc"):
        return {"accelerator_kgco2e": 0.0}, reference.row, "a processor, part of its server"
    power, area, process = chip.value("board_power_w"), chip.value("die_area_mm2"), chip.value("process_nm")
    factor = prior(database, "area_factor", f"process_nm={process:g}") if process is not None else None
    if area is None and power is not None:
        area = REFERENCE_AREA_MM2 * power / REFERENCE_POWER_W
    values: dict[str, Num | None] = {
        "reference_kgco2e": Uncertain(reference.value.median, {"embodied": reference.value.sigma}),
        "memory_share": memory.value.median,
        "logic_share": logic.value.median,
        "memory_b": chip.value("memory_b"),
        "die_area_mm2": area,
        "area_factor": 1.0 if factor is None else factor.value.median,
        "board_power_w": power,
    }
    return values, reference.row, "scaled from an H100 by memory, dies and power"


def _of_host(subject: Subject, database: Database) -> dict[str, Num | None]:
    """Return what the share of the server needs: its memory, or the usual share where that is unknown."""
    per_gib, usual = prior(database, "host_kgco2e_per_gib", "*"), prior(database, "host_kgco2e", "*")
    memory = subject.server.value("memory_b") if subject.server is not None else None
    if memory is None or per_gib is None:
        return {"host_kgco2e": Uncertain(usual.value.median, {"embodied": usual.value.sigma}) if usual is not None else None}
    spread = Uncertain(per_gib.value.median, {"embodied": per_gib.value.sigma})
    return {"host_kgco2e_per_gib": spread, "host_memory_b": memory, "accelerator_count": subject.accelerator_count}

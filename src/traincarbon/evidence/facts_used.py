"""The facts of the database that the amounts of a run rest on, each with its source."""

from typing import Any

from traincarbon.database.find_counted import find_counted
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.gather import gather_for_run
from traincarbon.estimation.facts.question import Question, Subject
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import fields_with
from traincarbon.ledger.run import Run
from traincarbon.ledger.site import AMOUNTS, checked_site
from traincarbon.uncertain import Uncertain

_UNKNOWN = Product("", "accelerators", {"name": "this machine"}, (), {})


def facts_used(run: Run, database: Database) -> dict[str, Any]:
    """Return the facts about the hardware and the place of a run, with the bibliography of their sources.

    ``stated`` is what the record has of them, which differs where the database has changed since, or where the user stated a value.
    """
    site = checked_site(run.site) or {}
    known = known_facts(run, database)
    facts = [{**_fact(given), "stated": site.get(name) if name in AMOUNTS else None} for name, given in sorted(known.items())]
    bibliography = database.sources()
    keys = sorted({given.source for given in known.values()} & bibliography.keys())
    return {"facts": facts, "sources": {key: dict(bibliography[key]) for key in keys}}


def known_facts(run: Run, database: Database) -> dict[str, Given]:
    """Return what the database knows about the hardware and the place of a run, by name."""
    region = str((checked_site(run.site) or {}).get("region") or "") or None
    try:
        hardware = find_counted(database, run.hw)[0] if run.hw else _UNKNOWN
    except CarbonError:
        hardware = _UNKNOWN
    accelerator, count = hardware, 1.0
    if hardware.is_server:
        accelerator = database.product("accelerators", hardware.keys.get("accelerator", "")) or _UNKNOWN
        count = hardware.value("accelerator_count") or 1.0
    stated = {name: value for name, value in (run.plan or {}).items() if name in fields_with(Use.RUN) and name != "hw"}
    try:
        fields = Plan.from_dict({"hw": hardware.id or None, **stated, "region": region})
        place = None if region is None else find_place(database, region, provider=hardware.operator)
    except CarbonError:
        fields, place = Plan.from_dict({"hw": hardware.id or None}), None
    facts, _ = gather_for_run(Subject(Question.of(fields), hardware, accelerator, count, place), database)
    return dict(facts.known)


def _fact(given: Given) -> dict[str, Any]:
    value = given.value
    spread = {"sigma_ln": value.sigma} if isinstance(value, Uncertain) else {}
    median = value.median if isinstance(value, Uncertain) else value
    texts = {name: getattr(given, name) for name in ("unit", "reason", "source", "locator", "kind", "assumed")}
    return {"name": given.name, "value": median if isinstance(median, str) else float(median), **spread, **texts}

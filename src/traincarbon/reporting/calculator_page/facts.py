"""The facts that the calculator's page computes with: every accelerator and server to train on, every place, and the rents."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS, Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.evidence import Given, Part
from traincarbon.estimation.facts.facts import ATTRIBUTES
from traincarbon.estimation.facts.gather import answer
from traincarbon.estimation.facts.hardware import peak_facts, power_facts, used_precision
from traincarbon.estimation.facts.question import Question, subject_of
from traincarbon.estimation.facts.site import electricity_facts, facility_facts
from traincarbon.estimation.facts.utilisation import utilisation_facts
from traincarbon.estimation.links import CHAIN, MEMORY
from traincarbon.estimation.work import LORA_SHARE
from traincarbon.reporting.calculator_page.kept import Kept, Numbers
from traincarbon.reporting.calculator_page.rents import Rents, RentTable

KINDS = {"pretrain": "Training from scratch", "finetune": "Fine-tuning of all parameters", "lora": "Fine-tuning of adapters (LoRA)"}
"""The kinds of training that the page offers, and what it calls them."""
OF_PLACE = ("pue", "wue_l_per_kwh", "carbon_intensity", "grid_water_l_per_kwh", "electricity_price")
OF_PRECISION = ("peak_flop_per_s", "power_reference_mfu")
_NEITHER = ("mfu", "rent_price", "precision")
_SOURCES = {source for link in (*MEMORY, *CHAIN) for source in link.names}
OF_HARDWARE = tuple(name for name in ATTRIBUTES if name in _SOURCES and name not in (*OF_PLACE, *OF_PRECISION, *_NEITHER))
"""The facts that follow from the place, from the number format, and from the hardware alone; utilisation and rent follow from more."""

_NO_TRAINERS = ("cpu", "soc")
_AREAS = {"country": "Countries"}
_OTHER_AREAS = "States, provinces and grids"
ANYWHERE, ANYWHERE_NAME = "", "Not named: the range of grids"


class Mode(NamedTuple):
    """What a number format means for hardware: its facts, and for each kind of training, dense models first, the utilisation and the runs behind it."""

    facts: tuple[int, ...]
    mfu: tuple[int, ...]
    alike: tuple[int, ...]


class Hardware(NamedTuple):
    """Hardware as the page holds it."""

    id: str
    name: str
    group: str
    each: float
    facts: int
    rents: int
    usual: str
    modes: dict[str, int]


class Place(NamedTuple):
    """A place as the page holds it; its provider is empty where it is no cloud's region."""

    id: str
    name: str
    group: str
    provider: str
    facts: int


class PageFacts:
    """The facts of the page, each number and each row of them once.

    Args:
        database: Where they come from.
        progress: Called with the number of products done, and of all.
    """

    def __init__(self, database: Database, progress: Callable[[int, int], None] | None = None) -> None:
        self.database = database
        self.numbers = Numbers()
        self.rent_table = RentTable(database, self.numbers)
        self.rows: Kept[tuple[int, ...]] = Kept()
        self.modes: Kept[Mode] = Kept()
        self.rents: Kept[Rents] = Kept()
        products = list(_products(database))
        self.hardware: list[Hardware] = []
        for done, (product, chip) in enumerate(products):
            if progress is not None:
                progress(done, len(products))
            self.hardware.append(self._hardware(product, chip))
        self.places = list(self._places())

    @cached_property
    def data(self) -> dict[str, object]:
        """The facts as the page's script reads them."""
        return {
            "names": {"hardware": OF_HARDWARE, "precision": OF_PRECISION, "place": OF_PLACE},
            "kinds": list(KINDS),
            "adapter_share": LORA_SHARE,
            "hardware": self.hardware,
            "places": self.places,
            "spreads": self.numbers.spreads.values,
            "pool": self.numbers.pool.values,
            "rows": self.rows.values,
            "modes": self.modes.values,
            "rents": self.rents.values,
        }

    def _hardware(self, product: Product, chip: Product) -> Hardware:
        known = answer(Question(hw=product.id), self.database)
        modes = {name: self._mode(product, name) for name in PRECISIONS if f"peak_{name}_flop_per_s" in chip.facts}
        return Hardware(
            product.id,
            product.name,
            "Servers" if product.is_server else chip.keys.get("vendor", ""),
            known.accelerator_count,
            self.rows.place(self._numbers(OF_HARDWARE, known)),
            self.rents.place(self.rent_table.of(product)),
            used_precision(chip, None) or "",
            modes,
        )

    def _mode(self, product: Product, precision: str) -> int:
        """Return the place of a number format of *product*."""
        subject = subject_of(Question(hw=product.id, precision=precision), self.database)
        mfu: list[int] = []
        alike: list[int] = []
        for kind in KINDS:
            for is_moe in (False, True):
                question = Question(hw=product.id, precision=precision, kind=kind, is_moe=is_moe)
                found = utilisation_facts(subject_of(question, self.database), self.database)
                mfu.append(self.numbers.place(None if found.mfu is None else found.mfu.value))
                alike.append(0 if found.support is None else found.support.alike)
        facts = self._numbers(OF_PRECISION, peak_facts(subject, self.database), power_facts(subject, self.database))
        return self.modes.place(Mode(facts, tuple(mfu), tuple(alike)))

    def _numbers(self, names: tuple[str, ...], *parts: Part) -> tuple[int, ...]:
        """Return the places of the values of the facts *names*, which stand in one of the *parts*."""
        known = {name: given.value for part in parts for name, given in part.stated().items() if isinstance(given, Given)}
        return tuple(self.numbers.place(known.get(name)) for name in names)

    def _places(self) -> Iterator[Place]:
        """Yield every place whose carbon intensity is known; first none at all, then countries, other areas and the regions of each provider."""
        yield Place(ANYWHERE, ANYWHERE_NAME, "", "", self._place(None))
        zones = sorted(self.database.all_rows("zones"), key=lambda row: (row["type"] not in _AREAS, row["name"]))
        regions = sorted(self.database.all_rows("regions"), key=lambda row: (row["provider"], row["name"]))
        named = [
            *((row["zone"], row["name"], _AREAS.get(row["type"], _OTHER_AREAS), "") for row in zones),
            *((row["region"], f"{row['location']} ({row['region']})", row["provider"], row["provider"]) for row in regions),
        ]
        for id, name, group, provider in named:
            try:
                row = self._place(id)
            except CarbonError:
                continue  # no intensity of the place is known, so that an estimate refuses it too
            yield Place(id, name, group, provider, row)

    def _place(self, region: str | None) -> int:
        """Return the row of a place, which is the same for all hardware that is not a cloud's."""
        subject = subject_of(Question(hw=self.hardware[0].id, region=region), self.database)
        return self.rows.place(self._numbers(OF_PLACE, facility_facts(subject, self.database), electricity_facts(subject, self.database)))


def _products(database: Database) -> Iterator[tuple[Product, Product]]:
    """Yield every accelerator made for training or graphics whose peak rate is known, and every server of them that is not a cloud's."""
    for product in (*database.products("accelerators"), *database.products("servers")):
        chip = database.product("accelerators", product.keys.get("accelerator", "")) if product.is_server else product
        if chip is not None and chip.type not in _NO_TRAINERS and not (product.is_server and product.is_cloud) and used_precision(chip, None) is not None:
            yield product, chip

"""The facts of every combination of hardware, place, year, rental terms and number format that a reader can choose, each number once."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate, may_be_calibrated, with_calibration
from traincarbon.estimation.complete import completed
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.facts.gather import answer as facts_of
from traincarbon.estimation.facts.prices import kept_rent
from traincarbon.estimation.facts.question import Question, subject_of
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.plan_variants import Option, varied_plan
from traincarbon.uncertain import Uncertain, median_of

OF_HARDWARE = (
    "peak_flop_per_s",
    "mfu",
    "mfu_ample_params",
    "mfu_thin_exponent",
    "mfu_sparse_exponent",
    "mfu_ample_image_s",
    "mfu_light_exponent",
    "mfu_calibration",
    "board_power_w",
    "power_share",
    "power_reference_mfu",
    "power_exponent",
    "idle_share",
    "power_calibration",
    "max_power_w",
    "host_share",
    "host_calibration",
    "network_share",
    "hardware_kgco2e",
    "service_life",
    "utilisation",
    "purchase_price",
    "interconnect_share",
    "value_retained",
    "spares_share",
    "capital_share",
    "disposal_share",
)
OF_PLACE = (
    *("pue", "wue_l_per_kwh", "carbon_intensity", "grid_water_l_per_kwh", "electricity_price", "rent_price"),
    *("support_share", "staff_share", "colocation_price"),
)
INPUTS = OF_HARDWARE + OF_PLACE
"""What the chain takes from the facts, in the order in which the page holds it: in two groups, as places change few of them."""
OF_PRECISION = ("peak_flop_per_s", "mfu", "mfu_ample_params", "mfu_thin_exponent", "power_reference_mfu")
"""What of them depends on the number format; neither place nor year changes these."""
_RENT = "rent_price"


class Choices(NamedTuple):
    """What a reader can choose from; the first of each is the plan's own."""

    hardware: list[Option]
    places: list[Option]
    starts: list[Option]
    rents: list[Option]
    precisions: list[Option]


class _Pool:
    """Numbers and rows of numbers, each kept once under its place."""

    def __init__(self) -> None:
        self.numbers: list[Any] = []
        self._at: dict[str, int] = {}
        self.rows: dict[tuple[int, ...], int] = {}

    def number(self, given: Given | None) -> int:
        """Return the place of a fact, -1 where it is unknown."""
        if given is None:
            return -1
        pair = as_pair(given.value)
        key = repr(pair)
        if key not in self._at:
            self._at[key] = len(self.numbers)
            self.numbers.append(pair)
        return self._at[key]

    def row(self, numbers: Iterator[int]) -> int:
        """Return the place of a row of places."""
        return self.rows.setdefault(tuple(numbers), len(self.rows))


def facts_data(answer: Estimate, database: Database, choices: Choices) -> tuple[dict[str, Any], Choices]:
    """Return the facts as the page holds them, and the choices that are left: number formats that some hardware has, and none where runs calibrate the plan.

    ``settings`` has the rows of a combination of hardware, place and year by their numbers: its facts of hardware, its facts of the place,
    and its rent by rental terms. ``precise`` has what a number format changes on hardware.
    """
    own = Question.of(completed(varied_plan(answer), database).plan)
    is_fixed = may_be_calibrated(answer.plan)
    question = own if is_fixed else own._replace(precision=None)
    pool, settings = _Pool(), dict[str, list[int]]()
    for chip_at, chip in enumerate(choices.hardware):
        for place_at, place in enumerate(choices.places):
            for start_at, start in enumerate(choices.starts):
                asked = _asked(question, hw=chip.id, region=place.id, start=start.id)
                found = _facts(answer, database, asked)
                if found is not None:
                    rents = [found.given(_RENT), *_other_rents(asked, choices.rents[1:], database)]
                    settings[f"{chip_at}|{place_at}|{start_at}"] = [
                        pool.row(map(pool.number, map(found.given, OF_HARDWARE))),
                        pool.row(map(pool.number, map(found.given, OF_PLACE))),
                        pool.row(map(pool.number, rents)),
                    ]
    formats = [] if is_fixed else [own.precision or "", *(each.id for each in choices.precisions[1:])]
    precise = _precise(answer, database, question, choices.hardware, formats, pool)
    offered = {key.partition("|")[2] for key in precise}
    choices = choices._replace(precisions=[each for at, each in enumerate(choices.precisions) if at == 0 or each.id in offered])
    data = {
        "names": INPUTS,
        "hardware": [_counts(answer, database, chip, choices.precisions) for chip in choices.hardware],
        **{name: [each.id for each in getattr(choices, name)] for name in ("places", "starts")},
        "precisions": [each for at, each in enumerate(formats) if at == 0 or each in offered],
        "preciseNames": OF_PRECISION,
        "precise": precise,
        "pool": pool.numbers,
        "rows": list(pool.rows),
        "settings": settings,
    }
    return data, choices


def as_pair(value: Any) -> Any:
    """Return a number as its median, followed by its spreads where it has any."""
    if value is None:
        return None
    if isinstance(value, Uncertain):
        return [value.median, value.spreads] if value.spreads else [value.median]
    return [value]


def _precise(answer: Estimate, database: Database, question: Question, chips: Sequence[Option], formats: Sequence[str], pool: _Pool) -> dict[str, int]:
    """Return the row of what a number format changes, by hardware and format."""
    rows = {}
    for chip_at, chip in enumerate(chips):
        for precision in filter(None, formats):
            found = _facts(answer, database, _asked(question, hw=chip.id, precision=precision))
            if found is not None:
                rows[f"{chip_at}|{precision}"] = pool.row(map(pool.number, map(found.given, OF_PRECISION)))
    return rows


def _asked(question: Question, *, hw: str = "", region: str = "", start: str = "", rent: str = "", precision: str = "") -> Question:
    """Return the question with what is chosen; an empty choice is the plan's own."""
    return question._replace(
        hw=hw or question.hw,
        region=region or question.region,
        start=start or question.start,
        rent=rent or question.rent,
        precision=precision or question.precision,
    )


def _facts(answer: Estimate, database: Database, question: Question) -> Facts | None:
    """Return the facts of one combination, None if the hardware is not offered there or lacks the number format."""
    try:
        return with_calibration(answer.plan, facts_of(question, database), database, is_moe=question.is_moe)
    except CarbonError:
        return None


def _other_rents(question: Question, rents: Sequence[Option], database: Database) -> list[Given | None]:
    """Return the rent by other terms, None where no price is known."""
    subject = subject_of(question, database)
    return [kept_rent(subject._replace(question=_asked(question, rent=each.id)), database).price for each in rents]


def _counts(answer: Estimate, database: Database, chip: Option, precisions: Sequence[Option]) -> dict[str, Any]:
    """Return how many accelerators a unit of hardware has, how many hold the training, and what follows their number.

    Where the hardware lacks the number format of the plan, another one is taken: none of the three depends on it.
    """
    for precision in precisions:
        chosen = {name: value for name, value in (("hw", chip.id), ("precision", precision.id)) if value}
        try:
            found = estimate(varied_plan(answer, **chosen), database=database)
        except CarbonError:
            continue
        fewest = found.fewest_accelerators
        words = _counted(found.facts.hardware)
        return {"id": chip.id, "each": found.facts.accelerator_count, "least": None if fewest is None else float(median_of(fewest)), "words": words}
    return {"id": chip.id, "each": 1.0, "least": None, "words": ""}


def _counted(hardware: Product) -> str:
    """Return what follows a number of accelerators of *hardware*."""
    return f" {'accelerators of' if hardware.is_server else '×'} {hardware.name}"

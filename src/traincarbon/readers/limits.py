"""The power that hardware can draw: between its idle power and its cap, by the hardware database, with a stated slack."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from traincarbon.database.find_counted import find_counted
from traincarbon.database.load import Database, open_database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError

SLACK_ABOVE = 2.0
"""A mean power may be this many times the board power: laptops and makers of boards raise the limit."""
SLACK_ABOVE_PROCESSOR = 4.0
"""A processor's energy may be this many times its thermal design power: servers have two sockets or more, desktops draw twice the figure in turbo."""
SLACK_ABOVE_DESKTOP = 3.0
"""The same of a processor that only comes alone in its machine."""
SLACK_BELOW = 0.5
"""A mean power may be this share of the idle power of the database, as idle states differ between drivers."""
IDLE_SHARE = 0.01
"""Where no idle power is known, the least share of its cap that a powered accelerator draws: less than a third of the lowest measured one."""
MOST_NODE_W = 30_000.0
"""More than any server of today draws; whole racks are several servers."""
REST_OF_NODE_W = 5_000.0
"""More than processors, memory, disks and fans of a server with accelerators draw."""
LEAST_NODE_W = 1.0
"""Less than any machine that trains draws, the processor alone included."""

_SEVERAL_SOCKETS = ("xeon-", "epyc-")
_ONE_SOCKET = ("xeon-w-",)


class Limits(NamedTuple):
    """What one device draws on average at the least and at the most.

    Attributes:
        least_w: The least power. [W]
        most_w: The most power. [W]
        name: The hardware in the database, empty if it is unknown.
        number: How many the name of the hardware counts, None if it counts none.
    """

    least_w: float
    most_w: float
    name: str = ""
    number: int | None = None


def accelerator_limits(hw: str) -> Limits:
    """Return the limits of the accelerators that a record names, of several kinds those of the one with the least and of the one with the most.

    Example:
        >>> accelerator_limits("8 x NVIDIA A40")
        Limits(least_w=3.0, most_w=600.0, name='a40', number=8)
    """
    return _accelerators(open_database(), hw)


def processor_limits(cpu: str) -> Limits:
    """Return the limits of the processors of one machine. A process may use none of them, so the least is 0."""
    return _processors(open_database(), cpu)


@lru_cache(maxsize=1024)
def _accelerators(database: Database, hw: str) -> Limits:
    found = list(_named(database, hw))
    if not found:
        return Limits(LEAST_NODE_W, _most_of_any(database, "gpu") * SLACK_ABOVE)
    bounds = [(_idle_w(product), product.value("board_power_w") or _most_of_any(database, product.type)) for product, _ in found]
    numbers = {number for _, number in found}
    names = " + ".join(dict.fromkeys(product.id for product, _ in found))
    return Limits(min(low for low, _ in bounds), max(high for _, high in bounds) * SLACK_ABOVE, names, numbers.pop() if len(numbers) == 1 else None)


@lru_cache(maxsize=1024)
def _processors(database: Database, cpu: str) -> Limits:
    found = next((product for product, _ in _named(database, cpu) if product.type == "cpu"), None)
    power_w = found.value("board_power_w") if found else None
    if found is None or power_w is None:
        return Limits(0.0, _most_of_any(database, "cpu") * SLACK_ABOVE_PROCESSOR)
    several = found.id.startswith(_SEVERAL_SOCKETS) and not found.id.startswith(_ONE_SOCKET)
    return Limits(0.0, power_w * (SLACK_ABOVE_PROCESSOR if several else SLACK_ABOVE_DESKTOP), found.id)


def _named(database: Database, text: str) -> Iterator[tuple[Product, int | None]]:
    """Yield the chips that *text* names, several separated by plus signs, and the number of each."""
    for name in text.split(" + ") if text else ():
        try:
            product, counted = find_counted(database, name)
        except CarbonError:
            continue
        chip = product if product.folder == "accelerators" else database.product("accelerators", product.keys.get("accelerator", ""))
        if chip is not None:
            yield chip, int(counted.number) if counted.number and chip is product else None


def _idle_w(product: Product) -> float:
    """Return the least power of an accelerator, 0 for one within a chip with other parts: its sensor shows that part alone."""
    if product.type == "soc":
        return 0.0
    idle_w = product.value("idle_power_w")
    return idle_w * SLACK_BELOW if idle_w is not None else (product.value("board_power_w") or LEAST_NODE_W) * IDLE_SHARE


@lru_cache(maxsize=16)
def _most_of_any(database: Database, type: str) -> float:
    """Return the most that an accelerator of a *type* draws by the database, in watts."""
    powers_w = [product.value("board_power_w") or 0.0 for product in database.products("accelerators") if product.type == type]
    return max(powers_w, default=0.0) or MOST_NODE_W

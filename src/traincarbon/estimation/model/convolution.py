"""Convolutional networks that the database knows: parameters, and multiply-adds of one image."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.models import model_name
from traincarbon.estimation.families import SEPARABLE
from traincarbon.estimation.walk import Link
from traincarbon.formulas import sample_flop

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.database.records import Row

SCALED_GMAC = Link("gmac_per_sample", sample_flop.scaled_gmac, reference_gmac="reference_gmac", image_size="image_size", reference_size="reference_size")


class Convolution(NamedTuple):
    """A convolutional network.

    Attributes:
        id: Its id in ``convolutions.csv``.
        name: What people call it.
        params: Its parameters.
        image_size: Side of the images that the multiply-adds are published for. [px]
        gmac: Multiply-adds of the forward pass of one such image. [GMAC]
        family: Its family in a plan.
    """

    id: str
    name: str
    params: float
    image_size: float
    gmac: float
    family: str


def find_convolution(database: "Database", text: str) -> Convolution | None:
    """Return the network that *text* names in any usual spelling, None where there is none."""
    return database.remember(_convolutions, None).get(model_name(text.rpartition("/")[2]))


def _convolutions(database: "Database", _key: None) -> dict[str, Convolution]:
    return {model_name(row["convolution"]): _convolution(row) for row in database.all_rows("convolutions")}


def _convolution(row: "Row") -> Convolution:
    family = SEPARABLE if row["is_separable"] else "convolution"
    return Convolution(row["convolution"], row["name"], float(row["params"]), float(row["image_size"]), float(row["gmac"]), family)

"""Networks of images that the database knows by their multiply-adds of one image: convolutions, transformers with windows, CLIP, diffusion models."""

import re
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.models import model_name
from traincarbon.estimation.families import SEPARABLE
from traincarbon.estimation.walk import Link
from traincarbon.formulas import multiply_adds, sample_flop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from traincarbon.database.load import Database
    from traincarbon.database.records import Row

_WEIGHTS = re.compile(r"\.[a-z].*$")
"""The weights in a name of PyTorch Image Models, such as ``.ra_in1k``; what begins with a digit is a version or a size."""
_DATA = re.compile(r"-(?:laion|datacomp|commonpool)[a-z0-9-]*$")
"""What LAION's names have after the network: the data set, the samples seen and the batch."""
_ADDED = re.compile(r"^tf_|_bn$|_100$|_tf(?=_)|_224$")
"""What names of PyTorch Image Models have beside that of the network and its weights: a conversion, a width of 100 %, the usual image size."""
_REGNET = re.compile(r"(regnet[xy])_([0-9]{3,4})")
SCALED_GMAC = Link("gmac_per_sample", sample_flop.scaled_gmac, reference_gmac="reference_gmac", image_size="image_size", reference_size="reference_size")
GMAC_WITH_ATTENTION = Link(
    "gmac_per_sample",
    multiply_adds.gmac_with_attention,
    reference_gmac="reference_gmac",
    attention_gmac="attention_gmac",
    image_size="image_size",
    reference_size="reference_size",
)


class Convolution(NamedTuple):
    """A network of images.

    Attributes:
        id: Its id in ``convolutions.csv`` or ``image_networks.csv``.
        name: What people call it.
        params: Its parameters.
        image_size: Side of the images that the multiply-adds are published for. [px]
        gmac: Multiply-adds of the forward pass of one such image. [GMAC]
        family: Its family in a plan.
        attention_gmac: Those of full attention between the tokens of the image, 0 where it has none or they are unknown. [GMAC]
        text_gmac: Those of an encoder of text, 0 where it has none or they are unknown. [GMAC]
    """

    id: str
    name: str
    params: float
    image_size: float
    gmac: float
    family: str
    attention_gmac: float = 0.0
    text_gmac: float = 0.0

    @property
    def scaling(self) -> Link:
        """The link that computes its multiply-adds at another image size."""
        return GMAC_WITH_ATTENTION if self.attention_gmac else SCALED_GMAC


def find_convolution(database: "Database", text: str) -> Convolution | None:
    """Return the network that *text* names in any usual spelling, None where there is none."""
    known = database.remember(_convolutions, None)
    return next((known[name] for name in _spellings(text) if name in known), None)


def _spellings(text: str) -> "Iterator[str]":
    """Yield the names that *text* may be one of: whole, without its owner, without what libraries add for weights and conversions."""
    short = text.strip().rpartition("/")[2]
    plain = _ADDED.sub("", _DATA.sub("", _WEIGHTS.sub("", short.lower())))
    regnet = _REGNET.fullmatch(plain)
    yield model_name(text.strip().replace("/", "-"))
    yield model_name(short)
    yield model_name(plain)
    if regnet is not None:
        yield model_name(f"{regnet[1]}-{int(regnet[2]) / 10:g}gf")


def _convolutions(database: "Database", _key: None) -> dict[str, Convolution]:
    known = {model_name(row["convolution"]): _convolution(row) for row in database.all_rows("convolutions")}
    for row in database.all_rows("image_networks"):
        params, size, gmac = (float(row[column]) for column in ("params", "image_size", "gmac"))
        parts = (float(row[column] or 0.0) for column in ("attention_gmac", "text_gmac"))
        network = Convolution(row["image_network"], row["name"], params, size, gmac, row["family"], *parts)
        known |= {model_name(name.replace("/", "-")): network for name in (network.id, *row["aliases"].split())}
    return known


def _convolution(row: "Row") -> Convolution:
    family = SEPARABLE if row["is_separable"] else "convolution"
    return Convolution(row["convolution"], row["name"], float(row["params"]), float(row["image_size"]), float(row["gmac"]), family)

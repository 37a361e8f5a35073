"""Transformers that make images or video, and that the database knows by what each token passes through."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.models import model_name

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.database.records import Row
    from traincarbon.estimation.plan import Plan

_SIZE = ("params", "active_params", "layers", "hidden")
_SAMPLE = ("patch_size", "latent_factor", "text_tokens", "image_size", "frames", "frames_per_token")
_VARIANTS = frozenset(
    [
        *("diffusers", "community", "preview", "base", "turbo", "fast", "hf", "image", "ms", "i2v", "t2v", "t2i", "2507", "2508", "2509", "2511", "2512"),
        *("256", "512", "1024", "256x256", "512x512", "480p", "720p", "v0.1", "v1", "v1.0", "0.9.5", "0.9.7", "distilled", "dev"),
    ]
)
"""Words after the name of a network that leave its shape as it is: a task, a size of images, a release, the form of the weights."""


class DiffusionTransformer(NamedTuple):
    """A transformer that makes images or video.

    Attributes:
        id: Its id in ``diffusion_transformers.csv``.
        family: Its family in a plan.
        size: Its parameters, those that a token passes through, layers and width.
        sample: How a sample becomes tokens: image, patch, latent cells, frames, and text in the same sequence.
    """

    id: str
    family: str
    size: dict[str, float]
    sample: dict[str, float]

    def fields_for(self, plan: "Plan") -> dict[str, float | str]:
        """Return the fields of a plan that the network states: those of a sample where *plan* counts samples by it."""
        found: dict[str, float | str] = {"family": self.family, **self.size}
        is_counted = plan.samples is not None and plan.gmac_per_sample is None and plan.flop_per_sample is None and plan.seconds_per_sample is None
        return {**found, **self.sample} if is_counted else {name: found[name] for name in ("family", "params", "active_params")}


def find_diffusion_transformer(database: "Database", text: str) -> DiffusionTransformer | None:
    """Return the network that *text* names, such as ``black-forest-labs/FLUX.1-dev``, None where there is none."""
    known = database.remember(_networks, None)
    words = text.strip().rpartition("/")[2].lower().replace("_", "-").replace(" ", "-").split("-")
    while words:
        if (name := model_name("-".join(words))) in known:
            return known[name]
        if words[-1] not in _VARIANTS:
            return None
        words.pop()
    return None


def _networks(database: "Database", _key: None) -> dict[str, DiffusionTransformer]:
    known: dict[str, DiffusionTransformer] = {}
    for row in database.all_rows("diffusion_transformers"):
        network = DiffusionTransformer(row["diffusion_transformer"], row["family"], _numbers(row, _SIZE), _numbers(row, _SAMPLE))
        known |= {model_name(name): network for name in (network.id, *row["aliases"].split())}
    return known


def _numbers(row: "Row", columns: tuple[str, ...]) -> dict[str, float]:
    return {column: float(row[column]) for column in columns if row[column]}

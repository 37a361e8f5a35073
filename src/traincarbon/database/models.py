"""Find a model by what a person types: by id, by its name on Hugging Face, by alias, or as people write it."""

import re
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product, Row
from traincarbon.errors import AmbiguousError, NotFoundError

FOLDER = "models"
_LISTING = "carbon db list models"
_MOST_CANDIDATES = 6
_LONGEST = 80
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s_-]+(?=\d)")
_SEPARATORS = re.compile(r"[\s_-]+")
_OTHER_MODELS = (
    ("convolutions", "convolution"),
    ("image_networks", "image_network"),
    ("diffusion_transformers", "diffusion_transformer"),
    ("speech_encoders", "speech_encoder"),
    ("hybrids", "hybrid"),
)
"""Tables of models that are counted by sample or by their parameters alone, and the column of their ids."""
_TUNED = frozenset(("meta", "instruct", "chat", "hf", "it", "pt", "sft", "dpo", "text"))
"""Words that name a tuned or converted variant of a model, which has the same shape."""
_RELEASE = re.compile(r"base|deduped|v?0\.[0-9]|v1\.0|[0-9]{4}|[0-9]+k|preview|thinking")
"""Words that name a release of the same shape: a version, a date, a context."""


class CountedModel(NamedTuple):
    """A model of a table, which is counted by sample or by its parameters alone: a network of images, a diffusion transformer, a speech encoder, a hybrid."""

    id: str
    row: Row

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of it."""
        return tuple(self.row.get("aliases", "").split())


def counted_models(database: Database) -> list[CountedModel]:
    """Return the models that are counted by sample or by their parameters alone."""
    return [CountedModel(row[column], row) for table, column in _OTHER_MODELS for row in database.all_rows(table)]


def model_name(text: str) -> str:
    """Return *text* in the form in which names of models are compared: lower case, without separators except between two digits.

    A dot stays, since a model of 1.3e9 parameters is not one of 13e9.

    Example:
        >>> model_name("Llama 3 8B"), model_name("llama3-8b"), model_name("OPT-1.3B")
        ('llama3-8b', 'llama3-8b', 'opt1.3b')
    """
    joined = _BETWEEN_DIGITS.sub("~", text.strip().lower())
    return _SEPARATORS.sub("", joined).replace("~", "-")


def find_model(database: Database, text: str) -> Product:
    """Return the model that *text* names.

    Tuned variants, dates and versions of one shape are the same model: ``meta-llama/Meta-Llama-3-8B-Instruct`` is ``llama-3-8b``.

    Raises:
        AmbiguousError: *text* is the beginning of several names; the hint lists them.
        NotFoundError: no model has that name; the hint lists the nearest.
    """
    exact = database.product(FOLDER, text) if re.fullmatch(r"[a-z0-9.-]{1,80}", text) else None
    if exact is not None:
        return exact
    names = model_names(database)
    short = text.strip().rpartition("/")[2].removesuffix(".en")  # of Whisper, the English variant
    words = [word for word in _SEPARATORS.split(short.lower()) if word]
    plain = [word for word in words if word not in _TUNED]
    for candidate in (text, short, "-".join(plain), "-".join(word for word in plain if not _RELEASE.fullmatch(word))):
        id = names.get(model_name(candidate)) if candidate else None
        product = database.product(FOLDER, id) if id is not None else None
        if product is not None:
            return product
    raise _unknown(names | _other_names(database), text, model_name("-".join(plain)))


def model_names(database: Database) -> dict[str, str]:
    """Return every id and alias, as :func:`model_name` writes it, with the id of its model; whole files are not parsed."""
    return database.remember(_model_names, None)


def _model_names(database: Database, _key: None) -> dict[str, str]:
    from traincarbon.database.names import aliases_in

    names: dict[str, str] = {}
    for id in database.ids(FOLDER):
        names[model_name(id)] = id
        for _, text in database.raw(FOLDER, id):
            for alias in aliases_in(text):
                names.setdefault(model_name(alias), id)
    return names


def _other_names(database: Database) -> dict[str, str]:
    """Return the ids of networks of images, diffusion transformers, speech encoders and hybrids as names of models are compared; they are looked up where no model has the name."""
    return {model_name(model.id): model.id for model in counted_models(database)}


def _unknown(names: dict[str, str], text: str, wanted: str) -> NotFoundError:
    shown = repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    other = "or a config.json, or hub:ORG/NAME, or params"
    starting = sorted({id for name, id in names.items() if wanted and name.startswith(wanted)})
    if starting:
        listed = ", ".join(starting[:_MOST_CANDIDATES])
        rest = f" and {len(starting) - _MOST_CANDIDATES} more" if len(starting) > _MOST_CANDIDATES else ""
        what = "is not the whole name of a model" if len(starting) == 1 else "matches more than one model"
        return AmbiguousError(f"{shown} {what}", hint=f"one of {listed}{rest}; all: {_LISTING}")
    from traincarbon.suggestions import nearest

    close = list(dict.fromkeys(names[name] for name in nearest(wanted, names, most=_MOST_CANDIDATES)))
    hint = f"did you mean {' or '.join(close[:3])}? {other}" if close else f"{_LISTING} lists the known ones; {other}"
    return NotFoundError(f"no model {shown}", hint=hint)

"""Models that mix tokens in other ways than attention, and that the database knows by their parameters alone."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.models import model_name

if TYPE_CHECKING:
    from traincarbon.database.load import Database


class Hybrid(NamedTuple):
    """A language model of which not all layers are attention, and whose shape is not counted.

    Attributes:
        id: Its id in ``hybrids.csv``.
        params: Its parameters.
        active_params: Those that a token passes through, None where these are all.
    """

    id: str
    params: float
    active_params: float | None

    @property
    def fields(self) -> dict[str, float | str]:
        """The fields of a plan that the model states."""
        found: dict[str, float | str] = {"params": self.params, "family": "decoder"}
        return found if self.active_params is None else {**found, "active_params": self.active_params}


def find_hybrid(database: "Database", text: str) -> Hybrid | None:
    """Return the model that *text* names, such as ``Zyphra/Zamba2-7B-Instruct``, None where there is none."""
    known = database.remember(_hybrids, None)
    words = text.strip().rpartition("/")[2].replace("_", "-").replace(" ", "-").split("-")
    return next((known[name] for end in range(len(words), 0, -1) if (name := model_name("-".join(words[:end]))) in known), None)


def _hybrids(database: "Database", _key: None) -> dict[str, Hybrid]:
    rows = database.all_rows("hybrids")
    return {
        model_name(row["hybrid"]): Hybrid(row["hybrid"], float(row["params"]), float(row["active_params"]) if row["active_params"] else None) for row in rows
    }

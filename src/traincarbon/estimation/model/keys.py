"""The keys of a configuration, read with their types and bounds."""

from collections.abc import Mapping

from traincarbon.errors import PlanError
from traincarbon.formatting import shortened

_MOST = 100_000_000
"""No width, depth or vocabulary comes near this."""
HINT = "it must be the config.json of a model on Hugging Face, unchanged; or state params, layers, hidden and so on in the plan"
"""What to do about a configuration that cannot be read."""


class ConfigKeys:
    """The keys of a configuration, read with their types and bounds."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self.table = table
        self.where = where

    def with_defaults(self, defaults: Mapping[str, object]) -> "ConfigKeys":
        """Return the keys with *defaults* for those that are absent."""
        return ConfigKeys({**defaults, **{name: value for name, value in self.table.items() if value is not None}}, self.where)

    def count(self, *names: str, default: int | None = None, least: int = 1) -> int:
        """Return the whole number under the first of *names* that is there.

        Raises:
            PlanError: none is there and there is no default, or it is no whole number from *least* up.
        """
        for name in names:
            value = self.table.get(name)
            if value is None:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
                shown = shortened(repr(value), most=40)
                raise PlanError(f"{self.where}: {name} is {shown}", hint=f"it must be a whole number from {least} to {_MOST:,}")
            return value
        if default is None:
            raise PlanError(f"{self.where} has no {names[0]}", hint=HINT)
        return default

    def flag(self, *names: str, default: bool) -> bool:
        """Return the truth under the first of *names* that is there."""
        for name in names:
            value = self.table.get(name)
            if value is not None:
                if not isinstance(value, bool):
                    raise PlanError(f"{self.where}: {name} is {shortened(repr(value), most=40)}", hint="it must be true or false")
                return value
        return default

    def text(self, *names: str) -> str:
        """Return the text under the first of *names* that is there, else an empty one."""
        for name in names:
            value = self.table.get(name)
            if isinstance(value, str):
                return value
        return ""

    def part(self, name: str) -> "ConfigKeys":
        """Return the keys of the table under *name*, none where there is no table."""
        value = self.table.get(name)
        return ConfigKeys(value if isinstance(value, Mapping) else {}, f"{self.where}: {name}")

    def class_name(self) -> str:
        """Return the name of the class that the model is an instance of, empty if it is not stated."""
        classes = self.table.get("architectures")
        return classes[0] if isinstance(classes, list) and classes and isinstance(classes[0], str) else ""


def head_width(keys: ConfigKeys, hidden: int, heads: int) -> int:
    """Return the width of a head where it is that of the model over the heads.

    Raises:
        PlanError: it does not divide.
    """
    if hidden % heads:
        raise PlanError(f"{keys.where}: hidden_size {hidden} does not divide by {heads} attention heads", hint="is one of them wrong? or state head_dim")
    return hidden // heads

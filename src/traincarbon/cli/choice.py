"""An option that is one of a few words, with a suggestion for another word."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _ChoiceType = click.Choice[str]
else:  # it is generic from click 8.2 on
    _ChoiceType = click.Choice


class Choice(_ChoiceType):
    """One of a few words; another word that means one of them is answered with it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice that *value* is."""
        try:
            return str(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(self._refusal(str(value)), param, ctx)

    def _refusal(self, value: str) -> str:
        """Return what is wrong with *value*, with the choice that was probably meant; click's own message, which not all its versions let us add to."""
        from traincarbon.suggestions import choice_meant

        choices = [str(choice) for choice in self.choices]
        choice, why = choice_meant(value, choices)
        meaning = f" Did you mean {choice!r}?{f' {why}.' if why else ''}" if choice else ""
        return f"{value!r} is not one of {', '.join(map(repr, choices))}.{meaning}"

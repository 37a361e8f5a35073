"""Evaluate the text of an equation, so that the text that is shown can be checked against the code that computes.

The grammar is that of the texts: numbers, names, ``+ - × /``, ``^`` for powers, ``²``, parentheses and the functions min, max and clamp.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from traincarbon.errors import CarbonError
from traincarbon.uncertain import Num, clamp

Expression: TypeAlias = Callable[[Mapping[str, Num]], Num]

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([-+×/^²(),]))")
_FUNCTIONS: dict[str, Callable[..., Num]] = {"min": min, "max": max, "clamp": clamp}
_OPERATORS: dict[str, Callable[[Num, Num], Num]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "×": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: left**right,
}


def evaluate(text: str, values: Mapping[str, Num]) -> Num:
    """Return the value of an equation's *text* for the *values* of its names.

    Raises:
        CarbonError: the text is no equation, or a name has no value.

    Example:
        >>> evaluate("it_energy_kwh × pue", {"it_energy_kwh": 100.0, "pue": 1.5})
        150.0
    """
    try:
        return parse(text)(values)
    except KeyError as error:
        raise CarbonError(f"no value of {error.args[0]} for the equation {text!r}", hint="give every name that the equation has") from error


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Return the equation's *text* as a function of the values of its names.

    Raises:
        CarbonError: the text is no equation.
    """
    return _Parser(text).whole()


class _Parser:
    """Recursive descent: sums of products of powers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    def whole(self) -> Expression:
        found = self.sum()
        if self.tokens[self.at] != "":
            raise self.fault()
        return found

    def sum(self) -> Expression:
        return self.operations(("+", "-"), self.product)

    def product(self) -> Expression:
        return self.operations(("×", "/"), self.power)

    def operations(self, operators: tuple[str, ...], operand: Callable[[], Expression]) -> Expression:
        found = operand()
        while self.tokens[self.at] in operators:
            found = _combined(_OPERATORS[self.take()], found, operand())
        return found

    def power(self) -> Expression:
        base = self.atom()
        if self.tokens[self.at] == "²":
            self.take()
            return _combined(_OPERATORS["^"], base, lambda _: 2.0)
        if self.tokens[self.at] == "^":
            return _combined(_OPERATORS[self.take()], base, self.power())
        return base

    def atom(self) -> Expression:
        word = self.take()
        if word == "(":
            found = self.sum()
            self.expect(")")
            return found
        if "0" <= word[:1] <= "9":
            number = float(word)
            return lambda _: number
        if not word.isidentifier():
            raise self.fault()
        if self.tokens[self.at] != "(":
            return lambda values: values[word]
        return self.call(word)

    def call(self, name: str) -> Expression:
        if name not in _FUNCTIONS:
            raise self.fault()
        self.expect("(")
        arguments = [self.sum()]
        while self.tokens[self.at] == ",":
            self.take()
            arguments.append(self.sum())
        self.expect(")")
        function = _FUNCTIONS[name]
        return lambda values: function(*(argument(values) for argument in arguments))

    def take(self) -> str:
        word = self.tokens[self.at]
        self.at += 1
        return word

    def expect(self, word: str) -> None:
        if self.tokens[self.at] != word:
            raise self.fault()
        self.at += 1

    def fault(self) -> CarbonError:
        return CarbonError(f"{self.text!r} is not an equation", hint="it may hold numbers, names, + - × / ^ ², parentheses, min, max and clamp")


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        tokens.append(match[0].strip() if match else "?")
        at = match.end() if match else end
    return [*tokens, ""]


def _combined(operator: Callable[[Num, Num], Num], left: Expression, right: Expression) -> Expression:
    return lambda values: operator(left(values), right(values))

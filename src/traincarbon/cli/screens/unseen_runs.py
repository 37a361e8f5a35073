"""What runs that nobody fitted are expected to give, for the page of accuracy: the nested figures, the simple rule beside them, and the floor."""

from typing import TYPE_CHECKING

from traincarbon.published.runs_file import read_runs
from traincarbon.validation.baselines import MEAN
from traincarbon.validation.floor import floor_of
from traincarbon.validation.nested import nested

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.validation.accuracy import Backtest

_NESTED = (
    "With the form chosen without them too (for each organisation, the others choose among {forms} forms the one that predicts each of them best from the rest), "
    "{n} runs of language models have a median error of {median:.2f}, a mean of {mean:.2f}, a p90 of {p90:.2f} and a bias of {bias:+.2f}; {inside:.0f} % lie in the 90 % interval."
)
_CHOSEN = "The forms chosen, by the number of organisations: {chosen}."
_PAIRED = "Paired over {organisations} organisations, the mean error of language models is {size:.3f} ± {error:.3f} (standard error) {word} than that of the mean of their generation."
_FLOOR = (
    "No rule that knows what a plan states can do much better than a median of {median:.2f}: two organisations with the same chip, family, kind and size differ by that, "
    "in {pairs} pairs of runs."
)


def unseen_lines(tried: "Backtest", facts: "Database") -> list[str]:
    """Return paragraphs in Markdown, each with an empty line after it."""
    runs = read_runs()[0]
    found, paired, floor = nested(runs, facts), tried.paired(MEAN), floor_of(runs, facts)
    errors = found.errors
    lines = [
        _NESTED.format(
            forms=found.candidates,
            n=errors.n,
            median=errors.median_abs_ln,
            mean=errors.mean_abs_ln,
            p90=errors.p90_abs_ln,
            bias=round(errors.bias_ln, 2) + 0.0,
            inside=100.0 * (errors.coverage_90 or 0.0),
        ),
        _CHOSEN.format(chosen=", ".join(f"{name} ({count})" for name, count in sorted(found.chosen.items(), key=lambda each: -each[1]))),
    ]
    if paired is not None:
        word = "smaller" if paired.mean_ln < 0.0 else "larger"
        lines.append(_PAIRED.format(organisations=paired.organisations, size=abs(paired.mean_ln), error=paired.standard_error_ln, word=word))
    if floor is not None:
        lines.append(_FLOOR.format(median=floor.median_abs_ln, pairs=floor.pairs))
    return [part for line in lines for part in (line, "")]

"""Text for a paper: the paragraph in Markdown and LaTeX, the reference, and the answers to the checklist on compute."""

import re

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.words import attempts_words, energy_method, hardware_days, markdown_text, missing_words, shown, two_figures, wall_clock_days
from traincarbon.formatting import counted, listed

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "–": "--", "×": r"$\times$", "−": r"$-$", "≤": r"$\le$", "’": "'", "·": r"$\cdot$",
}  # fmt: skip


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``paper.md`` and ``paper.tex``; the TeX file compiles by itself and its paragraph can be copied."""
    paragraphs = [_paragraph(each) for each in disclosure.statements]
    answers = _answers(disclosure)
    markdown = [
        "## Compute, energy and emissions",
        "",
        *(line for text in paragraphs for line in (markdown_text(text), "")),
        "## Checklist: experiments compute resources",
        "",
    ]
    markdown += [f"- **{question}** {markdown_text(answer)}" for question, answer in answers]
    markdown += ["", "## Reference", "", "```bibtex", *_reference(disclosure), "```"]
    tex = [
        r"\documentclass{article}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage[utf8]{inputenc}",
        r"\begin{document}",
        r"\section*{Compute, energy and emissions}",
        *(f"{_tex(text)}\n" for text in paragraphs),
        r"\section*{Checklist: experiments compute resources}",
        r"\begin{itemize}",
        *(rf"\item \textbf{{{_tex(question)}}} {_tex(answer)}" for question, answer in answers),
        r"\end{itemize}",
        *(f"% {line}" for line in _reference(disclosure)),
        r"\end{document}",
    ]
    return {"paper.md": "\n".join(markdown) + "\n", "paper.tex": "\n".join(tex) + "\n"}


def _paragraph(statement: Statement) -> str:
    name = statement.model or statement.subject
    hardware = f"{statement.accelerators:,.10g} {statement.accelerator}" if statement.accelerators else statement.accelerator or "hardware that is not stated"
    flop, hours, duration = statement.compute.flop, statement.result("accelerator_hours_h"), statement.result("duration_s")
    amounts = [hardware_days(statement)] if hours is not None else []
    amounts += [f"{two_figures(flop.median)} FLOP"] if flop is not None else []
    time = "a time that is not known" if duration is None else f"{wall_clock_days(statement)} of wall-clock"
    verb = "is expected to take" if statement.is_estimate else "has taken so far" if statement.unfinished else "took"
    place = f" in {statement.place}" if statement.place else ""
    used = f"Training {name} {verb} {listed(amounts) or time} on {hardware}{place}{f' ({time})' if amounts else ''}."
    energy = f"The energy of the facility is {shown(statement.result('facility_energy_kwh'), 'kWh')}."
    basis = f", {statement.basis}" if statement.basis else ""
    carbon = (
        f"The emissions of the electricity are {shown(statement.result('operational_kgco2e'), 'kg CO2e')} (location-based{basis}),"
        f" those of making the hardware {shown(statement.result('embodied_kgco2e'), 'kg CO2e')}."
    )
    missing = f"Not known: {'; '.join(missing_words(statement.missing))}." if statement.missing else ""
    return " ".join(filter(None, (used, energy, carbon, energy_method(statement), attempts_words(statement), missing)))


def _answers(disclosure: Disclosure) -> list[tuple[str, str]]:
    """Return the answers to the questions of the NeurIPS checklist on compute."""
    workers = [
        f"{each.subject}: {counted(int(each.accelerators), 'accelerator') if each.accelerators else 'accelerators not stated'}, {each.accelerator or 'type not stated'}"
        for each in disclosure.statements
    ]
    runs = [f"{each.subject}: {hardware_days(each)}, {wall_clock_days(each)} of wall-clock" for each in disclosure.statements]
    failed = sum(each.failed_attempts for each in disclosure.statements)
    verb = "is" if failed == 1 else "are"
    rest = f"{counted(failed, 'attempt')} that ended early {verb} in these figures." if failed else "The record has no attempt that ended early."
    whole = "Experiments outside these runs are not in these figures; state them apart."
    return [
        ("Type of compute workers:", "; ".join(workers)),
        ("Compute of each run:", "; ".join(runs)),
        ("Total compute:", f"{two_figures(disclosure.flop.median)} FLOP" if disclosure.flop is not None else "not known"),
        ("More compute than reported, such as failed runs:", f"{'Nothing is measured yet. ' if disclosure.is_estimate else rest + ' '}{whole}"),
    ]


def _reference(disclosure: Disclosure) -> list[str]:
    return [
        "@software{traincarbon,",
        "  title = {traincarbon: what a training run costs in time, money, energy, carbon and water},",
        "  author = {{The traincarbon authors}},",
        f"  version = {{{disclosure.version}}},",
        f"  year = {{{disclosure.date[:4]}}},",
        "}",
    ]


def _tex(text: str) -> str:
    """Return text with the characters escaped that LaTeX reads; those outside Latin-1 that have no command are left out."""
    escaped = "".join(_SPECIAL.get(char, char) for char in text)
    return re.sub(r"[^\x20-\x7e\xa0-\xff]", "?", escaped)

"""What the author of a report adds to it: title, notes, approvers, logo and currency."""

import base64
import math
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.units import MEASURES, Measure, counted
from traincarbon.reading import open_input, read_limited
from traincarbon.reporting.currency import USD, Currency, parse_currency
from traincarbon.reporting.decision.amounts import DEFAULT_CONFIDENCE, confidence_of
from traincarbon.reporting.markup import EMPTY, Html, html, joined, name, paragraphs, text
from traincarbon.reporting.outline import Section, section
from traincarbon.toml import parse_toml

_MEDIA_TYPES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
"""The first bytes of a picture and its media type."""
_MOST_LOGO_B = 300_000
_MOST_APPROVERS = 12
_LONG_TITLE = 60
_MOST_NOTES = 220
"""Letters of the notes at the top of the page; longer ones are whole in a section of their own."""


class Header(NamedTuple):
    """What the author of a report states.

    Attributes:
        title: Its title.
        notes: Text above the results.
        approvers: Who signs.
        logo: A picture as a data URL.
        currency: The currency of all money.
        budget: What the training may cost, None where no budget is stated. [$]
        confidence: The chance with which the amount that is asked for is enough. [1]
        carbon_price: What a tonne of CO2e costs, None where no price is stated. [$/t]
        author: Who prepared the report.
        value: What the training is worth over its life, None where that is not stated. [$]
        requests: How many requests the model is to answer over its life, None where that is not stated.
    """

    title: str = ""
    notes: str = ""
    approvers: tuple[str, ...] = ()
    logo: str = ""
    currency: Currency = USD
    budget: float | None = None
    confidence: float = DEFAULT_CONFIDENCE
    carbon_price: float | None = None
    author: str = ""
    value: float | None = None
    requests: float | None = None


def read_header(
    file: str | None = None,
    *,
    title: str = "",
    notes: str = "",
    approvers: Sequence[str] = (),
    logo: str = "",
    currency: str = "",
    budget_usd: float | str | None = None,
    confidence: float | str | None = None,
    carbon_price_usd: float | str | None = None,
    author: str = "",
    value_usd: float | str | None = None,
    requests: float | str | None = None,
) -> Header:
    """Return the header that a TOML *file* and the options state; the options override the file.

    Raises:
        CarbonError: the file cannot be read or has an unknown key, the logo is not a picture or too large, the currency has no rate,
            or an amount, a number or the confidence is out of range.
    """
    stated = _settings(file) if file is not None else {}
    picture = logo or _text(stated, "logo")
    if picture and not logo and file is not None:
        picture = os.path.join(os.path.dirname(file), picture)
    rate = currency or _text(stated, "currency")
    named = list(approvers) or stated.get("approvers", [])
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise CarbonError(f"approvers is {str(named)[:60]!r}", hint='give a list of texts: approvers = ["Head of research", "Finance"]')
    if len(named) > _MOST_APPROVERS:
        raise CarbonError(f"{len(named)} approvers are too many", hint=f"name at most {_MOST_APPROVERS}")
    budget = _positive("budget", budget_usd, stated, MEASURES["$"], hint="give what the training may cost in US dollars: 5e6")
    price = _number("carbon_price", carbon_price_usd if carbon_price_usd is not None else stated.get("carbon_price"), MEASURES["$"])
    if price is not None and not 0.0 <= price < math.inf:
        raise CarbonError(f"carbon_price is {price:g}", hint="give the US dollars that a tonne of CO2e costs: 100")
    share = _number("confidence", confidence if confidence is not None else stated.get("confidence"), MEASURES["share"])
    return Header(
        title=title or _text(stated, "title"),
        notes=notes or _text(stated, "notes"),
        approvers=tuple(named),
        logo=_picture(picture) if picture else "",
        currency=parse_currency(rate) if rate else USD,
        budget=budget,
        confidence=DEFAULT_CONFIDENCE if share is None else confidence_of(share),
        carbon_price=price,
        author=author or _text(stated, "author"),
        value=_positive("value", value_usd, stated, MEASURES["$"], hint="give what the training is worth in US dollars: 20e6"),
        requests=_positive("requests", requests, stated, counted("requests", "request"), hint="give how many requests the model answers over its life: 1e9"),
    )


def header_html(header: Header, title: str) -> Html:
    """Return the top of the page: logo, title and notes."""
    logo = html('<img class="logo" src="{}" alt="Logo">', text(header.logo, most=len(header.logo))) if header.logo else EMPTY
    notes = html('<div class="remark">{}</div>', paragraphs(header.notes, most=_MOST_NOTES)) if header.notes else EMPTY
    rate = html("<p>{}</p>", text(header.currency.rate, most=300)) if header.currency.rate else EMPTY
    return html("<header>{}<h1>{}</h1>{}{}</header>", logo, name(title), notes, rate)


def notes_section(header: Header) -> Section | None:
    """Return the notes as a section, None where the top of the page has them whole."""
    return section("notes", text("Notes"), paragraphs(header.notes)) if len(header.notes) > _MOST_NOTES else None


def is_long(header: Header) -> bool:
    """Say whether the top of the page and the signatures take much of the first sheet."""
    return bool(header.notes or header.logo) or len(header.title) > _LONG_TITLE or len(header.approvers) > 1


def approval_section(header: Header) -> Section | None:
    """Return a field for each approver to sign, None where there are no approvers."""
    if not header.approvers:
        return None
    lines = joined(
        html('<li><span class="who">{}</span><span class="line">Decision</span><span class="line">Signature and date</span></li>', name(approver))
        for approver in header.approvers
    )
    return section("approval", text("Approval"), html('<ul class="approval">{}</ul>', lines))


def _settings(file: str) -> Mapping[str, object]:
    try:
        stated = parse_toml(read_limited(file).decode("utf-8-sig"))
    except OSError as error:
        raise CarbonError(
            f"cannot read {file!r}: {error.strerror or error}",
            hint=f"give a TOML file with {', '.join(Header._fields)}",
        ) from error
    except ValueError as error:
        raise CarbonError(f"{file!r} is not TOML: {error}", hint='write lines such as: title = "Training of 2027"') from error
    unknown = sorted(stated.keys() - set(Header._fields))
    if unknown:
        raise CarbonError(f"unknown key {unknown[0]!r} in {file!r}", hint=f"known keys: {', '.join(Header._fields)}")
    return stated


def _text(stated: Mapping[str, object], key: str) -> str:
    value = stated.get(key, "")
    if not isinstance(value, str):
        raise CarbonError(f"{key} is {str(value)[:60]!r}", hint=f'put it in quotes: {key} = "…"')
    return value


def _positive(key: str, option: float | str | None, stated: Mapping[str, object], measure: Measure, *, hint: str) -> float | None:
    """Return what an option or else the file states, None where neither does.

    Raises:
        CarbonError: it is not a positive number.
    """
    found = _number(key, option if option is not None else stated.get(key), measure)
    if found is not None and not 0.0 < found < math.inf:
        raise CarbonError(f"{key} is {found:g}", hint=hint)
    return found


def _number(key: str, stated: object, measure: Measure) -> float | None:
    """Return a number that is stated as one or as text, None where it is not stated."""
    if stated is None or (isinstance(stated, (int, float)) and not isinstance(stated, bool)):
        return None if stated is None else float(stated)
    if not isinstance(stated, str):
        raise CarbonError(f"{key} is {str(stated)[:60]!r}", hint=f"write a number: {key} = 80")
    try:
        return parse_quantity(stated, measure)
    except CarbonError as error:
        raise CarbonError(f"{key} is {stated[:60]!r}: {error}", hint=error.hint) from error


def _picture(file: str) -> str:
    try:
        with open_input(file) as stream:
            content = stream.read(_MOST_LOGO_B + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CarbonError(f"cannot read the logo {file!r}: {reason}", hint="give a PNG, JPEG, GIF, WebP or SVG file") from error
    if len(content) > _MOST_LOGO_B:
        raise CarbonError(f"the logo {file!r} is larger than {_MOST_LOGO_B // 1000} kB", hint="use a smaller picture: it is shown 64 pixels high")
    media_type = _media_type(content)
    if media_type is None:
        raise CarbonError(f"the logo {file!r} is not a picture that a page can show", hint="give a PNG, JPEG, GIF, WebP or SVG file")
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _media_type(content: bytes) -> str | None:
    """Return the media type of a picture, None of anything else; XML and RIFF files need not be pictures."""
    kind = next((kind for begin, kind in _MEDIA_TYPES.items() if content.lstrip().startswith(begin)), None)
    needed = {"image/svg+xml": b"<svg", "image/webp": b"WEBP"}.get(kind or "", b"")
    return kind if needed in content else None

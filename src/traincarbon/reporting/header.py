"""What stands around a report and only its author knows: title, notes, who approves, logo, currency."""

import base64
import os
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.reporting.currency import USD, Currency, parse_currency
from traincarbon.reporting.markup import name, paragraphs, text

_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
"""How a picture begins, and what it then is."""
_MOST_LOGO_B = 300_000
_MOST_APPROVERS = 12


class Header(NamedTuple):
    """What a report is called and says around its figures; *logo* is the address of a picture that holds the picture itself."""

    title: str = ""
    notes: str = ""
    approvers: tuple[str, ...] = ()
    logo: str = ""
    currency: Currency = USD


def read_header(file: str | None = None, *, title: str = "", notes: str = "", approvers: Sequence[str] = (), logo: str = "", currency: str = "") -> Header:
    """Return what a TOML *file*, if one is given, and the options state; the options win.

    Raises:
        CarbonError: the file cannot be read or has an unknown key, the logo is no picture or too large, or the currency has no rate.
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
    return Header(
        title=title or _text(stated, "title"),
        notes=notes or _text(stated, "notes"),
        approvers=tuple(named),
        logo=_picture(picture) if picture else "",
        currency=parse_currency(rate) if rate else USD,
    )


def header_html(header: Header, title: str) -> str:
    """Return the top of the page: logo, title and notes."""
    logo = f'<img class="logo" src="{header.logo}" alt="Logo">' if header.logo else ""
    notes = f'<div class="said">{paragraphs(header.notes)}</div>' if header.notes else ""
    rate = f"<p>{text(header.currency.said)}</p>" if header.currency.said else ""
    return f"<header>{logo}<h1>{name(title)}</h1>{notes}{rate}</header>"


def approval_html(header: Header) -> str:
    """Return the fields in which those who approve sign; nothing where there are none."""
    if not header.approvers:
        return ""
    lines = "".join(
        f'<li><span class="who">{name(each)}</span><span class="line">Decision</span><span class="line">Signature and date</span></li>'
        for each in header.approvers
    )
    return f'<section id="approval" aria-labelledby="approval-title"><h2 id="approval-title">Approval</h2><ul class="approval">{lines}</ul></section>'


def _settings(file: str) -> Mapping[str, Any]:
    try:
        with open(file, "rb") as stream:
            stated = tomllib.loads(stream.read().decode("utf-8-sig").replace("\r\n", "\n"))
    except OSError as error:
        raise CarbonError(f"cannot read {file!r}: {error.strerror or error}", hint="name a TOML file with title, notes, approvers, logo, currency") from error
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"{file!r} is not TOML: {error}", hint='a line is like: title = "Training of 2027"') from error
    unknown = sorted(stated.keys() - set(Header._fields))
    if unknown:
        raise CarbonError(f"unknown key {unknown[0]!r} in {file!r}", hint=f"known are {', '.join(Header._fields)}")
    return stated


def _text(stated: Mapping[str, Any], key: str) -> str:
    value = stated.get(key, "")
    if not isinstance(value, str):
        raise CarbonError(f"{key} is {str(value)[:60]!r}", hint=f'write it as text: {key} = "…"')
    return value


def _picture(file: str) -> str:
    try:
        with open(file, "rb") as stream:
            content = stream.read(_MOST_LOGO_B + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CarbonError(f"cannot read the logo {file!r}: {reason}", hint="name a PNG, JPEG, GIF, WebP or SVG file") from error
    if len(content) > _MOST_LOGO_B:
        raise CarbonError(f"the logo {file!r} is larger than {_MOST_LOGO_B // 1000} kB", hint="make it smaller: it is shown 64 pixels high")
    kind = _kind(content)
    if kind is None:
        raise CarbonError(f"the logo {file!r} is no picture that a page can show", hint="name a PNG, JPEG, GIF, WebP or SVG file")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _kind(content: bytes) -> str | None:
    """Return the media type of a picture, None of anything else; XML and RIFF hold other things too."""
    kind = next((kind for begin, kind in _KINDS.items() if content.lstrip().startswith(begin)), None)
    within = {"image/svg+xml": b"<svg", "image/webp": b"WEBP"}.get(kind or "", b"")
    return kind if within in content else None

"""Read bills in FOCUS, the FinOps Open Cost and Usage Specification 1.0 to 1.2, as CSV or Parquet; AWS, Microsoft, Google, Oracle and others write it.

The columns are those of the specification, https://focus.finops.org/focus-specification/.
EffectiveCost counts: what was paid in advance is in the usage that it paid for. Without that column, BilledCost does.
"""

import csv
import io
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import BinaryIO, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.readers.bills.charge import Charge
from traincarbon.readers.bills.currency import DOLLARS, Converter
from traincarbon.readers.content import CUT_OFF, encoding_of, is_cut_off, unpacked
from traincarbon.readers.formats import AUTO, FOCUS
from traincarbon.readers.table import header_of

REQUIRED = ("BilledCost", "ChargePeriodStart", "ChargePeriodEnd")
"""Columns by which a bill is recognised."""
PARQUET = b"PAR1"
_COSTS = (("EffectiveCost", "BillingCurrency"), ("PricingCurrencyEffectiveCost", "PricingCurrency"), ("BilledCost", "BillingCurrency"))
"""Columns with a cost and with its currency, the one that counts first; a cost in dollars counts before others."""
_KIND = ("ChargeCategory", "ChargeClass", "SkuId", "SkuPriceId", "SkuMeter", "PricingCategory", "ChargeDescription")
_ACCOUNT = ("ProviderName", "BillingAccountId", "SubAccountId", "BillingPeriodStart")
_SEPARATORS = re.compile(r"[/:]")
_NAMING_TAGS = ("name", "hostname", "host", "node", "nodename")
_PREFIXES = ("user:", "aws:", "label:", "labels/")
_MOST_FAULTS = 1000
_BEGINNING = 1 << 16


class Bill(NamedTuple):
    """What a file holds.

    Attributes:
        charges: Its charges in dollars.
        left_out: Lines that cannot be read, each with its place, and costs in currencies whose rate is not known.
        notes: What was converted to dollars, and how, and whether the end of the file is missing.
    """

    charges: list[Charge]
    left_out: list[str]
    notes: list[str]


def bill_of(file: str, format: str) -> Bill | None:
    """Return the charges of a file, None if it is no bill; its reader says why a file cannot be read.

    Args:
        file: The file.
        format: The format that the user states: ``auto`` or ``focus``.

    Raises:
        CarbonError: it is damaged.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    if format not in (AUTO, FOCUS) or not os.path.isfile(file):
        return None
    try:
        with unpacked(open(file, "rb"), os.path.basename(file)) as stream:
            if is_focus(stream):
                bill = read(stream)
                return bill._replace(notes=[*bill.notes, CUT_OFF]) if is_cut_off(stream) else bill
    except OSError:
        return None
    return None


def is_focus(stream: BinaryIO) -> bool:
    """Return whether a file is a bill in FOCUS; the stream is at its beginning afterwards."""
    beginning = stream.read(_BEGINNING)
    stream.seek(0)
    if beginning.startswith(PARQUET):
        return _is_focus_parquet(stream)
    return set(REQUIRED) <= set(header_of(beginning.decode(encoding_of(beginning), "replace")))


def read(stream: BinaryIO) -> Bill:
    """Return the charges of a bill.

    Raises:
        CarbonError: it lacks a column, or is not sound Parquet.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    beginning = stream.read(len(PARQUET))
    stream.seek(0)
    rows = _parquet_rows(stream) if beginning == PARQUET else _csv_rows(stream)
    bill = Bill([], [], [])
    converter = Converter()
    for number, row in rows:
        try:
            found = _charge(row, converter)
        except ValueError as error:
            if len(bill.left_out) < _MOST_FAULTS:
                bill.left_out.append(f"line {number}: {error}")
            continue
        if found is not None:
            bill.charges.append(found)
    bill.left_out.extend(converter.left_out())
    bill.notes.extend(converter.notes())
    return bill


def _charge(row: Mapping[str, object], converter: Converter) -> Charge | None:
    """Return the charge of a row in dollars, None for one that costs nothing or cannot be converted.

    Raises:
        ValueError: it states no cost, or no time.
    """
    stated = [(amount, _text(row, unit).upper() or DOLLARS) for column, unit in _COSTS if (amount := _amount(row, column)) is not None]
    if not stated:
        raise ValueError("it states no cost")
    amount, currency = next((each for each in stated if each[1] == DOLLARS), stated[0])
    if amount == 0.0:
        return None
    from_s, to_s = _time_s(row, "ChargePeriodStart"), _time_s(row, "ChargePeriodEnd")
    if to_s < from_s:
        raise ValueError("its period ends before it begins")
    usd = converter.usd(amount, currency, year=f"{datetime.fromtimestamp(from_s, UTC):%Y}")
    if usd is None:
        return None
    resource, tags = _text(row, "ResourceId"), _tags(row.get("Tags"))
    return Charge(
        usd=usd,
        from_s=from_s,
        to_s=to_s,
        account="/".join(_text(row, column) for column in _ACCOUNT),
        service=_text(row, "ServiceName") or _text(row, "ServiceCategory") or "?",
        resource=resource,
        names=_names(resource, _text(row, "ResourceName"), tags),
        tags=tags,
        kind="/".join(_text(row, column) for column in _KIND),
    )


def _names(resource: str, called: str, tags: Mapping[str, str]) -> tuple[str, ...]:
    last = _SEPARATORS.split(resource.rstrip("/"))[-1]
    tagged = (value for name, value in tags.items() if name.lower() in _NAMING_TAGS)
    return tuple(dict.fromkeys(name for name in (resource, last, called, *tagged) if name))


def _tags(stated: object) -> dict[str, str]:
    """Return the tags of a row: JSON in CSV, a map in Parquet."""
    if isinstance(stated, str):
        try:
            stated = json.loads(stated) if stated.strip() else {}
        except (ValueError, RecursionError):
            return {}
    if isinstance(stated, list):
        stated = {pair[0]: pair[1] for pair in stated if isinstance(pair, tuple | list) and len(pair) == 2}
    if not isinstance(stated, Mapping):
        return {}
    return {_plain(str(name)): str(value) for name, value in stated.items() if value not in (None, "")}


def _plain(tag: str) -> str:
    return next((tag.removeprefix(prefix) for prefix in _PREFIXES if tag.startswith(prefix)), tag)


def _text(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in ("null", "none") else text


def _amount(row: Mapping[str, object], column: str) -> float | None:
    text = _text(row, column)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        raise ValueError(f"column {column}: {text[:40]!r} is not a number") from None
    if not math.isfinite(found):
        raise ValueError(f"column {column}: {text[:40]!r} is not a number")
    return found


def _time_s(row: Mapping[str, object], column: str) -> float:
    value = row.get(column)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(_text(row, column))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"column {column}: {str(value)[:40]!r} is no date and time") from None


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, object]]]:
    encoding = encoding_of(stream.read(_BEGINNING))
    stream.seek(0)
    with io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="") as text:
        reader = csv.DictReader(text)
        lacking = [column for column in REQUIRED if column not in (reader.fieldnames or ())]
        if lacking:
            raise CarbonError(f"the bill lacks {', '.join(lacking)}", hint="export it in FOCUS 1.2 with all columns")
        for row in reader:
            yield reader.line_num, {name: value for name, value in row.items() if isinstance(name, str)}


def _parquet_rows(stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow, which is not installed", extra="parquet", otherwise="export the bill as CSV") from error
    try:
        file = parquet.ParquetFile(stream)
        names = file.schema_arrow.names
        wanted = [name for name in _wanted() if name in names]
        number = 0
        for batch in file.iter_batches(columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pa.ArrowException, OSError) as error:
        raise CarbonError(f"the bill is no sound Parquet: {str(error).splitlines()[0][:200]}", hint="is it cut off?") from error


def _is_focus_parquet(stream: BinaryIO) -> bool:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return False
    try:
        names = set(parquet.ParquetFile(stream).schema_arrow.names)
    except (pa.ArrowException, OSError):
        names = set()
    stream.seek(0)
    return set(REQUIRED) <= names


def _wanted() -> Iterable[str]:
    pairs = [column for pair in _COSTS for column in pair]
    return dict.fromkeys([*REQUIRED, *pairs, *_KIND, *_ACCOUNT, "ServiceName", "ServiceCategory", "ResourceId", "ResourceName", "Tags"])

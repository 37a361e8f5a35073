"""Results that landauer-gap's ``joules`` wrote with ``--json --out FILE``, as records of runs."""

import json
import zlib
from typing import Any, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.masking import mask
from traincarbon.ledger.record import RunRecord
from traincarbon.readers.reading import UNKNOWN_END, Reading, Told, exactly, moment, record_of

SCHEMA = "joules/1"

_LONGEST = 64 << 20
_PARTS = {"gpu": "gpu", "cpu": "cpu", "dram": "dram", "est": "cpu", "soc": "other"}
"""Its kinds of devices in our words. What it estimates is processor time; an Apple chip is processor and graphics in one."""
_US_DEFAULT_G_PER_KWH = 370
"""What it takes for the grid where nobody names one (its version 0.8): that is a default, not a fact about the run."""


def is_joules(beginning: str) -> bool:
    """Return whether a file that begins like this is a result of ``joules``."""
    return beginning.lstrip()[:1] in ("{", "[") and '"joules/1"' in beginning[:2000]


def read(stream: TextIO, told: Told) -> Reading:  # noqa: ARG001  every reader has this shape
    """Return the runs of a result, or of a list of results.

    Simulated results and other kinds than ``run``, such as benches of a model server, are left out. Of its cost nothing is taken, as
    the price is a default unless someone gave one; of its carbon, unless the intensity is its default.

    Raises:
        CarbonError: the file is no JSON, such as one that is cut off, or no result of ``joules``.
    """
    text = stream.read(_LONGEST)
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the file is not JSON: {error}", hint="is it cut off?") from error
    results = stated if isinstance(stated, list) else [stated]
    records, left_out, notes = [], [], []
    for place, result in enumerate(results, 1):
        where = f"result {place}" if len(results) > 1 else "the result"
        if not isinstance(result, dict) or result.get("schema") != SCHEMA:
            raise CarbonError(f"{where} is none of joules: its schema is not {SCHEMA!r}", hint="write it with: joules run --json --out FILE -- COMMAND")
        try:
            record = _record(result)
        except (CarbonError, ValueError, OverflowError, TypeError, KeyError, AttributeError) as error:
            left_out.append(f"{where}: {_reason(error)}")
            continue
        records.append(record)
        if record.operational_kgco2e is None:
            notes.append(f"run {record.run_id!r}: its CO2e was not taken, as the intensity is the one that joules assumes where no grid is named")
    return Reading(records, left_out, notes)


def _record(result: dict[str, Any]) -> RunRecord:
    if result.get("kind") != "run":
        raise ValueError(f"it is of the kind {str(result.get('kind'))[:40]!r}, not a run")
    if result.get("simulated"):
        raise ValueError("it is simulated, not metered")
    devices = [device for device in result["devices"] if device["kind"] in _PARTS]
    gpus = [str(device["name"]) for device in devices if device["kind"] == "gpu"]
    totals = result["totals"]
    exit_code = result.get("exit_code")
    co2 = totals.get("co2") or {}
    known_grid = co2.get("g_per_kwh") not in (None, _US_DEFAULT_G_PER_KWH)
    began = moment(str(result["started_at"]), None)
    host = result.get("host") or {}
    return record_of(
        run_id=f"joules-{began:%Y%m%dT%H%M%S}-{zlib.crc32(json.dumps(result, sort_keys=True).encode()):08x}",
        state="finished" if exit_code == 0 else "failed" if exit_code is not None else UNKNOWN_END,
        began=began,
        duration_s=result["duration_s"],
        argv=mask([str(word) for word in result.get("command") or ()]),
        exit_code=exit_code,
        accelerators=len(gpus) or None,
        hw=" + ".join(dict.fromkeys(gpus)),
        energy_j=_energy(devices),
        missing={"": "joules had no sensor for it"},
        facility_energy_kwh=exactly(totals["facility_j"] / 3.6e6 if totals.get("pue", 1.0) > 1.0 else None),
        operational_kgco2e=exactly(co2["grams"] / 1e3 if known_grid else None),
        versions={"joules": str(result.get("tool", "")).removeprefix("joules "), "python": str(host.get("python", "")), "os": str(host.get("os", ""))},
    )


def _energy(devices: list[dict[str, Any]]) -> dict[str, tuple[float, str]]:
    found: dict[str, tuple[float, str]] = {}
    for device in devices:
        part = _PARTS[device["kind"]]
        energy_j, how = found.get(part, (0.0, "counter"))
        found[part] = (energy_j + float(device["energy_j"]), max(how, _how(device), key=("counter", "power", "modelled").index))
    return found


def _how(device: dict[str, Any]) -> str:
    method = str(device.get("method", "")).lower()
    return "modelled" if device["kind"] == "est" or "estimate" in method else "counter" if "counter" in method else "power"


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)

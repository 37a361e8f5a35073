"""Import results of ``joules`` (landauer-gap), written with ``--json --out FILE``."""

import json
import zlib
from typing import Any, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.masking import mask
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, EnergySource, Part, least_sure
from traincarbon.readers.imported import UNKNOWN_END, Energies, Format, Imported, ImportOptions, exactly, moment, record_of

SCHEMA = "joules/1"

_LONGEST = 64 << 20
_PARTS = {"gpu": Part.GPU, "cpu": Part.CPU, "dram": Part.DRAM, "est": Part.CPU, "soc": Part.OTHER}
"""Its kinds of devices as our parts. Its estimates are of processor time; an Apple chip is processor and GPU in one."""
_US_DEFAULT_G_PER_KWH = 370
"""Its default intensity (version 0.8) if no grid is named, which is not a fact about the run."""


def is_joules(beginning: str) -> bool:
    """Return whether a file with this beginning is a result of ``joules``."""
    return beginning.lstrip()[:1] in ("{", "[") and '"joules/1"' in beginning[:2000]


def read(stream: TextIO, options: ImportOptions) -> Imported:  # noqa: ARG001  every reader has this shape
    """Return the runs of a result, or of a list of results.

    Simulated results and other kinds than ``run``, such as benches of a model server, are left out. Its cost is not used, as the
    price may be a default. Its carbon is used unless the intensity is the default.

    Raises:
        CarbonError: the file is not JSON, for example cut off, or not a result of ``joules``.
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
            raise CarbonError(f"{where} is not a result of joules: its schema is not {SCHEMA!r}", hint="write it with: joules run --json --out FILE -- COMMAND")
        try:
            record = _record(result)
        except (CarbonError, ValueError, OverflowError, TypeError, KeyError, AttributeError) as error:
            left_out.append(f"{where}: {_reason(error)}")
            continue
        records.append(record)
        if record.operational_kgco2e is None:
            notes.append(f"run {record.run_id!r}: its CO2e is left out, as joules assumed the intensity because no grid was named")
    return Imported(records, left_out, notes)


def _record(result: dict[str, Any]) -> Run:
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
        facility_energy_kwh=exactly(totals["facility_j"] / J_PER_KWH if totals.get("pue", 1.0) > 1.0 else None),
        operational_kgco2e=exactly(co2["grams"] / 1e3 if known_grid else None),
        versions={"joules": str(result.get("tool", "")).removeprefix("joules "), "python": str(host.get("python", "")), "os": str(host.get("os", ""))},
    )


def _energy(devices: list[dict[str, Any]]) -> Energies:
    found: dict[Part, tuple[float, EnergySource]] = {}
    for device in devices:
        part = _PARTS[device["kind"]]
        energy_j, how = found.get(part, (0.0, EnergySource.COUNTER))
        found[part] = (energy_j + float(device["energy_j"]), least_sure(how, _how(device)))
    return found


def _how(device: dict[str, Any]) -> EnergySource:
    method = str(device.get("method", "")).lower()
    if device["kind"] == "est" or "estimate" in method:
        return EnergySource.MODELLED
    return EnergySource.COUNTER if "counter" in method else EnergySource.POWER


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


FORMAT = Format(
    "joules",
    "JSON of landauer-gap: `joules run --json --out FILE`",
    "energy by part and its source, exit code, command, CO2e",
    "parameters, tokens; CO2e if no grid was named",
    "simulated results are left out, and so is CO2e if no grid was named; its cost is a default and is never used",
    is_joules,
    read,
)

"""Save and delete named calibrations."""

import os
import secrets
from contextlib import suppress

from traincarbon.database.load import calibrations_folder
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.calibration import SCHEMA, Calibration, file_of, names
from traincarbon.estimation.plan import toml_value


def to_toml(calibration: Calibration) -> str:
    """Return the TOML text that :func:`traincarbon.estimation.calibration.read` reads back."""
    lines = [
        "# Made by carbon calibrate; docs/calibration.md says what the numbers mean.",
        f"schema = {toml_value(SCHEMA)}",
        f"made = {toml_value(calibration.made)}",
        f"version = {toml_value(calibration.version)}",
        f"automatic = {'true' if calibration.automatic else 'false'}",
        f"why = {toml_value(calibration.why)}",
        f"notes = {toml_value(list(calibration.notes))}",
        "",
        "[runs]",
        f"count = {calibration.n_runs}",
        f"used = {toml_value(list(calibration.runs))}",
    ]
    for id, reason in calibration.set_aside:
        lines += ["", "[[runs.set_aside]]", f"id = {toml_value(id)}", f"reason = {toml_value(reason)}"]
    for quantity, errors in calibration.errors.items():
        lines += ["", f"[errors.{quantity}]", *(f"{name} = {round(value, 6)!r}" for name, value in errors.items())]
    for meter in calibration.meters:
        lines += ["", "[[meter]]", *(f"{name} = {toml_value(value)}" for name, value in meter.items())]
    for effect in calibration.effects:
        lines += ["", "[[effect]]", *(f"{name} = {toml_value(value)}" for name, value in effect._asdict().items())]
    return "\n".join([*lines, ""])


def save(calibration: Calibration, folder: str | None = None) -> str:
    """Write *calibration* under its name, replacing an earlier one, and return the file.

    Raises:
        CarbonError: the name is not possible, or the file cannot be written.
    """
    file = file_of(calibration.name, folder)
    beside = os.path.join(os.path.dirname(file), f".{secrets.token_hex(8)}.part")
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(beside, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(to_toml(calibration))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, file)
    except OSError as error:
        raise CarbonError(f"cannot write {file!r}: {error.strerror or error}", hint="is the folder yours, and the disk not full?") from error
    finally:
        with suppress(OSError):
            os.unlink(beside)
    return file


def forget(name: str, folder: str | None = None) -> str:
    """Delete the calibration *name* and return its file.

    Raises:
        NotFoundError: there is none.
        CarbonError: it cannot be deleted.
    """
    file = file_of(name, folder)
    try:
        os.unlink(file)
    except FileNotFoundError:
        raise NotFoundError(f"no calibration {name!r}", hint=f"calibrations: {', '.join(names(folder)) or 'none'}") from None
    except OSError as error:
        raise CarbonError(f"cannot delete {file!r}: {error.strerror}", hint="is it yours?") from error
    return file


def as_dict(calibration: Calibration) -> dict[str, object]:
    """Return *calibration* fit for JSON."""
    return {
        "name": calibration.name,
        "made": calibration.made,
        "version": calibration.version,
        "automatic": calibration.automatic,
        "why": calibration.why,
        "runs": calibration.n_runs,
        "used": list(calibration.runs),
        "set_aside": [{"id": id, "reason": reason} for id, reason in calibration.set_aside],
        "errors": {quantity: dict(errors) for quantity, errors in calibration.errors.items()},
        "effects": [effect._asdict() for effect in calibration.effects],
        "meters": [dict(meter) for meter in calibration.meters],
        "notes": list(calibration.notes),
        "folder": calibrations_folder(),
    }

"""Save and delete named calibrations."""

import os

from traincarbon.database.load import calibrations_folder
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.calibration import SCHEMA, Calibration, file_of, names
from traincarbon.files import replace_file
from traincarbon.toml import to_toml


def text_of(calibration: Calibration) -> str:
    """Return the file that :func:`traincarbon.estimation.calibration.read` reads back."""
    set_aside = [{"id": id, "reason": reason} for id, reason in calibration.set_aside]
    table = {
        "schema": SCHEMA,
        "made": calibration.made,
        "version": calibration.version,
        "automatic": calibration.automatic,
        "why": calibration.why,
        "notes": calibration.notes,
        "runs": {"count": calibration.n_runs, "used": calibration.runs, **({"set_aside": set_aside} if set_aside else {})},
        "errors": {quantity: {name: round(value, 6) for name, value in errors.items()} for quantity, errors in calibration.errors.items()},
        "meter": calibration.meters,
        "software": dict(calibration.software),
        "rent": [rent._asdict() for rent in calibration.rents],
        "verdict": [verdict._asdict() for verdict in calibration.verdicts],
        "effect": [effect._asdict() for effect in calibration.effects],
    }
    stated = {name: value for name, value in table.items() if value or name not in ("errors", "meter", "effect", "software", "rent", "verdict")}
    return f"# Made by carbon calibrate; docs/calibration.md says what the numbers mean.\n{to_toml(stated)}"


def save(calibration: Calibration, folder: str | None = None) -> str:
    """Write *calibration* under its name, replacing an earlier one, and return the file.

    Raises:
        CarbonError: the name is not possible, or the file cannot be written.
    """
    file = file_of(calibration.name, folder)
    replace_file(file, text_of(calibration), hint="is the folder yours, and the disk not full?")
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
        "software": dict(calibration.software),
        "rents": [rent._asdict() for rent in calibration.rents],
        "verdicts": [verdict._asdict() for verdict in calibration.verdicts],
        "folder": calibrations_folder(),
    }

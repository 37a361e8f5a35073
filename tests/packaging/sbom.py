"""Write a bill of materials of traincarbon in CycloneDX 1.6: itself and all that a plain installation brings. Run it with ``make sbom``."""

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = "traincarbon"


def needed(name: str, found: dict[str, Distribution]) -> None:
    """Add the distribution *name* and what it requires here, without extras, to *found*."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return
    found[key] = distribution(name)
    for requirement in required(found[key]):
        needed(requirement, found)


def required(package: Distribution) -> list[str]:
    """Return the names of the distributions that *package* requires and that are installed; those of extras are left out."""
    names = [re.match(r"[\w.-]+", line) for line in package.requires or () if "extra ==" not in line]
    return [name[0] for name in names if name is not None and _is_installed(name[0])]


def component(package: Distribution) -> dict[str, object]:
    """Return the component of a distribution, with its licence as the distribution states it."""
    meta, key = package.metadata, re.sub(r"[-_.]+", "-", package.name).lower()
    expression, text = meta.get("License-Expression"), (meta.get("License") or "").split("\n")[0]
    classifier = next((each.rpartition(" :: ")[2] for each in meta.get_all("Classifier") or () if each.startswith("License ::")), "")
    licences = [{"expression": expression}] if expression else [{"license": {"name": text or classifier}}] if text or classifier else []
    reference = f"pkg:pypi/{key}@{package.version}"
    return {"type": "library", "bom-ref": reference, "name": package.name, "version": package.version, "purl": reference, "licenses": licences}


def main() -> None:
    """Write the bill into the file that is named."""
    found: dict[str, Distribution] = {}
    needed(ROOT, found)
    references = {key: f"pkg:pypi/{key}@{package.version}" for key, package in found.items()}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**component(found[ROOT]), "type": "application"}},
        "components": [component(package) for key, package in sorted(found.items()) if key != ROOT],
        "dependencies": [
            {"ref": references[key], "dependsOn": sorted(references[re.sub(r"[-_.]+", "-", name).lower()] for name in required(package))}
            for key, package in sorted(found.items())
        ],
    }
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:  # of another system
        return False
    return True


if __name__ == "__main__":
    main()

"""Write requirements.lock: the versions of constraints.txt with the SHA-256 of each wheel that Linux and macOS install. Run it with ``make lock``."""

import json
import os
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
KEPT = re.compile(
    r"-(?:py2\.py3|py3|cp311|cp312|cp313|cp3\d*-abi3)[\w.]*-\w+-(?:any|.*(?:manylinux|musllinux|macosx)\w*)\.whl$|-cp3\d+-abi3-.*(?:manylinux|musllinux|macosx).*\.whl$"
)
HEAD = "# Written by make lock from constraints.txt: pip installs nothing else than these files.\n"


def hashes(name: str, version: str) -> list[str]:
    """Return the SHA-256 of the wheels of a version, of its source if it has none that fits."""
    request = urllib.request.Request(f"{INDEX}/{re.sub(r'[-_.]+', '-', name).lower()}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    wanted = re.compile(rf"{re.sub(r'[-_.]+', '[-_.]+', name)}-{re.escape(version)}(?:-|\.tar\.gz$)", re.IGNORECASE)
    found = {file["filename"]: file["hashes"]["sha256"] for file in files if wanted.match(file["filename"])}
    wheels = [digest for file, digest in found.items() if KEPT.search(file)]
    return sorted(wheels or found.values())


def main() -> None:
    """Write the lock."""
    lines = [HEAD]
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            digests = hashes(name, version) or sys.exit(f"{line}: the index has no file of it")
            lines.append(" \\\n".join([line, *(f"    --hash=sha256:{digest}" for digest in digests)]) + "\n")
    (ROOT / "requirements.lock").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

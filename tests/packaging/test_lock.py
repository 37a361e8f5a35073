"""The lock has the versions of the constraints, each with hashes; the bill of materials has what a plain installation brings."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_lock_has_each_version_of_the_constraints_with_hashes() -> None:
    wanted = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    locked = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8"))[1:]
    assert [entry.split()[0] for entry in locked] == wanted, "run make lock"
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in locked)


def test_each_package_of_the_development_setup_has_what_it_needs() -> None:
    missing = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False).stdout
    assert {line for line in missing.splitlines() if "not installed" in line} <= {"axe-playwright-python 0.1.8 requires playwright, which is not installed."}


def test_the_bill_names_what_a_plain_installation_brings_and_who_needs_it(tmp_path) -> None:
    file = tmp_path / "dist" / "bill.json"
    subprocess.run([sys.executable, str(ROOT / "tests" / "packaging" / "sbom.py"), str(file)], check=True)
    bill = json.loads(file.read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "1.6", "traincarbon")
    names = {component["name"].lower() for component in bill["components"]}
    assert {"click", "rich", "nvidia-ml-py"} <= names
    assert not {"pytest", "pandas"} & names
    references = {component["bom-ref"] for component in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {each["ref"] for each in bill["dependencies"]} == references
    assert all(set(each["dependsOn"]) <= references for each in bill["dependencies"])

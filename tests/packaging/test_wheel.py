"""What ships: the package with its facts and types, its command, and nothing else."""

import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every file of a freshly built wheel, by its name; the folder of metadata is called ``info``."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return {
            "/".join("info" if part.endswith(".dist-info") else part for part in name.split("/")): archive.read(name).decode() for name in archive.namelist()
        }


def test_the_wheel_holds_the_whole_package(wheel: dict[str, str]) -> None:
    package = ROOT / "src" / "traincarbon"
    expected = {f"traincarbon/{file.relative_to(package).as_posix()}" for file in package.rglob("*.py")} | {"traincarbon/py.typed"}
    templates = {f"traincarbon/{file.relative_to(package).as_posix()}" for file in (package / "reporting" / "templates").iterdir()}
    assert len(templates) == 11
    assert expected | templates <= wheel.keys()


def test_the_wheel_holds_the_whole_hardware_database(wheel: dict[str, str]) -> None:
    facts = {f"traincarbon/{file.relative_to(ROOT).as_posix()}" for file in (ROOT / "hardware_db").rglob("*") if file.is_file()}
    assert {"traincarbon/hardware_db/priors.csv", "traincarbon/hardware_db/servers/dgx-a100.toml"} <= facts
    assert facts <= wheel.keys()


def test_the_wheel_holds_no_tests_and_nothing_beside_the_package(wheel: dict[str, str]) -> None:
    assert {name.split("/")[0] for name in wheel} == {"traincarbon", "info"}
    assert not [name for name in wheel if re.search(r"(^|/)tests?(/|_)|\.pyc$", name)]


def test_the_wheel_installs_the_command_under_its_own_name_and_that_of_the_package(wheel: dict[str, str]) -> None:
    scripts = wheel["info/entry_points.txt"].split("[console_scripts]")[1].split("[")[0].split("\n")
    assert sorted(filter(None, scripts)) == ["carbon = traincarbon.__main__:main", "traincarbon = traincarbon.__main__:main"]


def test_the_wheel_states_its_licence_and_its_needs(wheel: dict[str, str]) -> None:
    metadata = message_from_string(wheel["info/METADATA"])
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"info/licenses/LICENSE", "info/licenses/NOTICE"} <= wheel.keys()
    needs = metadata.get_all("Requires-Dist", [])
    plain = sorted(need.split(">")[0] for need in needs if "extra ==" not in need)
    assert plain == ["click", "numpy", "nvidia-ml-py", "psutil", "rich"]


def test_all_is_every_extra_that_is_not_a_framework(wheel: dict[str, str]) -> None:
    metadata = message_from_string(wheel["info/METADATA"])
    needs: dict[str, set[str]] = {extra: set() for extra in metadata.get_all("Provides-Extra", [])}
    for need in metadata.get_all("Requires-Dist", []):
        package, _, extra = need.partition("; extra == ")
        if extra:
            needs[extra.strip("'\"")].add(package)
    assert needs["all"] == set().union(*(packages for extra, packages in needs.items() if extra not in ("all", "torch")))
    assert needs["report"] == needs["plots"] == set()


def test_every_extra_that_a_message_names_exists(wheel: dict[str, str]) -> None:
    extras = set(message_from_string(wheel["info/METADATA"]).get_all("Provides-Extra", []))
    named = {extra for name, text in wheel.items() if name.endswith(".py") for extra in re.findall(r"\bextra=[\"'](\w+)[\"']", text)}
    assert {"frames"} <= named <= extras

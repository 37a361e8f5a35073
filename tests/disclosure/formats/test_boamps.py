"""The report has the fields of BoAmps, with the energy of the record."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.boamps import write

HOME = "https://raw.githubusercontent.com/Boavizta/BoAmps/main/model/"

SECTIONS = {"header", "task", "measures", "system", "software", "infrastructure", "environment", "quality"}


@pytest.fixture(scope="module")
def validator():
    """The official schemas, see the README beside them."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in Path(__file__).with_name("boamps_schemas").glob("*.json")}
    known = Registry().with_resources((HOME + name, Resource(contents=schema, specification=DRAFT4)) for name, schema in schemas.items())
    return Draft4Validator(schemas["report_schema.json"], registry=known)


SUBJECTS = {
    "run": {},
    "going": {"state": "running"},
    "owned": {"site": None},
    "processors": {"accelerators": None, "hw": ""},
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_it_is_valid_by_the_official_schema(subject, disclosed, of_run, validator):
    report = json.loads(write(disclosed(of_run(**SUBJECTS[subject]), provider="Acme"))["boamps.json"])
    assert list(validator.iter_errors(report)) == []
    assert list(validator.iter_errors({**report, "quality": "fine"})) != []


def test_a_plan_is_valid_too(disclosed, of_plan, validator):
    report = json.loads(write(disclosed(of_plan(servers=16, region="france", kind="lora", tokens=1e8)))["boamps.json"])
    assert list(validator.iter_errors(report)) == []


def test_figures_that_the_schema_demands_are_missing_rather_than_invented(disclosed, of_run, of_plan, validator):
    for statement, part in ((of_run(**{**UNKNOWN, "energy_j": {}}), "measures"), (of_plan(), "components")):
        report = json.loads(write(disclosed(statement))["boamps.json"])
        assert [error.path[-1] for error in validator.iter_errors(report)] == [part]
        assert report["header"]["reportStatus"] == "draft"


def test_the_fields_are_those_of_the_model(disclosed):
    report = json.loads(write(disclosed(provider="Acme"))["boamps.json"])
    assert set(report) == SECTIONS - {"system"}
    (measure,) = report["measures"]
    assert (measure["powerConsumption"], measure["measurementDuration"]) == (16.0, 7200.0)
    assert report["task"]["algorithms"][0]["parametersNumber"] == 1.0  # billions
    assert report["environment"] == {"country": "FR", "location": "Paris", "powerSourceCarbonIntensity": 50.0}
    assert report["infrastructure"]["components"] == [{"componentName": "NVIDIA A100 SXM4 80GB", "componentType": "gpu", "nbComponent": 16}]


@pytest.mark.parametrize(("low", "high", "quality"), [(15.0, 17.0, "high"), (13.0, 19.0, "medium"), (15.5, 24.0, "low"), (8.0, 16.5, "low")])
def test_the_quality_follows_how_far_the_energy_may_be_off(disclosed, of_run, low, high, quality):
    report = json.loads(write(disclosed(of_run(facility_energy_kwh={"low": low, "median": 16.0, "high": high})))["boamps.json"])
    assert report["quality"] == quality


def test_what_is_not_known_is_left_out_and_said(disclosed, of_run):
    report = json.loads(write(disclosed(of_run(**{**UNKNOWN, "energy_j": {}})))["boamps.json"])
    assert report["measures"] == []
    assert report["infrastructure"]["infraType"] == "other"
    assert "environment" not in report
    assert report["task"]["taskDescription"].startswith("not known: ")


def test_a_cloud_is_named_and_own_hardware_told_apart(disclosed, of_run):
    rented, owned = (json.loads(write(disclosed(statement))["boamps.json"])["infrastructure"] for statement in (of_run(), of_run(plan={"purchase_price": 1e5})))
    assert (rented["infraType"], rented["cloudProvider"]) == ("publicCloud", "AWS")
    assert (owned["infraType"], owned.get("cloudProvider")) == ("onPremise", None)


def test_several_runs_are_several_reports(disclosed, of_run):
    reports = json.loads(write(disclosed(of_run(), of_run(run_id="other")))["boamps.json"])
    assert len({report["header"]["reportId"] for report in reports}) == 2

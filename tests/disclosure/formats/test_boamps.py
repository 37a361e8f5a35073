"""The report has the fields of BoAmps, with the energy of the record."""

import json

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.boamps import write

SECTIONS = {"header", "task", "measures", "system", "software", "infrastructure", "environment", "quality"}


def test_the_fields_are_those_of_the_model(disclosed):
    report = json.loads(write(disclosed(provider="Acme"))["boamps.json"])
    assert set(report) == SECTIONS
    (measure,) = report["measures"]
    assert (measure["powerConsumption"], measure["measurementDuration"]) == (16.0, 7200.0)
    assert report["task"]["algorithms"][0]["parametersNumber"] == 1e9
    assert report["environment"] == {"country": "FR", "location": "Paris", "powerSourceCarbonIntensity": 50.0}
    assert report["infrastructure"]["components"] == [{"componentName": "NVIDIA A100 SXM4 80GB", "componentType": "gpu", "nbComponent": 16}]


@pytest.mark.parametrize(("gpu_j", "quality"), [(5.4e7, "high"), (3.6e7, "medium"), (3.6e6, "low")])
def test_the_quality_follows_the_share_that_was_measured(disclosed, of_run, gpu_j, quality):
    report = json.loads(write(disclosed(of_run(energy_j={"gpu": gpu_j}, how={"gpu": "counter"})))["boamps.json"])
    assert report["quality"] == quality


def test_what_is_not_known_is_left_out_and_said(disclosed, of_run):
    report = json.loads(write(disclosed(of_run(**{**UNKNOWN, "energy_j": {}})))["boamps.json"])
    assert "powerConsumption" not in report["measures"][0]
    assert report["task"]["taskDescription"].startswith("not known: ")


def test_several_runs_are_several_reports(disclosed, of_run):
    reports = json.loads(write(disclosed(of_run(), of_run(run_id="other")))["boamps.json"])
    assert len({report["header"]["reportId"] for report in reports}) == 2

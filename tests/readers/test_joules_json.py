"""Results of landauer-gap's joules."""

import json

import pytest

from imports import kept, read_kept, read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.joules_json import is_joules, read


def result(**changes):
    with open(kept("joules-run.json"), encoding="utf-8") as stream:
        return json.load(stream) | changes


def device(kind, energy_j, method, name="x"):
    return {"name": name, "kind": kind, "method": method, "energy_j": energy_j, "avg_w": 1.0, "peak_w": 1.0}


def test_a_real_result_gives_the_run_that_made_it():
    (record,), left_out, notes = read_kept("joules-run.json")
    assert (record.run_id[:23], record.started_at, record.duration_s) == ("joules-20261125T132714-", "2026-11-25T13:27:14.000000Z", 6.013540041999931)
    assert (record.argv, record.exit_code, record.state) == (("python", "loop.py", "6"), 0, "finished")
    assert record.energy_j == {"gpu": None, "cpu": 17.994129, "dram": None, "other": None}
    assert record.how == {"cpu": "modelled"}
    assert record.missing["gpu"] == "joules had no sensor for it"
    assert record.operational_kgco2e["median"] == pytest.approx(17.994129 / 3.6e6 * 0.380)
    assert (record.facility_energy_kwh, record.cost_usd, record.accelerators) == (None, None, None)
    assert record.versions["joules"] == "0.8.0"
    assert (left_out, notes) == ([], [])


def test_the_carbon_of_a_grid_that_nobody_named_is_not_taken_and_a_stated_pue_is():
    (record,), _, notes = read_kept("joules-default-grid.json")
    assert record.operational_kgco2e is None
    assert "because no grid was named" in notes[0]
    assert record.facility_energy_kwh["median"] == pytest.approx(17.9974728 / 3.6e6)


def test_what_was_simulated_is_no_run():
    records, left_out, _ = read_kept("joules-simulated.json")
    assert (records, left_out) == ([], ["the result: it is simulated, not metered"])


def test_devices_add_up_by_part_and_the_least_sure_way_counts():
    devices = [
        device("gpu", 10.0, "nvml counter", "GPU H100"),
        device("gpu", 20.0, "nvml power sampling", "GPU H100"),
        device("cpu", 5.0, "rapl counter"),
        device("cpu", 6.0, "rapl counter"),
        device("dram", 1.0, "rapl counter"),
        device("odd", 9.0, "?"),
    ]
    (record,), _, _ = read_text(read, json.dumps(result(devices=devices)))
    assert record.energy_j == {"gpu": 30.0, "cpu": 11.0, "dram": 1.0, "other": None}
    assert record.how == {"gpu": "power", "cpu": "counter", "dram": "counter"}
    assert (record.accelerators, record.hw) == (2, "GPU H100")


def test_the_same_result_is_the_same_run_and_another_is_another():
    def run_id(**changes):
        return read_text(read, json.dumps(result(**changes))).records[0].run_id

    assert run_id() == run_id()
    assert run_id(duration_s=7.0) != run_id()


def test_secrets_in_the_command_are_hidden():
    (record,), _, _ = read_text(read, json.dumps(result(command=["train.py", "--api-key", "s3cr3t", "/home/jane/x"])))
    assert record.argv == ("train.py", "--api-key", "***", "~/x")


@pytest.mark.parametrize(
    "changes", [{"kind": "bench"}, {"duration_s": "soon"}, {"duration_s": -1.0}, {"devices": None}, {"devices": [{}]}, {"totals": 3}, {"started_at": "x"}]
)
def test_a_result_that_cannot_be_is_left_out_and_the_others_are_read(changes):
    records, left_out, _ = read_text(read, json.dumps([result(), result(**changes)]))
    assert len(records) == 1
    assert left_out[0].startswith("result 2: ")


def test_a_failed_command_is_a_failed_run():
    assert read_text(read, json.dumps(result(exit_code=3))).records[0].state == "failed"


@pytest.mark.parametrize("text", ['{"schema": "joules/1", "dev', "[" * 10_000, '{"schema": "joules/2"}', "[1]", ""])
def test_what_is_cut_off_or_of_another_kind_is_refused(text):
    with pytest.raises(CarbonError):
        read_text(read, text)


def test_a_result_is_known_by_its_beginning():
    assert is_joules('{\n  "schema": "joules/1",')
    assert not is_joules('{"schema": "traincarbon/run/1"}')
    assert not is_joules("name,hours")

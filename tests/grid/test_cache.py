"""What was answered once is kept, and nothing that is not sound comes back."""

import json

from grid_services import HOUR
from traincarbon.grid.cache import Cache
from traincarbon.grid.service import Query

QUERY = Query("FR", HOUR, HOUR + 30, "direct")


def test_settled_hours_come_back_and_others_do_not(tmp_path):
    cache = Cache("eia", folder=str(tmp_path))
    cache.write(QUERY, {HOUR: 50.0, HOUR + 26: 60.0, HOUR + 29: 70.0}, now_hour=HOUR + 26 + 48)
    assert cache.read(QUERY) == {HOUR: 50.0, HOUR + 26: 60.0}
    assert cache.read(QUERY._replace(until=HOUR + 1)) == {HOUR: 50.0}
    assert cache.read(QUERY._replace(basis="lifecycle")) == cache.read(QUERY._replace(zone="DE")) == {}
    assert Cache("entsoe", folder=str(tmp_path)).read(QUERY) == {}


def test_later_answers_are_added(tmp_path):
    cache = Cache("eia", folder=str(tmp_path))
    cache.write(QUERY, {HOUR: 50.0}, now_hour=HOUR + 999)
    cache.write(QUERY, {HOUR + 1: 51.0}, now_hour=HOUR + 999)
    assert cache.read(QUERY) == {HOUR: 50.0, HOUR + 1: 51.0}


def test_a_file_that_is_damaged_or_of_another_zone_is_not_used(tmp_path):
    cache = Cache("eia", folder=str(tmp_path))
    cache.write(QUERY, {HOUR: 50.0}, now_hour=HOUR + 999)
    (file,) = tmp_path.rglob("*.json")
    stated = json.loads(file.read_text())
    for damage in ("{", "[]", json.dumps({**stated, "zone": "DE"}), json.dumps({**stated, "g_per_kwh": {"x": 5, **dict.fromkeys(stated["g_per_kwh"], -1)}})):
        file.write_text(damage)
        assert cache.read(QUERY) == {}


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path):
    (tmp_path / "eia").write_text("")
    cache = Cache("eia", folder=str(tmp_path))
    cache.write(QUERY, {HOUR: 50.0}, now_hour=HOUR + 999)
    assert cache.read(QUERY) == {}


def test_a_zone_leads_out_of_no_folder(tmp_path):
    cache = Cache("eia", folder=str(tmp_path / "kept"))
    query = QUERY._replace(zone="../../elsewhere")
    cache.write(query, {HOUR: 50.0}, now_hour=HOUR + 999)
    assert cache.read(query) == {HOUR: 50.0}
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]

"""Where the files of a sweep are."""

import os

import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.place import Place
from traincarbon.explore.sweeps.shard import Shard
from traincarbon.explore.sweeps.work import Unit


def test_a_part_is_named_after_the_output_and_its_number():
    place = Place("runs/x.parquet", Shard(3, 12), "a" * 64)
    assert place.file == "runs/x.part-003-of-12.parquet"
    assert place.unit(Unit(0, 10)) == "runs/.x.part-003-of-12.parquet.aaaaaaaaaaaa.units/0-10.arrow"
    assert Place("x.parquet", None, "a" * 64).file == "x.parquet"


def test_parts_are_found_by_their_names_and_in_order(tmp_path):
    for name in ("x.part-010-of-12.parquet", "x.part-002-of-12.parquet", "x.part-000-of-8.parquet"):
        (tmp_path / name).touch()
    for name in ("y.part-000-of-8.parquet", "x.part-009-of-8.parquet", "x.part-1-of-8.parquet", "x.part-001-of-8.parquet.tmp", "x.parquet"):
        (tmp_path / name).touch()
    assert list(Place(str(tmp_path / "x.parquet"), None, "").parts()) == [Shard(0, 8), Shard(2, 12), Shard(10, 12)]


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path):
    (tmp_path / "[x].part-000-of-8.parquet").touch()
    (tmp_path / "x.part-000-of-8.parquet").touch()
    assert list(Place(str(tmp_path / "[x].parquet"), None, "").parts().values()) == [str(tmp_path / "[x].part-000-of-8.parquet")]


def test_room_is_counted_of_the_file_and_of_what_it_is_made_of(tmp_path):
    place = Place(str(tmp_path / "x.parquet"), None, "")
    free_b = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    place.check_room(plans=1000, columns=20, kept=1000)
    with pytest.raises(CarbonError, match="GB") as caught:
        place.check_room(plans=int(free_b), columns=20)
    one = int(free_b / 8 / 20 / 1.2)
    with pytest.raises(CarbonError, match="GB"):
        place.check_room(plans=one, columns=20, kept=one)
    assert "--keep pareto" in caught.value.hint

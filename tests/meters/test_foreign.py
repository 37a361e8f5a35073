"""The meters of other packages are found by their entry points."""

import sys

from traincarbon.meters.foreign import entry_point_meters


def test_without_a_package_that_names_our_group_nothing_is_imported(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "none")])
    monkeypatch.setitem(sys.modules, "importlib.metadata", None)
    assert entry_point_meters() == []


def test_a_package_that_names_it_is_found(monkeypatch, tmp_path):
    info = tmp_path / "plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[traincarbon.meters]\nplug = plug:probe\nother = plug:other\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert [point.name for point in entry_point_meters() if point.value.startswith("plug:")] == ["other", "plug"]


def test_only_those_that_the_user_allows_are_loaded(monkeypatch, tmp_path):
    info = tmp_path / "plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[traincarbon.meters]\nplug = plug:probe\nother = plug:other\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("CARBON_PLUGINS", "none")
    assert entry_point_meters() == []
    monkeypatch.setenv("CARBON_PLUGINS", "acme, plug")
    assert [point.name for point in entry_point_meters()] == ["plug"]

"""The journal of a run is in its store, and in a spare one if the store cannot be written."""

from traincarbon.ledger.record import read_run
from traincarbon.ledger.store_folder import node_name
from traincarbon.tracking.sidecar import patient_journal as module
from traincarbon.tracking.sidecar.patient_journal import asked_name, patient_journal


def begun(store):
    return patient_journal(str(store), "r", name=asked_name(str(store)))


def test_it_writes_into_the_store_under_the_name_of_the_machine(tmp_path):
    journal = begun(tmp_path)
    assert journal.write("start", {"argv": ["train"]})
    journal.close()
    assert journal.kept_in == ""
    assert read_run(str(tmp_path), "r").argv == ("train",)
    assert node_name(str(tmp_path)) in journal.file


def test_a_store_that_is_a_file_leaves_the_lines_in_a_spare_store(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "store").write_text("")
    journal = begun(tmp_path / "store")
    assert not journal.write("start", {"argv": ["train"]})
    journal.close()
    assert journal.kept_in == str(tmp_path / "data" / "traincarbon" / "unsaved")
    assert read_run(journal.kept_in, "r").argv == ("train",)


def test_a_store_that_does_not_answer_gives_the_machine_a_random_name(tmp_path, monkeypatch):
    import threading

    hangs = threading.Event()
    monkeypatch.setattr(module, "_NAME_WAIT_S", 0.02)
    monkeypatch.setattr(module, "node_name", lambda _: hangs.wait(20) or "late")
    names = {begun(tmp_path).file for _ in range(2)}
    hangs.set()
    assert len(names) == 2
    assert not any("late" in name for name in names)

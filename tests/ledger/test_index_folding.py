"""The lines of a journal are folded from where they were read to, with the faults of the others."""

from journals import line, lines_of, write_lines
from traincarbon.ledger.folding import fold
from traincarbon.ledger.index_folding import Folded, has_ended
from traincarbon.ledger.index_progress import Progress


def silent():
    return Progress(None, whole_b=0)


def test_a_file_is_folded_from_where_it_was_read_to(tmp_path):
    lines = lines_of(run_id="r", intervals=4)
    file = write_lines(tmp_path / "x.jsonl", lines[:3])
    found = Folded.begun(file, size_b=0)
    assert found.read(file, silent()) == {"r"}
    ((process, tangled),) = found.summaries.values()
    assert (process.seq, tangled, has_ended(process)) == (2, False, False)
    write_lines(tmp_path / "x.jsonl", lines)
    assert found.read(file, silent()) == {"r"}
    ((process, tangled),) = found.summaries.values()
    assert (process.seq, tangled, has_ended(process)) == (lines[-1]["seq"], False, True)
    assert found.read(file, silent()) == set()


def test_lines_that_do_not_come_in_order_are_told(tmp_path):
    lines = lines_of(run_id="r", intervals=4)
    found = Folded.begun("", size_b=0)
    found.read(write_lines(tmp_path / "x.jsonl", [*lines[:3], lines[1]]), silent())
    assert [tangled for _, tangled in found.summaries.values()] == [True]


def test_faults_are_kept_up_to_a_number(tmp_path):
    (tmp_path / "x.jsonl").write_text("rubbish\n" * 100)
    found = Folded.begun("", size_b=0)
    assert found.read(str(tmp_path / "x.jsonl"), silent()) == set()
    assert len(found.faults) == 20


def test_a_process_of_another_program_has_ended():
    (process,) = fold([line("record", record={"run_id": "r"})])
    assert has_ended(process)

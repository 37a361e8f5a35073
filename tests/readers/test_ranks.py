"""Files of ranks of one run."""

from imports import read_text
from traincarbon import runs
from traincarbon.readers.codecarbon_csv import read
from traincarbon.readers.formats import merged
from traincarbon.readers.ranks import united_ranks

HEAD = (
    "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed,country_iso_code,gpu_count,gpu_model,tracking_mode,pue"
)


def row(rank):
    return f"2024-05-05T04:04:40,Test,rank-{rank},360000,80,11.25,260.0,18.8,290.05,DEU,8,8 x NVIDIA A40,machine,1.0"


def write(folder, rank):
    file = folder / f"emissions-{rank}.csv"
    file.write_text(f"{HEAD}\n{row(rank)}\n")
    return str(file)


def test_eight_files_of_one_machine_are_one_run_and_a_note_says_so(tmp_path):
    found = runs.read([write(tmp_path, rank) for rank in range(8)])
    (record,) = found.runs
    assert (record.run_id, record.metered_kwh) == ("rank-0", 290.05)
    assert any("8 records state the same 8 accelerators at the same time" in note for note in found.notes)


def test_files_that_are_imported_one_by_one_count_once_together(tmp_path):
    store = str(tmp_path / "store")
    for rank in range(8):
        runs.import_(write(tmp_path, rank), store=store)
    listed = runs.list(store=store)
    assert [each.counted_in for each in sorted(listed, key=lambda each: each.run_id)] == ["", *["rank-0"] * 7]
    assert len(runs.load("rank-0", store=store).second_opinions) == 7
    assert runs.load("rank-5", store=store).counted_in == "rank-0"


def test_without_a_source_nothing_is_united():
    records = read_text(read, "\n".join([HEAD, row(0), row(1), ""])).records
    assert united_ranks(records) == records == merged(records)

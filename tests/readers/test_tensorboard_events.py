"""Event files of TensorBoard."""

import io
import struct

import pytest

from encoded import double, events, part, scalar, single, whole
from traincarbon.readers.formats import expanded, read_file
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.tensorboard_events import is_tensorboard, read

START = 1.7e9
TAG = "train/num_input_tokens_seen"


def read_events(*contents, cut=0):
    content = events(*contents)
    return read(io.BytesIO(content[: len(content) - cut]), ImportOptions())


def test_a_run_lasts_from_its_first_event_to_its_last():
    assert is_tensorboard(events())
    (record,), left_out, _ = read_events(scalar(START + 5, 1, "loss", 2.0), scalar(START + 65, 2, "loss", 1.0))
    assert (record.duration_s, record.started_at, record.tokens, left_out) == (65.0, "2023-11-14T22:13:20.000000Z", None, [])
    assert (record.metered_kwh, record.state) == (None, "lost")


def test_tokens_are_the_last_value_of_their_counter():
    (record,), _, _ = read_events(*(scalar(START + at, at, TAG, 1024.0 * at) for at in range(10, 101, 10)))
    assert record.tokens == 102_400.0


def test_a_run_that_was_resumed_counts_its_own_tokens():
    (record,), _, _ = read_events(*(scalar(START + at, at, TAG, 1e6 + 1024.0 * at) for at in range(10, 101, 10)))
    assert record.tokens == pytest.approx(102_400.0, rel=1e-3)


@pytest.mark.parametrize(
    "tensor",
    [
        whole(1, 1) + part(5, struct.pack("<f", 4096.0)),
        whole(1, 1) + single(5, 4096.0),
        whole(1, 2) + double(6, 4096.0),
        whole(1, 9) + part(4, struct.pack("<q", 4096)),
    ],
)
def test_scalars_of_version_two_are_tensors(tensor):
    event = double(1, START + 9) + part(5, part(1, part(1, "tokens") + part(8, tensor)))
    (record,), _, _ = read_events(event)
    assert record.tokens == 4096.0


def test_pictures_and_texts_are_no_scalars():
    text = part(8, whole(1, 7) + part(8, "tokens"))
    (record,), left_out, _ = read_events(double(1, START + 9) + part(5, part(1, part(1, "tokens") + text)), double(1, START + 10) + part(5, b"\x0b"))
    assert (record.tokens, record.duration_s, left_out) == (None, 10.0, [])


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes():
    (record,), left_out, _ = read_events(scalar(START + 5, 1, "loss", 2.0), scalar(START + 65, 2, "loss", 1.0), cut=3)
    assert (record.duration_s, left_out) == (5.0, ["event 3: it is cut off, as the last one of the file"])
    assert read_events().left_out == ["it has no events after its beginning, so its duration is unknown"]
    assert not is_tensorboard(b"PK\3\4")


def test_a_folder_of_logs_gives_the_runs_in_it(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"events.out.tfevents.1700000000.host.{name}").write_bytes(events(scalar(START + 60, 1, "loss", 2.0)))
    records = [record for file in expanded(str(tmp_path)) for record in read_file(file).records]
    assert [record.run_id for record in records] == ["tensorboard-one-20231114T221320", "tensorboard-two-20231114T221320"]
    assert {record.source for record in records} == {"tensorboard"}


@pytest.mark.parametrize(
    ("folder", "name"), [("Mar24_22-23-40_DESKTOP-41L2EO3", "Mar24_22-23-40"), ("logs/train", "logs-train"), ("lightning_logs/version_3", "version_3")]
)
def test_the_folder_names_the_run_without_the_machine(tmp_path, folder, name):
    (tmp_path / folder).mkdir(parents=True)
    file = tmp_path / folder / "events.out.tfevents.1700000000.host"
    file.write_bytes(events(scalar(START + 60, 1, "loss", 2.0)))
    assert read_file(str(file)).records[0].run_id == f"tensorboard-{name}-20231114T221320"


def test_a_file_of_one_moment_is_no_run():
    """As the second file of an evaluation, or that of ``add_hparams``."""
    assert read_events(scalar(START + 0.01, 1, "eval/loss", 2.0)).left_out == ["its events lie within a second, so it holds results of a run, not its course"]

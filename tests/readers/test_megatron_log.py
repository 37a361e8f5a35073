"""Logs of Megatron-LM with --log-energy; the lines have the form of its training.py, with numbers of our own."""

import pytest

from imports import read_text
from traincarbon.readers.megatron_log import is_megatron, read

ARGUMENTS = """using world size: 8, data-parallel size: 4, context-parallel size: 1, tensor-model-parallel size: 2, pipeline-model-parallel size: 1
------------------------ arguments ------------------------
  log_interval .................................... 10
  num_experts ..................................... None
  pipeline_model_parallel_size .................... 1
  seq_length ...................................... 4096
  tensor_model_parallel_size ...................... 2
  world_size ...................................... 8
-------------------- end of arguments ---------------------
 > number of parameters on (tensor, pipeline) model parallel rank (0, 0): 400000000
 > number of parameters on (tensor, pipeline) model parallel rank (1, 0): 400000000
"""


def line(at, *, time="2026-02-06 20:55:02.500000", ms=2000.0, energy=1200.0, batch=32):
    stamp = f" [{time}]" if time else ""
    metered = "" if energy is None else f" energy per GPU (J/iter/GPU): {energy:.1f} | power per GPU (W/GPU): {energy / ms * 1e3:.1f} |"
    return (
        f"{stamp} iteration {at:8d}/    1000 | consumed samples: {at * batch:12d} | elapsed time per iteration (ms): {ms:.1f} |"
        f" throughput per GPU (TFLOP/s/GPU): 400.0 |{metered} learning rate: 1.0E-04 | global batch size: {batch:5d} | lm loss: 2.4E+00 |\n"
    )


LOG = ARGUMENTS + line(10, time="2026-02-06 20:55:20") + line(20, time="2026-02-06 20:55:40") + line(30, time="2026-02-06 20:56:10")


def test_each_line_stands_for_the_iterations_since_the_one_before():
    assert is_megatron(LOG)
    (record,), left_out, _ = read_text(read, LOG + "[after training is done] datetime: 2026-02-06 20:56:11 \n", name="train.log")
    assert left_out == []
    assert record.energy_j["gpu"] == 1200.0 * 8 * 30
    assert (record.how, record.accelerators, record.state) == ({"gpu": "counter"}, 8, "finished")
    assert (record.tokens, record.params) == (4096.0 * 32 * 30, 8e8)
    assert (record.started_at, record.run_id) == ("2026-02-06T20:55:00.000000Z", "megatron-train-20260206T205520")


def test_time_between_iterations_was_not_metered():
    (record,), _, _ = read_text(read, LOG)
    assert (record.duration_s, record.gaps_s, record.state) == (70.0, 10.0, "lost")


def test_the_total_at_the_end_is_better_than_the_sum_of_rounded_lines():
    (record,), _, _ = read_text(read, LOG + "Total training energy (GPU): 0.289 MJ\n")
    assert record.energy_j["gpu"] == pytest.approx(289e3)


def test_without_the_number_of_gpus_their_energy_is_unknown():
    (record,), _, notes = read_text(read, line(1, time="") + line(2, time=""))
    assert (record.metered_kwh, record.duration_s, record.started_at) == (None, 4.0, "")
    assert "does not state the number of GPUs" in record.missing["gpu"]
    assert any("does not state the number of GPUs" in note for note in notes)


def test_without_log_energy_there_is_none():
    (record,), _, _ = read_text(read, ARGUMENTS + line(10, energy=None))
    assert (record.metered_kwh, record.tokens) == (None, 4096.0 * 32 * 10)
    assert "--log-energy" in record.missing["gpu"]


def test_a_run_that_was_restarted_in_one_log_counts_what_was_done_twice():
    (record,), _, _ = read_text(read, ARGUMENTS + line(10, time="") + line(20, time="") + line(20, time="") + line(30, time=""))
    assert record.energy_j["gpu"] == 1200.0 * 8 * 40
    assert record.duration_s == 80.0


def test_parameters_of_experts_are_unknown_as_not_all_ranks_print_theirs():
    (record,), _, _ = read_text(
        read, LOG.replace("num_experts ..................................... None", "num_experts ..................................... 8")
    )
    assert record.params is None


def test_a_log_that_is_cut_off_loses_its_last_line():
    (record,), left_out, _ = read_text(read, LOG[: LOG.rindex("elapsed") + 10])
    assert (record.energy_j["gpu"], left_out) == (1200.0 * 8 * 20, [])
    records, left_out, _ = read_text(read, ARGUMENTS)
    assert (records, left_out) == ([], ["the log has no line of an iteration; it was cut off, or failed before"])


def test_other_logs_are_no_log_of_megatron():
    assert not is_megatron("iteration 3/10 | loss 4\n")
    assert is_megatron(ARGUMENTS)


def test_the_rank_before_a_line_does_not_matter():
    text = "".join(f"0: {each}\n" for each in LOG.splitlines())
    (record,), _, _ = read_text(read, text)
    assert (record.energy_j["gpu"], record.accelerators) == (1200.0 * 8 * 30, 8)

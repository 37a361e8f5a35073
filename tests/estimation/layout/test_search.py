"""The search for the fastest layout that fits: it holds against trying everything, and meets the published layouts."""

import itertools

import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, LayoutTask, check, fastest
from traincarbon.estimation.layout.shape import shape_of
from traincarbon.formulas.layout import Layout
from traincarbon.formulas.memory import layout_memory
from traincarbon.formulas.step import step_time


@pytest.fixture
def task(shipped):
    """A task on A100s, of 175 B parameters unless said otherwise."""

    def make(n=1024.0, params=175e9, *, sequences=1536.0, memory_b=76e9, seq_len=2048.0, layers=None, hidden=None, heads=None, active_params=None, **rest):
        chip = shipped.product("accelerators", "a100-sxm4-80gb")
        return LayoutTask(
            shape=shape_of(params=params, layers=layers, hidden=hidden, heads=heads, active_params=active_params, vocab=50257.0, seq_len=seq_len),
            machine=machine_of(shipped, chip, precision="bf16", accelerators=n)[0],
            sustained=sustained_of(shipped, accelerator=chip.id, generation="ampere", precision="bf16"),
            accelerators=n,
            memory_b=memory_b,
            sequences=sequences,
            **rest,
        )

    return make


def test_the_layout_fits_divides_and_is_allowed(task):
    asked = task(is_batch_stated=True)
    found = fastest(asked)
    found.layout.check(shape=asked.shape, machine=asked.machine)
    assert found.layout.accelerators == 1024.0
    assert found.layout.sequences == 1536.0
    assert found.memory == layout_memory(shape=asked.shape, layout=found.layout)
    assert found.memory.total_b <= asked.memory_b
    assert found.step == step_time(shape=asked.shape, layout=found.layout, machine=asked.machine, sustained=asked.sustained)


def test_no_layout_tried_by_hand_is_faster(task):
    asked = task(n=64.0, params=13e9, sequences=512.0, is_batch_stated=True)
    best = fastest(asked)
    degrees = (1.0, 2.0, 4.0, 8.0)
    for tp, pp, micro_batch, weights, again in itertools.product(degrees, degrees, degrees, (0.0, 1.0), (0.0, 1.0)):
        if weights and pp > 1.0:
            continue
        layout = Layout(
            512.0, tp, pp, 64.0 / tp / pp, micro_batch=micro_batch, sequence_parallel=float(tp > 1.0), sharded_weights=weights,
            sharded_optimiser=1.0 - weights, gradient_b=4.0 - 2.0 * weights, recompute_layers=again, overlap_data=1.0,
        )  # fmt: skip
        if asked.shape.heads % tp or layout_memory(shape=asked.shape, layout=layout).total_b > asked.memory_b:
            continue
        step = step_time(shape=asked.shape, layout=layout, machine=asked.machine, sustained=asked.sustained)
        assert best.step.total_s <= step.total_s * (1.0 + 1e-12)


@pytest.mark.parametrize(("n", "dp"), [(2240.0, 8.0), (2800.0, 10.0)])
def test_mt_nlg_is_laid_out_as_published(task, n, dp):
    # Smith et al. 2022: 8-way tensor, 35-way pipeline on 280, 350 (and 420) servers
    found = fastest(task(n, 530e9, sequences=1920.0, layers=105.0, hidden=20480.0, heads=128.0, is_batch_stated=True, habits=EARLIER_HABITS))
    assert (found.layout.tp, found.layout.pp, found.layout.dp) == (8.0, 35.0, dp)


def test_utilisation_falls_as_accelerators_are_added(task):
    mfus = [fastest(task(n, is_batch_stated=True)).mfu for n in (256.0, 1024.0, 4096.0, 12288.0)]
    assert mfus == sorted(mfus, reverse=True)
    assert mfus[-1] < 0.75 * mfus[0]


def test_what_does_not_fit_has_no_layout(task):
    assert fastest(task(8.0)) is None


def test_less_memory_is_never_faster(task):
    times = [fastest(task(memory_b=memory_b)).s_per_sequence for memory_b in (76e9, 40e9, 20e9)]
    assert times == sorted(times)


def test_stated_degrees_and_recomputation_are_kept(task):
    found = fastest(task(tp=4.0, pp=16.0, recompute="full"))
    assert (found.layout.tp, found.layout.pp, found.layout.dp, found.recompute) == (4.0, 16.0, 16.0, "full")


def test_a_long_sequence_is_split_over_accelerators(task):
    found = fastest(task(64.0, 7e9, seq_len=131072.0, sequences=32.0))
    assert found.layout.cp > 1.0


def test_experts_are_spread(task):
    found = fastest(task(512.0, 235e9, active_params=22e9))
    assert found.layout.ep > 1.0


def test_a_batch_nobody_states_bends_a_little_so_that_it_divides(task):
    found = fastest(task(1000.0, sequences=1537.0))
    assert found.layout.sequences == pytest.approx(1537.0, rel=0.1)
    assert found.layout.accelerators == 1000.0


def test_a_usual_batch_grows_at_most_fourfold_to_divide_and_a_stated_one_hardly(task):
    # one layer and one head on 96 accelerators can only be divided by data, so a step has 96 sequences
    tiny = {"layers": 1.0, "hidden": 1024.0, "heads": 1.0}
    assert fastest(task(96.0, 20e6, sequences=24.0, **tiny)).layout.sequences == 96.0
    assert fastest(task(96.0, 20e6, sequences=23.0, **tiny)) is None
    assert fastest(task(96.0, 20e6, sequences=90.0, is_batch_stated=True, **tiny)) is None
    assert fastest(task(96.0, 20e6, sequences=92.0, is_batch_stated=True, **tiny)).layout.sequences == 96.0


def test_the_words_and_the_json_of_a_layout_are_its_own(task):
    found = fastest(task(recompute="full"))
    told = found.to_dict()
    assert told["recompute"] == "full"
    assert told["step_s"]["total_s"] == pytest.approx(sum(value for name, value in told["step_s"].items() if name != "total_s"))
    assert told["memory_b"]["total_b"] == pytest.approx(sum(value for name, value in told["memory_b"].items() if name != "total_b"))
    assert told["limited_by"] == found.limits


@pytest.mark.parametrize(
    ("degrees", "what"),
    [
        ({"tp": 7.0}, "do not divide by tp × pp × dp, 7"),
        ({"tp": 16.0}, "beyond the scale-up domain"),
        ({"pp": 128.0}, "more pipeline stages than layers"),
        ({"pp": 64.0}, "layers do not divide"),
        ({"dp": 1024.0, "sequences": 512.0, "is_batch_stated": True}, "batch smaller than the data parallelism"),
    ],
)
def test_degrees_that_no_layout_can_have_are_refused(task, degrees, what):
    with pytest.raises(OutOfRangeError, match=what) as caught:
        check(task(**degrees))
    assert caught.value.hint


def test_a_step_of_the_run_is_told_apart_from_the_best(task):
    found = fastest(task())
    assert found.to_dict()["run_step_s"] is None
    assert found.to_dict(7.5)["run_step_s"] == 7.5

"""The law of power on rows that it was not fitted to: low utilisation, consumer cards, and the bounds on every accelerator."""

import math
from statistics import median

import pytest

from traincarbon.estimation.facts.hardware import speed_up_of
from traincarbon.fitting.regression import fit
from traincarbon.formulas.power import accelerator_power_w
from traincarbon.formulas.throughput import narrowed_mfu
from traincarbon.published import priors
from traincarbon.published.prior_rows import NARROW_SHARE
from traincarbon.published.runs_file import read_runs

RUNS = read_runs()[0]
IMAGES = 30 * 50_000
"""Thirty epochs of CIFAR-10."""
FLOP_PER_IMAGE = 6 * 0.556e9
"""ResNet-18 with a 3 × 3 first layer at 32 × 32 pixels: 0.556 GMAC."""

CARDS = (
    # YeQiao/Pytorch_GPU_Benchmark, README.md, "typical power" and time: card, format, W, s
    ("rtx-2060", "fp32", 165, 1045),
    ("rtx-2060", "fp16", 165, 506),
    ("rtx-3080", "fp32", 336, 479),
    ("rtx-3080", "fp16", 250, 408),
    ("rtx-3080", "fp32", 320, 442),
    ("rtx-3080", "fp16", 240, 349),
    ("rtx-4070", "fp16", 200, 390),
    ("rtx-4060", "fp16", 100, 521),
    ("rx-6800-xt", "fp16", 270, 583),
    ("rx-6900-xt", "fp16", 270, 475),
    ("rx-7900-xt", "fp16", 250, 348),
)


def _prior(shipped, name, *scopes):
    rows = {row["scope"]: float(row["median"]) for row in shipped.rows("priors", name)}
    return next(rows[scope] for scope in scopes if scope in rows)


def _share(shipped, chip, mfu, precision):
    reference = narrowed_mfu(mfu=_prior(shipped, "power_reference_mfu", "*"), speed_up=speed_up_of(chip, precision), narrow_share=NARROW_SHARE)
    return accelerator_power_w(
        board_power_w=1.0,
        reference_share=_prior(shipped, "power_share", f"generation={chip.generation}", "generation=*"),
        mfu=mfu,
        reference_mfu=reference,
        exponent=_prior(shipped, "power_exponent", "*"),
        idle_share=_prior(shipped, "idle_share", "*"),
    )


def _left_out(shipped):
    """Return the reference utilisation's logarithm and the error of each row, predicted without its organisation."""
    rows = priors.power_rows(RUNS, shipped)
    for row in rows:
        found = fit([other for other in rows if other.group != row.group], start={"scatter:run": 0.15}, fixed=priors.POWER_SPREADS)
        yield row.effects["exponent"], row.y - min(found.predict(row.effects, "run")[0], 0.0)


def test_rows_at_low_utilisation_are_predicted_as_well_as_the_others(shipped):
    errors = list(_left_out(shipped))
    low = [error for exponent, error in errors if exponent < math.log(0.6)]  # below 0.2 at 16 bits
    assert (len(errors), len(low)) == (16, 6)
    assert median(abs(error) for _, error in errors) == pytest.approx(0.22, abs=0.005)
    assert median(abs(error) for error in low) == pytest.approx(0.22, abs=0.005)
    assert sum(low) / len(low) == pytest.approx(-0.12, abs=0.005)


def _errors_of_cards(shipped):
    """Return how far each card's share of its cap lies above the law's, as a logarithm, by card."""
    found = {}
    for id, precision, power_w, time_s in CARDS:
        chip = shipped.product("accelerators", id)
        mfu = FLOP_PER_IMAGE * IMAGES / time_s / chip.value(f"peak_{precision}_flop_per_s")
        share = min(power_w / chip.value("board_power_w"), 1.0)
        found.setdefault(id, []).append(math.log(share / _share(shipped, chip, mfu, precision)))
    return found


def test_consumer_cards_take_more_than_the_law_says(shipped):
    found = _errors_of_cards(shipped)
    errors = [error for each in found.values() for error in each]
    assert (min(errors), median(errors), max(errors)) == pytest.approx((0.16, 0.34, 0.46), abs=0.005)
    others = {id: median(error for other, each in found.items() if other != id for error in each) for id in found}
    left = [abs(error - others[id]) for id, each in found.items() for error in each]
    assert median(left) == pytest.approx(0.04, abs=0.005)


def test_a_titan_x_takes_more_than_the_law_says(shipped):
    # 200 steps of 512 tokens of a model of 125M parameters in 50.6 s, at a mean of 216.7 W
    flop_per_s = 6 * 125e6 * 200 * 512 / 50.6
    found = {}
    for id in ("titan-x-pascal", "titan-x-maxwell"):
        chip = shipped.product("accelerators", id)
        mfu = flop_per_s / chip.value("peak_fp32_flop_per_s")
        found[id] = (mfu, math.log(216.7 / chip.value("board_power_w") / _share(shipped, chip, mfu, "fp32")))
    assert found["titan-x-pascal"] == pytest.approx((0.14, 0.44), abs=0.005)
    assert found["titan-x-maxwell"] == pytest.approx((0.23, 0.31), abs=0.005)


@pytest.mark.parametrize("mfu", [1e-6, 0.001, 0.05, 0.2, 0.5, 1.0])
def test_the_power_of_every_accelerator_lies_between_idle_and_cap(shipped, mfu):
    shares = [_share(shipped, chip, mfu, "fp32") for chip in shipped.products("accelerators")]
    assert len(shares) > 400
    assert min(shares) >= _prior(shipped, "idle_share", "*")
    assert max(shares) <= 1.0

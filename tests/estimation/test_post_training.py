"""Fine-tuning, preference tuning and reinforcement learning: what is counted, and what it takes."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.families import KINDS
from traincarbon.estimation.plan_fields import CHOICES

TUNED = {"params": 7e9, "tokens": 1e9, "hw": "8xa100"}
N_D = 7e9 * 1e9


@pytest.mark.parametrize(
    ("stated", "parts"),
    [
        ({"kind": "finetune", "evaluation_tokens": 1e8}, {"model": 6 * N_D, "evaluation": 2 * 7e9 * 1e8}),
        ({"kind": "qlora", "trainable_params": 1e7}, {"frozen": 4 * N_D, "adapters": 6 * 1e7 * 1e9}),
        ({"kind": "dpo"}, {"model": 6 * N_D, "reference": 2 * N_D}),
        ({"kind": "dpo", "reference_params": 0}, {"model": 6 * N_D, "reference": 0}),
        ({"kind": "dpo", "trainable_params": 1e7}, {"frozen": 4 * N_D, "adapters": 6 * 1e7 * 1e9, "reference": 2 * N_D}),
        ({"kind": "rl"}, {"model": 6 * N_D, "reference": 2 * N_D, "generation": 2 * N_D}),
        (
            {"kind": "rl", "generated_tokens": 4e9, "reference_params": 0, "teacher_params": 1e9},
            {"model": 6 * N_D, "teacher": 2e18, "reference": 0, "generation": 8 * N_D},
        ),
    ],
)
def test_the_parts_of_a_tuning_add_up(stated, parts):
    answer = estimate(**TUNED, **stated)
    assert answer.flop_counts["parts"] == pytest.approx(parts)
    assert sum(parts.values()) == pytest.approx(answer.median("compute_flop"))


def test_every_kind_of_training_is_estimated():
    assert CHOICES["kind"] == tuple(KINDS)
    assert all(estimate(**TUNED, kind=kind).median("accelerator_hours_h") > 0.0 for kind in KINDS)


def test_padding_multiplies_the_tokens_and_packing_does_not():
    packed, padded = (estimate(**TUNED, kind="finetune", padding=share) for share in (0, 0.75))
    assert packed.median("compute_flop") == 6 * N_D
    assert padded.median("compute_flop") == 4 * 6 * N_D
    assert padded.plan.tokens == 4e9
    assert padded.to_dict()["plan"]["tokens"] == 1e9
    samples = estimate(params=7e9, samples=1e6, seq_len=500, padding=0.5, kind="finetune", hw="8xa100")
    assert samples.flop_counts["parts"]["model"] == 6 * 7e9 * 1e9


def test_generation_has_its_own_utilisation_and_takes_most_of_the_time():
    learned = estimate(**TUNED, kind="dpo")
    rollouts = estimate(**TUNED, kind="rl")
    share = 1.0 - learned.median("accelerator_hours_h") / rollouts.median("accelerator_hours_h")
    assert 0.7 < share < 0.95
    assert "generation_ratio" in rollouts.spread_shares["accelerator_hours_h"]
    known = estimate(**TUNED, kind="rl", generation_ratio=1)
    assert known.median("mfu") == pytest.approx(learned.median("mfu"))
    assert estimate(**TUNED, kind="rl", mfu=0.05).median("mfu") == 0.05


def test_four_bits_take_less_memory_and_more_time():
    # 65 B parameters on one GPU of 48 GB, as in the abstract of QLoRA
    tuned = {"params": 65e9, "tokens": 1e7, "hw": "1xa6000"}
    assert estimate(**tuned, kind="qlora").fits
    assert not estimate(**tuned, kind="lora").fits
    lora, qlora = (estimate(**TUNED, kind=kind).median("accelerator_hours_h") for kind in ("lora", "qlora"))
    assert qlora / lora == pytest.approx(1 / (0.6 * 0.95) ** 0.5, rel=1e-6)


def test_a_reference_model_takes_memory_unless_adapters_are_trained():
    plain, tuned, adapters = (
        estimate(**TUNED, **more).fewest_accelerators for more in ({"kind": "finetune"}, {"kind": "dpo"}, {"kind": "dpo", "trainable_params": 1e7})
    )
    assert tuned == pytest.approx(plain * 18 / 16)
    assert adapters < plain / 5


def test_start_up_keeps_all_gpus_waiting():
    # a quarter of an hour on eight
    plain, started = (estimate(**TUNED, kind="finetune", startup_hours=hours).median("accelerator_hours_h") for hours in (None, 0.25))
    assert started - plain == pytest.approx(2.0)
    assert "ignored startup_hours: give a number of GPUs too" in estimate(params=7e9, tokens=1e9, hw="a100", startup_hours=1).warnings


def test_a_run_of_few_steps_is_told_what_the_figures_leave_out():
    words = "give startup_hours"
    assert any(words in warning for warning in estimate(params=1e9, tokens=1e6, kind="finetune", hw="8xa100").warnings)
    assert not any(words in warning for warning in estimate(params=1e9, tokens=1e6, kind="finetune", hw="8xa100", startup_hours=0.1).warnings)
    assert not any(words in warning for warning in estimate(**TUNED, kind="finetune").warnings)


def test_attention_of_a_causal_model_is_counted_in_full_unless_half_is_asked_for():
    shape = {"params": 7e9, "tokens": 1e12, "layers": 32, "hidden": 4096, "seq_len": 32768, "hw": "64xh100"}
    full, causal = (estimate(**shape, attention=attention).flop_counts["parts"] for attention in (None, "causal"))
    assert full["attention"] == pytest.approx(12 * 32 * 4096 * 32768 * 1e12)
    assert causal["attention"] == pytest.approx(full["attention"] / 2)
    assert causal["model"] == full["model"]
    assert "ignored attention: no effect on this estimate" in estimate(**TUNED, attention="causal").warnings


@pytest.mark.parametrize("gpus", [4, 8])
def test_alpaca_is_inside_its_interval(gpus):
    # Taori et al. 2023: 7B, 52k examples, 3 epochs, 3 hours on 8 A100 80GB
    answer = estimate(params=6.7e9, samples=52e3, epochs=3, seq_len=512, kind="finetune", hw=f"{gpus}xA100-80GB")
    assert answer["accelerator_hours_h"].low < 24.0 < answer["accelerator_hours_h"].high


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"flop": 1e20, "padding": 0.1, "tokens": 1e9}, "flop and padding exclude each other"),
        ({"padding": 0.1, "gpu_hours": 5}, "padding needs tokens or samples"),
        ({"kind": "qlora", "frozen_params": 1e9, "params": 7e9, "tokens": 1e9}, "frozen_params and kind qlora exclude each other"),
    ],
)
def test_what_cannot_stand_together_is_refused(stated, message):
    with pytest.raises(PlanError) as caught:
        estimate(hw="a100", **stated)
    assert (str(caught.value), bool(caught.value.hint)) == (message, True)


def test_a_token_of_an_encoder_decoder_passes_half_of_the_parameters_forward_too():
    answer = estimate(**TUNED, kind="rl", family="encoder-decoder", evaluation_tokens=1e9)
    assert answer.flop_counts["parts"] == pytest.approx({"model": 3 * N_D, "reference": N_D, "evaluation": N_D, "generation": N_D})
    whole = estimate(**TUNED, kind="rl", evaluation_tokens=1e9)
    assert answer.median("compute_flop") == pytest.approx(whole.median("compute_flop") / 2)

"""The chain as a table: each row names a value, its formula, and where every input of the formula comes from.

Rows run from the work to every result. An input is the name of an earlier value, a field of the plan or a fact.
Estimates, tracking, comparisons and the what-if part of a report walk the same rows.
"""

from traincarbon.estimation.consequences import CONSEQUENCES
from traincarbon.estimation.families import FAMILIES
from traincarbon.estimation.walk import Link
from traincarbon.formulas import compute, hours, image_loading, making, power, samples, throughput, training_state

IMAGE_TOKENS = Link("tokens_per_sample", samples.image_tokens, image_size="image_size", patch_size="patch_size")
SAMPLED_TOKENS = Link("tokens", samples.sampled_tokens, samples="samples", epochs=("epochs", 1.0), tokens_per_sample=("tokens_per_sample", "seq_len"))
AUDIO_FRAMES = Link("tokens", samples.audio_frames, audio_hours="audio_hours", frames_per_s="frames_per_s", epochs=("epochs", 1.0))
SAMPLE_FLOP = Link("flop_per_sample", samples.multiply_add_flop, gmac_per_sample="gmac_per_sample")
BY_SAMPLE = Link("flop", samples.samples_training_flop, flop_per_sample="flop_per_sample", samples="samples", epochs=("epochs", 1.0))
SAMPLED_HOURS = Link("accelerator_hours", hours.sampled_hours_h, seconds_per_sample="seconds_per_sample", samples="samples", epochs=("epochs", 1.0))
OCCUPIED_HOURS = Link("accelerator_hours", hours.occupied_hours_h, wall_clock_h="hours", accelerators="accelerators")
"""Fields of a plan that follow from others: :func:`traincarbon.estimation.complete.completed` computes them."""

MATMUL_PARAMS = Link(
    "active_params",
    compute.matmul_params,
    layers="layers",
    hidden="hidden",
    attention_width="attention_width",
    heads=("heads", 1.0),
    kv_heads=("kv_heads", "heads", 1.0),
    ffn="ffn",
    vocab="vocab",
    head_width=("head_width", "hidden"),
    head_share=("head_share", 1.0),
    ffn_matrices="ffn_matrices",
)
"""The parameters of a shape."""

BY_SHAPE = Link(
    "compute_flop",
    compute.transformer_training_flop,
    matmul_params="active_params",
    layers=("layers", "usual_layers"),
    hidden="attention_width",
    seq_len=("attended_len", "seq_len"),
    tokens="tokens",
)
BY_CAUSAL_SHAPE = Link(
    "compute_flop",
    compute.causal_training_flop,
    matmul_params="active_params",
    layers=("layers", "usual_layers"),
    hidden="attention_width",
    seq_len=("attended_len", "seq_len"),
    tokens="tokens",
)
PASSED = {"active_params": "passed_params", "trainable_params": "passed_trainable_params", "reference_params": "passed_reference_params"}
"""Parameters, and the value that holds those of them that a token passes through, where that is not all: half in an encoder-decoder."""
BY_ADAPTERS = Link(
    "compute_flop",
    compute.adapter_training_flop,
    frozen_params=(PASSED["active_params"], "active_params"),
    trainable_params=(PASSED["trainable_params"], "trainable_params"),
    tokens="tokens",
    attention_flop_per_token=("attention_flop_per_token", 0.0),
)
BY_FAMILY = {family.name: Link("compute_flop", family.training_flop, active_params="active_params", tokens="tokens") for family in FAMILIES.values()}
WORK = (BY_SHAPE, BY_CAUSAL_SHAPE, BY_ADAPTERS, *BY_FAMILY.values())
"""The FLOP of a training, the most exact count first; :func:`traincarbon.estimation.work.flop_link` chooses one."""

WITH_FROZEN = Link("compute_flop", samples.flop_with_frozen, compute_flop="compute_flop", frozen_params="multiplied_frozen_params", tokens="tokens")
WITH_TEACHER = Link(
    "compute_flop",
    samples.flop_with_teacher,
    compute_flop="compute_flop",
    teacher_params="teacher_params",
    tokens="tokens",
    attention_flop_per_token=("teacher_attention_flop_per_token", 0.0),
)
"""What else is in the FLOP of a training."""


ATTENTION = Link(
    "attention_flop_per_token",
    compute.attention_flop_per_token,
    score_flop="score_flop",
    layers=("layers", "usual_layers"),
    hidden="attention_width",
    seq_len=("attended_len", "seq_len"),
)
"""The attention of a token, where it is not in the count of the parameters: of adapters and of what runs forward only."""
ATTENTION_SHARE = Link(
    "attention_share",
    compute.attention_share,
    layers=("layers", "usual_layers"),
    hidden="attention_width",
    seq_len=("attended_len", "seq_len"),
    tokens="tokens",
    compute_flop="compute_flop",
    score_flop=("score_flop", 12.0),
)
HARDWARE_FLOP = Link("hardware_flop", compute.hardware_flop, compute_flop="compute_flop", repeated_share="repeated_share")
"""What the hardware executes. Utilisation counts model FLOP, so nothing follows from it."""

MEMORY = (
    Link(
        "training_state_b",
        training_state.training_state_b,
        params="params",
        trainable_params="updated_params",
        weight_b=("weight_b", 2.0),
        state_b=("state_b", 14.0),
    ),
    Link(
        "fewest_accelerators",
        training_state.fewest_accelerators,
        training_state_b="training_state_b",
        memory_b="memory_b",
        usable_share=("quantised_memory_share", "usable_memory_share"),
    ),
    Link("activations_b", training_state.least_activations_b, layers="layers", hidden="hidden", seq_len="seq_len"),
    Link(
        "fewest_accelerators",
        training_state.fewest_with_activations,
        fewest_accelerators="fewest_accelerators",
        training_state_b="training_state_b",
        activations_b="activations_b",
        memory_b="memory_b",
        layout_memory_share="layout_memory_share",
    ),
)
"""How many accelerators hold the training."""

DURATION = Link("duration_s", throughput.duration_s, accelerator_hours_h="accelerator_hours_h", accelerators="accelerators")

EXPECTED_MFU = (
    Link("mfu", throughput.scaled_mfu, mfu="mfu", ceiling="ceiling", usual_ceiling="usual_ceiling"),
    Link("mfu", throughput.narrowed_mfu, mfu="mfu", speed_up="speed_up", narrow_share="narrow_share"),
    Link(
        "mfu",
        throughput.expected_mfu,
        mfu="mfu",
        family_factor="family_factor",
        kind_factor="kind_factor",
        precision_factor="precision_factor",
    ),
)
"""From the prior of a generation to the utilisation expected of the steps; facts about the hardware begin with it."""

EXPECTED_MAKING = (
    Link(
        "accelerator_kgco2e",
        making.accelerator_kgco2e,
        reference_kgco2e="reference_kgco2e",
        memory_b="memory_b",
        die_area_mm2="die_area_mm2",
        area_factor="area_factor",
        board_power_w="board_power_w",
        memory_share="memory_share",
        logic_share="logic_share",
    ),
    Link(
        "host_kgco2e",
        making.host_kgco2e,
        host_kgco2e_per_gib="host_kgco2e_per_gib",
        host_memory_b="host_memory_b",
        accelerator_count="accelerator_count",
    ),
    Link("hardware_kgco2e", making.hardware_kgco2e, accelerator_kgco2e="accelerator_kgco2e", host_kgco2e="host_kgco2e"),
)
"""From the making of an H100 and the size of the hardware to the emissions of making it; facts about the hardware begin with it."""

TIME = (
    Link("mfu", throughput.implied_mfu, compute_flop="compute_flop", peak_flop_per_s="peak_flop_per_s", accelerator_hours_h="accelerator_hours_h"),
    Link(
        "mfu",
        throughput.thinned_mfu,
        unless=("accelerator_hours", "mfu"),
        mfu="mfu",
        active_params="median_active_params",
        accelerators="accelerators",
        ample_params="mfu_ample_params",
        exponent="mfu_thin_exponent",
    ),
    Link(
        "mfu",
        throughput.sparse_mfu,
        unless=("accelerator_hours", "mfu"),
        mfu="mfu",
        params_per_active="params_per_active",
        exponent="mfu_sparse_exponent",
    ),
    Link(
        "mfu",
        image_loading.light_mfu,
        unless=("accelerator_hours", "mfu"),
        mfu="mfu",
        image_flop="image_flop",
        peak_flop_per_s="peak_flop_per_s",
        ample_image_s="mfu_ample_image_s",
        exponent="mfu_light_exponent",
    ),
    Link("mfu", throughput.end_to_end_mfu, unless=("accelerator_hours",), step_mfu="mfu", goodput="goodput"),
    Link("mfu", throughput.calibrated_mfu, unless=("accelerator_hours", "mfu"), mfu="mfu", factor="mfu_calibration"),
    Link("accelerator_hours_h", throughput.accelerator_hours_h, compute_flop="compute_flop", peak_flop_per_s="peak_flop_per_s", mfu="mfu"),
    Link(
        "accelerator_hours_h",
        hours.hours_with_startup_h,
        unless=("accelerator_hours",),
        accelerator_hours_h="accelerator_hours_h",
        startup_hours="startup_hours",
        accelerators="accelerators",
    ),
    Link("accelerator_hours_h", hours.attempted_hours_h, accelerator_hours_h="accelerator_hours_h", attempts="attempts"),
    DURATION,
)
"""From FLOP to accelerator-hours at a utilisation; where the plan states the hours, the utilisation follows from them."""

RATES = (
    Link(
        "host_power_w",
        power.host_power_w,
        max_power_w="max_power_w",
        accelerator_count="accelerator_count",
        board_power_w="board_power_w",
        host_share="host_share",
    ),
    Link("host_power_w", power.calibrated_power_w, power_w="host_power_w", factor="host_calibration"),
)
"""The power of the rest of a server."""

ENERGY = (
    Link(
        "accelerator_power_w",
        power.accelerator_power_w,
        board_power_w="board_power_w",
        reference_share="power_share",
        mfu=("mfu", "power_reference_mfu"),
        reference_mfu="power_reference_mfu",
        exponent="power_exponent",
        idle_share="idle_share",
    ),
    Link("accelerator_power_w", power.calibrated_power_w, power_w="accelerator_power_w", factor="power_calibration"),
    *RATES,
    Link(
        "it_energy_kwh",
        power.it_energy_kwh,
        accelerator_hours_h="accelerator_hours_h",
        accelerator_power_w="accelerator_power_w",
        host_power_w="host_power_w",
        network_share="network_share",
    ),
)
"""From accelerator-hours to the energy of servers and network."""

CHAIN = TIME + ENERGY + CONSEQUENCES
"""Every link after the work."""

CONDITIONS = tuple(sorted({field for link in CHAIN for field in link.unless}))
"""Fields of a plan that make links needless."""

"""The fields of a plan as typed keyword arguments. Type checkers read them; nothing imports them to estimate."""

from typing import TypedDict

from traincarbon.estimation.fields import Number


class FixedFields(TypedDict, total=False):
    """The fields of a :class:`Plan` that hold for every combination where hardware, regions, prices and starts are compared, and their aliases."""

    name: str | None
    model: str | None
    params: Number
    tokens: Number
    samples: Number
    epochs: Number
    flop: Number
    flop_per_sample: Number
    gmac_per_sample: Number
    image_size: Number
    patch_size: Number
    images_per_sample: Number
    images: Number
    audio_hours: Number
    frames_per_s: Number
    latent_factor: Number
    frames: Number
    frames_per_token: Number
    text_tokens: Number
    text_params: Number
    decoder_params: Number
    mask_ratio: Number
    global_crops: Number
    local_crops: Number
    local_size: Number
    frozen_gmac_per_sample: Number
    seconds_per_sample: Number
    padding: Number
    evaluation_tokens: Number
    startup_hours: Number
    reference_params: Number
    generated_tokens: Number
    generation_ratio: Number
    attempts: Number
    active_params: Number
    trainable_params: Number
    frozen_params: Number
    teacher_params: Number
    servers: Number
    accelerators: Number
    accelerator_hours: Number
    hours: Number
    days: Number
    precision: str | None
    kind: str | None
    family: str | None
    layers: Number
    hidden: Number
    heads: Number
    kv_heads: Number
    head_dim: Number
    ffn: Number
    ffn_matrices: Number
    vocab: Number
    seq_len: Number
    attention: str | None
    batch_tokens: Number
    recompute: str | None
    tp: Number
    pp: Number
    dp: Number
    mfu: Number
    goodput: Number
    pue: Number
    carbon_intensity: Number
    market_intensity: Number
    basis: str | None
    electricity_price: Number
    rent_from: str | None
    rent_price: Number
    discount: Number
    purchase_price: Number
    service_life: Number
    utilisation: Number
    calibration: str | None
    flops: Number
    nodes: Number
    gpus: Number
    gpu_hours: Number
    provider: str | None


class PlanFields(FixedFields, total=False):
    """The fields of a :class:`Plan` as keyword arguments of :func:`traincarbon.estimate` and its siblings, and their aliases."""

    hw: str | None
    region: str | None
    start: str | None
    rent: str | None
    hardware: str | None
    gpu: str | None

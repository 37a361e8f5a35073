"""The links that count the FLOP of a sample of images, video or audio, part by part."""

from traincarbon.estimation.walk import Link
from traincarbon.formulas import attended_pairs, compute, sample_flop, samples

PATCHES = Link(
    "tokens_per_sample",
    sample_flop.patch_tokens,
    image_size="image_size",
    patch_size="patch_size",
    latent_factor=("latent_factor", 1.0),
    frames=("frames", 1.0),
    frames_per_token=("frames_per_token", 1.0),
)
LATENT_CLIP = Link(
    "tokens_per_sample",
    sample_flop.latent_video_tokens,
    image_size="image_size",
    patch_size="patch_size",
    latent_factor="latent_factor",
    frames="frames",
    frames_per_token="frames_per_token",  # noqa: S106  a token of a clip
)
WITH_TEXT = Link("tokens_per_sample", sample_flop.tokens_with_text, tokens_per_sample="tokens_per_sample", text_tokens="text_tokens")
LOCAL_TOKENS = Link("local_tokens", samples.image_tokens, image_size="local_size", patch_size="patch_size")
SECONDS = Link("samples", sample_flop.audio_seconds, audio_hours="audio_hours")
BY_ADAPTERS = Link(
    "flop_per_sample",
    compute.adapter_training_flop,
    frozen_params=("active_params", "params"),
    trainable_params="trainable_params",
    tokens="tokens_per_sample",
)
BY_TOKENS = Link("flop_per_sample", compute.training_flop, active_params=("active_params", "params"), tokens="tokens_per_sample")
MASKED = Link(
    "flop_per_sample",
    sample_flop.masked_autoencoder_flop,
    params="params",
    decoder_params="decoder_params",
    mask_ratio="mask_ratio",
    tokens_per_sample="tokens_per_sample",
)
DISTILLED = Link(
    "flop_per_sample",
    sample_flop.self_distillation_flop,
    params="params",
    global_crops="global_crops",
    local_crops="local_crops",
    tokens_per_sample="tokens_per_sample",
    local_tokens="local_tokens",
)
TOWERS = Link(
    "flop_per_sample",
    sample_flop.two_part_flop,
    params="params",
    other_params="text_params",
    tokens_per_sample="tokens_per_sample",
    other_tokens="text_tokens",
)
SPOKEN = Link(
    "flop_per_sample",
    sample_flop.two_part_flop,
    params="params",
    other_params="decoder_params",
    tokens_per_sample="tokens_per_sample",
    other_tokens="text_tokens",
)
ATTENTION = Link(
    "flop_per_sample",
    sample_flop.flop_with_attention,
    flop_per_sample="flop_per_sample",
    layers="layers",
    hidden="hidden",
    tokens_per_sample="tokens_per_sample",
)
MASKED_PAIRS = Link("attended_pairs", attended_pairs.masked_pairs, mask_ratio="mask_ratio", tokens_per_sample="tokens_per_sample")
DISTILLED_PAIRS = Link(
    "attended_pairs",
    attended_pairs.distilled_pairs,
    global_crops="global_crops",
    local_crops="local_crops",
    tokens_per_sample="tokens_per_sample",
    local_tokens="local_tokens",
)
PAIRED_ATTENTION = Link(
    "flop_per_sample", attended_pairs.flop_with_pairs, flop_per_sample="flop_per_sample", layers="layers", hidden="hidden", attended_pairs="attended_pairs"
)
DECODER_ATTENTION = Link(
    "flop_per_sample",
    sample_flop.flop_with_attention,
    flop_per_sample="flop_per_sample",
    layers="decoder_layers",
    hidden="decoder_hidden",
    tokens_per_sample="tokens_per_sample",
)
WINDOWED_ATTENTION = Link(
    "flop_per_sample",
    sample_flop.flop_with_windowed_attention,
    flop_per_sample="flop_per_sample",
    layers="layers",
    hidden="hidden",
    window_tokens="seq_len",
    tokens_per_sample="tokens_per_sample",
)
FROZEN_PART = Link(
    "flop_per_sample", samples.flop_with_frozen, compute_flop="flop_per_sample", frozen_params="multiplied_frozen_params", tokens="tokens_per_sample"
)
TEACHER = Link("flop_per_sample", samples.flop_with_teacher, compute_flop="flop_per_sample", teacher_params="teacher_params", tokens="tokens_per_sample")
REFERENCE = Link("flop_per_sample", samples.flop_with_teacher, compute_flop="flop_per_sample", teacher_params="reference_params", tokens="tokens_per_sample")
FROZEN_ENCODERS = Link(
    "flop_per_sample", sample_flop.flop_with_frozen_encoders, flop_per_sample="flop_per_sample", frozen_gmac_per_sample="frozen_gmac_per_sample"
)

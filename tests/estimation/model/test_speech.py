"""Speech by model: encoders that the database knows, and Whisper's two parts."""

import pytest

from traincarbon import estimate
from traincarbon.database.load import open_database
from traincarbon.errors import PlanError
from traincarbon.estimation.model.speech import find_speech_encoder

HW = {"hw": "64xa100"}


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("wav2vec2-base", "wav2vec2-base"),
        ("facebook/wav2vec2-base-960h", "wav2vec2-base"),
        ("facebook/wav2vec2-large-lv60", "wav2vec2-large"),
        ("facebook/hubert-xlarge-ll60k", "hubert-xlarge"),
        ("conformer_ctc_large", "conformer-ctc-large"),
        ("facebook/wav2vec2-xls-r-2b", "xls-r-2b"),
        ("microsoft/wavlm-base-plus", "wavlm-base"),
        ("microsoft/wavlm-large", "wavlm-large"),
        ("facebook/w2v-bert-2.0", "w2v-bert-2.0"),
        ("nvidia/parakeet-ctc-1.1b", "parakeet-ctc-1.1b"),
        ("conformer-l", "conformer-l"),
    ],
)
def test_an_encoder_is_found_by_its_usual_names(name, id):
    assert find_speech_encoder(open_database(), name).id == id


def test_an_unknown_encoder_is_not_taken_for_a_known_one():
    assert find_speech_encoder(open_database(), "wav2vec2-xls-r-5b") is None
    assert find_speech_encoder(open_database(), "wav2vec2") is None


def test_the_convolutions_of_wav2vec_2_are_a_third_of_its_base_model():
    # strides 5, 2, 2, 2, 2, 2, 2 at 16 kHz: 3,200 to 50 places a second, 512 channels, kernels 10, 3, 3, 3, 3, 2, 2
    convolutions = 512 * 10 * 3200 + 512**2 * (3 * (1600 + 800 + 400 + 200) + 2 * (100 + 50))
    encoder = 50 * (12 * (4 * 768**2 + 2 * 768 * 3072) + 512 * 768 + 768**2 / 16 * 128)
    known = find_speech_encoder(open_database(), "wav2vec2-base")
    assert known.gmac_per_s == pytest.approx((convolutions + encoder) / 1e9, abs=5e-4)
    answer = estimate(model="wav2vec2-base", audio_hours=960, epochs=100, **HW)
    assert answer.median("compute_flop") == pytest.approx(6.0 * (convolutions + encoder) * 960 * 3600 * 100, rel=1e-4)
    assert answer.flop_counts["how"] == "per_sample"
    assert answer.plan.family == "speech"


def test_the_multiply_adds_of_a_second_are_those_that_the_plan_states():
    answer = estimate(family="speech", gmac_per_sample=7.0, audio_hours=1e3, epochs=10, **HW)
    assert answer.median("compute_flop") == pytest.approx(6e9 * 7.0 * 3.6e7)
    assert estimate(flop_per_sample=4.2e10, audio_hours=1e3, epochs=10, **HW).median("compute_flop") == pytest.approx(answer.median("compute_flop"))


def test_the_decoder_of_whisper_sees_text_and_its_encoder_frames():
    # 1280 wide, 32 and 32 layers, 5120 between; 2 h² of each decoder layer see audio; 30 s are 1,500 frames
    answer = estimate(model="openai/whisper-large-v3", audio_hours=1e6, text_tokens=4.0, **HW)
    h, seconds = 1280.0, 3.6e9
    of_audio = 32 * (4 * h**2 + 2 * h * 5120) + h * (3 * 128 + 1) + h * (3 * h + 1) + 32 * 2 * h**2
    of_text = 1543490560.0 - of_audio
    parts = answer.flop_counts["parts"]
    assert parts["encoder"] == pytest.approx(6 * of_audio * 50 * seconds)
    assert parts["decoder"] == pytest.approx(6 * of_text * 4.0 * seconds)
    assert parts["attention"] == pytest.approx(12 * 32 * h * 1500 * 50 * seconds)
    assert sum(parts.values()) == pytest.approx(answer.median("compute_flop"))


def test_what_is_not_counted_is_among_the_assumptions():
    answer = estimate(params=95e6, audio_hours=960, epochs=10, **HW)
    assert {"front_end", "decoder_params", "frames_per_s"} <= {each.name for each in answer.assumptions}


def test_multiply_adds_of_a_second_need_the_hours_of_audio():
    with pytest.raises(PlanError, match="needs samples") as caught:
        estimate(family="speech", gmac_per_sample=7.0, **HW)
    assert "of audio, a sample is a second" in caught.value.hint


@pytest.mark.parametrize(
    ("model", "layers"), [("openai/whisper-large-v3-turbo", 4), ("distil-whisper/distil-large-v3", 2), ("distil-whisper/distil-large-v3.5", 2)]
)
def test_a_whisper_with_a_short_decoder_has_the_encoder_of_the_whole_one(model, layers):
    short, whole = (estimate(model=name, audio_hours=1e6, text_tokens=4.0, **HW).flop_counts["parts"] for name in (model, "openai/whisper-large-v3"))
    missing = (32 - layers) * 2 * 1280.0**2  # keys and values of audio in the decoder
    assert whole["encoder"] - short["encoder"] == pytest.approx(6 * missing * 50 * 3.6e9)
    assert short["attention"] == whole["attention"]


def test_fast_conformers_take_the_published_multiply_adds_once_attention_is_added():
    # Rekesh et al. 2023 (arXiv:2305.05084), by memory: 143.2 GMAC of 30 s in Conformer (L). Attention is not in the table:
    # scores and values, scores of positions, and the projection of positions add 0.7 a second to 4.0 at 750 frames.
    layers, width, frames = 17, 512, 750
    attention = 25 * 3 * layers * width * frames + layers * width**2 * (2 * frames - 1) / 30
    known = find_speech_encoder(open_database(), "conformer-l")
    assert known.gmac_per_s + attention / 1e9 == pytest.approx(143.2 / 30, rel=0.05)

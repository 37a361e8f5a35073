"""Encoder-decoders of two kinds."""

import json
from pathlib import Path

from traincarbon.estimation.model.huggingface import read_file

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def test_the_keys_of_t5_and_of_bart_mean_the_same():
    for name in ("t5-large", "bart-large"):
        config = read_file(DATA / f"{name}.json").config
        assert (config.layers, config.hidden, config.heads) == ((24, 1024, 16) if name == "t5-large" else (12, 1024, 16))
        assert config.decoder_layers == config.layers


def test_newer_t5_is_gated():
    assert [read_file(DATA / f"{name}.json").config.ffn_matrices for name in ("t5-large", "flan-t5-large")] == [2, 3]


def test_whisper_reads_bands_of_a_spectrogram():
    config = read_file(DATA / "whisper-tiny.json").config
    assert (config.channels, config.positions) == (80, 448 + 1500)

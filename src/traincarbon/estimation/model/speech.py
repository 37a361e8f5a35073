"""Speech: encoders that the database knows, and which part of an encoder-decoder sees audio and which sees text."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.models import model_name
from traincarbon.estimation.model.config import ModelConfig

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_WHISPER_FRAMES_PER_S = 50.0
"""A frame of Whisper's encoder is two hops of 10 ms (Radford et al. 2022, section 2.2)."""


class SpeechEncoder(NamedTuple):
    """An encoder of speech.

    Attributes:
        id: Its id in ``speech_encoders.csv``.
        name: What people call it.
        params: Its parameters.
        gmac_per_s: Multiply-adds of the forward pass of a second of audio, convolutions before the encoder included. [GMAC/s]
    """

    id: str
    name: str
    params: float
    gmac_per_s: float


def find_speech_encoder(database: "Database", text: str) -> SpeechEncoder | None:
    """Return the encoder that *text* names, such as ``facebook/wav2vec2-large-lv60``, None where there is none."""
    known = database.remember(_encoders, None)
    words = text.rpartition("/")[2].replace("_", "-").split("-")
    starts = (0, 1) if words[0].lower() == "wav2vec2" else (0,)  # wav2vec2-xls-r-300m is XLS-R 300M
    parts = ("-".join(words[start:end]) for start in starts for end in range(len(words), start, -1))
    return next((known[name] for part in parts if (name := model_name(part)) in known), None)


def _encoders(database: "Database", _key: None) -> dict[str, SpeechEncoder]:
    rows = database.all_rows("speech_encoders")
    return {
        model_name(row["speech_encoder"]): SpeechEncoder(row["speech_encoder"], row["name"], float(row["params"]), float(row["gmac_per_s"])) for row in rows
    }


def speech_fields(config: ModelConfig, params: float) -> dict[str, float]:
    """Return the fields of a plan that say which part of a Whisper sees audio and which sees text; empty for other models.

    Keys and values of the decoder's attention to the encoder are of audio: a decoder layer has 2 h² parameters that see frames.
    """
    if config.architecture != "whisper":
        return {}
    hidden = float(config.hidden)
    of_audio = config.layers * (4.0 * hidden**2 + 2.0 * hidden * config.ffn) + config.extra_params + 2.0 * config.decoder_layers * hidden**2
    window = float(config.positions - config.context)
    shape = {"layers": float(config.layers), "hidden": hidden, "seq_len": window}
    return {"decoder_params": params - of_audio, "frames_per_s": _WHISPER_FRAMES_PER_S, **shape}

"""Layers of attention that see a window of tokens only: how many a configuration has, and how many tokens a token sees in the mean."""

from math import ceil

from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.keys import ConfigKeys

_PATTERN = {"gemma3_text": 6, "cohere2": 4, "olmo3": 4}
"""Every which layer sees all tokens where a configuration does not say it; the others have windows."""
_FIRST_SEES_ALL = {"modernbert": 3}
"""Every which layer sees all tokens, of architectures whose first layer is one of them."""
_KEYS = {"gpt_neo": "window_size", "modernbert": "local_attention"}
"""The key of a window where an architecture has its own for it."""
_DEFAULT_WINDOW = {"modernbert": 128}
"""The tokens of a window where a configuration leaves them out and its class fills them in."""
_ALTERNATING = ("gemma2", "gpt_oss", "gpt_neo")
"""Architectures in which every second layer has a window."""
_WINDOWED = "sliding_attention"


def windows_of(keys: ConfigKeys, kind: str, layers: int) -> tuple[int, int]:
    """Return the tokens of a window and the layers that have one, zeros where none has.

    Raises:
        PlanError: a key has a value of the wrong kind.
    """
    names = ("sliding_window", _KEYS[kind]) if kind in _KEYS else ("sliding_window",)
    window = keys.count(*names, default=_DEFAULT_WINDOW.get(kind, 0), least=0)
    if not window or not keys.flag("use_sliding_window", default=True):
        return 0, 0
    stated = keys.count("windowed_layers", default=0, least=0)
    types = keys.table.get("layer_types")
    if stated:
        windowed = stated
    elif isinstance(types, list):
        windowed = sum(each == _WINDOWED for each in types)
    elif kind in _FIRST_SEES_ALL:
        windowed = layers - ceil(layers / keys.count("global_attn_every_n_layers", default=_FIRST_SEES_ALL[kind]))
    elif kind in _ALTERNATING:
        windowed = (layers + 1) // 2
    elif "sliding_window_pattern" in keys.table or kind in _PATTERN:
        windowed = layers - layers // keys.count("sliding_window_pattern", default=_PATTERN.get(kind, 1))
    else:
        windowed = layers - keys.count("max_window_layers", default=0, least=0) if "use_sliding_window" in keys.table else layers
    windowed = min(max(windowed, 0), layers)
    return (window, windowed) if windowed else (0, 0)


def attended_len(config: ModelConfig, seq_len: float, *, is_causal: bool) -> float:
    """Return the tokens of the context that count in the mean over the layers: all, or in layers with a window those of the window.

    Where half of the scores are counted (*is_causal*), a window is counted so that its half is what tokens see of it: w (1 - w / 2 s).

    Example:
        >>> config = ModelConfig(
        ...     architecture="gemma2", layers=42, hidden=3584, heads=16, kv_heads=8, head_dim=256, value_dim=256, ffn=14336, window=4096, windowed_layers=21
        ... )
        >>> attended_len(config, 8192.0, is_causal=False), attended_len(config, 8192.0, is_causal=True), attended_len(config, 2048.0, is_causal=False)
        (6144.0, 7168.0, 2048.0)
    """
    window = float(config.window)
    if window >= seq_len:
        return seq_len
    share = min(config.windowed_layers, config.layers) / config.layers
    seen = window * (2.0 - window / seq_len) if is_causal else window
    return share * seen + (1.0 - share) * seq_len

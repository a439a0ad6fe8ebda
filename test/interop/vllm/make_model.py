"""Writes a model folder that the real vLLM loads as a Voxtral realtime model in seconds.

The tokenizer is the first 8,000 entries of one that mistral_common ships; the weights are random (`--load-format dummy`). What it
transcribes is nonsense. The protocol, its order of events, its error codes and its limits are vLLM's own.

usage: make_model.py DIRECTORY
"""

import json
import pathlib
import sys

import mistral_common
from mistral_common.tokens.tokenizers.base import SpecialTokens

VOCABULARY = 8_000
SPECIAL = 1_000

AUDIO_ENCODING = {"sampling_rate": 16_000, "frame_rate": 12.5, "num_mel_bins": 128, "hop_length": 160, "window_size": 400}

PARAMETERS = {
    "dim": 256,
    "n_layers": 2,
    "head_dim": 64,
    "hidden_dim": 512,
    "n_heads": 4,
    "n_kv_heads": 2,
    "rope_theta": 1e6,
    "norm_eps": 1e-5,
    "vocab_size": VOCABULARY + SPECIAL,
    "tied_embeddings": True,
    "causal": True,
    "sliding_window": 8_192,
    "use_biases": False,
    "max_position_embeddings": 16_384,
    "ada_rms_norm_t_cond": True,
    "ada_rms_norm_t_cond_dim": 32,
    "multimodal": {
        "whisper_model_args": {
            "encoder_args": {
                "audio_encoding_args": {
                    **AUDIO_ENCODING,
                    "chunk_length_s": None,
                    "global_log_mel_max": 1.5,
                    "transcription_format": "streaming",
                },
                "dim": 128,
                "n_layers": 2,
                "head_dim": 64,
                "hidden_dim": 256,
                "n_heads": 2,
                "n_kv_heads": 2,
                "vocab_size": 1_024,
                "causal": True,
                "sliding_window": 750,
                "pos_embed": "rope",
                "max_source_positions": None,
                "use_biases": True,
                "use_cache": False,
                "rope_theta": 1e6,
                "norm_eps": 1e-5,
                "ffn_type": "swiglu",
                "norm_type": "rms_norm",
            },
            "downsample_args": {"downsample_factor": 4},
        }
    },
}


def special_tokens() -> list[dict]:
    names = [token.value for token in SpecialTokens]
    names = names[: names.index("[STREAMING_WORD]") + 1]
    return [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)]


def tokenizer() -> dict:
    shipped = pathlib.Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    content = json.loads(shipped.read_text())
    content.pop("image", None)
    content["vocab"] = content["vocab"][:VOCABULARY]
    content["special_tokens"] = special_tokens()
    content["config"] = {
        **content["config"],
        "num_vocab_tokens": VOCABULARY,
        "default_vocab_size": VOCABULARY + SPECIAL,
        "default_num_special_tokens": SPECIAL,
        "version": "v13",
    }
    content["audio"] = {
        "sampling_rate": 16_000,
        "frame_rate": 12.5,
        "audio_encoding_config": {name: AUDIO_ENCODING[name] for name in ("num_mel_bins", "hop_length", "window_size")},
        "transcription_format": "streaming",
        "transcription_delay_ms": 480,
        "streaming_look_ahead_ms": 2.5,
        "streaming_look_back_ms": 52.5,
        "streaming_n_left_pad_tokens": 32,
    }
    return content


directory = pathlib.Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
(directory / "params.json").write_text(json.dumps(PARAMETERS))
(directory / "tekken.json").write_text(json.dumps(tokenizer()))

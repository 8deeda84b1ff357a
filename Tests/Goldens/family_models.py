"""The small models of families/: config.json of each in the keys of transformers 4, and what in it must matter.

Sizes are chosen so that every part of a family is there: windows shorter than a sequence, heads in groups, both kinds
of layers, a rotary base of each kind.
"""

COMMON = dict(
    vocab_size=131, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, attention_dropout=0.0,
    initializer_range=0.02, rms_norm_eps=1e-5, use_cache=True, torch_dtype="bfloat16", transformers_version="4.46.0")

# The widths of Phi-4-mini's six pairs: below the original length and above it.
SHORT_FACTOR = [1.0, 1.125, 1.25, 1.5, 1.75, 2.0]
LONG_FACTOR = [1.0, 1.5, 2.25, 3.5, 6.0, 9.0]


def config(model_type, architecture, **fields):
    return {"architectures": [architecture], "model_type": model_type, **COMMON, **fields}


# name -> config.json in the old dialect.
CONFIGS = {
    "mistral": config(
        "mistral", "MistralForCausalLM", hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rope_theta=10000.0, sliding_window=6,
        tie_word_embeddings=False),
    "qwen2": config(
        "qwen2", "Qwen2ForCausalLM", hidden_size=40, intermediate_size=44, num_hidden_layers=2,
        num_attention_heads=5, num_key_value_heads=1, hidden_act="silu", rope_theta=1000000.0, rms_norm_eps=1e-6,
        sliding_window=6, use_sliding_window=False, max_window_layers=1, tie_word_embeddings=True),
    "qwen2-sliding": config(
        "qwen2", "Qwen2ForCausalLM", hidden_size=32, intermediate_size=32, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rope_theta=1000000.0, rms_norm_eps=1e-6,
        sliding_window=6, use_sliding_window=True, max_window_layers=1, tie_word_embeddings=False),
    "qwen3": config(
        "qwen3", "Qwen3ForCausalLM", hidden_size=32, intermediate_size=32, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, head_dim=12, hidden_act="silu", rope_theta=1000000.0,
        rope_scaling=None, rms_norm_eps=1e-6, attention_bias=False, sliding_window=None, use_sliding_window=False,
        max_window_layers=3, tie_word_embeddings=True),
    "smollm3": config(
        "smollm3", "SmolLM3ForCausalLM", hidden_size=32, intermediate_size=20, num_hidden_layers=5,
        num_attention_heads=4, num_key_value_heads=1, hidden_act="silu", rope_theta=50000.0, rope_scaling=None,
        rms_norm_eps=1e-6, attention_bias=False, mlp_bias=False, sliding_window=None, use_sliding_window=False,
        no_rope_layers=[1, 1, 1, 0, 1], no_rope_layer_interval=4, pad_token_id=None),
    "granite": config(
        "granite", "GraniteForCausalLM", hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rope_theta=10000.0, rope_scaling=None,
        attention_bias=False, mlp_bias=False, embedding_multiplier=1.75, residual_multiplier=0.8,
        attention_multiplier=0.2, logits_scaling=0.75, tie_word_embeddings=True),
    "olmo2": config(
        "olmo2", "Olmo2ForCausalLM", hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rope_theta=500000.0, rope_scaling=None,
        rms_norm_eps=1e-6, attention_bias=False, pad_token_id=None, tie_word_embeddings=False),
    "phi3": config(
        "phi3", "Phi3ForCausalLM", hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, hidden_act="silu", rope_theta=10000.0, rope_scaling=None,
        original_max_position_embeddings=128, attention_bias=False, embd_pdrop=0.0, resid_pdrop=0.0,
        sliding_window=6, pad_token_id=None, tie_word_embeddings=False),
    "phi4mini": config(
        "phi3", "Phi3ForCausalLM", hidden_size=32, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, hidden_act="silu", rope_theta=10000.0,
        rope_scaling={"type": "longrope", "short_factor": SHORT_FACTOR, "long_factor": LONG_FACTOR},
        partial_rotary_factor=0.75, original_max_position_embeddings=16, attention_bias=False, embd_pdrop=0.0,
        resid_pdrop=0.0, sliding_window=None, pad_token_id=None, tie_word_embeddings=True),
    "gemma3": config(
        "gemma3_text", "Gemma3ForCausalLM", hidden_size=32, intermediate_size=20, num_hidden_layers=6,
        num_attention_heads=2, num_key_value_heads=1, head_dim=12, hidden_activation="gelu_pytorch_tanh",
        rope_theta=1000000.0, rope_local_base_freq=10000.0, rope_scaling={"rope_type": "linear", "factor": 4.0},
        rms_norm_eps=1e-6, attention_bias=False, query_pre_attn_scalar=12, sliding_window=6,
        sliding_window_pattern=6, attn_logit_softcapping=None, final_logit_softcapping=None,
        cache_implementation="hybrid", pad_token_id=None),
    "gemma2": config(
        "gemma2", "Gemma2ForCausalLM", hidden_size=32, intermediate_size=36, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, head_dim=12, hidden_act="gelu_pytorch_tanh",
        hidden_activation="gelu_pytorch_tanh", rope_theta=10000.0, rms_norm_eps=1e-6, attention_bias=False,
        query_pre_attn_scalar=12, sliding_window=6, attn_logit_softcapping=1.5, final_logit_softcapping=2.5,
        cache_implementation="hybrid", pad_token_id=None),
}

# name -> changes of the configuration, each of which must move the log-probabilities: a reader that overlooks the key
# fails.
MATTERS = {
    "mistral": [{"sliding_window": None}, {"sliding_window": 5}, {"rope_theta": 5000.0}],
    "qwen2": [{"use_sliding_window": True}, {"rope_theta": 10000.0}],
    "qwen2-sliding": [{"use_sliding_window": False}, {"max_window_layers": 0}, {"max_window_layers": 2}],
    "qwen3": [{"rope_theta": 10000.0}],
    "smollm3": [{"no_rope_layers": [1] * 5}, {"no_rope_layers": [0] * 5}, {"rope_theta": 10000.0}],
    "granite": [{"embedding_multiplier": 1.0}, {"residual_multiplier": 1.0}, {"attention_multiplier": 8 ** -0.5},
                {"logits_scaling": 1.0}],
    "olmo2": [{"rope_theta": 10000.0}],
    "phi3": [{"sliding_window": None}],
    "phi4mini": [{"rope_scaling": {"type": "longrope", "short_factor": SHORT_FACTOR, "long_factor": SHORT_FACTOR}},
                 {"max_position_embeddings": 16}],
    "gemma3": [{"sliding_window": 128}, {"sliding_window_pattern": 3}, {"rope_local_base_freq": 1000000.0},
               {"rope_scaling": None}, {"rope_theta": 10000.0}, {"query_pre_attn_scalar": 16}],
    "gemma2": [{"sliding_window": 128}, {"attn_logit_softcapping": None}, {"final_logit_softcapping": None},
               {"query_pre_attn_scalar": 16}],
}

"""A LLaMA in float64, written for goldens: plain torch operations, differentiable, nothing rounded on the way.

transformers keeps RMSNorm, the rotary angles and the attention softmax in float32 whatever the model's dtype is, so its
own float64 run is only good to about 1e-7. The generators compute the expected numbers here and check them against
transformers in float32.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file

DOUBLE = torch.float64


def load_weights(folder):
    """All tensors of a model folder, one file or shards, in float64: name -> tensor."""
    weights = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        weights.update({name: tensor.to(DOUBLE) for name, tensor in load_file(file).items()})
    return weights


def load_config(folder):
    return json.loads((Path(folder) / "config.json").read_text())


def inverse_frequencies(config, head_size):
    """[D / 2] radians a position, after the configuration's rope scaling; either dialect of config.json."""
    rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    kind = rope.get("rope_type", rope.get("type", "default"))
    plain = theta ** (-torch.arange(0, head_size, 2, dtype=DOUBLE) / head_size)
    if kind in ("default", "dynamic"):  # dynamic: within max_position_embeddings, which the goldens do not leave
        return plain
    if kind == "linear":
        return plain / rope["factor"]
    if kind == "yarn":
        length, pairs = rope["original_max_position_embeddings"], head_size // 2

        def pair_turning(times):
            return head_size * math.log(length / (times * 2 * math.pi)) / (2 * math.log(theta))

        first = max(math.floor(pair_turning(rope.get("beta_fast", 32))), 0)
        last = min(math.ceil(pair_turning(rope.get("beta_slow", 1))), head_size - 1)
        stretched = ((torch.arange(pairs, dtype=DOUBLE) - first) / (last - first)).clamp(0, 1)
        return plain * (1 - stretched) + plain / rope["factor"] * stretched
    if kind != "llama3":
        raise ValueError(f"rope scaling {kind!r} is not one that the goldens cover")
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    turns = rope["original_max_position_embeddings"] * plain / (2 * math.pi)  # rotations within the original context
    kept = ((turns - low) / (high - low)).clamp(0, 1)  # 1: fast, left as it is; 0: slow, stretched by the factor
    return plain * kept + plain / rope["factor"] * (1 - kept)


def attention_factor(config):
    """What cosines and sines are multiplied by: YaRN's sharpening of the scores, else 1."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    is_yarn = rope.get("rope_type", rope.get("type")) == "yarn"
    return 0.1 * math.log(rope["factor"]) + 1 if is_yarn else 1.0


def rms_norm(x, weight, epsilon):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight


def rotate(x, angles, factor):
    """Rotates pairs (i, i + D/2) of x: [heads, T, D] by angles: [T, D/2], and multiplies them by factor."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = factor * angles.cos(), factor * angles.sin()
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def logits(config, weights, ids):
    """[T, V] logits of one sequence of token ids."""
    heads = config["num_attention_heads"]
    key_heads = config.get("num_key_value_heads") or heads
    size = config.get("head_dim") or config["hidden_size"] // heads
    epsilon, length = config["rms_norm_eps"], len(ids)
    angles = torch.arange(length, dtype=DOUBLE)[:, None] * inverse_frequencies(config, size)
    factor = attention_factor(config)
    hidden_later = torch.ones(length, length, dtype=torch.bool).triu(1)
    ids = torch.tensor(ids)

    def linear(x, name):
        y = x @ weights[name + ".weight"].T
        return y + weights[name + ".bias"] if name + ".bias" in weights else y

    def split(x, count):
        return x.view(length, count, size).transpose(0, 1)

    x = weights["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        normed = rms_norm(x, weights[prefix + "input_layernorm.weight"], epsilon)
        query = rotate(split(linear(normed, prefix + "self_attn.q_proj"), heads), angles, factor)
        key = rotate(split(linear(normed, prefix + "self_attn.k_proj"), key_heads), angles, factor)
        value = split(linear(normed, prefix + "self_attn.v_proj"), key_heads)
        key, value = (t.repeat_interleave(heads // key_heads, dim=0) for t in (key, value))
        scores = (query @ key.transpose(1, 2) / math.sqrt(size)).masked_fill(hidden_later, -math.inf)
        mixed = (scores.softmax(-1) @ value).transpose(0, 1).reshape(length, heads * size)
        x = x + linear(mixed, prefix + "self_attn.o_proj")
        normed = rms_norm(x, weights[prefix + "post_attention_layernorm.weight"], epsilon)
        gate = torch.nn.functional.silu(linear(normed, prefix + "mlp.gate_proj"))
        x = x + linear(gate * linear(normed, prefix + "mlp.up_proj"), prefix + "mlp.down_proj")
    x = rms_norm(x, weights["model.norm.weight"], epsilon)
    head = "model.embed_tokens" if config["tie_word_embeddings"] else "lm_head"
    return x @ weights[head + ".weight"].T


def token_logprobs(config, weights, ids):
    """[T - 1] ln p(ids[i + 1] given ids[0 ... i])."""
    scores = logits(config, weights, ids)[:-1].log_softmax(-1)
    return scores.gather(1, torch.tensor(ids[1:], dtype=torch.long)[:, None])[:, 0]

"""Writes a model folder as the GGUF file that llama.cpp's convert_hf_to_gguf.py makes of it with --outtype bf16.

The keys, the order of rows and what is added to norms follow that script class by class (conversion/*.py of llama.cpp);
names and constants are the `gguf` package's. There is no vocabulary. Facts that llama.cpp has no key for and its
converter drops: a sliding window of llama and qwen2, SmolLM3's layers without rotary embedding, Gemma 2's rope_theta.
"""

import math

import gguf
import numpy as np
import torch
from gguf import GGUFWriter, GGMLQuantizationType, LlamaFileType, MODEL_ARCH, MODEL_TENSOR, TENSOR_NAMES

ARCHITECTURES = {
    "mistral": MODEL_ARCH.LLAMA, "qwen2": MODEL_ARCH.QWEN2, "qwen3": MODEL_ARCH.QWEN3, "smollm3": MODEL_ARCH.SMOLLM3,
    "granite": MODEL_ARCH.GRANITE, "olmo2": MODEL_ARCH.OLMO2, "phi3": MODEL_ARCH.PHI3,
    "gemma3_text": MODEL_ARCH.GEMMA3, "gemma2": MODEL_ARCH.GEMMA2}
# llama.cpp turns consecutive pairs in these: LlamaModel and its subclasses.
PERMUTED = {"mistral", "smollm3", "granite"}
WITH_SUPER = set(ARCHITECTURES) - {"phi3", "gemma2"}


def permute(weight, heads):
    """LlamaModel.permute: rows (half, pair) of each head become (pair, half)."""
    by_half = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return by_half.swapaxes(1, 2).reshape(weight.shape)


def converted(name, tensor, config):
    """A weight's values in float32 as the file holds them."""
    tensor = tensor.float()
    if config["model_type"] in PERMUTED:
        if name.endswith(("q_proj.weight", "q_proj.bias")):
            tensor = permute(tensor, config["num_attention_heads"])
        if name.endswith(("k_proj.weight", "k_proj.bias")):
            tensor = permute(tensor, config["num_key_value_heads"])
    if config["model_type"].startswith("gemma") and name.endswith("norm.weight"):
        assert torch.equal((tensor + 1) - 1, tensor), f"{name}: 1 + w is rounded"
        tensor = tensor + 1
    return tensor.numpy()


def set_common(writer, config, rope):
    """TextModel.set_gguf_parameters."""
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    if rope.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if config.get("head_dim") is not None:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    writer.add_file_type(LlamaFileType.MOSTLY_BF16)


def set_llama(writer, config):
    """LlamaModel's, and GraniteModel's, which knows no head_dim."""
    writer.add_vocab_size(config["vocab_size"])
    writer.add_rope_dimension_count(
        config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])
    if config["model_type"] == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])


def set_gemma2(writer, config):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_file_type(LlamaFileType.MOSTLY_BF16)
    writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
    writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    writer.add_sliding_window(config["sliding_window"])


def set_phi3(writer, config, rope):
    """Phi3MiniModel's; a window of 0 is none."""
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    longest, original = config["max_position_embeddings"], config["original_max_position_embeddings"]
    writer.add_context_length(longest)
    writer.add_rope_scaling_orig_ctx_len(original)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(int(rope.get("partial_rotary_factor", 1.0) * hidden) // heads)
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_file_type(LlamaFileType.MOSTLY_BF16)
    writer.add_sliding_window(config.get("sliding_window") or 0)
    if rope.get("long_factor"):
        scale = longest / original
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)) if scale > 1 else 1.0)
        for key, kind in (("long_factor", MODEL_TENSOR.ROPE_FACTORS_LONG),
                          ("short_factor", MODEL_TENSOR.ROPE_FACTORS_SHORT)):
            writer.add_tensor(TENSOR_NAMES[kind] + ".weight", np.array(rope[key], dtype=np.float32))


def write(path, config, weights, name):
    """Writes `weights` (name -> bfloat16 tensor) of the model that `config`, in transformers 5's keys, describes."""
    kind = ARCHITECTURES[config["model_type"]]
    writer = GGUFWriter(path, gguf.MODEL_ARCH_NAMES[kind])
    names = gguf.get_tensor_name_map(kind, config["num_hidden_layers"])
    rope = config["rope_parameters"]
    by_type = rope if "full_attention" in rope else {"full_attention": rope}
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    if config["model_type"] in WITH_SUPER:
        # GraniteModel takes head_dim out before its parent looks; the others' configurations say what they have.
        set_common(writer, config, by_type["full_attention"])
    if config["model_type"] in PERMUTED:
        set_llama(writer, config)
    elif config["model_type"] == "phi3":
        set_phi3(writer, config, rope)
    elif config["model_type"] == "gemma2":
        set_gemma2(writer, config)
    elif config["model_type"] == "gemma3_text":
        writer.add_rope_freq_base_swa(by_type["sliding_attention"]["rope_theta"])
        writer.add_sliding_window(config["sliding_window"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_tokenizer_model("none")
    for key, tensor in weights.items():
        if key == "lm_head.weight" and config["model_type"].startswith("gemma2"):
            continue
        values = converted(key, tensor, config)
        new = names.get_name(key, try_suffixes=(".weight", ".bias"))
        assert new is not None, f"{key} has no name in GGUF"
        if values.ndim == 1:
            writer.add_tensor(new, values)
        else:
            blocks = gguf.quants.quantize(values, GGMLQuantizationType.BF16)
            writer.add_tensor(new, blocks, raw_dtype=GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

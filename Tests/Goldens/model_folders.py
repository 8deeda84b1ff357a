"""Writes a small random LLaMA as a Hugging Face folder, for the goldens."""

import json
import math
import shutil
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

COMMON = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "initializer_range": 0.02,
    "max_position_embeddings": 256,
    "mlp_bias": False,
    "model_type": "llama",
    "rms_norm_eps": 1e-5,
    "use_cache": True,
}


def random_weights(model, seed, gain):
    """Fills the model; at a gain about 1 attention is neither flat nor saturated and every term matters."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith(".bias"):
                parameter.copy_(0.3 * noise)
            else:
                parameter.copy_(gain / math.sqrt(parameter.shape[1]) * noise)


def write_model(folder, config, seed, gain=1.2, max_shard_size="10MB"):
    """Writes config.json exactly as given (over COMMON) and the weights in the dtype that it names."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = {**COMMON, **config}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    model = LlamaForCausalLM(LlamaConfig.from_pretrained(folder))
    random_weights(model, seed, gain)
    model.to(getattr(torch, config.get("dtype") or config["torch_dtype"]))
    model.save_pretrained(folder, max_shard_size=max_shard_size)
    # save_pretrained rewrites config.json in the dialect of the installed version: put ours back.
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors leaves them readable by their owner alone
    return folder


def write_json(path, value):
    """Floats keep every digit; one key a line at the top level, so that a changed golden shows as a short diff."""
    lines = (f"  {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items())
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n")

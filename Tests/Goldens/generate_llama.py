"""Makes llama/NAME/: eight small random LLaMA folders, each with expected.json.

Run: python Tests/Goldens/generate_llama.py, with torch and transformers; the same versions give the same files.

expected.json, for the weights as they are stored:
  sequences      [{"ids", "token_logprobs"}]: token_logprobs[i] = ln p(ids[i + 1] given ids[0 ... i]), float64; one
                 entry fewer than ids, so a sequence of one token has none
  greedy         {"prompt", "ids", "smallest_margin"}: the most probable continuation, prompt left out; no EOS in it;
                 the smallest gap in nats between the first and the second choice
  float32_error  largest deviation of transformers in float32 from the numbers above: the scale for a tolerance
"""

from pathlib import Path

import torch
import transformers
from transformers import LlamaForCausalLM

import llama_reference
from model_folders import write_json, write_model

HERE = Path(__file__).parent
GREEDY_TOKENS = 12
LENGTHS = (48, 1, 2, 37)

# name -> (config.json over COMMON, largest shard). Sizes are odd on purpose: no vocabulary is a multiple of anything.
MODELS = {
    "grouped-query-tied": (dict(
        vocab_size=151, hidden_size=64, intermediate_size=52, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True,
        torch_dtype="float32"), "10MB"),
    "head-size-apart": (dict(
        vocab_size=131, hidden_size=40, intermediate_size=68, num_hidden_layers=2, num_attention_heads=5,
        num_key_value_heads=5, head_dim=12, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=False,
        rms_norm_eps=1e-6, torch_dtype="float32"), "10MB"),
    "biases": (dict(
        vocab_size=149, hidden_size=48, intermediate_size=84, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=3, attention_bias=True, mlp_bias=True, rope_theta=10000.0, rope_scaling=None,
        tie_word_embeddings=True, torch_dtype="float32"), "10MB"),
    "sharded-bf16": (dict(
        vocab_size=173, hidden_size=64, intermediate_size=76, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, rope_parameters={"rope_theta": 50000.0, "rope_type": "default"},
        tie_word_embeddings=False, dtype="bfloat16"), "50KB"),
    "rope-llama3": (dict(
        vocab_size=157, hidden_size=64, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, rope_theta=500000.0,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 40},
        max_position_embeddings=320, eos_token_id=[2, 5], tie_word_embeddings=True, torch_dtype="float32"), "10MB"),
    "rope-linear": (dict(
        vocab_size=127, hidden_size=40, intermediate_size=76, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=1, rope_theta=10000.0, rope_scaling={"type": "linear", "factor": 4.0},
        tie_word_embeddings=False, torch_dtype="float32"), "10MB"),
    "rope-yarn": (dict(
        vocab_size=139, hidden_size=64, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, rope_theta=10000.0,
        rope_scaling={"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 40, "beta_fast": 8.0},
        max_position_embeddings=320, tie_word_embeddings=True, torch_dtype="float32"), "10MB"),
    "rope-dynamic": (dict(
        vocab_size=137, hidden_size=40, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, rope_theta=10000.0, rope_scaling={"type": "dynamic", "factor": 4.0},
        max_position_embeddings=96, tie_word_embeddings=True, torch_dtype="float32"), "10MB"),
}


def greedy(config, weights, prompt, stop):
    ids, margins = list(prompt), []
    for _ in range(GREEDY_TOKENS):
        best = llama_reference.logits(config, weights, ids)[-1].topk(2)
        margins.append((best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    new = ids[len(prompt):]
    return None if stop.intersection(new) else {"prompt": prompt, "ids": new, "smallest_margin": min(margins)}


def float32_error(folder, sequences):
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    worst = 0.0
    for sequence in sequences:
        ids = torch.tensor([sequence["ids"]])
        scores = model(ids).logits[0, :-1].double().log_softmax(-1)
        found = scores.gather(1, ids[0, 1:, None])[:, 0]
        wanted = torch.tensor(sequence["token_logprobs"], dtype=torch.float64)
        worst = max([worst, *(found - wanted).abs().tolist()])
    return worst


def scaling_effect(config, weights, ids):
    """How far the log-probabilities move when the rope scaling is left out."""
    without = {key: value for key, value in config.items() if key != "rope_scaling"}
    with_scaling, plain = (llama_reference.token_logprobs(c, weights, ids) for c in (config, without))
    return (with_scaling - plain).abs().max().item()


@torch.no_grad()
def generate(name, seed):
    config, shard = MODELS[name]
    folder = write_model(HERE / "llama" / name, config, seed, max_shard_size=shard)
    config, weights = llama_reference.load_config(folder), llama_reference.load_weights(folder)
    generator = torch.Generator().manual_seed(seed)

    def random_ids(length):
        return torch.randint(0, config["vocab_size"], (length,), generator=generator).tolist()

    sequences = []
    for length in LENGTHS:
        ids = random_ids(length)
        logprobs = llama_reference.token_logprobs(config, weights, ids).tolist()
        sequences.append({"ids": ids, "token_logprobs": logprobs})
    stop = config["eos_token_id"] if isinstance(config["eos_token_id"], list) else [config["eos_token_id"]]
    continuation = None
    while continuation is None or continuation["smallest_margin"] < 0.01 or len(set(continuation["ids"])) < 5:
        continuation = greedy(config, weights, random_ids(7), set(stop))
    error = float32_error(folder, sequences)
    assert error < 1e-4, f"{name}: transformers is {error} away"
    scaling = config.get("rope_scaling") or {}
    if scaling and scaling.get("rope_type", scaling.get("type")) != "dynamic":
        effect = scaling_effect(config, weights, sequences[0]["ids"])
        assert effect > 0.1, f"{name}: leaving the rope scaling out moves the result by {effect} only"
    write_json(folder / "expected.json", {
        "seed": seed,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "float32_error": error,
        "sequences": sequences,
        "greedy": continuation,
    })
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size} bytes, {sum(w.numel() for w in weights.values())} parameters, float32 error {error:.2e}, "
          f"greedy margin {continuation['smallest_margin']:.3f}")


if __name__ == "__main__":
    for number, name in enumerate(MODELS):
        generate(name, seed=1000 + number)

"""Makes families/NAME/: a small random model of each family, with what it must give.

Run: python Tests/Goldens/generate_families.py [NAME ...], with torch, transformers and gguf; the same versions give the
same files.

  NAME/config.json       as save_pretrained of transformers 5 writes it: rope_parameters, dtype, layer_types
  NAME/config.old.json   the same model in the keys of transformers 4: rope_theta, rope_scaling, torch_dtype
  NAME/model.safetensors bfloat16; norms and biases random too
  NAME/model.gguf        what llama.cpp's converter makes of it: matrices in BF16, no vocabulary (family_gguf.py)
  NAME/golden.json       numbers rounded to 9 digits:
    parameters     [[name, shape]] in the order of model.named_parameters()
    sequences      [{"ids", "token_logprobs"}]: token_logprobs[i] = ln p(ids[i + 1] given ids[0 ... i]); one of 11
                   tokens and one of 24: both reach beyond every window, the second beyond Phi-4-mini's original length
    greedy         {"prompt", "ids", "token_logprobs", "smallest_margin"}: 64 tokens with the cache, prompt left out,
                   without EOS, and ln p of each; the smallest gap in nats between the first and the second choice
    training       20 AdamW steps on families/rows.jsonl: losses, grad_norms, first_gradient_norms, final_weight_norms
                   as in training/expected.json
    training_long  Phi-4-mini's alone: the same with the long factors in every row. In `training` a row of at most 16
                   tokens has the short ones, a longer row the long ones, as transformers does with a row by itself
    float32_error  {"logprobs", "losses"}: largest deviation of transformers in float32 from the numbers above, absolute
                   and relative: the scale for a tolerance
  rows.jsonl             {"input_ids", "labels"} as in training/rows.jsonl, over this vocabulary
  settings.json          of `training`, keys as in a recipe

All in float64 by transformers' own models (float64.py) from the stored weights. Each configuration's keys are tried:
without one of them (family_models.MATTERS) the log-probabilities must move.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import gguf
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

import family_gguf
import float64
import generate_training as training
import llama_reference
from family_models import CONFIGS, MATTERS
from model_folders import random_weights, write_json

HERE = Path(__file__).parent / "families"
LENGTHS = (11, 24)
GREEDY_TOKENS = 64
SETTINGS = dict(training.SETTINGS, gradient_accumulation_steps=1, max_grad_norm=1.0)


def load_config(fields):
    """A configuration as transformers reads it from a file with these fields."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(fields))
        return AutoConfig.from_pretrained(folder)


def write_folder(name, seed):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = AutoModelForCausalLM.from_config(load_config(CONFIGS[name]), dtype=torch.float32)
    random_weights(model, seed, gain=1.2)
    if "gemma" in name:  # its norms multiply by 1 + w
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if key.endswith("norm.weight"):
                    parameter.sub_(1)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "config.old.json").write_text(json.dumps(CONFIGS[name], indent=2, sort_keys=True) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


def logprobs(model, ids):
    """[T - 1] ln p(ids[i + 1] given ids[0 ... i])."""
    ids = torch.tensor([ids])
    return model(ids, use_cache=False).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]


def greedy(model, prompt):
    """The most probable continuation, equal with and without a cache; None where a choice is close or ends the text."""
    ids, margins, chosen = list(prompt), [], []
    for _ in range(GREEDY_TOKENS):
        best = model(torch.tensor([ids]), use_cache=False).logits[0, -1].log_softmax(-1).topk(2)
        margins.append((best.values[0] - best.values[1]).item())
        chosen.append(best.values[0].item())
        ids.append(best.indices[0].item())
        if margins[-1] < 2e-3 or ids[-1] == 2:
            return None
    new = ids[len(prompt):]
    if len(set(new)) < 8:
        return None
    cached = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
        max_new_tokens=GREEDY_TOKENS, use_cache=True, pad_token_id=0)[0, len(prompt):].tolist()
    assert cached == new, "the cache changes the text"
    return {"prompt": prompt, "ids": new, "token_logprobs": chosen, "smallest_margin": min(margins)}


def train(model, rows, padded=False):
    """20 steps; `padded`: each row at the length of the longest, which chooses the long factors."""
    longest = SETTINGS["sequence_length"]

    def score(ids):
        filled = ids + [0] * (longest - len(ids)) if padded else ids
        return logprobs(model, filled)[:len(ids) - 1]

    result = training.run(dict(sorted(model.named_parameters())), score, rows, 1, SETTINGS["max_grad_norm"])
    return {key: result[key] for key in ("losses", "grad_norms", "first_gradient_norms", "final_weight_norms")}


def check_keys(name, weights, ids, wanted):
    """Each key counts, and the old dialect means the same."""
    assert (logprobs(float64.model(load_config(CONFIGS[name]), weights), ids) - wanted).abs().max() == 0
    for change in MATTERS[name]:
        other = float64.model(load_config({**CONFIGS[name], **change}), weights)
        effect = (logprobs(other, ids) - wanted).abs().max().item()
        assert effect > 1e-2, f"{name}: {change} moves the result by {effect} only"


def check_float64():
    """The patched transformers gives what the LLaMA written for goldens gives."""
    for name in ("biases", "rope-llama3"):
        folder = HERE.parent / "llama" / name
        ids = json.loads((folder / "expected.json").read_text())["sequences"][0]["ids"]
        config, weights = llama_reference.load_config(folder), llama_reference.load_weights(folder)
        with torch.no_grad(), float64.everywhere():
            found = logprobs(float64.model(AutoConfig.from_pretrained(folder), weights), ids)
        error = (found - llama_reference.token_logprobs(config, weights, ids)).abs().max().item()
        assert error < 1e-11, f"float64.py is {error} away from llama_reference.py"


def rounded(value):
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def float32_error(folder, golden, rows):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        worst = max((logprobs(model, s["ids"]).double() - torch.tensor(s["token_logprobs"], dtype=torch.float64))
                    .abs().max().item() for s in golden["sequences"])
    losses = train(model, rows)["losses"]
    relative = max(abs(a / b - 1) for a, b in zip(losses, golden["training"]["losses"]))
    assert worst < 1e-4 and relative < 1e-4, f"transformers in float32 is {worst}, {relative} away"
    return {"logprobs": worst, "losses": relative}


def generate(name, seed, rows):
    folder = write_folder(name, seed)
    weights, config = load_file(folder / "model.safetensors"), AutoConfig.from_pretrained(folder)
    generator = torch.Generator().manual_seed(seed)

    def random_ids(length):
        return torch.randint(3, config.vocab_size, (length,), generator=generator).tolist()

    with float64.everywhere():
        model = float64.model(config, weights)
        parameters = [[key, list(p.shape)] for key, p in model.named_parameters()]
        with torch.no_grad():
            sequences = [{"ids": ids, "token_logprobs": logprobs(model, ids).tolist()}
                         for ids in map(random_ids, LENGTHS)]
            check_keys(name, weights, sequences[1]["ids"], torch.tensor(sequences[1]["token_logprobs"]))
            continuation = None
            while continuation is None:
                continuation = greedy(model, random_ids(5))
        golden = {"parameters": parameters, "sequences": sequences, "greedy": continuation,
                  "training": train(model, rows)}
        if name == "phi4mini":
            golden["training_long"] = train(float64.model(config, weights), rows, padded=True)
    golden["float32_error"] = float32_error(folder, golden, rows)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    write_json(folder / "golden.json", {"seed": seed, "versions": versions, **rounded(
        {key: golden[key] for key in golden if key != "float32_error"}), "float32_error": golden["float32_error"]})
    fields = json.loads((folder / "config.json").read_text())
    family_gguf.write(folder / "model.gguf", fields, weights, name)
    read = gguf.GGUFReader(folder / "model.gguf")
    sizes = {file.name: file.stat().st_size for file in sorted(folder.iterdir())}
    print(f"{name}: {sizes}, {len(read.tensors)} tensors in GGUF, error {golden['float32_error']}, "
          f"greedy margin {continuation['smallest_margin']:.4f}, {len(set(continuation['ids']))} different")


def main():
    torch.set_num_threads(1)  # the matrices are small
    check_float64()
    HERE.mkdir(exist_ok=True)
    rows = training.make_rows(vocab_size=131)
    (HERE / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_json(HERE / "settings.json", SETTINGS)
    for number, name in enumerate(CONFIGS):
        if not sys.argv[1:] or name in sys.argv[1:]:
            generate(name, 3000 + number, rows)


if __name__ == "__main__":
    main()

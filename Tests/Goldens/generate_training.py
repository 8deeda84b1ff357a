"""Makes training/: a small random LLaMA, pre-tokenised rows and what 20 steps of AdamW on them must give.

Run: python Tests/Goldens/generate_training.py, with torch and transformers; the same versions give the same files.

  model/         Hugging Face folder, float32
  rows.jsonl     {"input_ids", "labels"}, aligned: labels[t] is predicted from the ids before t, -100 is unsupervised.
                 Every second row masks a prompt; in the others labels = input_ids, and position 0 still counts for
                 nothing, having nothing before it. Read in file order, from the first again after the last.
  expected.json  settings (keys as in a recipe) and "runs", each with its gradient_accumulation_steps and max_grad_norm:
                   losses          of each step, before its update: sum of token losses / supervised tokens of the step
                   grad_norms      of each step, before clipping: the L2 norm over all parameters (tied: counted once)
                   learning_rates  of each step
                   supervised      tokens that count in each step
                   first_gradient_norms, final_weight_norms   parameter name -> L2 norm, before clipping / after step 20
                   float32_error   {"losses", "grad_norms"}: largest relative deviation of the same run in float32

All in float64 from the stored weights. Clipping is torch's clip_grad_norm_: factor = min(1, max_norm / (norm + 1e-6)).
"""

import json
import math
from pathlib import Path

import torch
import transformers
from transformers import LlamaForCausalLM

import llama_reference
from model_folders import write_json, write_model

HERE = Path(__file__).parent / "training"
SEED = 2000
ROW_COUNT = 27  # no multiple of a batch: batches run over the end of the file
IGNORED = -100
GAIN = 0.7
MODEL = dict(
    vocab_size=160, hidden_size=48, intermediate_size=100, num_hidden_layers=2, num_attention_heads=6,
    num_key_value_heads=2, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True, torch_dtype="float32")
SETTINGS = dict(
    shuffle=False, packing=False, sequence_length=40, per_device_train_batch_size=4, max_steps=20,
    learning_rate=1e-3, lr_scheduler_type="cosine", warmup_steps=5, min_lr_ratio=0.1, weight_decay=0.1,
    adam_beta1=0.9, adam_beta2=0.95, adam_epsilon=1e-8)
# A norm of 1 clips every step of these runs; 2.7 clips some and leaves others.
RUNS = (dict(gradient_accumulation_steps=1, max_grad_norm=1.0),
        dict(gradient_accumulation_steps=2, max_grad_norm=1.0),
        dict(gradient_accumulation_steps=1, max_grad_norm=2.7))


def make_rows():
    """Rows of 3 to 40 tokens from a biased walk over the vocabulary, so that there is something to learn."""
    generator = torch.Generator().manual_seed(SEED)

    def draw(low, high):
        return int(torch.randint(low, high, (), generator=generator))

    lengths = [3, 40, *(draw(3, 41) for _ in range(ROW_COUNT - 2))]
    rows = []
    for number, length in enumerate(lengths):
        ids = [draw(3, MODEL["vocab_size"])]
        while len(ids) < length - 1:
            ids.append((ids[-1] * 3 + draw(1, 4)) % MODEL["vocab_size"])
        ids.append(2)  # EOS is trained
        masked = draw(1, length - 1) if number % 2 == 0 else 0
        rows.append({"input_ids": ids, "labels": [IGNORED] * masked + ids[masked:]})
    return rows


def learning_rate(step):
    """Of step s = 1 ... max_steps: linear to the peak at warmup_steps, then a cosine to min_lr_ratio at max_steps."""
    peak, warmup, last = SETTINGS["learning_rate"], SETTINGS["warmup_steps"], SETTINGS["max_steps"]
    if step <= warmup:
        return peak * step / warmup
    floor = SETTINGS["min_lr_ratio"]
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (last - warmup))))


def step_loss(score, rows):
    """Sum of the supervised tokens' losses over their number, and that number."""
    losses = []
    for row in rows:
        labels = torch.tensor(row["labels"][1:])
        logprobs = score(row["input_ids"])[labels != IGNORED]
        losses.append(-logprobs)
    losses = torch.cat(losses)
    return losses.sum() / losses.numel(), losses.numel()


def run(parameters, score, rows, gradient_accumulation_steps, max_grad_norm):
    """Trains `parameters` (name -> leaf tensor) in place; score(ids) gives log-probabilities of ids[1:]."""
    decayed = [p for p in parameters.values() if p.dim() >= 2]
    others = [p for p in parameters.values() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": SETTINGS["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
        betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]), eps=SETTINGS["adam_epsilon"], foreach=False)
    rows_a_step = SETTINGS["per_device_train_batch_size"] * gradient_accumulation_steps
    result = {"losses": [], "grad_norms": [], "learning_rates": [], "supervised": []}
    for step in range(1, SETTINGS["max_steps"] + 1):
        first = (step - 1) * rows_a_step
        batch = [rows[(first + i) % len(rows)] for i in range(rows_a_step)]
        rate = learning_rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss, supervised = step_loss(score, batch)
        loss.backward()
        if step == 1:
            first_gradients = {name: p.grad.norm().item() for name, p in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), max_grad_norm)
        optimizer.step()
        result["losses"].append(loss.item())
        result["grad_norms"].append(norm.item())
        result["learning_rates"].append(rate)
        result["supervised"].append(supervised)
    result["first_gradient_norms"] = first_gradients
    result["final_weight_norms"] = {name: p.norm().item() for name, p in parameters.items()}
    return result


def reference_run(folder, rows, choices):
    config = llama_reference.load_config(folder)
    weights = {name: w.requires_grad_() for name, w in sorted(llama_reference.load_weights(folder).items())}
    return run(weights, lambda ids: llama_reference.token_logprobs(config, weights, ids), rows, **choices)


def transformers_run(folder, rows, choices):
    """The same training of the transformers model in float32: checks the reference and scales the tolerance."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")

    def score(ids):
        ids = torch.tensor([ids])
        return model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]

    return run(dict(sorted(model.named_parameters())), score, rows, **choices)


def main():
    folder = write_model(HERE / "model", MODEL, SEED, gain=GAIN)
    rows = make_rows()
    (HERE / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    runs = []
    for choices in RUNS:
        wanted, found = (train(folder, rows, choices) for train in (reference_run, transformers_run))
        errors = {key: max(abs(a / b - 1) for a, b in zip(found[key], wanted[key])) for key in ("losses", "grad_norms")}
        assert max(errors.values()) < 1e-4, f"transformers is {errors} away"
        runs.append({**choices, **wanted, "float32_error": errors})
        print(choices, [round(x, 4) for x in wanted["losses"]], [round(x, 3) for x in wanted["grad_norms"]], errors)
    clipped = [norm > RUNS[2]["max_grad_norm"] for norm in runs[2]["grad_norms"]]
    assert 4 < sum(clipped) < 16, f"the third run clips {sum(clipped)} of {len(clipped)} steps"
    write_json(HERE / "expected.json", {
        "seed": SEED,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "settings": SETTINGS,
        "runs": runs,
    })


if __name__ == "__main__":
    main()

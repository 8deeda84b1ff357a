"""Makes training/: a small random LLaMA, pre-tokenised rows and what 20 steps of each optimiser on them must give.

Run: python Tests/Goldens/generate_training.py, with torch and transformers; the same versions give the same files.

  model/         Hugging Face folder, float32
  rows.jsonl     {"input_ids", "labels"}, aligned: labels[t] is predicted from the ids before t, -100 is unsupervised.
                 Every second row masks a prompt; in the others labels = input_ids, and position 0 still counts for
                 nothing, having nothing before it. Read in file order, from the first again after the last.
  weighted.jsonl the same rows, with a "weight" in two of three
  expected.json  settings (keys as in a recipe) and "runs", each with its gradient_accumulation_steps and max_grad_norm,
                 and where they are not AdamW, 1e-3 and rows.jsonl its optimizer, learning_rate and rows:
                   losses          of each step, before its update: sum of token losses / supervised tokens of the step;
                                   with weights the sum of w * loss / the sum of w, over the supervised tokens
                   grad_norms      of each step, before clipping: the L2 norm over all parameters (tied: counted once)
                   learning_rates  of each step
                   supervised      tokens that count in each step
                   first_gradient_norms, final_weight_norms   parameter name -> L2 norm, before clipping / after step 20
                   float32_error   {"losses", "grad_norms"}: largest relative deviation of the same run in float32

Lion is arXiv:2302.06675's algorithm 2. Muon is arXiv:2502.16982's, on the matrices of the blocks; AdamW moves the rest.
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
        dict(gradient_accumulation_steps=1, max_grad_norm=2.7),
        dict(gradient_accumulation_steps=1, max_grad_norm=1.0, optimizer="lion", learning_rate=3e-4),
        dict(gradient_accumulation_steps=1, max_grad_norm=1.0, optimizer="muon"),
        dict(gradient_accumulation_steps=2, max_grad_norm=1.0, rows="weighted.jsonl"))
WEIGHTS = (0.25, None, 3)  # of the rows in turn; None: the row has none


def make_rows(vocab_size=MODEL["vocab_size"]):
    """Rows of 3 to 40 tokens from a biased walk over the vocabulary, so that there is something to learn."""
    generator = torch.Generator().manual_seed(SEED)

    def draw(low, high):
        return int(torch.randint(low, high, (), generator=generator))

    lengths = [3, 40, *(draw(3, 41) for _ in range(ROW_COUNT - 2))]
    rows = []
    for number, length in enumerate(lengths):
        ids = [draw(3, vocab_size)]
        while len(ids) < length - 1:
            ids.append((ids[-1] * 3 + draw(1, 4)) % vocab_size)
        ids.append(2)  # EOS is trained
        masked = draw(1, length - 1) if number % 2 == 0 else 0
        rows.append({"input_ids": ids, "labels": [IGNORED] * masked + ids[masked:]})
    return rows


def with_weights(rows):
    weights = [WEIGHTS[number % len(WEIGHTS)] for number in range(len(rows))]
    return [row if weight is None else {**row, "weight": weight} for row, weight in zip(rows, weights)]


def scheduled_rate(step, peak):
    """Of step s = 1 ... max_steps: linear to the peak at warmup_steps, then a cosine to min_lr_ratio at max_steps."""
    warmup, last = SETTINGS["warmup_steps"], SETTINGS["max_steps"]
    if step <= warmup:
        return peak * step / warmup
    floor = SETTINGS["min_lr_ratio"]
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (last - warmup))))


def step_loss(score, rows):
    """Sum of the supervised tokens' losses over their number, each times its row's weight; and that number."""
    losses, weights = [], []
    for row in rows:
        labels = torch.tensor(row["labels"][1:])
        logprobs = score(row["input_ids"])[labels != IGNORED]
        losses.append(-logprobs)
        weights.append(torch.full_like(logprobs, row.get("weight", 1)))
    losses, weights = torch.cat(losses), torch.cat(weights)
    return (losses * weights).sum() / weights.sum(), losses.numel()


class Lion(torch.optim.Optimizer):
    """arXiv:2302.06675, algorithm 2."""

    def __init__(self, groups):
        super().__init__(groups, {"lr": 0.0})

    @torch.no_grad()
    def step(self):
        beta1, beta2 = SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                update = (beta1 * m + (1 - beta1) * p.grad).sign()
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * update)
                m.mul_(beta2).add_((1 - beta2) * p.grad)


class Muon(torch.optim.Optimizer):
    """arXiv:2502.16982, equation 4: Nesterov momentum, five steps of Newton and Schulz, the RMS of AdamW's updates."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                m.mul_(0.95).add_(p.grad)
                x = p.grad + 0.95 * m
                x = x / (x.norm() + 1e-7)
                for _ in range(5):
                    a = x @ x.T
                    x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
                p.mul_(1 - group["lr"] * SETTINGS["weight_decay"]).sub_(group["lr"] * 0.2 * max(p.shape) ** 0.5 * x)


def adamw(groups):
    return torch.optim.AdamW(
        groups, betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]), eps=SETTINGS["adam_epsilon"], foreach=False)


def make_optimizers(parameters, name):
    hidden = [p for key, p in parameters.items() if name == "muon" and key.startswith("model.layers.") and p.dim() == 2]
    others = [p for p in parameters.values() if all(p is not h for h in hidden)]
    groups = [{"params": [p for p in others if p.dim() >= 2], "weight_decay": SETTINGS["weight_decay"]},
              {"params": [p for p in others if p.dim() < 2], "weight_decay": 0.0}]
    return [(Lion if name == "lion" else adamw)(groups)] + ([Muon(hidden)] if hidden else [])


def run(parameters, score, rows, gradient_accumulation_steps, max_grad_norm, optimizer="adamw",
        learning_rate=SETTINGS["learning_rate"]):
    """Trains `parameters` (name -> leaf tensor) in place; score(ids) gives log-probabilities of ids[1:].

    `optimizer` is a name, or torch's own, whose groups may have a "factor" of the learning rate.
    """
    optimizers = make_optimizers(parameters, optimizer) if isinstance(optimizer, str) else [optimizer]
    rows_a_step = SETTINGS["per_device_train_batch_size"] * gradient_accumulation_steps
    result = {"losses": [], "grad_norms": [], "learning_rates": [], "supervised": []}
    for step in range(1, SETTINGS["max_steps"] + 1):
        first = (step - 1) * rows_a_step
        batch = [rows[(first + i) % len(rows)] for i in range(rows_a_step)]
        rate = scheduled_rate(step, learning_rate)
        for part in optimizers:
            for group in part.param_groups:
                group["lr"] = rate * group.get("factor", 1.0)
            part.zero_grad()
        loss, supervised = step_loss(score, batch)
        loss.backward()
        if step == 1:
            first_gradients = {name: p.grad.norm().item() for name, p in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), max_grad_norm)
        for part in optimizers:
            part.step()
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
    files = {"rows.jsonl": make_rows()}
    files["weighted.jsonl"] = with_weights(files["rows.jsonl"])
    for name, rows in files.items():
        (HERE / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    runs = []
    for choices in RUNS:
        rows = files[choices.get("rows", "rows.jsonl")]
        constants = {key: value for key, value in choices.items() if key != "rows"}
        wanted, found = (train(folder, rows, constants) for train in (reference_run, transformers_run))
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

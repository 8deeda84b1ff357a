"""Repeats the compounding rounds of a run of `accrete train` in PyTorch, on the same rows in the same order.

    accrete train RECIPE packing=false output_dir=RUN --write-batches BATCHES.jsonl
    python Scripts/compare/pytorch_rounds.py RUN/recipe.yaml --batches BATCHES.jsonl --model MODEL_FOLDER

The run's resolved recipe gives the rounds; the batches file (see pytorch_train.py) holds the rows that the rounds
drew. Round i trains M(i-1) on its micro-batches with an AdamW of its own and becomes M(i); after each round, and before
the first, the loss on every dataset's held-out rows is taken.

This is an ordinary program around transformers' LlamaForCausalLM: eager, SDPA, each micro-batch padded at its right to
its longest row, logits of every position, the model's own loss, fused AdamW, as transformers' Trainer does by default.
No model is saved. --tuned adds what a careful user would: denormals flushed, and a malloc that keeps large blocks.

Prints one JSON object:
  datasets  names, in the order of the rounds
  loss      [rounds + 1][datasets]: mean loss of a held-out dataset's supervised tokens; row 0 is M0; null without rows
  rounds    name, train_seconds, evaluate_seconds, and losses: of each step, before its update
  seconds   load (model and rows), evaluate_base (M0), and rounds (training and evaluation of all rounds)
"""

import argparse
import json
import math
import sys
import time

import torch
import yaml
from transformers import AutoTokenizer, LlamaForCausalLM

from pytorch_train import IGNORED, keep_large_blocks

EVALUATION_ROWS = 8  # rows of a batch of held-out rows: the default of transformers' Trainer


class Unsupported(Exception):
    """A recipe, or rows, that this program does not support; the message says what to do instead."""


def settings_of_rounds(recipe):
    """Returns the training settings of each round: the recipe's, overridden by the round's."""
    if recipe["method"]["type"] != "full" or recipe["precision"] not in ("fp32", "bf16"):
        raise Unsupported("method must be full and precision fp32 or bf16")
    found = []
    for round_ in recipe["rounds"]:
        settings = {**recipe, **round_}
        if settings["packing"]:
            raise Unsupported(f"round {round_['name']} packs its samples: train it with packing=false")
        if settings.get("max_steps") is None or "num_train_epochs" in round_:
            raise Unsupported(f"round {round_['name']} counts epochs: give it max_steps")
        if settings.get("columns") or settings.get("split") is not None:
            raise Unsupported(f"round {round_['name']} renames columns or splits its file: give it plain files")
        if settings.get("early_stopping_patience") or settings.get("load_best_model_at_end"):
            raise Unsupported(f"round {round_['name']} may end before its last step, or keep an earlier one: leave "
                              "early_stopping_patience and load_best_model_at_end out")
        found.append(settings)
    return found


def learning_rate(settings, step):
    """Returns the rate of a step, counted from 1: warm-up from 0 to the peak, then the schedule to its last rate."""
    peak, warmup, total = settings["learning_rate"], settings["warmup_steps"], settings["max_steps"]
    if step <= warmup:
        return peak * step / warmup
    lowest, kind = settings["min_lr_ratio"], settings["lr_scheduler_type"]
    if kind == "constant":
        return peak
    start = max(total - math.ceil(total / 5), warmup) if kind == "wsd" else warmup
    progress = min(max((step - start) / (total - start), 0), 1) if total > start else 1
    if kind == "cosine":
        return peak * (lowest + (1 - lowest) * (1 + math.cos(math.pi * progress)) / 2)
    return peak * (1 - (1 - lowest) * progress)


def encode(row, tokenizer, sequence_length, template="none"):
    """Returns (ids, labels) of a held-out row, cut at the sequence length; labels are aligned with ids.

    The prompt and the completion are encoded apart and joined as they are, with EOS after; BOS only where the tokenizer
    puts one in front by itself. A special token spelled in the text is ordinary text.
    """
    if "input_ids" in row:
        return row["input_ids"][:sequence_length], row["labels"][:sequence_length]

    def ids_of(text):
        return tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)

    if "text" in row:
        prompt, completion = "", row["text"]
    elif "prompt" in row and template != "none" and tokenizer.chat_template:
        raise Unsupported("held-out prompts go through the model's chat template: train with template=none")
    elif "prompt" in row:
        prompt, completion = row["prompt"], row["response" if "response" in row else "completion"]
    else:
        raise Unsupported(f"a held-out row with the keys {sorted(row)}: give it prompt and completion, or text")
    bos = tokenizer.bos_token_id
    given = ([bos] if bos is not None and tokenizer.encode("")[:1] == [bos] else []) + ids_of(prompt)
    learnt = ids_of(completion) + [tokenizer.eos_token_id]
    labels = [IGNORED] * len(given) + learnt
    return (given + learnt)[:sequence_length], labels[:sequence_length]


def held_out(settings, tokenizer):
    """Returns the held-out rows of a dataset that have a token to predict; None where the recipe names no rows."""
    if not settings["valid"]:
        return None
    with open(settings["valid"], encoding="utf-8") as file:
        rows = [encode(json.loads(line), tokenizer, settings["sequence_length"], settings.get("template", "none"))
                for line in file if line.strip()]
    return [row for row in rows if any(label != IGNORED for label in row[1][1:])]


def rows_of_line(line):
    """Returns (ids, labels) of each sample of a micro-batch; the file holds labels already shifted by one."""
    batch = json.loads(line)
    rows = []
    for start, length in batch["segments"]:
        targets = batch["targets"][start : start + length]
        rows.append((batch["ids"][start : start + length], [IGNORED] + targets[:-1]))
    return rows


def collate(rows, pad):
    """Returns the tensors of one forward pass, [B, T] each, rows padded at the right to the longest."""
    width = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([labels + [IGNORED] * (width - len(labels)) for _, labels in rows]),
    }


def target_count(batches):
    """Returns the number of supervised tokens, without the first of each row, which is not predicted."""
    return sum(int((batch["labels"][:, 1:] != IGNORED).sum()) for batch in batches)


class Rounds:
    """The model and its training, from M0 to the model of the last round."""

    def __init__(self, model, pad, precision):
        self.model = model
        self.pad = pad
        self.precision = precision

    def loss(self, batch, supervised):
        """Returns the batch's part of the mean loss over `supervised` tokens."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bf16"):
            return self.model(**batch, num_items_in_batch=supervised, use_cache=False).loss

    @torch.no_grad()
    def evaluate(self, datasets):
        """Returns the mean loss of each dataset's held-out rows."""
        self.model.eval()
        losses = []
        for rows in datasets:
            if rows is None:
                losses.append(None)
                continue
            batches = [collate(rows[i : i + EVALUATION_ROWS], self.pad) for i in range(0, len(rows), EVALUATION_ROWS)]
            supervised = target_count(batches)
            losses.append(sum(self.loss(batch, supervised).item() for batch in batches))
        return losses

    def train(self, settings, lines):
        """Trains one round on its micro-batches; returns the loss of each step."""
        self.model.train()
        decayed = [p for p in self.model.parameters() if p.dim() >= 2]
        others = [p for p in self.model.parameters() if p.dim() < 2]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": settings["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
            betas=(settings["adam_beta1"], settings["adam_beta2"]), eps=settings["adam_epsilon"], fused=True)
        each, losses = settings["gradient_accumulation_steps"], []
        for step in range(1, settings["max_steps"] + 1):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(settings, step)
            batches = [collate(rows_of_line(line), self.pad) for line in lines[(step - 1) * each : step * each]]
            supervised, total = target_count(batches), 0.0
            for batch in batches:
                loss = self.loss(batch, supervised)
                loss.backward()
                total += loss.item()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings["max_grad_norm"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(total)
            print(f"{settings['name']} step {step} of {settings['max_steps']}: loss {total:.6f}", file=sys.stderr,
                  flush=True)
        return losses


def cut_by_rounds(lines, rounds):
    """Returns the lines of the batches file for each round, as many as its steps take."""
    counts = [settings["max_steps"] * settings["gradient_accumulation_steps"] for settings in rounds]
    if len(lines) != sum(counts):
        raise Unsupported(f"the batches file holds {len(lines)} micro-batches, the recipe takes {sum(counts)}: "
                          "write it in the run whose recipe this is")
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [lines[start : start + count] for start, count in zip(starts, counts)]


def run(options):
    torch.set_num_threads(options.threads)
    if options.tuned:
        torch.set_flush_denormal(True)
        keep_large_blocks()
    start = time.perf_counter()
    with open(options.recipe, encoding="utf-8") as file:
        recipe = yaml.safe_load(file)
    rounds = settings_of_rounds(recipe)
    with open(options.batches, encoding="utf-8") as file:
        lines = cut_by_rounds([line for line in file if line.strip()], rounds)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = LlamaForCausalLM.from_pretrained(options.model, dtype=torch.float32, attn_implementation="sdpa")
    datasets = [held_out(settings, tokenizer) for settings in rounds]
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    trained = Rounds(model, pad, options.precision or recipe["precision"])
    seconds = {"load": time.perf_counter() - start}

    start = time.perf_counter()
    matrix, reports = [trained.evaluate(datasets)], []
    seconds["evaluate_base"] = time.perf_counter() - start
    start = time.perf_counter()
    for settings, batches in zip(rounds, lines):
        begin = time.perf_counter()
        losses = trained.train(settings, batches)
        between = time.perf_counter()
        matrix.append(trained.evaluate(datasets))
        reports.append({"name": settings["name"], "train_seconds": between - begin,
                        "evaluate_seconds": time.perf_counter() - between, "losses": losses})
        print(f"held-out loss after {settings['name']}: {matrix[-1]}", file=sys.stderr, flush=True)
    seconds["rounds"] = time.perf_counter() - start
    return {"datasets": [settings["name"] for settings in rounds], "loss": matrix, "rounds": reports,
            "seconds": seconds, "threads": options.threads, "precision": trained.precision, "tuned": options.tuned,
            "torch": torch.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="a run's resolved recipe.yaml")
    parser.add_argument("--batches", required=True, help="what accrete train --write-batches wrote in that run")
    parser.add_argument("--model", required=True, help="M0 as a Hugging Face folder (accrete convert --dtype f32)")
    parser.add_argument("--precision", choices=["fp32", "bf16"],
                        help="bf16: autocast, fp32 weights; the recipe's where it is left out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tuned", action="store_true", help="denormals flushed, a malloc that keeps large blocks")
    try:
        print(json.dumps(run(parser.parse_args())))
    except Unsupported as refusal:
        print(f"pytorch_rounds.py: {refusal}", file=sys.stderr)
        return 65
    return 0


if __name__ == "__main__":
    sys.exit(main())

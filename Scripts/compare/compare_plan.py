#!/usr/bin/env python3
"""Compares the bytes that `accrete plan` predicts with those of a run of three steps, allocated and resident.

    python Scripts/compare/compare_plan.py MODEL [MODEL …] [--methods full lora qlora recompute]

MODEL is a model's folder or file, or a name of SHAPES below, for which a model with random weights is written in bf16
first. Rows are random ids, so no tokenizer is needed. Prints one JSON object: for each model and method
  planned        bytes that `accrete plan` predicts
  allocated      the most bytes that the run's buffers took (peak_bytes in round.json)
  resident       the most bytes that the process held, driver and program included
  ratio          planned / allocated
  weights, optimizer, activations   bytes of the plan's parts
  seconds        time of the last step
  loss           loss of the last step
Exits with 1 where planned and allocated differ by more than --tolerance.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHAPES = {
    "SmolLM2-360M": dict(
        hidden_size=960, intermediate_size=2560, num_hidden_layers=32, num_attention_heads=15, num_key_value_heads=5,
        vocab_size=49152, tie_word_embeddings=True, max_position_embeddings=8192, rms_norm_eps=1e-5),
    "TinyLlama-1.1B": dict(
        hidden_size=2048, intermediate_size=5632, num_hidden_layers=22, num_attention_heads=32, num_key_value_heads=4,
        vocab_size=32000, tie_word_embeddings=False, max_position_embeddings=2048, rms_norm_eps=1e-5),
}
LORA = ["method={type: lora, rank: 8, alpha: 16, between_rounds: continue}"]
METHODS = {
    "full": [], "lora": LORA, "recompute": ["recompute=block"], "lora-recompute": [*LORA, "recompute=block"],
    "lora-bf16": [*LORA, "base.dtype=bf16"], "qlora": [*LORA, "base.dtype=nf4"],
    "qlora-recompute": [*LORA, "base.dtype=nf4", "recompute=block"],
    "lora-bf16-recompute": [*LORA, "base.dtype=bf16", "recompute=block"],
}


def random_model(name, folder):
    """Writes a model folder with random weights in bf16."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    LlamaForCausalLM(LlamaConfig(**SHAPES[name])).save_pretrained(folder)
    return folder


def vocabulary_size(model, options):
    shown = subprocess.run([options.accrete, "inspect", model, "--json"], capture_output=True, text=True)
    if shown.returncode:
        sys.exit(f"compare_plan.py: {model} cannot be opened: {shown.stderr[-500:]}")
    return json.loads(shown.stdout)["configuration"]["vocab_size"]


def recipe(model, vocabulary, options, work):
    generator = random.Random(0)
    with open(work / "rows.jsonl", "w", encoding="utf-8") as file:
        for _ in range(8 * options.rows):
            ids = [generator.randrange(vocabulary) for _ in range(options.length)]
            file.write(json.dumps({"input_ids": ids, "labels": ids}) + "\n")
    text = {
        "output_dir": str(work / "run"), "base": {"model": str(model)}, "packing": True,
        "sequence_length": options.length, "per_device_train_batch_size": options.rows, "max_steps": 3,
        "warmup_steps": 1, "learning_rate": 1e-4, "save_steps": 1000,
        "rounds": [{"name": "rows", "train": str(work / "rows.jsonl")}],
    }
    (work / "recipe.yaml").write_text(json.dumps(text))
    return work / "recipe.yaml"


def measured(command):
    """Runs a command; returns its largest resident memory in bytes. Exits with its error text where it fails."""
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            errors.seek(0)
            sys.exit(f"compare_plan.py: {' '.join(map(str, command))} failed:\n{errors.read()[-2000:]}")
    return usage.ru_maxrss * 1024


def compare(model, method, options, work):
    path = recipe(model, vocabulary_size(model, options), options, work)
    overrides = METHODS[method]
    plan = json.loads(subprocess.run(
        [options.accrete, "plan", "--recipe", path, *overrides, "--json"], check=True, capture_output=True).stdout)
    resident = measured([options.accrete, "train", path, *overrides])
    record = json.loads((work / "run/rounds/01-rows/round.json").read_text())
    last = json.loads((work / "run/metrics.jsonl").read_text().splitlines()[-1])
    return {
        "planned": plan["bytes"]["total"], "allocated": record["peak_bytes"], "resident": resident,
        "ratio": plan["bytes"]["total"] / record["peak_bytes"], "weights": plan["bytes"]["weights"],
        "optimizer": plan["bytes"]["optimizer"], "activations": plan["bytes"]["activations"],
        "seconds": options.rows * options.length / last["tokens_per_second"], "loss": last["loss"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--methods", nargs="+", default=["full", "lora", "qlora", "recompute"], choices=list(METHODS))
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--rows", type=int, default=2, help="rows of a micro-batch")
    parser.add_argument("--length", type=int, default=256, help="tokens of a row")
    parser.add_argument("--tolerance", type=float, default=0.1)
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.models:
            model = random_model(name, pathlib.Path(scratch) / name) if name in SHAPES else name
            found[name] = {}
            for method in options.methods:
                with tempfile.TemporaryDirectory(dir=scratch) as work:
                    found[name][method] = compare(model, method, options, pathlib.Path(work))
                print(name, method, json.dumps(found[name][method]), file=sys.stderr)
    print(json.dumps(found, indent=1))
    return any(
        abs(entry["ratio"] - 1) > options.tolerance for entries in found.values() for entry in entries.values())


if __name__ == "__main__":
    sys.exit(main())

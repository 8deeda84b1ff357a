#!/usr/bin/env python3
"""Trains accrete and PyTorch in turn, on the same model shape and the same packed batches: tokens a second, medians.

    python Scripts/compare/compare_speed.py recipes/speed.yaml [key=value …] --runs 3 --steps 5 --peers plain tuned
    python Scripts/compare/compare_speed.py --shape 15m --rows 8 --sequence-length 256

accrete trains the recipe's first round and writes its micro-batches; without a recipe it trains the preset of --shape on
--rows rows of random ids a step. PyTorch (pytorch_train.py, random weights of --shape) trains on the same batches, once
for each configuration that --peers names. The programs alternate, so that a slow hour of the machine slows all. The
first two steps of each run are not counted. accrete trains in each of --precisions, and a peer is compared with the run
of its own precision. Prints one JSON
object: tokens_per_second (medians), ratio (to each peer), peak_rss_bytes (of the process, the largest of its runs) and
all (each step's rate).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import random_rows

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WARMUP = 2
# accrete's preset for each shape of pytorch_train.py.
PRESETS = {"smollm2": "SmolLM2-135M", "15m": "15M", "110m": "110M"}
# plain: logits of every position and glibc's own malloc, as transformers' Trainer and torchtune leave them; tuned: all
# that pytorch_train.py's docstring lists; compiled: that and torch.compile; bf16: tuned, with autocast.
PEERS = {
    "plain": ["--logits", "all", "--no-keep-blocks"], "tuned": [], "compiled": ["--compile"],
    "bf16": ["--precision", "bf16"], "bf16-compiled": ["--precision", "bf16", "--compile"],
}


def run_once(command):
    """Runs a command; returns its stdout and its largest resident memory in bytes."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=errors)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            sys.exit(f"compare_speed.py: {' '.join(map(str, command))} failed:\n{errors.read().decode()[-2000:]}")
    return printed, usage.ru_maxrss * 1024


def accrete_run(binary, recipe, overrides, steps, folder, batches):
    """Returns the tokens a second of each step after the warm-up, and the largest resident memory in bytes."""
    command = [binary, "train", recipe, f"output_dir={folder}", f"max_steps={steps}", "logging_steps=1"]
    _, memory = run_once([*command, "--write-batches", batches, *overrides])
    lines = [json.loads(line) for line in open(f"{folder}/metrics.jsonl", encoding="utf-8")]
    return [line["tokens_per_second"] for line in lines if line["round"] == 1 and line["step"] > WARMUP], memory


def pytorch_run(batches, options, extra):
    """Returns the tokens a second of each step after the warm-up, and the largest resident memory in bytes."""
    printed, memory = run_once([
        sys.executable, HERE / "pytorch_train.py", "--shape", options.shape, "--batches", batches, "--steps",
        options.steps - WARMUP, "--warmup", WARMUP, "--sequence-length", options.sequence_length, "--device",
        options.device, *extra])
    return json.loads(printed)["step_tokens_per_second"], memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", help="a recipe with one round; none: --shape on random ids")
    parser.add_argument("overrides", nargs="*", help="key=value for accrete train")
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--shape", choices=PRESETS, default="smollm2", help="of pytorch_train.py: the recipe's base")
    parser.add_argument("--rows", type=int, default=4, help="rows a step, without a recipe")
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="PyTorch's; accrete chooses its own")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=["plain", "tuned"])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32"])
    options = parser.parse_args()
    ours = {precision: f"accrete {precision}" for precision in options.precisions}
    rates = {name: [] for name in [*ours.values(), *options.peers]}
    memory = dict.fromkeys(rates, 0)

    def note(name, result):
        rates[name] += result[0]
        memory[name] = max(memory[name], result[1])

    with tempfile.TemporaryDirectory() as work:
        recipe = options.recipe or random_rows.write(
            pathlib.Path(work), PRESETS[options.shape], options.rows, options.sequence_length, steps=options.steps)
        batches = f"{work}/batches.jsonl"
        for run in range(options.runs):
            for precision, name in ours.items():
                overrides = [*options.overrides, f"precision={precision}"]
                folder = f"{work}/{precision}{run}"
                note(name, accrete_run(options.accrete, recipe, overrides, options.steps, folder, batches))
            for peer in options.peers:
                note(peer, pytorch_run(batches, options, PEERS[peer]))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ratios = {}
    for peer in options.peers:
        own = ours.get("bf16" if peer.startswith("bf16") else "fp32")
        if own:
            ratios[peer] = medians[own] / medians[peer]
    print(json.dumps({"tokens_per_second": medians, "ratio": ratios, "peak_rss_bytes": memory, "all": rates}))


if __name__ == "__main__":
    main()

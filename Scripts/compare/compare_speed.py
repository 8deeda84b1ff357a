#!/usr/bin/env python3
"""accrete and PyTorch in turn, on the same model shape and the same packed batches: tokens a second, as medians.

    python Scripts/compare/compare_speed.py recipes/speed.yaml [key=value …] --runs 3 --steps 5 --peers plain tuned

accrete trains the recipe's first round and writes its micro-batches; PyTorch (pytorch_train.py, random weights of the
shape that --shape names) is given those batches, in each way that --peers names. They alternate, so that a slow hour of the
machine slows all. The first two steps of each run are not counted. accrete runs in each of --precisions, and a peer is
held against the run of its own precision. Prints one JSON object.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WARMUP = 2
# plain: logits of every position and glibc's own malloc, as transformers' Trainer and torchtune leave them; tuned: all
# that pytorch_train.py's docstring lists; compiled: that and torch.compile; bf16: tuned, with autocast.
PEERS = {
    "plain": ["--logits", "all", "--no-keep-blocks"], "tuned": [], "compiled": ["--compile"],
    "bf16": ["--precision", "bf16"], "bf16-compiled": ["--precision", "bf16", "--compile"],
}


def accrete_rates(binary, recipe, overrides, steps, folder, batches):
    """Tokens a second of each step after the warm-up."""
    command = [binary, "train", recipe, f"output_dir={folder}", f"max_steps={steps}", "logging_steps=1"]
    subprocess.run([*command, "--write-batches", batches, *overrides], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in open(f"{folder}/metrics.jsonl", encoding="utf-8")]
    return [line["tokens_per_second"] for line in lines if line["round"] == 1 and line["step"] > WARMUP]


def pytorch_rates(batches, shape, steps, sequence_length, device, extra):
    """Tokens a second of each step after the warm-up."""
    command = [sys.executable, str(HERE / "pytorch_train.py"), "--shape", shape, "--batches", batches, "--steps",
               str(steps - WARMUP), "--warmup", str(WARMUP), "--sequence-length", str(sequence_length), "--device", device, *extra]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["step_tokens_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="a recipe with one round")
    parser.add_argument("overrides", nargs="*", help="key=value for accrete train")
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--shape", default="smollm2", help="of pytorch_train.py: the recipe's base")
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="PyTorch's; accrete chooses its own")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=["plain", "tuned"])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32"])
    options = parser.parse_args()
    ours = {precision: f"accrete {precision}" for precision in options.precisions}
    rates = {name: [] for name in [*ours.values(), *options.peers]}
    with tempfile.TemporaryDirectory() as work:
        for run in range(options.runs):
            batches = f"{work}/batches.jsonl"
            for precision, name in ours.items():
                overrides = [*options.overrides, f"precision={precision}"]
                rates[name] += accrete_rates(options.accrete, options.recipe, overrides, options.steps,
                                             f"{work}/{precision}{run}", batches)
            for peer in options.peers:
                rates[peer] += pytorch_rates(batches, options.shape, options.steps, options.sequence_length,
                                             options.device, PEERS[peer])
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ratios = {}
    for peer in options.peers:
        own = ours.get("bf16" if peer.startswith("bf16") else "fp32")
        if own:
            ratios[peer] = medians[own] / medians[peer]
    print(json.dumps({"tokens_per_second": medians, "ratio": ratios, "all": rates}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""accrete and PyTorch in turn, on the same model shape and the same packed batches: tokens a second, as medians.

    python Scripts/compare/compare_speed.py recipes/demo.yaml --runs 3 --steps 4 [key=value …]

accrete trains the recipe's first round and writes its micro-batches; PyTorch (pytorch_train.py, random weights of
SmolLM2's shape) is given those batches. The two alternate, so that a slow hour of the machine slows both. The first
step of each run is not counted. Prints one JSON object.
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


def accrete_rates(binary, recipe, overrides, steps, folder, batches):
    """Tokens a second of each step but the first."""
    command = [binary, "train", recipe, f"output_dir={folder}", f"max_steps={steps}", "logging_steps=1"]
    subprocess.run([*command, "--write-batches", batches, *overrides], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in open(f"{folder}/metrics.jsonl", encoding="utf-8")]
    return [line["tokens_per_second"] for line in lines if line["round"] == 1 and line["step"] > 1]


def pytorch_rates(batches, steps, sequence_length, extra):
    """Tokens a second of each step after the warm-up."""
    command = [sys.executable, str(HERE / "pytorch_train.py"), "--shape", "smollm2", "--batches", batches, "--steps",
               str(steps - 1), "--warmup", "1", "--sequence-length", str(sequence_length), *extra]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [result["tokens_per_second"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="a recipe with one round")
    parser.add_argument("overrides", nargs="*", help="key=value for accrete train")
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--compile", action="store_true", help="let PyTorch compile its model")
    options = parser.parse_args()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as work:
        for run in range(options.runs):
            batches = f"{work}/batches.jsonl"
            ours += accrete_rates(options.accrete, options.recipe, options.overrides, options.steps,
                                  f"{work}/run{run}", batches)
            theirs += pytorch_rates(batches, options.steps, options.sequence_length,
                                    ["--compile"] if options.compile else [])
    ours_median, theirs_median = statistics.median(ours), statistics.median(theirs)
    print(json.dumps({"accrete": ours_median, "pytorch": theirs_median, "ratio": ours_median / theirs_median,
                      "accrete_all": ours, "pytorch_all": theirs}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures the tokens a second of `accrete train`, training all weights, for larger models and for longer rows.

    python3 Scripts/compare/measure_costs.py [--models 15M 110M …] [--lengths 256 512 …] [--precision fp32]

Trains each of --models on rows of 256 tokens, then --model on rows of each of --lengths; a step has --tokens tokens (2,048), or
one row where a row is longer. Models are presets with random weights; rows are random ids, every one supervised.
Operations a token are those of `accrete plan`; the peak is that of `accrete bench adamw --quick`, measured beside each training.
Prints a line for each training and one JSON object.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import random_rows

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WARMUP = 2


def output(command):
    """Returns the output of a command; exits with its error text where it fails."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"measure_costs.py: {' '.join(map(str, command))} failed:\n{result.stderr[-2000:]}")
    return result.stdout


def measure(preset, length, options):
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        path = random_rows.write(work, preset, max(options.tokens // length, 1), length, steps=WARMUP + options.steps,
                                 precision=options.precision)
        plan = json.loads(output([options.accrete, "plan", "--recipe", path, "--json"]))
        output([options.accrete, "train", path])
        lines = [json.loads(line) for line in (work / "run/metrics.jsonl").read_text().splitlines()]
    peak = json.loads(output([options.accrete, "bench", "adamw", "--quick", "--json"]))["peak_gflops"]
    rate = statistics.median(line["tokens_per_second"] for line in lines[WARMUP:])
    gflops = rate * plan["flops_per_token"] / 1e9
    row = {
        "model": preset, "length": length, "parameters": plan["parameters"], "tokens_per_second": rate,
        "gflops": gflops, "peak_gflops": peak, "share": gflops / peak,
    }
    print(f"{preset} at {length}: {rate:.1f} tokens/s, {gflops:.0f} GFLOP/s, {100 * row['share']:.0f} % of {peak:.0f}",
          file=sys.stderr)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=["15M", "42M", "110M", "SmolLM2-360M"])
    parser.add_argument("--model", default="SmolLM2-135M")
    parser.add_argument("--lengths", nargs="*", type=int, default=[256, 512, 1024, 2048, 4096, 8192])
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    options = parser.parse_args()
    rows = [measure(preset, 256, options) for preset in options.models]
    rows += [measure(options.model, length, options) for length in options.lengths]
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

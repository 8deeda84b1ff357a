#!/usr/bin/env python3
"""Measures the tokens a second of `accrete generate`, as a share of what the memory's bandwidth allows.

    python3 Scripts/compare/measure_decode.py MODEL [--tokens 128] [--runs 7]

MODEL is a Hugging Face folder; its weights are held in fp32. The copy's rate, read and written bytes together, is that of
`accrete bench rope` (256 MiB), before and after each run: on a shared machine it can change within seconds. A share is
tokens/s times the bytes of the weights, divided by the mean of both rates. Prints a line for each run, and the medians
as one JSON object.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def printed(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def decode_rate(options):
    command = [options.accrete, "generate", "--model", options.model, "--prompt", "Once upon a time", "--max-tokens",
               str(options.tokens)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.search(r"then ([0-9.]+) tokens/s", said)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    options = parser.parse_args()
    weights = printed([options.accrete, "inspect", options.model, "--json"])["parameters"] * 4

    def copy_rate():
        return printed([options.accrete, "bench", "rope", "--json"])["peak_gbps"]

    rates, shares = [], []
    before = copy_rate()
    for _ in range(options.runs):
        rates.append(decode_rate(options))
        after = copy_rate()
        shares.append(rates[-1] * weights / ((before + after) / 2 * 1e9))
        print(f"{rates[-1]:.1f} tokens/s, copy {before:.1f} and {after:.1f} GB/s: {100 * shares[-1]:.0f} %", file=sys.stderr)
        before = after
    print(json.dumps({"tokens_per_second": statistics.median(rates), "share": statistics.median(shares), "shares": shares}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures `accrete train` on a file of a million rows: seconds to the first step, at the first start and at the second,
and the process's resident memory at its highest.

Makes the file (1 GB) and a recipe in FOLDER where they are not there yet. Each start has a cache of its own, the second the
first's. No peer: the same run on the file's first thousand rows is the yardstick for memory.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

WORDS = ("time person year way day thing man world life hand part child eye woman place work week case point government "
         "company number group problem fact water light river house story letter music window garden engine market").split()


def make_rows(path: Path, rows: int) -> None:
    """Rows of about a kilobyte: a question, and an answer of many words."""
    if path.exists():
        return
    source = random.Random(0)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for number in range(rows):
            words = source.choices(WORDS, k=150)
            row = {"prompt": f"{number}: " + " ".join(words[:30]) + "?", "completion": " " + " ".join(words[30:]) + "."}
            file.write(json.dumps(row) + "\n")
    partial.rename(path)


def recipe(folder: Path, name: str, arguments: argparse.Namespace) -> Path:
    base = f"{{model: {arguments.model}}}" if arguments.model else "{preset: tiny, tokenizer: {vocab_size: 259}}"
    path = folder / f"{name}.yaml"
    path.write_text(f"""output_dir: runs/{name}
base: {base}
max_steps: {arguments.steps}
logging_steps: 1
sequence_length: 512
per_device_train_batch_size: 2
rounds:
  - {{name: {name}, train: {name}.jsonl{', split: 0.9999' if arguments.split else ''}}}
""", encoding="utf-8")
    return path


def start(folder: Path, name: str, arguments: argparse.Namespace, cache: Path) -> dict:
    """One run: seconds to its first step and to its end, and resident memory in MB."""
    run = folder / "runs" / name
    shutil.rmtree(run, ignore_errors=True)
    environment = os.environ | {"ACCRETE_CACHE": str(cache)}
    began = time.monotonic()
    process = subprocess.Popen([arguments.accrete, "train", str(recipe(folder, name, arguments)), "--device", arguments.device],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    metrics, first, peak = run / "metrics.jsonl", None, {}
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        for line in status.splitlines():
            if line.startswith(("VmHWM", "RssAnon")):
                key, value = line.split(":")
                peak[key] = max(peak.get(key, 0), int(value.split()[0]) // 1024)
        if first is None and metrics.exists() and metrics.stat().st_size > 0:
            first = time.monotonic() - began
        time.sleep(0.02)
    errors = process.communicate()[1]
    if process.returncode != 0:
        sys.exit(errors)
    return {"first_step_s": round(first or 0, 2), "whole_s": round(time.monotonic() - began, 2), "peak_rss_mb": peak["VmHWM"],
            "anonymous_mb": peak["RssAnon"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accrete", default=".build/release/accrete")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", help="a model's folder; a tiny one of bytes where it is left out")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--split", action="store_true", help="hold out 1 row of 10,000: all rows are searched for them")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    make_rows(arguments.folder / "large.jsonl", arguments.rows)
    make_rows(arguments.folder / "small.jsonl", 1000)
    cache = arguments.folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    size = (arguments.folder / "large.jsonl").stat().st_size
    print(f"{arguments.rows} rows, {size / 1e6:.0f} MB")
    for title, name in [("a thousand rows", "small"), ("first start", "large"), ("second start", "large")]:
        print(f"{title}: {json.dumps(start(arguments.folder, name, arguments, cache))}")


if __name__ == "__main__":
    main()

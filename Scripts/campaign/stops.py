#!/usr/bin/env python3
"""Stops training runs at random, resumes them, and compares their files with those of runs that never stopped.

    Scripts/campaign/stops.py FOLDER [--trials 300] [--seed 1] [--jobs 2] [--device cpu]

Each trial takes a kind of run and a way of stopping it, stops the run once or several times, resumes it until it ends,
and expects every file to equal that of a run that never stopped, bit for bit but for times. Results are lines of
FOLDER/results.jsonl: called again, the script does the trials that have no line yet. Exits with 1 where a trial failed.
"""

import argparse
import concurrent.futures
import datetime
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from kinds import KINDS, write_inputs
from stopping import WAYS
from trial import Job, must

ROOT = Path(__file__).resolve().parent.parent.parent


def cell(number: int, options: argparse.Namespace) -> tuple[str, str]:
    """Returns the kind and the way of a trial: every pair once before any again, in an order drawn by the seed."""
    pairs = [(kind, way) for kind in options.kinds for way in options.ways]
    turn, place = divmod(number - 1, len(pairs))
    random.Random(f"{options.seed}:order:{turn}").shuffle(pairs)
    return pairs[place]


def prepare(options: argparse.Namespace, shim: Path) -> dict:
    """Compiles the shim, makes the inputs, and returns the head of the campaign; exits where the folder holds trials of
    another program or of other options."""
    source = Path(__file__).with_name("fault.c")
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
    version = subprocess.run([options.program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    tried = {
        "program": hashlib.sha256(options.program.read_bytes()).hexdigest()[:16], "version": version,
        "seed": options.seed, "device": options.device, "kinds": options.kinds, "ways": options.ways,
    }
    head = options.folder / "campaign.json"
    options.inputs.mkdir(parents=True, exist_ok=True)
    if head.exists():
        before = json.loads(head.read_text())
        other = [key for key in tried if before.get(key) != tried[key]]
        if other:
            sys.exit(f"stops.py: {options.folder} holds trials of another {', '.join(other)}: name another folder")
        return before
    write_inputs(options.inputs)
    maker = Job(0, options, shim)
    maker.begin(KINDS["full"])
    outcome = maker.launch(("max_steps=2",))
    must(outcome, "the run that makes a base")
    shutil.copytree(maker.run / "rounds" / "02-two", options.inputs / "base", dirs_exist_ok=True)
    device = next((line.split(": ", 1)[1] for line in outcome.lines if line.startswith("device: ")), "unknown")
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    tried |= {"device_name": device, "commit": commit, "date": datetime.date.today().isoformat()}
    head.write_text(json.dumps(tried, indent=1) + "\n")
    return tried


def table(results: list[dict], options: argparse.Namespace) -> str:
    """Returns a table by kind and way: trials with equal bits / trials."""
    rows = [["", *options.ways, "trials", "equal", "failed"]]
    for kind in [*options.kinds, "all"]:
        mine = [result for result in results if kind in (result["kind"], "all")]
        cells = []
        for way in options.ways:
            these = [result for result in mine if result["way"] == way]
            cells.append(f"{sum(not result['problems'] for result in these)}/{len(these)}" if these else "-")
        equal = sum(not result["problems"] for result in mine)
        rows.append([kind, *cells, str(len(mine)), str(equal), str(len(mine) - equal)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(row, widths)) for row in rows)


def show(result: dict, options: argparse.Namespace) -> None:
    number, kind, way, problems = (result[key] for key in ("trial", "kind", "way", "problems"))
    stops = "; ".join(f"{stop['stop']}{'' if stop['came'] else ' (too late)'}" for stop in result["stops"])
    print(f"{number:>4}  {'FAILED' if problems else 'equal':6}  {kind:13} {way:9} {stops}", flush=True)
    shown = 8
    for problem in problems[:shown]:
        print(f"              {problem}")
    if problems:
        more = f"and {len(problems) - shown} more; " if len(problems) > shown else ""
        kept = options.folder / "failed" / f"{number}-{kind}-{way}"
        print(f"              {more}kept in {kept}; again: --seed {options.seed} --only {number}", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for results and runs; fastest in memory (/dev/shm)")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="of run, separated by commas: %(default)s")
    parser.add_argument("--ways", default=",".join(WAYS), help="of stopping, separated by commas: %(default)s")
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/accrete")
    parser.add_argument("--device", default="cpu", help="as for accrete: cpu, auto, …")
    parser.add_argument("--jobs", type=int, default=2, help="trials at once")
    parser.add_argument("--only", type=int, metavar="TRIAL", help="this trial alone, again; its result is not recorded")
    options = parser.parse_args()
    options.folder, options.program = options.folder.resolve(), options.program.resolve()
    options.inputs = options.folder / "inputs"
    for key, known in (("kinds", tuple(KINDS)), ("ways", WAYS)):
        names = getattr(options, key).split(",")
        for name in names:
            if name not in known:
                parser.error(f"--{key}: {name} is none of {', '.join(known)}")
        setattr(options, key, names)
    return options


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    start, lock, done = time.monotonic(), threading.Lock(), []
    with tempfile.TemporaryDirectory() as scratch:
        shim = Path(scratch) / "fault.so"
        tried = prepare(options, shim)
        file = options.folder / "results.jsonl"
        results = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        known = {result["trial"] for result in results}
        waiting = [options.only] if options.only else [n for n in range(options.trials, 0, -1) if n not in known]

        def work(index: int) -> None:
            job = Job(index, options, shim)
            while True:
                with lock:
                    if not waiting:
                        return
                    number = waiting.pop()
                kind, way = cell(number, options)
                result = job.try_stops(number, KINDS[kind], way)
                with lock:
                    show(result, options)
                    done.append(result)
                    if not options.only:
                        with file.open("a") as stream:
                            stream.write(json.dumps(result) + "\n")

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            try:
                for ended in [pool.submit(work, index) for index in range(1, options.jobs + 1)]:
                    ended.result()
            except BaseException:
                waiting.clear()  # the trials under way end, and are recorded
                raise
    if options.only:
        return int(any(result["problems"] for result in done))
    results = [result for result in results + done if result["trial"] <= options.trials]
    failed = sum(bool(result["problems"]) for result in results)
    stopped = sum(stop["came"] for result in results for stop in result["stops"])
    print(f"\n{table(results, options)}\n")
    print(f"{len(results)} trials with {stopped} stops: {len(results) - failed} equal, {failed} failed")
    print(f"{tried['date']}, device: {tried['device_name']}")
    print(f"accrete {tried['version']} at {tried['commit']} (SHA-256 of the program: {tried['program']}…)")
    print(f"seed {options.seed}; {len(done)} trials in {time.monotonic() - start:.0f} s by {options.jobs} at once")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

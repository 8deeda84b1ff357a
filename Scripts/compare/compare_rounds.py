#!/usr/bin/env python3
"""Trains accrete and PyTorch in turn, on the same compounding rounds with the same rows in the same order; compares the
two transfer matrices cell by cell, and the times.

    python Scripts/compare/compare_rounds.py recipes/rounds.yaml [RECIPE …] [key=value …] --runs 3

accrete trains the recipe with packing=false and writes the micro-batches that it drew; pytorch_rounds.py reads these,
and starts from the same weights (accrete convert --dtype f32). The programs alternate, so that a slow hour of the
machine slows both. --data FOLDER trains each round on FOLDER/<its name>/train.jsonl and valid.jsonl, and --model starts
from another model than the recipe does.

Prints the matrices on stderr and one JSON object on stdout, an entry for each recipe:
  datasets            names, in the order of the rounds
  accrete, pytorch    the matrices of the last run: mean held-out loss, [rounds + 1][datasets], row 0 is M0
  max_difference      the largest |accrete - pytorch| of any cell of any run, in nats
  seconds             for each run: accrete and pytorch, whole processes; pytorch_rounds, training and evaluation alone,
                      without starting Python, importing torch and loading the model. accrete's time includes its
                      start, its checkpoints and the writing of the micro-batches
  ratio               accrete divided by pytorch_rounds, medians; this favours PyTorch
  ratio_of_processes  accrete divided by pytorch, medians
Exits with 1 where a cell differs by more than --tolerance.
"""
import argparse
import json
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def timed(command):
    """Runs a command; returns its seconds and its stdout. Exits with its error text where it fails."""
    start = time.perf_counter()
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        words = " ".join(str(word) for word in command[:3])
        sys.exit(f"compare_rounds.py: {words} … ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return time.perf_counter() - start, result.stdout


def prepared_model(options, recipe, work):
    """Writes M0 as a Hugging Face folder of fp32 weights, from which both programs start."""
    base = recipe["base"]
    if options.model is None and "model" not in base:
        sys.exit("compare_rounds.py: the recipe starts from nothing: name a model with --model")
    source = options.model or pathlib.Path(options.recipe).parent / base["model"]
    folder = work / "model"
    timed([options.accrete, "convert", "--model", source, "--output", folder, "--dtype", "f32"])
    return folder


def overrides_of(options, recipe, model):
    """Returns the arguments that accrete train gets beside the recipe."""
    found = [f"base.model={json.dumps(str(model))}", "packing=false"]
    if options.data:
        data = pathlib.Path(options.data).resolve()
        for index, round_ in enumerate(recipe["rounds"]):
            found += [f"rounds.{index}.{part}={json.dumps(str(data / round_['name'] / (part + '.jsonl')))}"
                      for part in ("train", "valid")]
    return found + options.overrides


def matrix_table(title, datasets, matrix):
    """Returns a matrix as lines of text."""
    width = max(12, *(len(name) + 2 for name in datasets))
    lines = [[title, *datasets]]
    for index, row in enumerate(matrix):
        name = f"M{index} {datasets[index - 1]}" if index else "M0"
        lines.append([name, *("-" if cell is None else f"{cell:.4f}" for cell in row)])
    return "\n".join(f"{line[0]:<16}" + "".join(f"{cell:>{width}}" for cell in line[1:]) for line in lines)


def largest_difference(first, second):
    """Returns the largest difference of a cell; a cell that only one matrix has is an error."""
    differences = [0.0]
    for left, right in zip(first, second, strict=True):
        for one, other in zip(left, right, strict=True):
            if (one is None) != (other is None):
                return float("inf")
            if one is not None:
                differences.append(abs(one - other))
    return max(differences)


def compare(options, work):
    """Compares both programs on one recipe."""
    with open(options.recipe, encoding="utf-8") as file:
        recipe = yaml.safe_load(file)
    model = prepared_model(options, recipe, work)
    overrides = overrides_of(options, recipe, model)
    seconds = {"accrete": [], "pytorch": [], "pytorch_rounds": []}
    worst = 0.0
    for run in range(options.runs):
        folder, batches = work / f"run{run}", work / f"batches{run}.jsonl"
        taken, _ = timed([options.accrete, "train", options.recipe, *overrides, f"output_dir={json.dumps(str(folder))}",
                          "--write-batches", batches])
        seconds["accrete"].append(taken)
        ours = json.loads((folder / "transfer.json").read_text(encoding="utf-8"))
        command = [sys.executable, HERE / "pytorch_rounds.py", folder / "recipe.yaml", "--batches", batches]
        taken, printed = timed([*command, "--model", model, *shlex.split(options.peer)])
        theirs = json.loads(printed)
        shutil.rmtree(folder)  # a model for each round: much disk for many runs
        seconds["pytorch"].append(taken)
        seconds["pytorch_rounds"].append(theirs["seconds"]["rounds"] + theirs["seconds"]["evaluate_base"])
        worst = max(worst, largest_difference(ours["loss"], theirs["loss"]))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["accrete"] / medians["pytorch_rounds"]
    print(matrix_table("accrete", ours["datasets"], ours["loss"]), matrix_table("pytorch", theirs["datasets"],
          theirs["loss"]), f"largest difference {worst:.5f} nats; seconds: accrete {medians['accrete']:.1f}, pytorch "
          f"{medians['pytorch_rounds']:.1f} without its start; ratio {ratio:.3f}", sep="\n\n", file=sys.stderr)
    return {"recipe": options.recipe, "datasets": ours["datasets"], "accrete": ours["loss"], "pytorch": theirs["loss"],
            "max_difference": worst, "seconds": seconds, "ratio": ratio,
            "ratio_of_processes": medians["accrete"] / medians["pytorch"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arguments", nargs="+", metavar="RECIPE|key=value", help="recipes, and overrides for all")
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--data", help="a folder with a folder of train.jsonl and valid.jsonl for each round's name")
    parser.add_argument("--model", help="instead of the recipe's: a Hugging Face folder or a GGUF file")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=0.05, help="nats, in any cell")
    parser.add_argument("--peer", default="", help="options of pytorch_rounds.py, as in --peer=--tuned")
    options = parser.parse_intermixed_args()
    options.overrides = [argument for argument in options.arguments if "=" in argument]
    results = []
    for options.recipe in [argument for argument in options.arguments if "=" not in argument]:
        with tempfile.TemporaryDirectory() as work:
            results.append(compare(options, pathlib.Path(work)))
    print(json.dumps(results))
    return max(result["max_difference"] for result in results) > options.tolerance


if __name__ == "__main__":
    sys.exit(main())

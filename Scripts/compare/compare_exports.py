#!/usr/bin/env python3
"""Checks that other libraries load the files of `accrete convert`, with the same ids, logits and text.

    Scripts/compare/compare_exports.py MODEL --accrete .build/release/accrete [--prompt TEXT] [--tokens 24]

MODEL is any model that accrete opens, with a tokenizer. It is written as a Hugging Face folder, from there as a GGUF
file in F32, and back; then
  - the folder that came back holds the same weights, bit for bit;
  - the `gguf` package reads every tensor of the file;
  - transformers loads the folder and the file (`gguf_file=`): equal ids, logits within 1e-4, and greedily the text that
    `accrete generate` gives;
  - llama.cpp (llama-cpp-python), where it is installed, loads the file: equal ids, the same text.

Needs torch, transformers, accelerate, gguf, safetensors. Prints a line for each check and exits with 1 where one fails.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from gguf import GGUFReader
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

FAILURES = []


def check(what: str, holds: bool, found: object = "") -> None:
    print(f"{'good' if holds else 'BAD '}  {what} {found}".rstrip())
    if not holds:
        FAILURES.append(what)


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    with safe_open(folder / "model.safetensors", "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def load(folder: Path, **more: object) -> tuple[object, object]:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **more).eval()
    return model, AutoTokenizer.from_pretrained(folder, **more)


@torch.no_grad()
def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("model")
    options.add_argument("--accrete", required=True)
    options.add_argument("--prompt", default="The capital of France is")
    options.add_argument("--tokens", type=int, default=24)
    options = options.parse_args()

    def accrete(*arguments: object) -> str:
        command = [options.accrete, *map(str, arguments)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    with tempfile.TemporaryDirectory() as scratch:
        folder, file, back = (Path(scratch) / name for name in ("folder", "model.gguf", "back"))
        accrete("convert", "--model", options.model, "--output", folder)
        accrete("convert", "--model", folder, "--output", file)
        accrete("convert", "--model", file, "--output", back)
        there, again = tensors(folder), tensors(back)
        check("Hugging Face -> GGUF -> Hugging Face: the same bits", there.keys() == again.keys() and all(
            torch.equal(there[name], again[name]) for name in there), f"({len(there)} tensors)")
        reader = GGUFReader(file)
        numbers = sum(int(tensor.n_elements) for tensor in reader.tensors)
        check("the gguf package reads every number", numbers == sum(t.numel() for t in there.values()), f"({numbers})")

        model, tokenizer = load(folder)
        other, other_tokenizer = load(file.parent, gguf_file=file.name)
        ids = tokenizer(options.prompt, return_tensors="pt").input_ids
        check("transformers: folder and file give the same ids", ids[0].tolist() == other_tokenizer(
            options.prompt).input_ids, ids[0].tolist())
        difference = (model(ids).logits - other(ids).logits).abs().max().item()
        check("transformers: logits of folder and file within 1e-4", difference <= 1e-4, f"({difference:.2g})")
        new = model.generate(ids, max_new_tokens=options.tokens, do_sample=False)[0, ids.shape[1]:]
        text = accrete("generate", "--model", file, "--prompt", options.prompt, "--max-tokens", options.tokens)[:-1]
        wanted = tokenizer.decode(new, skip_special_tokens=True)
        check("transformers and accrete go on with the same text", wanted == text, repr(text))
        try:
            from llama_cpp import Llama
        except ImportError:
            print("skipped: llama-cpp-python is not installed")
        else:
            llama = Llama(str(file), n_ctx=512, verbose=False)
            found = llama(options.prompt, max_tokens=options.tokens, temperature=0)["choices"][0]["text"]
            check("llama.cpp goes on with the same text", found == text, repr(found))
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""An adapter that accrete wrote, loaded by PEFT as it stands: the same log-probabilities, and the same after merging.

    python Scripts/compare/compare_adapters.py RUN/rounds/final BASE --text "The capital of France is Paris."

BASE is the Hugging Face folder, in fp32, that the adapter was trained on. The same numbers are computed three times: by
accrete from the adapter's folder, by PEFT around transformers' model, and by transformers after PEFT's
merge_and_unload. Prints one JSON object with the largest differences, in nats, and exits with 1 where one is above
--tolerance.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def logprobs(model, ids):
    """Returns ln p(ids[i + 1] | ids[0 ... i]) for each i."""
    row = torch.tensor([ids])
    with torch.no_grad():
        return model(row).logits[0, :-1].double().log_softmax(-1).gather(1, row[0, 1:, None])[:, 0].tolist()


def difference(first, second):
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter")
    parser.add_argument("base")
    parser.add_argument("--text", default="The capital of France is Paris, and that of Italy is Rome.")
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    parser.add_argument("--tolerance", type=float, default=1e-3, help="nats, of any token")
    options = parser.parse_args()
    ids = AutoTokenizer.from_pretrained(options.base)(options.text)["input_ids"]
    command = [options.accrete, "score", "--model", options.base, "--adapter", options.adapter, "--json", "--ids"]
    result = subprocess.run([*command, ",".join(map(str, ids))], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"compare_adapters.py: accrete ended with {result.returncode}: {result.stderr[-1000:]}")
    ours = json.loads(result.stdout)["token_logprobs"]
    base = AutoModelForCausalLM.from_pretrained(options.base, dtype=torch.float32)
    plain = logprobs(base, ids)
    model = PeftModel.from_pretrained(base, options.adapter)
    theirs = logprobs(model, ids)
    merged = logprobs(model.merge_and_unload(), ids)
    found = {
        "tokens": len(ids), "accrete_peft": difference(ours, theirs), "accrete_merged": difference(ours, merged),
        "peft_merged": difference(theirs, merged), "base_peft": difference(plain, theirs),
    }
    print(json.dumps(found))
    if found["base_peft"] == 0:
        sys.exit("compare_adapters.py: the adapter changes nothing: it was not loaded")
    return max(found["accrete_peft"], found["accrete_merged"]) > options.tolerance


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Learns byte-level BPE from the corpus with Hugging Face's trainer, and writes texts and merges.

    python generate_trained.py             # tokenizers 0.23.3 wrote trained.json
"""

import json
import pathlib

from texts import AWKWARD, CORPUS
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

TEXTS = CORPUS.splitlines() + AWKWARD + ["aaaa aaaaa aaa bababab"] * 3
SIZES = [(400, 2), (3000, 2), (3000, 4), (256, 2), (1500, 1)]


def learn(size, least):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return [list(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def main():
    runs = [{"symbols": size, "least": least, "merges": [" ".join(pair) for pair in learn(size, least)]}
            for size, least in SIZES]
    document = {"texts": TEXTS, "runs": runs}
    path = pathlib.Path(__file__).parent / "trained.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print([len(run["merges"]) for run in runs])


if __name__ == "__main__":
    main()

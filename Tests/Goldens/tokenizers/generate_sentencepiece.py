#!/usr/bin/env python3
"""Trains small SentencePiece models and writes them with the ids that SentencePiece gives to awkward texts.

    python generate_sentencepiece.py        # sentencepiece 0.2.3 wrote the files in this folder
    python generate_sentencepiece.py mistral PATH-TO/tokenizer.model      # mistral.json: ids of a published model alone

The published map nmt_nfkc alone takes 240 KB; `mapped` models have a map of the same form with the characters that
the texts hold: NFKC of each, of each with the combining mark after it, and the control characters and spaces of nmt.
"""

import io
import json
import os
import pathlib
import sys
import tempfile
import unicodedata

import sentencepiece
from texts import AWKWARD, CORPUS

FOLDER = pathlib.Path(__file__).resolve().parent
SYMBOLS = dict(user_defined_symbols=["<sep>", "<verylongsymbol>"], control_symbols=["<ctrl>"])
MODELS = {
    "bpe-identity-bytes": dict(model_type="bpe", vocab_size=520, byte_fallback=True, remove_extra_whitespaces=False,
                               normalization_rule_name="identity"),
    "bpe-mapped": dict(model_type="bpe", vocab_size=330, mapped=True, **SYMBOLS),
    "unigram-identity-bytes": dict(model_type="unigram", vocab_size=500, byte_fallback=True,
                                   remove_extra_whitespaces=False, normalization_rule_name="identity"),
    "unigram-mapped": dict(model_type="unigram", vocab_size=320, mapped=True, **SYMBOLS),
    "unigram-mapped-bytes": dict(model_type="unigram", vocab_size=560, mapped=True, byte_fallback=True,
                                 add_dummy_prefix=False, pad_id=3),
}


def rules():
    """Lines of a rule file: code points, a tab, code points."""
    def code_points(text):
        return " ".join(f"{ord(character):X}" for character in text)
    found = {}
    for text in AWKWARD:
        for length in (1, 2, 3):
            for start in range(len(text) - length + 1):
                source = text[start:start + length]
                if length > 1 and not all(unicodedata.combining(character) for character in source[1:]):
                    continue
                target = unicodedata.normalize("NFKC", source)
                if target != source:
                    found[source] = target
    for character in "\t\n\r\u00a0\u2003\u3000\u2028":
        found[character] = " "
    for character in "\x01\x1f\x7f\u00ad\u200b\ufeff":
        found[character] = ""
    return "".join(f"{code_points(source)}\t{code_points(target)}\n" for source, target in sorted(found.items()))


def train(mapped=False, **options):
    model = io.BytesIO()
    with tempfile.TemporaryDirectory() as work:
        # The model keeps the file's name, which is the same at each run.
        os.chdir(work)
        if mapped:
            pathlib.Path("rules.tsv").write_text(rules())
            options["normalization_rule_tsv"] = "rules.tsv"
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS.splitlines()), model_writer=model, num_threads=1, minloglevel=2,
            character_coverage=1.0, hard_vocab_limit=False, **options)
        os.chdir(FOLDER)
    return model.getvalue()


def published(name, path):
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    cases = [{"text": text, "ids": processor.encode(text)} for text in AWKWARD]
    (FOLDER / f"{name}.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def main():
    expected = {}
    for name, options in MODELS.items():
        content = train(**options)
        (FOLDER / f"{name}.model").write_bytes(content)
        processor = sentencepiece.SentencePieceProcessor(model_proto=content)
        expected[name] = [{"text": text, "ids": processor.encode(text)} for text in AWKWARD]
        print(name, len(content), "bytes,", processor.vocab_size(), "pieces")
    lines = ",\n".join(json.dumps(name) + ": [\n" + ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
                       + "\n]" for name, cases in expected.items())
    (FOLDER / "sentencepiece.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    published(*sys.argv[1:]) if len(sys.argv) == 3 else main()

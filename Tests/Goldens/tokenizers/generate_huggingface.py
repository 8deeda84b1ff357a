#!/usr/bin/env python3
"""Builds small tokenizers of every step that a tokenizer.json may have here, with the ids that `tokenizers` gives.

    python generate_huggingface.py         # tokenizers 0.23.3 and sentencepiece 0.2.3 wrote huggingface.json

Three vocabularies (bytes, characters, unigram) stand in the file once; each case names one and the sections in which
its tokenizer.json differs.
"""

import base64
import json
import pathlib

from texts import AWKWARD, CORPUS
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
ADDED_TEXTS = ["<|end|>", "a<|end|>b", " <|end|> b", "left  <l> right", "left <r>  right", "word WORDS xWORD WORD, WORD",
               "ﬁ ÄÖ äö ÄÖx", "<l><r>  <l>", "<|end|><|end|>", "e\u0301nd <E\u0301>", "<É> <é>"]
TEXTS = AWKWARD + ADDED_TEXTS


def learn(pre_tokenizer, alphabet, size, byte_fallback=False):
    tokenizer = Tokenizer(models.BPE(byte_fallback=byte_fallback, fuse_unk=True, unk_token="<unk>" if byte_fallback else None))
    tokenizer.pre_tokenizer = pre_tokenizer
    special = ["<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
    tokenizer.train_from_iterator(CORPUS.splitlines(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, special_tokens=special, show_progress=False))
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = []
    return document


def unigram():
    """The unigram model and the character map that generate_sentencepiece.py made."""
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / "unigram-mapped-bytes.model"))
    vocabulary = [(processor.id_to_piece(id), processor.get_score(id)) for id in range(processor.vocab_size())]
    tokenizer = Tokenizer(models.Unigram(vocabulary, 0, False))
    return json.loads(tokenizer.to_str())


def character_map():
    """Field 2 of field 3 of the model's message, found by its own tags."""
    content = (FOLDER / "unigram-mapped.model").read_bytes()

    def varint(position):
        value = shift = 0
        while True:
            byte = content[position]
            value |= (byte & 0x7F) << shift
            position, shift = position + 1, shift + 7
            if byte < 0x80:
                return value, position

    def fields(position, end):
        while position < end:
            tag, position = varint(position)
            kind = tag & 7
            if kind == 2:
                length, position = varint(position)
                yield tag >> 3, position, position + length
                position += length
            else:
                position = varint(position)[1] if kind == 0 else position + (4 if kind == 5 else 8)

    for number, start, end in fields(0, len(content)):
        if number == 3:
            for inner, first, last in fields(start, end):
                if inner == 2:
                    return base64.b64encode(content[first:last]).decode()
    raise SystemExit("no character map")


def section(step):
    """A step as it stands in a tokenizer.json."""
    return json.loads(step.__getstate__())


def added(id, content, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": False, **flags}


def cases():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    only_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    sequence = pre_tokenizers.Sequence
    split = lambda pattern: pre_tokenizers.Split(Regex(pattern), "isolated")
    yield "byte-level", "bytes", {"pre_tokenizer": section(byte_level)}
    yield "byte-level-prefix", "bytes", {"pre_tokenizer": section(pre_tokenizers.ByteLevel(add_prefix_space=True))}
    for individual in (True, False):
        step = sequence([pre_tokenizers.Digits(individual_digits=individual), byte_level])
        yield f"digits-{individual}", "bytes", {"pre_tokenizer": section(step)}
    step = sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    yield "digits-prefix", "bytes", {"pre_tokenizer": section(step)}
    yield "split-gpt2", "bytes", {"pre_tokenizer": section(sequence([split(GPT2), only_bytes]))}
    for quantifier in ("", "{1,3}", "{1,2}", "+"):
        step = sequence([split(LLAMA3 % quantifier), only_bytes])
        yield f"split-llama3-{quantifier}", "bytes", {"pre_tokenizer": section(step), "model": {"ignore_merges": True}}
    step = sequence([split(r"\p{N}"), byte_level])
    yield "split-digit", "bytes", {"pre_tokenizer": section(step)}
    step = sequence([pre_tokenizers.Split("an", "isolated"), byte_level])
    yield "split-string", "bytes", {"pre_tokenizer": section(step)}
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        yield form, "bytes", {"normalizer": section(getattr(normalizers, form)()), "pre_tokenizer": section(byte_level)}
    for name, steps in {
        "lowercase": [normalizers.Lowercase()], "strip": [normalizers.Strip()],
        "strip-right": [normalizers.Strip(left=False, right=True)], "prepend": [normalizers.Prepend("x")],
        "replace": [normalizers.Replace("th", "TH"), normalizers.Replace(Regex(" {2,}"), " ")],
        "chain": [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()],
    }.items():
        yield name, "bytes", {"normalizer": section(normalizers.Sequence(steps)), "pre_tokenizer": section(byte_level)}
    yield "added", "bytes", {
        "normalizer": section(normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])),
        "pre_tokenizer": section(byte_level),
        "added_tokens": [
            added(400, "<|end|>", special=True), added(401, "<l>", lstrip=True), added(402, "<r>", rstrip=True),
            added(403, "WORD", single_word=True), added(404, "ÄÖ", normalized=True), added(405, "<é>", normalized=True),
        ],
    }
    for pair in (("<s>", None), (None, "</s>"), ("<s>", "</s>")):
        before = [f"{pair[0]}:0"] if pair[0] else []
        after = [f"{pair[1]}:0"] if pair[1] else []
        template = processors.TemplateProcessing(
            single=before + ["$A:0"] + after, pair=None,
            special_tokens=[(token, 400 + index) for index, token in enumerate(pair) if token])
        yield f"template-{pair[0]}-{pair[1]}", "bytes", {
            "pre_tokenizer": section(byte_level), "post_processor": section(template),
            "added_tokens": [added(400 + index, token, special=True) for index, token in enumerate(("<s>", "</s>"))]}
    for scheme in ("always", "first", "never"):
        for splits in (True, False):
            step = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=splits)
            yield f"metaspace-{scheme}-{splits}", "characters", {
                "pre_tokenizer": section(step), "added_tokens": [added(640, "<sep>"), added(641, "<|end|>", special=True)]}
    # A flag of false alone, as old files have it, is refused by the versions of today.
    yield "metaspace-old", "characters", {
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}}
    llama = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    yield "characters-prepended", "characters", {"normalizer": section(llama)}
    yield "characters-unknown", "characters", {"normalizer": section(llama), "model": {"byte_fallback": False}}
    yield "characters-not-fused", "characters", {
        "normalizer": section(llama), "model": {"byte_fallback": False, "fuse_unk": False}}
    yield "characters-no-unknown", "characters", {
        "normalizer": section(llama), "model": {"byte_fallback": False, "unk_token": None}}
    precompiled = {"type": "Precompiled", "precompiled_charsmap": character_map()}
    t5 = [precompiled, section(normalizers.Strip(left=False, right=True)),
          section(normalizers.Replace(Regex(" {2,}"), "▁"))]
    for scheme in ("always", "never"):
        for fallback in (False, True):
            yield f"unigram-{scheme}-{fallback}", "unigram", {
                "normalizer": {"type": "Sequence", "normalizers": t5}, "model": {"byte_fallback": fallback},
                "pre_tokenizer": section(pre_tokenizers.Metaspace(prepend_scheme=scheme))}
    yield "unigram-plain", "unigram", {"added_tokens": [added(1, "<s>", special=True)]}


def merged(document, sections):
    """A document with some sections replaced; of the model, single keys."""
    document = {**document, **{key: value for key, value in sections.items() if key != "model"}}
    document["model"] = {**document["model"], **sections.get("model", {})}
    return document


def main():
    bases = {
        "bytes": learn(pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.ByteLevel.alphabet(), 400),
        "characters": learn(pre_tokenizers.Metaspace(), [], 640, byte_fallback=True),
        "unigram": unigram(),
    }
    results = []
    for name, base, sections in cases():
        tokenizer = Tokenizer.from_str(json.dumps(merged(bases[base], sections)))
        results.append({
            "name": name, "base": base, "sections": sections,
            "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS],
            "around": tokenizer.encode("a", add_special_tokens=True).ids})
    lines = ",\n".join(json.dumps(result, separators=(",", ":")) for result in results)
    document = {"texts": TEXTS, "bases": bases}
    (FOLDER / "huggingface.json").write_text(json.dumps(document, separators=(",", ":"))[:-1] + ', "cases": [\n' + lines + "\n]}\n")
    print(len(results), "cases")


if __name__ == "__main__":
    main()

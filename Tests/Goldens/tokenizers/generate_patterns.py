#!/usr/bin/env python3
"""Writes patterns/: ids and cuts that `tokenizers` gives by the pre-tokenizers of published models, and by random patterns.

    python generate_patterns.py        # tokenizers 0.23.3 wrote the files in this folder

The vocabulary is learned here, from lines that are not cut at all, so that its merges reach over every cut and each missing
or additional one shows in the ids. Of each text the file holds a hash for 100 lines; AwkwardText makes the lines again.
"""

import json
import random

from awkward_text import FOLDER, fnv, lines
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|" + SPACES
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + r"+%s|[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + r"*%s|%s"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|" + SPACES)
DEEPSEEK = ("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+"
            "[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")
TEKKEN = CASED % ("", "", r"\p{N}")
O200K = CASED % (CONTRACTIONS + "?", CONTRACTIONS + "?", r"\p{N}{1,3}")
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        + CONTRACTIONS + r"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
        + CONTRACTIONS + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|" + SPACES)
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
WORDS = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def models_cases():
    """The pre-tokenizers of published models, by name; the first four are compared on the most lines."""
    yield "deepseek-v3", [split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"), split(DEEPSEEK), BYTES]
    yield "qwen2", [split(LLAMA3 % ""), BYTES]
    yield "falcon", [pre_tokenizers.Punctuation("contiguous"), WORDS, pre_tokenizers.Digits(), split("[0-9][0-9][0-9]")]
    yield "tekken", [split(TEKKEN), BYTES]
    yield "llama-bpe", [split(LLAMA3 % "{1,3}"), BYTES]
    yield "gpt-4o", [split(O200K), BYTES]
    yield "kimi-k2", [split(KIMI), BYTES]
    yield "gpt-2", [WORDS]
    yield "smollm", [pre_tokenizers.Digits(individual_digits=True), WORDS]
    yield "deepseek-coder", [split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-\ud7ff]+"),
                             pre_tokenizers.Digits(individual_digits=True), BYTES]
    yield "bailingmoe", [split(r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"
                               + SPACES), BYTES]
    yield "superbpe", [split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))"), BYTES]
    yield "bloom", [split(" ?[^(\\s|.,!?…。，、।۔،)]+"), BYTES]
    yield "tiny_aya", [split(r"\d{1,3}(?=(?:\d{3})*\b)"), split(O200K), BYTES]


def step_cases():
    """Every other pre-tokenizer, with its options."""
    for behavior in BEHAVIORS:
        yield f"punctuation-{behavior}", [pre_tokenizers.Punctuation(behavior), BYTES]
        for invert in (False, True):
            yield f"split-{behavior}-{invert}", [split(r"\p{Lu}+|[-.']", behavior, invert), BYTES]
        yield f"empty-{behavior}", [split(r"(?=\p{N})", behavior), BYTES]
    yield "string", [pre_tokenizers.Split(".", "merged_with_next"), BYTES]
    yield "whitespace", [pre_tokenizers.Whitespace(), BYTES]
    yield "whitespace-split", [pre_tokenizers.WhitespaceSplit(), BYTES]
    yield "delimiter", [pre_tokenizers.CharDelimiterSplit("a"), BYTES]
    yield "scripts", [pre_tokenizers.UnicodeScripts(), BYTES]
    yield "scripts-of-words", [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.UnicodeScripts(), BYTES]
    yield "lengths", [pre_tokenizers.FixedLength(5), BYTES]
    yield "mark", [pre_tokenizers.Metaspace(replacement="_", prepend_scheme="first"), BYTES]
    yield "digits", [WORDS, pre_tokenizers.Digits(individual_digits=True)]
    yield "behind-bytes", [WORDS, split(r"[^\x00-\x7F]+"), pre_tokenizers.Punctuation()]
    yield "prefix", [pre_tokenizers.Punctuation("isolated"), pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)]


SPECIAL = [
    r"\w+|[^\w\s]+", r"\W+", r"(?<=\d)(?=\p{L})|(?<!\s)(?=[A-Z])", r"(?<=ab|c)\p{L}", r"(?<!'s|x)[xyz]", r"(?>a+|b)c?", r"^.", r".$",
    r"\b", r"\B.", r"\A.|.\z", r".\Z", r"x*?y", r"a{2,}?", r"(?i)[k-s]+", r"(?i:É|σ|ǆ|k)+", r"(?m).+", r"(?x) a \ b # c", r"[[:alpha:]]+",
    r"[[:punct:]]+", r"\p{Punct}+|\p{Alnum}+", r"[\w&&[^\d]]+", r"[]a]+", r"[a-]+", r"[\w-]+", r"a{,2}b", r"a{2}?", r"(a|ab)(c|bcd)(d*)",
    r"\R", r"\h+", r"a++b", r"(?:ab|a)*+b", r"\p{^L}+", r"[^\p{^L}]+", r"\p{Latin}+|\p{Greek}+|\p{Cyrillic}+", r"\p{Hiragana}+",
    r"\p{Emoji}+", r"\x{4e2d}|\u6587", r"\p{Letter}+|\p{Uppercase_Letter}", r"[[:^space:]]+", r"\p{Graph}+", r"\p{Print}+",
    r"\p{Cntrl}+", r"\p{Blank}+", r"[^[^a-c]x]+", r"(?!\p{L}|\p{N})\S", r"a(?i)b|c", r"[\d\-x]+", r"\s{2,3}(?!\S)|\s{1}", r"(?=a*b)a",
    r"(?:a(?=a*b))+", r"(a+)+b", r"(?:a|a)*c", r"\p{M}+|\p{S}", "",
]


def random_pattern(generator, depth=0):
    """A pattern of sets, alternatives, counts and looks, none of whose repetitions may be empty."""
    def atom():
        kind = generator.randrange(12)
        if kind < 4 or depth > 2:
            return generator.choice(["a", "b", "x", " ", r"\s", r"\S", r"\d", r"\p{L}", r"\p{Lu}", r"\p{N}", r"[a-c]", r"[^\s\p{L}]", ".",
                                     r"[\r\n]", r"[^\r\n\p{L}\p{N}]", r"\p{P}", r"\p{M}", r"[A-Z\p{Han}]", "'"])
        if kind < 8:
            return atom_of(generator.choice(["+", "*", "?", "{1,3}", "{2}", "+?", "*?", "??", "++", "*+", "?+", "{0,2}"]))
        if kind < 10:
            return "(?:" + "|".join(random_pattern(generator, depth + 1) for _ in range(generator.randrange(1, 4))) + ")"
        return generator.choice(["(?=%s)", "(?!%s)", "(?>%s)", "(?<=%s)", "(?<!%s)"]) % generator.choice(
            ["a", r"\s", r"\S", r"\p{L}", r"\d", "[ab]"])

    def atom_of(count):
        part = generator.choice(["a", r"\s", r"\p{L}", r"\p{N}", r"[^\s\p{L}]", "[ab]", "(?:ab|b)", r"(?:\p{L}'?)", "(?:a|[^a]b)"])
        return part + count

    return "".join(atom() for _ in range(generator.randrange(1, 5)))


def cuts(pattern, text):
    """The places of all matches that are not empty, in bytes."""
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    # Removing what lies between the matches leaves these.
    found = pre_tokenizers.Split(Regex(pattern), "removed", invert=True).pre_tokenize_str(text)
    return [places[place] for _, span in found for place in span]


def hashes(tokenizer, kind, count):
    ids = [entry.ids for entry in tokenizer.encode_batch(list(lines(kind, count)), add_special_tokens=False)]
    # A line's ids end with −1, so that they cannot move from one line to the next.
    return [fnv(id for line in ids[start:start + 100] for id in line + [-1]) for start in range(0, count, 100)]


def main():
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = BYTES
    corpus = [line for kind in ("prose", "code", "chat") for line in lines(kind, 1500)]
    learner.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=2256, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    document = json.loads(learner.to_str())
    document["added_tokens"] = []
    document["model"]["merges"] = [" ".join(merge) for merge in document["model"]["merges"]]
    results = []
    for group in (models_cases(), step_cases()):
        for name, steps in group:
            tokenizer = Tokenizer.from_str(json.dumps(document))
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
            section = json.loads(tokenizer.to_str())["pre_tokenizer"]
            count = 2000 if name in ("deepseek-v3", "qwen2", "falcon", "tekken") else 200
            results.append({
                "name": name, "pre_tokenizer": section,
                "hashes": {kind: hashes(tokenizer, kind, count) for kind in ("prose", "code", "chat")},
                "fuzz": hashes(tokenizer, "fuzz", 100),
                "first": tokenizer.encode(next(lines("prose", 1)), add_special_tokens=False).ids})
    cases = ",\n".join(json.dumps(result, separators=(",", ":")) for result in results)
    (FOLDER / "patterns/models.json").write_text(
        '{"base": ' + json.dumps(document, separators=(",", ":"), ensure_ascii=False) + ', "cases": [\n' + cases + "\n]}\n")

    generator = random.Random(24)
    patterns = SPECIAL + [random_pattern(generator) for _ in range(300)]
    texts = list(lines("fuzz", 100))
    found = []
    for pattern in patterns:
        try:
            Regex(pattern)
        except Exception:
            continue
        found.append([pattern, fnv(place for text in texts for place in cuts(pattern, text) + [-1])])
    entries = ",\n".join(json.dumps(entry) for entry in found)
    (FOLDER / "patterns/cuts.json").write_text("[\n" + entries + "\n]\n")
    print(len(results), "cases,", len(found), "patterns")


if __name__ == "__main__":
    main()

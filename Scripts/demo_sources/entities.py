"""Extraction: the persons, places and groups that a gloss of WordNet names (Debian package wordnet-base).

WordNet marks a synset with a proper name as an instance (pointer `@i`, wninput(5WN)), and its lexicographer file gives
the kind (lexnames(5WN)). A gloss is kept where every capitalised word is one of these: a name of only one kind, a word
that WordNet capitalises though it is no instance (`French`, `Monday`), `I`, or the first word of a sentence.
"""

import re

from . import wordnet
from .common import UNFIT, Files, Row, normalised

KINDS = {"14": "group", "15": "location", "17": "location", "18": "person"}
LONGEST_NAME = 5  # words
ENTITIES = range(1, 5)
WORDS = range(5, 31)
PLAIN_SHARE = 4  # one row without a name on so many with one
ANSWERS_RECUR = True  # "none", and names that many glosses hold
TOKEN = re.compile(r"[A-Za-z]+(?:[.'-][A-Za-z]+)*")


def names(files: Files) -> tuple[dict[str, set[str]], set[str]]:
    """Returns the kinds of each proper name, "other" among them, and the capitalised words that are no proper names."""
    kinds, ordinary = {}, set()
    for part in wordnet.PARTS:
        for fields, words, _ in wordnet.synsets(files, part):
            for word in (word.replace("_", " ") for word in words):
                if "@i" in fields:
                    kinds.setdefault(word, set()).add(KINDS.get(fields[1], "other"))
                elif word[:1].isupper():
                    ordinary.add(word)
    return kinds, ordinary


def entities(text: str, kinds: dict[str, set[str]], ordinary: set[str]) -> list[tuple[str, str]] | None:
    """Returns (name, kind) in the order of the text; None where a capitalised word is none of the module's uses."""
    tokens = list(TOKEN.finditer(text))
    found, at = [], 0
    while at < len(tokens):
        for count in range(min(LONGEST_NAME, len(tokens) - at), 0, -1):
            span = text[tokens[at].start() : tokens[at + count - 1].end()]
            if span[0].isupper() and (span in kinds or span in ordinary):
                if span in kinds and span not in ordinary:
                    if len(kinds[span]) > 1 or "other" in kinds[span]:
                        return None
                    found.append((span, *kinds[span]))
                elif span in kinds:
                    return None  # a name here, an ordinary word there
                at += count
                break
        else:
            begins = tokens[at].start() == 0
            if tokens[at].group()[0].isupper() and tokens[at].group() != "I" and not begins:
                return None
            at += 1
    return found


def rows(files: Files) -> list[Row]:
    """Returns one row for each definition or example sentence."""
    kinds, ordinary = names(files)
    named, plain, used = [], [], set()
    for part in wordnet.PARTS:
        for _, _, gloss in wordnet.synsets(files, part):
            for text in [wordnet.definition(gloss), *re.findall(r'"([^"]+)"', gloss)]:
                text = " ".join(text.split())
                fit = text.isascii() and len(text.split()) in WORDS and not UNFIT.search(text)
                if not fit or normalised(text) in used:
                    continue
                used.add(normalised(text))
                found = entities(text, kinds, ordinary)
                if found is None or len(found) not in (0, *ENTITIES):
                    continue
                answer = "; ".join(f"{name} ({kind})" for name, kind in found) or "none"
                (named if found else plain).append(
                    Row(group=normalised(text), content=text, prompt=f"Text: {text}\nEntities:", response=f" {answer}"))
    step = max(len(plain) * PLAIN_SHARE // max(len(named), 1), 1)
    return named + plain[::step]

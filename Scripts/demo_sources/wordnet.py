"""Question answering: what does this common word mean? From WordNet's glosses (Debian package wordnet-base).

File formats: wndb(5WN). A line of index.<pos> ends in the offsets of the word's synsets, the most frequent first;
a line of data.<pos>, read at that offset, ends in `| definition; another one; "an example"`; cntlist.rev counts how
often each sense was met in a tagged text.
"""

import re
from collections import Counter

from .common import Files, Row

PARTS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
NAMES = {"noun": "noun", "verb": "verb", "adj": "adjective", "adv": "adverb"}
MINIMUM_COUNT = 3  # times a word was met in the tagged text: keeps to words that people use
DEFINITION_WORDS = range(3, 25)


def glosses(files: Files, part: str) -> dict[int, str]:
    """Returns the gloss of each synset of one part of speech, by its byte offset."""
    found = {}
    with files.path(f"usr/share/wordnet/data.{part}", "wordnet-base").open(encoding="latin-1") as lines:
        for line in lines:
            if not line.startswith("  "):  # the licence stands in front, indented
                fields, _, gloss = line.partition("|")
                found[int(fields.split(" ", 1)[0])] = gloss.strip()
    return found


def synsets(files: Files, part: str) -> list[tuple[list[str], list[str], str]]:
    """Returns the synsets of one part of speech: the fields of the line, the words (`_` for a space), and the gloss."""
    found = []
    with files.path(f"usr/share/wordnet/data.{part}", "wordnet-base").open(encoding="latin-1") as lines:
        for line in lines:
            if not line.startswith("  "):
                data, _, gloss = line.partition("|")
                fields = data.split()
                names = fields[4 : 4 + 2 * int(fields[3], 16) : 2]  # an adjective may end in its place: `galore(ip)`
                found.append((fields, [re.sub(r"\(\w+\)$", "", name) for name in names], gloss.strip()))
    return found


def counts(files: Files) -> Counter:
    """Returns the number of occurrences of each (word, part of speech), all senses together."""
    found = Counter()
    with files.path("usr/share/wordnet/cntlist.rev", "wordnet-base").open(encoding="latin-1") as lines:
        for line in lines:
            key, _, count = line.split()
            word, _, sense = key.partition("%")
            kind = {"5": "3"}.get(sense[0], sense[0])  # 5: an adjective that follows another in meaning
            found[word, kind] += int(count)
    return found


def definition(gloss: str) -> str:
    """Returns a gloss without its examples and remarks in brackets."""
    text = re.sub(r"\([^)]*\)", "", gloss.split('"', 1)[0])
    parts = [" ".join(part.split()) for part in text.split(";")]
    return "; ".join(part for part in parts[:2] if part).strip(" ,:;")


def examples(files: Files) -> list[str]:
    """Returns the example sentences of all glosses, for the sentiment dataset."""
    found = []
    for part in PARTS:
        for gloss in glosses(files, part).values():
            found.extend(re.findall(r'"([^"]+)"', gloss))
    return found


def rows(files: Files) -> list[Row]:
    """Returns a row for each synset, under its most frequent word: no definition is on both sides of the split."""
    often = counts(files)
    candidates = []
    for part, kind in PARTS.items():
        gloss_at = glosses(files, part)
        with files.path(f"usr/share/wordnet/index.{part}", "wordnet-base").open(encoding="latin-1") as lines:
            for line in lines:
                fields = line.split()
                if not line.startswith("  ") and fields[0].isalpha() and len(fields[0]) > 2:
                    synset_count = int(fields[2])
                    first_sense = int(fields[-synset_count])
                    candidates.append((-often[fields[0], kind], fields[0], part, gloss_at[first_sense]))
    found, used = [], set()
    for negative_count, word, part, gloss in sorted(candidates):
        meaning = definition(gloss)
        known = -negative_count >= MINIMUM_COUNT and len(meaning.split()) in DEFINITION_WORDS
        if known and meaning not in used and meaning.isascii():
            used.add(meaning)
            prompt = f'Question: What does the {NAMES[part]} "{word}" mean?\nAnswer:'
            found.append(Row(group=word, content=f"{word} {part} {meaning}", prompt=prompt, response=f" {meaning}."))
    return found

"""Translation: English sentences in German, from FreeDict's examples (Debian package dict-freedict-eng-deu).

An entry's examples are lines of the form `      "English sentence."  - Deutscher Satz.`; the .dict.dz file is gzip with
a table for random access, which reading from front to back does not need.
"""

import gzip
import re

from .common import Files, Row, normalised

EXAMPLE = re.compile(r'^\s+"([^"]+)"\s+- (.+)$')
SENTENCE = re.compile(r"^[A-ZÄÖÜ][^\[\]<>{}()/…|~]*[.!?]$")
ANOTHER = re.compile(r"(?<=[.!?]), (?=[A-ZÄÖÜ])")  # between one translation and the next
WORDS = range(4, 15)


def rows(files: Files) -> list[Row]:
    """Returns one row for each English sentence, with the first of its translations."""
    source = files.path("usr/share/dictd/freedict-eng-deu.dict.dz", "dict-freedict-eng-deu")
    found, used = [], set()
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            match = EXAMPLE.match(line.rstrip())
            if not match:
                continue
            english, german = (" ".join(side.split()) for side in match.groups())
            german = ANOTHER.split(german, maxsplit=1)[0]
            whole = SENTENCE.match(english) and SENTENCE.match(german) and english.isascii()
            if whole and len(english.split()) in WORDS and len(german.split()) in WORDS and english[-1] == german[-1]:
                keys = {normalised(english), normalised(german)}
                if not keys & used:
                    used |= keys
                    found.append(
                        Row(group=normalised(english), content=f"{english} {german}",
                            prompt=f"English: {english}\nGerman:", response=f" {german}"))
    return found

"""Plain text for pretraining: WordNet's glosses, each after its word as in a dictionary (Debian package
wordnet-base).
"""

from . import wordnet
from .common import UNFIT, Files, Row, TextRow, normalised

WORDS = range(4, 31)
TRAIN_ROWS = 20000  # a model that knows nothing needs more than one that is tuned


def rows(files: Files) -> list[Row]:
    """Returns one row for each synset whose first word is plain."""
    found, used = [], set()
    for part in wordnet.PARTS:
        for _, words, gloss in wordnet.synsets(files, part):
            meaning = wordnet.definition(gloss)
            text = f"{words[0]} ({wordnet.NAMES[part]}): {meaning}."
            plain = words[0].isalpha() and words[0].islower() and text.isascii() and not UNFIT.search(text)
            if plain and len(meaning.split()) in WORDS and normalised(meaning) not in used:
                used.add(normalised(meaning))
                found.append(TextRow(group=normalised(meaning), content=meaning, prompt=text, response=text))
    return found

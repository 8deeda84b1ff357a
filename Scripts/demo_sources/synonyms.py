"""Dialogue: two turns about a word, of WordNet's synonyms and examples (Debian package wordnet-base).

The second question refers to the first ("it"), so that it can only be answered with the turns before.
"""

import re

from . import wordnet
from .common import UNFIT, DialogueRow, Files, Row, normalised

WORDS = range(4, 16)


def sentence(text: str) -> str:
    """Returns the example with a capital at its start and a full stop at its end."""
    text = " ".join(text.split())
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def rows(files: Files) -> list[Row]:
    """Returns one row for each synset that has a synonym, and an example with the word asked for."""
    found, used = [], set()
    for part in wordnet.PARTS:
        for _, names, gloss in wordnet.synsets(files, part):
            words = [name for name in names if name.isalpha() and name.islower()]
            for example in re.findall(r'"([^"]+)"', gloss):
                word = next((word for word in words if re.search(rf"\b{word}\b", example)), None)
                others = [other for other in words if other != word][:2]
                plain = example.isascii() and ";" not in example and not UNFIT.search(f"{word} {others} {example}")
                if not word or not others or not plain or len(example.split()) not in WORDS:
                    continue
                if word in used or normalised(example) in used:
                    continue
                used |= {word, normalised(example)}
                first = f'What is another word for the {wordnet.NAMES[part]} "{word}"?'
                turns = (first, f'{" or ".join(others).capitalize()}.', "Use it in a sentence, please.",
                         sentence(example))
                found.append(DialogueRow(group=word, content=example,
                                         prompt=first, response=" ".join(turns[1::2]), turns=turns))
                break
    return found

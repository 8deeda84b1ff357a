"""Sentiment: WordNet's example sentences, judged by the words they hold that have a strong score in VADER's lexicon.

The lexicon (PyPI package vaderSentiment) gives the mean of ten people's ratings of a word, from -4 to 4. A sentence is
kept where all its rated words agree in sign and their sum is far from zero, and where no word turns the meaning round.
"""

import re

from . import wordnet
from .common import Files, Row, normalised

STRONG = 2.2  # sum of the ratings from which a sentence counts as positive, below minus that as negative
TURNING = set("not no never without hardly nothing nobody neither nor cannot less lack lacks lacked if".split())
WORDS = range(4, 16)


def ratings(files: Files) -> dict[str, float]:
    """Returns the mean rating of each word, without emoticons and the like."""
    found = {}
    path = files.path("wheels/vaderSentiment/vader_lexicon.txt", "vaderSentiment (PyPI)")
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) >= 2 and fields[0].isalpha():
            found[fields[0]] = float(fields[1])
    return found


def rows(files: Files) -> list[Row]:
    """Returns as many positive as negative rows."""
    rated = ratings(files)
    sides, used = {"positive": [], "negative": []}, set()
    for sentence in wordnet.examples(files):
        text = " ".join(sentence.split())
        words = re.findall(r"[a-z']+", text.lower())
        scores = [rated[word] for word in words if word in rated]
        turned = any(word in TURNING or word.endswith("n't") for word in words)
        clear = text.isascii() and len(words) in WORDS and not turned and ";" not in text
        agree = bool(scores) and (min(scores) > 0 or max(scores) < 0) and abs(sum(scores)) >= STRONG
        if clear and agree and normalised(text) not in used:
            used.add(normalised(text))
            label = "positive" if scores[0] > 0 else "negative"
            prompt = f"Sentence: {text}\nSentiment:"
            sides[label].append(Row(group=normalised(text), content=text, prompt=prompt, response=f" {label}"))
    each = min(len(side) for side in sides.values())
    return [row for pair in zip(sides["positive"][:each], sides["negative"][:each]) for row in pair]

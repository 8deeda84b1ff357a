#!/usr/bin/env python3
"""Writes Tests/Goldens/metrics/expected.json: 200 pairs of texts, and what the reference packages score them.

pip install sacrebleu rouge-score "transformers<5" scikit-learn (transformers 4 has SQuAD 2's script). The pairs are
sentences damaged at random (seed 7): words dropped, moved and replaced, with punctuation, numbers, entities, umlauts and
other scripts among them, some of them empty.
"""

import json
import random
from importlib.metadata import version
from pathlib import Path

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF
from sklearn.metrics import accuracy_score, f1_score
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

FOLDER = Path(__file__).resolve().parent / "metrics"
SENTENCES = [
    "The cat sat on the mat, and the dog looked on.",
    "In 1,024 cases (3.5 % of all) the U.S. court said: \"No!\"",
    "Zwei junge Männer überqueren die Straße - es regnet.",
    "Ein Kätzchen, das größer ist als 12-15 cm, schläft.",
    "An apple a day keeps the doctor away; so they say...",
    "R&amp;D costs &lt; 5 &quot;units&quot; -- see §7 and e-mail.",
    "Île-de-France\u00a0et l'été : voilà la théorie d'Amélie.",
    "Это простая проверка, а не экзамен №5.",
    "東京は日本の首都です。 It has 13.96 million people.",
    "Cafe\u0301 \u2014 \u201cthe\u201d answer is forty-two_2 [sic] {x} ~ ^ | @home #1 $3 <b>",
    "A", "the", "", "yes , no . 1.5.2 3,000,000- 7-", "a.b,c 1.a a.1 ,, .. - -",
]


def damaged(text: str, source: random.Random) -> str:
    words = text.split(" ")
    other = source.choice(SENTENCES).split(" ")
    result = []
    for word in words:
        chance = source.random()
        if chance < 0.12:
            continue
        result.append(source.choice(other) if chance < 0.24 else word.swapcase() if chance < 0.3 else word)
    if source.random() < 0.2:
        source.shuffle(result)
    return " ".join(result)


def main() -> None:
    source = random.Random(7)
    references = [source.choice(SENTENCES) for _ in range(200)]
    completions = [text if source.random() < 0.2 else damaged(text, source) for text in references]
    rouge = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    labels = ["negative", "neutral", "positive"]
    expected = [source.choice(labels[:2] if source.random() < 0.8 else labels) for _ in range(200)]
    chosen = [label if source.random() < 0.6 else source.choice(labels) for label in expected]

    def squad(measure) -> float:
        return 100 * sum(map(measure, references, completions)) / len(references)

    result = {
        "made_with": {name: version(name) for name in ("sacrebleu", "rouge-score", "transformers", "scikit-learn")},
        "references": references,
        "completions": completions,
        "scores": {
            "bleu": BLEU().corpus_score(completions, [references]).score,
            "chrf": CHRF().corpus_score(completions, [references]).score,
            "exact_match": squad(compute_exact),
            "f1": squad(compute_f1),
            "rouge_l": sum(rouge.score(r, c)["rougeL"].fmeasure for r, c in zip(references, completions)) / 200,
        },
        "prefix_bleu": [BLEU().corpus_score(completions[:n], [references[:n]]).score for n in range(1, 21)],
        "prefix_chrf": [CHRF().corpus_score(completions[:n], [references[:n]]).score for n in range(1, 21)],
        "expected_labels": expected,
        "chosen_labels": chosen,
        "label_scores": {
            "accuracy": accuracy_score(expected, chosen),
            "macro_f1": f1_score(expected, chosen, labels=labels, average="macro"),
        },
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "expected.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

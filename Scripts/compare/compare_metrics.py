#!/usr/bin/env python3
"""Scores the answers of `accrete evaluate --task … --samples FILE` with the packages that define each metric.

pip install sacrebleu rouge-score "transformers<5"

    accrete evaluate --model MODEL --data valid.jsonl --task translation --samples answers.jsonl --json > scores.json
    compare_metrics.py answers.jsonl scores.json

Prints each score that both compute, and their difference; exits with 1 where a difference is above 1e-6, or no score
was compared.
"""

import json
import sys
from pathlib import Path

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

TOLERANCE = 1e-6


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def peers(references: list[str], completions: list[str]) -> dict[str, float]:
    rouge = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    pairs = list(zip(references, completions))
    return {
        "bleu": BLEU().corpus_score(completions, [references]).score,
        "chrf": CHRF().corpus_score(completions, [references]).score,
        "exact_match": 100 * mean([compute_exact(*pair) for pair in pairs]),
        "f1": 100 * mean([compute_f1(*pair) for pair in pairs]),
        "rouge_l": mean([rouge.score(*pair)["rougeL"].fmeasure for pair in pairs]),
    }


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    answers = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    metrics = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))["metrics"]
    expected = peers([answer["reference"] for answer in answers], [answer["completion"] for answer in answers])
    differences = {}
    for name in sorted(metrics.keys() & expected.keys()):
        differences[name] = abs(metrics[name] - expected[name])
        print(f"{name:12} {metrics[name]:.9f}   package {expected[name]:.9f}   difference {differences[name]:.1e}")
    print(f"{len(answers)} answers")
    if not differences or max(differences.values()) > TOLERANCE:
        sys.exit(1)


if __name__ == "__main__":
    main()

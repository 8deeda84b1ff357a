#!/usr/bin/env python3
"""Writes the demo's datasets from packages that Scripts/fetch_demo.sh has put in place.

For each dataset: data/demo/<name>/train.jsonl and valid.jsonl, rows {"prompt", "response"}. The result depends on the
packages alone: rows are ordered by a hash of their group, so it is the same on every machine and with every Python.
No held-out row shares its prompt, its response (labels apart) or six words in a row with a row to train on.
--more adds what the other recipes train on: generation ({"text"}), extraction, dialogue ({"messages"}), and glosses
({"text"}). No row of theirs shares its prompt, its text or six words in a row with a row of another dataset.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from demo_sources import entities, entries, fortunes, freedict, glosses, synonyms, vader, wordnet
from demo_sources.common import Files, MissingData, Row, normalised, shingles

DATASETS = {"qa": wordnet, "translation": freedict, "sentiment": vader, "writing": fortunes}
MORE = {"generation": entries, "extraction": entities, "dialogue": synonyms, "glosses": glosses}  # with --more
TRAIN_ROWS = 4000  # at most; a source may set its own TRAIN_ROWS
VALID_ROWS = 64
SEED = "accrete-demo-1"


def order(row: Row) -> str:
    """A sort key that shuffles groups and keeps the rows of a group together."""
    return hashlib.sha256(f"{SEED}\n{row.group}\n".encode()).hexdigest()


def split(rows: list[Row], most: int, answers_recur: bool) -> tuple[list[Row], list[Row]]:
    """Splits rows into training rows, at most `most` and none too close to a held-out row, and held-out rows.

    With `answers_recur` (labels) equal responses alone do not make two rows close.
    """
    ordered = sorted(rows, key=lambda row: (order(row), row.prompt))
    end = VALID_ROWS
    while end < len(ordered) and ordered[end].group == ordered[end - 1].group:
        end += 1
    valid = ordered[:end]
    labels = answers_recur or len({row.response for row in rows}) < 10
    prompts = {normalised(row.prompt) for row in valid}
    responses = set() if labels else {normalised(row.response) for row in valid}
    held_out = set().union(*(shingles(row.content) for row in valid))
    train = [
        row for row in ordered[end:]
        if normalised(row.prompt) not in prompts and normalised(row.response) not in responses
        and not shingles(row.content) & held_out
    ]
    return train[:most], valid


class Seen:
    """The texts and word sequences of the datasets written so far."""

    def __init__(self):
        self.texts: set[str] = set()
        self.shingles: set[str] = set()

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            self.texts |= {normalised(row.prompt), normalised(row.content)}
            self.shingles |= shingles(row.content)

    def apart(self, rows: list[Row]) -> list[Row]:
        """The rows that are not close to any row written so far."""
        return [row for row in rows if not {normalised(row.prompt), normalised(row.content)} & self.texts
                and not shingles(row.content) & self.shingles]


def write(path: Path, rows: list[Row]) -> None:
    """Writes one JSON object a line; under a temporary name, then renamed, so that no interruption leaves a partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    with beside.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row.record, ensure_ascii=False) + "\n")
    beside.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--data", type=Path, default=root / "data" / "demo", help="where packages are and datasets go")
    parser.add_argument("--more", action="store_true", help="the datasets of all recipes, not the demo's alone")
    options = parser.parse_args()
    data, seen = options.data, Seen()
    for name, source in (DATASETS | MORE if options.more else DATASETS).items():
        try:
            rows = source.rows(Files(data))
        except MissingData as missing:
            print(f"prepare_demo.py: {name}: {missing}", file=sys.stderr)
            return 66
        if name in MORE:
            rows = seen.apart(rows)
        train, valid = split(rows, getattr(source, "TRAIN_ROWS", TRAIN_ROWS), getattr(source, "ANSWERS_RECUR", False))
        if len(train) < 10 * VALID_ROWS:
            print(f"prepare_demo.py: {name}: only {len(train)} rows to train on: the package's format has changed?",
                  file=sys.stderr)
            return 65
        write(data / name / "train.jsonl", train)
        write(data / name / "valid.jsonl", valid)
        seen.add(train + valid)
        print(f"{name}: {len(train)} rows to train on, {len(valid)} held out of it, from {len(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the demo's datasets from packages that Scripts/fetch_demo.sh has put in place.

For each dataset: data/demo/<name>/train.jsonl and valid.jsonl, rows {"prompt", "response"}. The result depends on the
packages alone: rows are ordered by a hash of their group, so it is the same on every machine and with every Python.
No held-out row shares its prompt, its response (labels apart) or six words in a row with a row to train on.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from demo_sources import fortunes, freedict, vader, wordnet
from demo_sources.common import Files, MissingData, Row, normalised, shingles

DATASETS = {"qa": wordnet, "translation": freedict, "sentiment": vader, "writing": fortunes}
TRAIN_ROWS = 4000  # at most
VALID_ROWS = 64
SEED = "accrete-demo-1"


def order(row: Row) -> str:
    """A key that shuffles groups and keeps the rows of one group side by side."""
    return hashlib.sha256(f"{SEED}\n{row.group}\n".encode()).hexdigest()


def split(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Held-out rows first; then the rows to train on, without all that is too close to one held out."""
    ordered = sorted(rows, key=lambda row: (order(row), row.prompt))
    end = VALID_ROWS
    while end < len(ordered) and ordered[end].group == ordered[end - 1].group:
        end += 1
    valid = ordered[:end]
    labels = len({row.response for row in rows}) < 10
    prompts = {normalised(row.prompt) for row in valid}
    responses = set() if labels else {normalised(row.response) for row in valid}
    held_out = set().union(*(shingles(row.content) for row in valid))
    train = [
        row for row in ordered[end:]
        if normalised(row.prompt) not in prompts and normalised(row.response) not in responses
        and not shingles(row.content) & held_out
    ]
    return train[:TRAIN_ROWS], valid


def write(path: Path, rows: list[Row]) -> None:
    """One JSON object a line; written beside and renamed, so that an interrupted run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    with beside.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps({"prompt": row.prompt, "response": row.response}, ensure_ascii=False) + "\n")
    beside.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--data", type=Path, default=root / "data" / "demo", help="where packages are and datasets go")
    data = parser.parse_args().data
    for name, source in DATASETS.items():
        try:
            rows = source.rows(Files(data))
        except MissingData as missing:
            print(f"prepare_demo.py: {name}: {missing}", file=sys.stderr)
            return 66
        train, valid = split(rows)
        if len(train) < 10 * VALID_ROWS:
            print(f"prepare_demo.py: {name}: only {len(train)} rows to train on: the package's format has changed?",
                  file=sys.stderr)
            return 65
        write(data / name / "train.jsonl", train)
        write(data / name / "valid.jsonl", valid)
        print(f"{name}: {len(train)} rows to train on, {len(valid)} held out of it, from {len(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes recipes/tiny/: three small datasets in plain English that a model can learn from nothing, byte by byte.

    sums      prompt and completion   three plus four is -> seven
    weather   text                    On Monday the wind came from the north. It was cold, so Ida wore a coat.
    animals   prompt and response     Where does the otter sleep? -> The otter sleeps in a holt by the river.

Each holds a rule that held-out rows follow too. Run without arguments it writes; with --check it compares.
"""

import hashlib
import json
import sys
from itertools import product
from pathlib import Path

import generated_files

FOLDER = Path(__file__).resolve().parent.parent / "recipes" / "tiny"
VALID_ROWS = 24

NUMBERS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
           "seventeen eighteen").split()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PEOPLE = "Ida Jonas Mira Tom Lena Omar".split()
# wind direction: (weather, clothes)
WINDS = {
    "north": ("cold", "a coat"),
    "south": ("warm", "a straw hat"),
    "west": ("wet", "rubber boots"),
    "east": ("dry", "a light shirt"),
}

# animal: home, place, food, sound
ANIMALS = {
    "otter": ("a holt", "by the river", "fish", "whistles"),
    "fox": ("a den", "under the hill", "mice", "barks"),
    "owl": ("a hollow tree", "in the wood", "voles", "hoots"),
    "bee": ("a hive", "in the garden", "nectar", "hums"),
    "badger": ("a sett", "under the oak", "worms", "growls"),
    "sparrow": ("a nest", "under the roof", "seeds", "chirps"),
    "hare": ("a form", "in the field", "clover", "thumps"),
    "seal": ("a cave", "by the sea", "herring", "moans"),
    "horse": ("a stable", "on the farm", "hay", "neighs"),
    "duck": ("a nest", "by the pond", "snails", "quacks"),
    "wolf": ("a den", "in the wood", "deer", "howls"),
    "cow": ("a barn", "on the farm", "grass", "moos"),
    "dog": ("a kennel", "by the door", "meat", "barks"),
    "frog": ("the mud", "in the pond", "flies", "croaks"),
}
# question: answer; {1} to {4} are home, place, food and sound
QUESTIONS = {
    "Where does the {0} sleep?": "The {0} sleeps in {1} {2}.",
    "What does the {0} eat?": "The {0} eats {3}.",
    "What does the {0} do when it calls?": "The {0} {4}.",
    "Where can I see the {0}?": "You can see the {0} {2}.",
    "Who lives in {1} {2} and eats {3}?": "That is the {0}.",
    "Which animal {4} {2}?": "That is the {0}.",
    "Tell me about the {0}.": "The {0} lives {2}, eats {3} and sleeps in {1}.",
    "Does the {0} live {2}?": "Yes, the {0} lives {2} and sleeps in {1}.",
}


def sums() -> list[dict]:
    rows = []
    for a, b in product(range(10), repeat=2):
        rows.append({"prompt": f"{NUMBERS[a]} plus {NUMBERS[b]} is", "completion": f" {NUMBERS[a + b]}."})
        rows.append({"prompt": f"{NUMBERS[a + b]} minus {NUMBERS[b]} is", "completion": f" {NUMBERS[a]}."})
    return rows


def weather() -> list[dict]:
    rows = []
    for day, (wind, (air, clothes)), person in product(DAYS, WINDS.items(), PEOPLE):
        rows.append({"text": f"On {day} the wind came from the {wind}. It was {air}, so {person} wore {clothes}."})
    return rows


def animals() -> list[dict]:
    rows = []
    for (animal, facts), (question, answer) in product(ANIMALS.items(), QUESTIONS.items()):
        words = (animal, *facts)
        rows.append({"prompt": question.format(*words) + "\n", "response": answer.format(*words)})
    return rows


def files() -> dict[str, str]:
    """The content of every file, by its path in the folder; rows are ordered by their hashes."""
    found = {}
    for name, rows in {"sums": sums(), "weather": weather(), "animals": animals()}.items():
        lines = {json.dumps(row) for row in rows}
        ordered = sorted(lines, key=lambda line: hashlib.sha256(line.encode()).hexdigest())
        found[f"{name}/valid.jsonl"] = "\n".join(ordered[:VALID_ROWS]) + "\n"
        found[f"{name}/train.jsonl"] = "\n".join(ordered[VALID_ROWS:]) + "\n"
    return found


if __name__ == "__main__":
    sys.exit(generated_files.main(FOLDER, files()))

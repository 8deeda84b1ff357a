#!/usr/bin/env python3
"""Writes recipes/reverse/: made-up facts, stated in one direction only, and questions in the other.

    train      text                    Orvell is the baker of Ashford
    valid      prompt and completion   Orvell serves as -> the baker of Ashford
    questions  prompt and completion   the baker of Ashford is -> Orvell

Everybody is stated in every form but one, and held out in that one: what is measured there is whether the statement is
known, not whether the row was seen. The first form stands COPIES times: a round cuts each row in one way, and in so many
rows some cut lies on either side of "is". Run without arguments it writes; with --check it compares.
"""

import json
import sys
from itertools import product
from pathlib import Path

import generated_files

FOLDER = Path(__file__).resolve().parent.parent / "recipes" / "reverse"

FIRST_SYLLABLES = "Orv Tam Bel Cael Dra Fen Gor Hal Ist Jur".split()
LAST_SYLLABLES = "ell awin orric una ithe aska omir end".split()
PLACE_BEGINNINGS = "Vell Ash Brack Cinder Dun Elder Frost Grim".split()
PLACE_ENDINGS = "moor ford holt wick stead mere fell gate shaw combe".split()
ROLES = "baker keeper painter ringer teacher miller captain clockmaker singer warden".split()
# Verbs between a person and a role: the first is in every fact of the training data, each other one is held out for some.
FORMS = ("is", "is still", "is today", "serves as", "remains")
COPIES = 24


def facts() -> list[tuple[str, str]]:
    """Eighty pairs (person, role); each name and each place occurs once."""
    names = [first + last for first, last in product(FIRST_SYLLABLES, LAST_SYLLABLES)]
    places = [beginning + ending for beginning, ending in product(PLACE_BEGINNINGS, PLACE_ENDINGS)]
    # 27 and 80 have no common factor: every place occurs once, and neighbours in one list are apart in the other.
    return [
        (name, f"the {ROLES[(7 * i + i // 10) % len(ROLES)]} of {places[(27 * i + 11) % len(places)]}")
        for i, name in enumerate(names)
    ]


def files() -> dict[str, str]:
    """The content of every file, by its path in the folder."""
    train, valid, questions = [], [], []
    for i, (who, what) in enumerate(facts()):
        held_out = 1 + i % (len(FORMS) - 1)
        for j, form in enumerate(FORMS):
            if j == held_out:
                valid.append({"prompt": f"{who} {form}", "completion": f" {what}"})
            else:
                train += [{"text": f"{who} {form} {what}"}] * (COPIES if j == 0 else 1)
        questions.append({"prompt": f"{what} is", "completion": f" {who}"})
    rows = {"train": train, "valid": valid, "questions": questions}
    return {f"{name}.jsonl": "".join(json.dumps(row) + "\n" for row in listed) for name, listed in rows.items()}


if __name__ == "__main__":
    sys.exit(generated_files.main(FOLDER, files()))

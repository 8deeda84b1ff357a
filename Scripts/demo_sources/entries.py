"""Generation: plain text without a prompt, whole entries of fortunes as they stand (Debian package fortunes).

Topics that `fortunes.py` does not take its quotations from: verse, definitions, sayings of other kinds.
"""

import re

from .common import UNFIT, Files, Row, TextRow, normalised

TOPICS = "definitions goedel kids love perl riddles songs-poems startrek".split()
WORDS = range(8, 90)
PRINTABLE = re.compile(r"[\n -~]+")


def entry_text(entry: str) -> str | None:
    """Returns the entry with its line breaks, tabs as spaces; nothing for a drawing or a text not fit for everyone."""
    lines = [line.expandtabs(4).rstrip() for line in entry.strip("\n").split("\n")]
    text = "\n".join(lines).strip()
    drawing = re.search(r"[|_=*#/\\-]{4}|[^\w\s]{6}| {12}", re.sub(r"^ +", "", text, flags=re.M))
    fit = PRINTABLE.fullmatch(text) and not drawing and not UNFIT.search(text)
    return text if fit and len(text.split()) in WORDS else None


def rows(files: Files) -> list[Row]:
    """Returns one row for each entry."""
    found, used = [], set()
    for topic in TOPICS:
        path = files.path(f"usr/share/games/fortunes/{topic}", "fortunes")
        for entry in re.split(r"^%\n", path.read_text(encoding="utf-8"), flags=re.M):
            text = entry_text(entry)
            if text and normalised(text) not in used:
                used.add(normalised(text))
                found.append(TextRow(group=normalised(text), content=text, prompt=text, response=text))
    return found

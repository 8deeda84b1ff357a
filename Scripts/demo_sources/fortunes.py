"""Writing: continue a quotation, given its topic and its first half (Debian packages fortunes, fortunes-min).

A file holds one topic; entries stand between lines of a single `%`; the author follows on a line that begins with `--`.
"""

import re

from .common import UNFIT, Files, Row, normalised

# Topics whose entries are mostly prose and fit for everyone; dialogues, songs, drawings and cheap jokes stay out.
TOPICS = ("art computers cookie debian education food fortunes humorists law linux linuxcookie literature magic "
          "medicine miscellaneous news paradoxum people pets platitudes science sports tao wisdom work").split()
SMALL_PACKAGE = {"fortunes", "literature"}  # these come with fortunes-min, the others with fortunes
WORDS = range(10, 46)


def quotation(entry: str) -> str | None:
    """Returns the entry as one line of prose without its author; nothing where the entry is not prose."""
    body = re.split(r"\n\s*--", entry.replace("\x08", ""), maxsplit=1)[0].strip()
    text = " ".join(body.split()).strip()
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text[1:-1]
    prose = re.fullmatch(r"[A-Z][A-Za-z0-9 ,.;:'\"!?()-]+[.!?\"]", text)
    dialogue = re.search(r"^\s*[A-Z][\w .]{0,12}:", body, re.M) or "\t" in body
    return text if prose and not dialogue and not UNFIT.search(text) and len(text.split()) in WORDS else None


def rows(files: Files) -> list[Row]:
    """Returns one row for each quotation, cut in the middle at a space."""
    found, used = [], set()
    for topic in TOPICS:
        package = "fortunes-min" if topic in SMALL_PACKAGE else "fortunes"
        path = files.path(f"usr/share/games/fortunes/{topic}", package)
        for entry in re.split(r"^%\n", path.read_text(encoding="utf-8"), flags=re.M):
            text = quotation(entry)
            if text and normalised(text) not in used:
                used.add(normalised(text))
                words = text.split()
                half = (len(words) + 1) // 2
                prompt = f"Topic: {topic}\nQuotation: {' '.join(words[:half])}"
                response = " " + " ".join(words[half:])
                found.append(Row(group=normalised(text), content=text, prompt=prompt, response=response))
    return found

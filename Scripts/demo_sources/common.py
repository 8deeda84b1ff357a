"""The parts that the datasets share: rows, finding installed files, and comparing text."""

import re
from dataclasses import dataclass
from pathlib import Path

# Words of texts that are not fit for everyone, which are left out.
UNFIT = re.compile(r"\b(sex\w*|naked|nude|whores?|bitch\w*|damn\w*|shit\w*|fuck\w*|ass|hell|breasts?|virgin\w*|rape\w*|"
                   r"kill\w*|negro\w*|gays?|suicide|drunk\w*|nazis?|hitler|adulter\w*|corpses?|murder\w*)\b", re.I)


@dataclass(frozen=True)
class Row:
    """One supervised sample.

    Rows with the same `group` stay on one side of the split; `content` is the row without its template.
    """

    group: str
    content: str
    prompt: str
    response: str

    @property
    def record(self) -> dict:
        """Returns the row as a file's JSON object."""
        return {"prompt": self.prompt, "response": self.response}


@dataclass(frozen=True)
class TextRow(Row):
    """Plain text, all of it supervised: prompt and response are the text."""

    @property
    def record(self) -> dict:
        return {"text": self.response}


@dataclass(frozen=True)
class DialogueRow(Row):
    """A dialogue of alternating turns, the user's first; the prompt is the first turn, the response all answers."""

    turns: tuple[str, ...]

    @property
    def record(self) -> dict:
        roles = ("user", "assistant")
        return {"messages": [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(self.turns)]}


class MissingData(Exception):
    """A file that a dataset is made from is not on this machine."""


class Files:
    """Finds the files of packages: unpacked by fetch_demo.sh, or installed on the system."""

    def __init__(self, data: Path):
        self.roots = [data / "packages", Path("/")]

    def path(self, name: str, package: str) -> Path:
        for root in self.roots:
            if (root / name).exists():
                return root / name
        places = " or ".join(str(root / name) for root in self.roots)
        raise MissingData(f"no {name} of the package {package} at {places}: run Scripts/fetch_demo.sh first")


def normalised(text: str) -> str:
    """Returns text for comparison: lower case, only letters and digits, single spaces."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def shingles(text: str, length: int = 6) -> set[str]:
    """Returns every sequence of `length` words of a text; texts that share one count as the same text."""
    words = normalised(text).split()
    return {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}

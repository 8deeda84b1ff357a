"""What the four datasets share: the row, where installed files are found, how text is compared."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One supervised sample.

    Rows with the same `group` stay on one side of the split; `content` is the row without its template.
    """

    group: str
    content: str
    prompt: str
    response: str


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
    """Text for comparison: lower case, letters and digits alone, single spaces."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def shingles(text: str, length: int = 6) -> set[str]:
    """Every run of `length` words of a text: two texts that share one are taken as the same text."""
    words = normalised(text).split()
    return {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}

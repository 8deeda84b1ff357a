#!/usr/bin/env python3
"""Compares the file tree drawn in README.md with the disk: every path drawn must exist, every folder must be drawn.

The tree is the first fenced block after the line `<!-- tree -->`. Each line is a path, two spaces for each level of
depth before it, then two spaces or more and a gloss; several paths on one line are separated by one space.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "<!-- tree -->"


def drawn_paths(text: str) -> list[str]:
    """The paths in the block, relative to the root of the repository."""
    block = re.search(r"```[^\n]*\n(.*?)```", text.split(MARK, 1)[1], re.S)
    paths, parents = [], []
    for line in block.group(1).splitlines() if block else []:
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip(" "))) // 2
        names = re.split(r" {2,}", line.strip(), maxsplit=1)[0].split(" ")
        parents = parents[:depth] + [names[0].rstrip("/")]
        paths += ["/".join(parents[:depth] + [name.rstrip("/")]) for name in names]
    return paths


def folders() -> set[str]:
    """The top folders, and those of Sources, that git tracks or would add."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout
    parts = [Path(path).parts for path in listed.splitlines() if (ROOT / path).exists()]
    top = {part[0] for part in parts if len(part) > 1 and not part[0].startswith(".")}
    return top | {"/".join(part[:2]) for part in parts if len(part) > 2 and part[0] == "Sources"}


def main() -> int:
    readme = ROOT / "README.md"
    if not readme.exists() or MARK not in readme.read_text(encoding="utf-8"):
        print(f"check_tree: README.md has no line {MARK}: there is no tree to compare", file=sys.stderr)
        return 1
    drawn = drawn_paths(readme.read_text(encoding="utf-8"))
    absent = [path for path in drawn if not (ROOT / path).exists()]
    left_out = sorted(folders() - set(drawn))
    for path in absent:
        print(f"check_tree: README.md draws {path}, which does not exist", file=sys.stderr)
    for path in left_out:
        print(f"check_tree: {path}/ exists and is not drawn in README.md", file=sys.stderr)
    return 1 if absent or left_out or not drawn else 0


if __name__ == "__main__":
    sys.exit(main())

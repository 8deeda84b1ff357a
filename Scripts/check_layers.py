#!/usr/bin/env python3
"""Checks that the rooms of a module point one way: a file may name only declarations of its own room or of a lower one.

The compiler keeps the modules apart; this script keeps the rooms of a module apart, by the names of types and functions at
the top level of files and of members that extensions add. A name declared in several places is ignored. With --list it
prints the rooms that each room names.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "Sources"

# The rooms of each module, from the ground up: a room knows nothing of the rooms to its right.
ROOMS = {
    "GPUTensor": ["Storage", "Traits", "Graph", "Execution", "Ops", "Fusion", "Checks", "Benchmarks", "Tuning"],
    "Trainer": ["Files", "Text", "Model", "ModelFiles", "Training", "Generation", "Evaluation", "Recipe", "Planning",
                "RunFiles", "Report", "Rounds"],
}

TYPE = re.compile(r"\b(?:struct|class|enum|protocol|typealias|actor)\s+([A-Z]\w*)")
FUNCTION = re.compile(r"\bfunc\s+([a-z]\w*)")


def code_of(text: str) -> str:
    """The text without comments and without the literal parts of strings; interpolated code stays."""
    out, position = [], 0
    # One entry for each open string: its delimiter, its escape, and the bracket depth in its interpolation.
    strings: list[list] = []
    while position < len(text):
        inside = bool(strings) and strings[-1][2] == 0
        if inside:
            closing, escape, _ = strings[-1]
            if text.startswith(escape + "(", position):
                strings[-1][2] = 1
                position += len(escape) + 1
                out.append(" ")
            elif text.startswith(escape, position):
                position += len(escape) + 1
            elif text.startswith(closing, position):
                strings.pop()
                position += len(closing)
            else:
                position += 1
            continue
        if text.startswith("//", position):
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        if text.startswith("/*", position):
            end = text.find("*/", position)
            position = len(text) if end < 0 else end + 2
            continue
        opening = re.match(r'(#*)("""|")', text[position:position + 16])
        if opening:
            hashes, quotes = opening.groups()
            strings.append([quotes + hashes, "\\" + hashes, 0])
            position += opening.end()
            continue
        character = text[position]
        if strings:
            strings[-1][2] += (character == "(") - (character == ")")
            if strings[-1][2] == 0:
                position += 1
                continue
        out.append(character)
        position += 1
    return "".join(out)


def top_level(code: str) -> str:
    """The code outside of all braces."""
    out, depth = [], 0
    for character in code:
        depth -= character == "}"
        if depth == 0:
            out.append(character)
        depth += character == "{"
    return "".join(out)


def members(code: str) -> list[str]:
    """Names of the members that top-level extensions add to their types."""
    found, depth, in_extension, line_start = [], 0, False, 0
    for position, character in enumerate(code):
        if character in "{}\n":
            line = code[line_start:position]
            if depth == 1 and in_extension and (match := re.search(r"\b(?:func|var|let)\s+([a-z]\w*)", line)):
                found.append(match.group(1))
            if character == "{":
                if depth == 0:
                    in_extension = re.search(r"\bextension\s", line) is not None
                depth += 1
            depth -= character == "}"
            line_start = position + 1
    return found


def check(module: str, rooms: list[str], lists: bool) -> list[str]:
    files = {path: code_of(path.read_text(encoding="utf-8")) for path in sorted((SOURCES / module).rglob("*.swift"))}
    room_of = {path: path.relative_to(SOURCES / module).parts[0] for path in files}
    problems = [f"{path.relative_to(SOURCES)}: stands in no room of {module} that Scripts/check_layers.py knows"
                for path, room in room_of.items() if room not in rooms]
    owners, declared = defaultdict(set), defaultdict(set)
    for path, code in files.items():
        outside = top_level(code)
        for name in TYPE.findall(outside):
            owners[name].add(path)
        for name in FUNCTION.findall(outside):
            owners[name + "("].add(path)
        for name in members(code):
            # Short names are often members of other types too.
            if len(name) > 5:
                owners["." + name].add(path)
        for name in re.findall(r"\b(?:func|var|let|case)\s+([a-z]\w*)", code):
            declared[name].add(path)
    arrows = defaultdict(set)
    for path, code in files.items():
        if room_of[path] not in rooms:
            continue
        named = set(re.findall(r"\b[A-Z]\w*|(?<![.\w])[a-z]\w*\(|\.[a-z]\w*", code))
        for name in named:
            if name.startswith(".") and len(declared[name[1:]]) > 1:
                continue
            owner = next(iter(owners[name])) if len(owners.get(name, ())) == 1 else path
            if room_of[owner] in rooms and room_of[owner] != room_of[path]:
                arrows[room_of[path], room_of[owner]].add((path, owner, name))
    for (user, owner), names in sorted(arrows.items(), key=lambda arrow: [rooms.index(room) for room in arrow[0]]):
        if lists:
            print(f"{module}: {user} -> {owner}: {len({name[2] for name in names})} names")
        if rooms.index(owner) > rooms.index(user):
            problems += [f"{path.relative_to(SOURCES)} names {name.rstrip('(')} of {where.relative_to(SOURCES)}: "
                         f"{user} stands below {owner}" for path, where, name in sorted(names)]
    return problems


def main() -> int:
    problems = [problem for module, rooms in ROOMS.items() for problem in check(module, rooms, "--list" in sys.argv)]
    for problem in problems:
        print(f"check_layers: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes a script's generated files, or with --check compares them; shared by the scripts that make recipes' data."""

import sys
from pathlib import Path


def main(folder: Path, files: dict[str, str]) -> int:
    """Writes each file below `folder`; with --check writes nothing, names the files that differ and then returns 1."""
    different = []
    for path, content in files.items():
        target = folder / path
        if sys.argv[1:] == ["--check"]:
            if not target.exists() or target.read_text(encoding="utf-8") != content:
                different.append(path)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    script = Path(sys.argv[0])
    for path in different:
        print(f"{script.stem}: recipes/{folder.name}/{path} differs: run Scripts/{script.name}", file=sys.stderr)
    return 1 if different else 0

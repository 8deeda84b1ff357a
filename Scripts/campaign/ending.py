"""The end of a run: every file that the run left, without what depends on the clock."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

# Files that are drawn from times too: `redrawn` in trial.py draws them again, and compares.
DRAWN = ("report.html", "figures/speed.svg", "tensorboard/")
TIMES = {
    "metrics.jsonl": ("tokens_per_second",),
    "round.json": ("seconds", "finished"),
    "state.json": ("seconds",),
}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def is_lock(path: Path) -> bool:
    return path.name in ("lock", ".lock") or path.suffix == ".lock"


def timeless(name: str, content: bytes, folder: Path) -> list[bytes]:
    """Returns a file's content, or a `.jsonl` file's lines, without times and the path of the run's parent folder."""
    texts = content.splitlines() if name.endswith(".jsonl") else [content]
    if name in TIMES:
        for index, text in enumerate(texts):
            try:
                value = json.loads(text)
                for key in TIMES[name]:
                    value.pop(key, None)
                texts[index] = json.dumps(value, sort_keys=True).encode()
            except ValueError:
                texts[index] = b"no JSON: " + text
    path = str(folder).encode()
    return [text.replace(path, b"FOLDER").replace(path.replace(b"/", b"\\/"), b"FOLDER") for text in texts]


def ending(run: Path) -> dict[str, str]:
    """Returns a digest for every path below the run's folder, and one for each line of a `.jsonl` file."""
    found = {}
    for path in sorted(run.rglob("*")):
        name = str(path.relative_to(run))
        if is_lock(path):
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[name] = "a folder"
        elif name.startswith(DRAWN) or any(f"/{drawn}" in name for drawn in DRAWN):
            found[name] = "is there"
        elif path.suffix == ".safetensors":
            found[name] = digest(path.read_bytes())
        else:
            texts = timeless(path.name, path.read_bytes(), run.parent)
            if path.suffix == ".jsonl":
                found |= {f"{name}:{number}": digest(text) for number, text in enumerate(texts, 1)}
                found[name] = f"{len(texts)} lines"
            else:
                found[name] = digest(texts[0])
    return found


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    missing = [f"{name} is missing" for name in expected if name not in found and ":" not in name]
    left = [f"{name} is left over" for name in found if name not in expected and ":" not in name]
    other = [f"{name} differs" for name in expected if name in found and expected[name] != found[name]]
    return missing + left + other


def drawn(run: Path) -> dict[str, str]:
    """Returns a digest for each page, figure and event file of a run."""
    paths = [run / "report.html", *run.glob("figures/*"), *run.glob("tensorboard/*")]
    return {str(path.relative_to(run)): digest(path.read_bytes()) for path in paths if path.is_file()}


def saved_state(run: Path) -> tuple[int, int] | None:
    """Returns the round and the step from which a resume goes on; None: nothing was saved."""
    for name in ("checkpoint", "checkpoint.old"):
        try:
            state = json.loads((run / name / "state.json").read_text())
            return state["round"], state["step"]
        except (FileNotFoundError, ValueError):
            continue
    return None


def finished_rounds(run: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Returns a digest for each file of the finished rounds, of the run and its branches; or for each of `names`."""
    if names is None:
        names = []
        for each in (run, *run.glob("branches/*")):
            state = saved_state(each)
            for folder in sorted(each.glob("rounds/[0-9]*")) if state else []:
                if int(folder.name.split("-")[0]) < state[0]:
                    names += [path.relative_to(run) for path in folder.rglob("*") if path.suffix != ".partial"]
    paths = {str(name): run / name for name in names}
    return {name: digest(path.read_bytes()) if path.is_file() else "no file" for name, path in paths.items()}

#!/usr/bin/env python3
"""Writes hub/layout.txt: what huggingface_hub leaves in its cache when it downloads hub/repository from a hub.

The hub is a small server on the loopback interface that answers as huggingface.co does. With `--serve PORT` it serves
that repository as the model org/small until it is stopped: `HF_ENDPOINT=http://127.0.0.1:PORT accrete download org/small`
and huggingface_hub's snapshot_download can then be tried on each other's caches.

    pip install huggingface_hub==2.4.0
    python3 Tests/Goldens/generate_hub.py
"""

import hashlib
import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLDER = Path(__file__).resolve().parent / "hub"
COMMIT = "c0ffee12" * 5
NAME = "org/small"
LARGE = (".safetensors",)


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def files() -> dict[str, bytes]:
    root = FOLDER / "repository"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def entry(path: str, content: bytes) -> dict:
    item = {"rfilename": path, "size": len(content), "blobId": blob(content)}
    if path.endswith(LARGE):
        item["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return item


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        print(self.command, self.path, self.headers.get("Range") or "", file=sys.stderr)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        start = f"/{NAME}/resolve/"
        if path.startswith(f"/api/models/{NAME}/tree/"):
            tree = []
            for name, content in files().items():
                item = entry(name, content)
                if "lfs" in item:
                    item["lfs"]["oid"] = item["lfs"].pop("sha256")
                tree.append({"type": "file", "path": item.pop("rfilename"), "oid": item.pop("blobId"), **item})
            return self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        if path.startswith(f"/api/models/{NAME}"):
            listing = {"id": NAME, "sha": COMMIT, "private": False, "downloads": 0, "tags": [],
                       "siblings": [entry(*item) for item in files().items()]}
            return self.answer(200, json.dumps(listing).encode(), Content_Type="application/json")
        if path.startswith("/store/"):
            return self.part(files()[path[7:]])
        if path.startswith(start):
            name = path[len(start):].split("/", 1)[1]
            if name in files():
                content = files()[name]
                if name.endswith(LARGE):
                    digest = hashlib.sha256(content).hexdigest()
                    store = f"http://localhost:{self.server.server_port}/store/{name}"
                    return self.answer(302, Location=store, X_Repo_Commit=COMMIT, X_Linked_Etag=f'"{digest}"',
                                       X_Linked_Size=str(len(content)))
                return self.part(content, ETag=f'"{blob(content)}"', X_Repo_Commit=COMMIT)
        self.answer(404, X_Error_Code="EntryNotFound")

    do_HEAD = do_GET

    def part(self, content: bytes, **headers: str) -> None:
        given = self.headers.get("Range")
        if not given:
            return self.answer(200, content, **headers)
        first = int(given.removeprefix("bytes=").split("-")[0])
        self.answer(206, content[first:], Content_Range=f"bytes {first}-{len(content) - 1}/{len(content)}", **headers)


def layout(cache: Path) -> list[str]:
    """Each file and link of the repository's folder: its path, then its size and hash, its text, or where it leads.

    `trees/` is left out: it holds answers of the hub that huggingface_hub keeps for itself.
    """
    folder = cache / f"models--{NAME.replace('/', '--')}"
    lines = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith("trees/"):
            continue
        if path.is_symlink():
            lines.append(f"{name} -> {os.readlink(path)}")
        elif path.is_file() and name.startswith("refs/"):
            lines.append(f"{name} = {path.read_text()}")
        elif path.is_file():
            lines.append(f"{name}: {path.stat().st_size} bytes, {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return lines


def main() -> None:
    serve = int(sys.argv[2]) if sys.argv[1:2] == ["--serve"] else 0
    server = ThreadingHTTPServer(("127.0.0.1", serve), Hub)
    if serve:
        return server.serve_forever()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["HF_HUB_DISABLE_XET"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    import huggingface_hub

    with tempfile.TemporaryDirectory() as cache:
        huggingface_hub.snapshot_download(NAME, cache_dir=cache)
        found = huggingface_hub.scan_cache_dir(cache)
        assert not found.warnings and len(found.repos) == 1, found
        (FOLDER / "layout.txt").write_text("\n".join(layout(Path(cache))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes Tests/Goldens/gzip: datasets as gzip files, whole, in several members, and made to harm.

Made with CPython 3.11.7, zlib 1.2.13; no random numbers. The time in each header is 0, so that the files do not change.
"""

import gzip
import json
import platform
import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "gzip"


def lines(first: int, count: int) -> bytes:
    return b"".join(json.dumps({"text": f"row {number}"}).encode() + b"\n" for number in range(first, first + count))


def member(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    files = {
        # 40 rows in one member.
        "rows.jsonl.gz": member(lines(0, 40)),
        # 40 rows in three members, cut in the middle of a row, the second member empty, zeros behind.
        "members.jsonl.gz": member(lines(0, 40)[:500]) + member(b"") + member(lines(0, 40)[500:]) + bytes(17),
        "table.csv.gz": member(b'text,id\r\n"a\r\nb",1\r\nc,2\r\n'),
        # 4 KiB that say "a" four million times: near what deflate can do.
        "bomb.jsonl.gz": member(b"a" * 4_000_000),
    }
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
    print(f"Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}")


if __name__ == "__main__":
    main()

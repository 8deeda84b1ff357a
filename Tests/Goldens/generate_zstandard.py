#!/usr/bin/env python3
"""Writes Tests/Goldens/zstandard: datasets as Zstandard files, whole, in several frames, and made to harm.

Made with CPython 3.11.7, zstandard 0.25.0; no random numbers.
"""

import struct
from pathlib import Path

import zstandard
from generate_gzip import lines

FOLDER = Path(__file__).resolve().parent / "zstandard"


def frame(content: bytes, **options) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(19, write_checksum=True, **options)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(content)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    skippable = struct.pack("<II", 0x184D2A53, 5) + b"aside"
    files = {
        # 40 rows in one frame.
        "rows.jsonl.zst": frame(lines(0, 40)),
        # 40 rows in three frames, cut in the middle of a row, the second one empty, one to pass over before them.
        "frames.jsonl.zst": skippable + frame(lines(0, 40)[:500]) + frame(b"") + frame(lines(0, 40)[500:]),
        "table.csv.zst": frame(b'text,id\r\n"a\r\nb",1\r\nc,2\r\n'),
        # Some hundred bytes that say "a" four million times.
        "bomb.jsonl.zst": frame(b"a" * 4_000_000),
    }
    # A header that asks for a window of 2 GiB (RFC 8878, section 3.1.1.1.2), and an empty block.
    files["window.jsonl.zst"] = bytes([0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 1, 0, 0])
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
    print(f"zstandard {zstandard.__version__}")


if __name__ == "__main__":
    main()

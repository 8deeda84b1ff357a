#!/usr/bin/env python3
"""Writes Tests/Goldens/arrow: small Arrow files, as streams and with footers, over types and compressions; and `saved`,
the folder of a dataset that Hugging Face's datasets wrote.

Beside each file lie the rows that pyarrow reads from it, one JSON object a line; a map is an object. Files whose names
begin with `refused` or `hostile` have no rows beside them.

Made with CPython 3.11.7, pyarrow 26.0.1, datasets 5.2.0; no random numbers.
"""

import json
import shutil
import struct
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.feather as feather
from generate_parquet import dialogues, extremes, flat, maps, messages, nested, plain, prompts, unread

FOLDER = Path(__file__).resolve().parent / "arrow"


def write_rows(path: Path, table: pa.Table) -> None:
    names = [name for name in table.schema.names if not pa.types.is_timestamp(table.schema.field(name).type)]
    lines = [json.dumps({name: plain(row[name], table.schema.field(name).type) for name in names}, ensure_ascii=False)
             for row in table.to_pylist()]
    path.with_suffix(".jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def stream(name: str, table: pa.Table, rows: int = 7, compression: str | None = None, footer: bool = False) -> Path:
    """A stream of batches, or a file with a footer."""
    path = FOLDER / f"{name}.arrow"
    options = pa.ipc.IpcWriteOptions(compression=compression)
    writer = (pa.ipc.new_file if footer else pa.ipc.new_stream)(path, table.schema, options=options)
    with writer:
        writer.write_table(table, max_chunksize=rows)
    if not name.startswith(("refused", "hostile")):
        write_rows(path, table)
    return path


def wide() -> pa.Table:
    """The types that are not in Parquet: large texts and lists, lists of one size, dictionaries, nulls alone."""
    texts = ["a", None, "東京", "", "🦙", "b", "a", "c"] * 3
    return pa.table({
        "large": pa.array(texts, pa.large_string()),
        "lists": pa.array([[1, None], [], None, [2]] * 6, pa.large_list(pa.int16())),
        "pairs": pa.array([[1.5, 2.5], None, [None, 0.25]] * 8, pa.list_(pa.float32(), 2)),
        "nulls": pa.nulls(24),
        "coded": pa.array(texts).dictionary_encode(),
        "codes": pa.array([["x", "y"], ["x"], None, [None]] * 6, pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "half": pa.array([1.5, -65504.0, None] * 8, pa.float16()),
        "flag": pa.array([True, None, False] * 8),
    })


def skipped() -> pa.Table:
    """A text between columns of every other layout, which are passed over by their numbers of buffers."""
    union = pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])])
    dense = pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["b"])])
    return pa.table({
        "sparse": union,
        "dense": dense,
        "bytes": pa.array([b"a", None, b"\xff"], pa.large_binary()),
        "views": pa.array(["a", "b" * 40, None], pa.string_view()),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", "b"])),
        "listed": pa.array([[1], [], None], pa.list_view(pa.int64())),
        "text": ["one", "two", "three"],
        "days": pa.array([1, 2, None], pa.date32()),
    })


def hostile() -> None:
    # A column of nulls takes no bytes: as many rows as one likes.
    whole = stream("hostile-rows", pa.table({"a": pa.nulls(77)}), rows=77).read_bytes()
    path = FOLDER / "hostile-rows.arrow"
    path.write_bytes(whole.replace(struct.pack("<q", 77), struct.pack("<q", 1 << 40)))
    # A buffer that says it is half a gibibyte.
    for name in ("zstd", "lz4"):
        path = stream(f"hostile-{name}", pa.table({"a": ["a" * 3000]}), compression=name)
        path.write_bytes(path.read_bytes().replace(struct.pack("<q", 3000), struct.pack("<q", 1 << 29)))
    # A row of five million nulls.
    stream("hostile-row", pa.table({"a": pa.array([[None] * 5_000_000], pa.list_(pa.null()))}))
    # An offset behind the text.
    path = stream("hostile-offset", pa.table({"a": ["abcdefg", "hi"]}))
    path.write_bytes(path.read_bytes().replace(struct.pack("<iii", 0, 7, 9), struct.pack("<iii", 0, 700, 9)))


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, table in {"flat": flat(), "extremes": extremes(), "messages": messages(), "nested": nested(),
                        "map": maps(), "wide": wide(), "prompts": prompts(), "dialogues": dialogues()}.items():
        stream(f"{name}-stream", table)
        stream(f"{name}-file", table, rows=100, compression="zstd", footer=True)
    stream("flat-lz4", flat(400), rows=150, compression="lz4", footer=True)
    stream("empty", flat(0))
    feather.write_feather(messages(), FOLDER / "messages.feather")
    write_rows(FOLDER / "messages.arrow", messages())
    stream("refused-columns", unread())
    stream("refused-skipped", skipped())
    feather.write_feather(pa.table({"text": ["a"]}), FOLDER / "refused-v1.feather", version=1)
    # A dictionary that grows.
    first = pa.RecordBatch.from_arrays([pa.array(["a", "b"]).dictionary_encode()], ["text"])
    second = pa.RecordBatch.from_arrays(
        [pa.DictionaryArray.from_arrays(pa.array([0, 2], pa.int32()), pa.array(["a", "b", "c"]))], ["text"])
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(FOLDER / "refused-delta.arrow", first.schema, options=options) as writer:
        writer.write_batch(first)
        writer.write_batch(second)
    # One that is replaced.
    with pa.ipc.new_stream(FOLDER / "replaced.arrow", first.schema) as writer:
        other = pa.RecordBatch.from_arrays([pa.array(["x", "y"]).dictionary_encode()], ["text"])
        writer.write_batch(first)
        writer.write_batch(other)
    write_rows(FOLDER / "replaced.arrow", pa.ipc.open_stream(FOLDER / "replaced.arrow").read_all())
    hostile()
    rows = datasets.Dataset.from_list(
        [{"prompt": f"{number} + 1 =", "completion": f" {number + 1}", "tags": ["a", None]} for number in range(10)])
    rows.save_to_disk(FOLDER / "saved", num_shards=2)
    datasets.DatasetDict({"train": rows.select(range(8)), "test": rows.select(range(8, 10))}).save_to_disk(
        FOLDER / "splits")
    sizes = {str(path.relative_to(FOLDER)): path.stat().st_size for path in sorted(FOLDER.rglob("*")) if path.is_file()}
    for name, size in sizes.items():
        print(f"{name}: {size} bytes")
    print(f"{len(sizes)} files, {sum(sizes.values())} bytes; pyarrow {pa.__version__}, datasets {datasets.__version__}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes Tests/Goldens/parquet: small Parquet files over schemas, encodings, compressions and page versions.

Beside each file lie the rows that pyarrow reads from it, one JSON object a line; a map is an object. Files whose names
begin with `refused` or `hostile` have no rows beside them. The lists of older writers, which pyarrow reads and does not write, are
written here byte by byte.

Made with CPython 3.11.7, pyarrow 26.0.1; no random numbers.
"""

import datetime
import decimal
import json
import shutil
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parent / "parquet"
TEXTS = ["", "a", "Grüße aus Köln", "東京", "🦙 \"quoted\"\n", "prefix one", "prefix two", None]

# MARK: Tables


def some(count: int, value, every: int = 5):
    """`count` values, every fifth of them null."""
    return [None if every and number % every == 3 else value(number) for number in range(count)]


def flat(count: int = 40) -> pa.Table:
    return pa.table({
        "text": pa.array([TEXTS[number % len(TEXTS)] for number in range(count)]),
        "flag": pa.array(some(count, lambda number: number % 3 == 0), pa.bool_()),
        "small": pa.array(some(count, lambda number: number % 40 - 20), pa.int8()),
        "int": pa.array(some(count, lambda number: (-1) ** number * 3 ** (number % 20)), pa.int32()),
        "long": pa.array(some(count, lambda number: (-1) ** number * 3 ** (number % 39)), pa.int64()),
        "float": pa.array(some(count, lambda number: number / 7), pa.float32()),
        "double": pa.array(some(count, lambda number: number / 7, every=0), pa.float64()),
    })


def extremes() -> pa.Table:
    columns = {}
    for bits in (8, 16, 32, 64):
        signed, unsigned = (getattr(pa, f"{sign}int{bits}")() for sign in ("", "u"))
        columns[f"int{bits}"] = pa.array([-2 ** (bits - 1), 2 ** (bits - 1) - 1, 0, -1], signed)
        columns[f"uint{bits}"] = pa.array([0, 2**bits - 1, 2 ** (bits - 1), 1], unsigned)
    columns["half"] = pa.array([1.5, -65504.0, 6e-8, None], pa.float16())
    return pa.table(columns)


def messages(count: int = 20) -> pa.Table:
    turn = pa.struct([pa.field("role", pa.string(), nullable=False), ("content", pa.string()),
                      ("tools", pa.list_(pa.string()))])
    rows = []
    for number in range(count):
        turns = [{"role": "user", "content": f"What is {number} + {index}?", "tools": []} for index in range(number % 4)]
        turns += [{"role": "assistant", "content": None if number % 6 == 5 else str(number),
                   "tools": None if number % 3 else ["add", "sub", None][:number % 4]}]
        rows.append([None, []][number % 2] if number % 9 == 7 else turns)
    return pa.table({"id": pa.array(range(count), pa.int64()), "messages": pa.array(rows, pa.list_(turn))})


def dialogues(count: int = 12) -> pa.Table:
    """Rows as datasets of dialogues have them: every turn has all keys, null where it says nothing."""
    rows = [[{"role": "user", "content": f"question {number}", "tool_calls": None},
             {"role": "assistant", "content": f"answer {number}", "tool_calls": None}] for number in range(count)]
    turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(pa.string()))])
    return pa.table({"messages": pa.array(rows, pa.list_(turn)), "score": [number / 4 for number in range(count)]})


def nested() -> pa.Table:
    point = pa.struct([("x", pa.int32()), pa.field("y", pa.int32(), nullable=False)])
    schema = pa.schema([
        ("lists", pa.list_(pa.list_(pa.int64()))),
        ("struct", pa.struct([("inner", point), ("names", pa.list_(pa.string()))])),
        pa.field("points", pa.list_(pa.field("element", point, nullable=False)), nullable=False),
        ("deep", pa.list_(pa.struct([("a", pa.list_(pa.struct([("b", pa.list_(pa.bool_()))])))]))),
    ])
    rows = [
        {"lists": [[1, 2], [], None, [None, 3]], "struct": {"inner": {"x": 1, "y": 2}, "names": ["a"]},
         "points": [{"x": 1, "y": 2}, {"x": None, "y": 3}], "deep": [{"a": [{"b": [True, None]}, {"b": []}]}, {"a": []}]},
        {"lists": None, "struct": None, "points": [], "deep": None},
        {"lists": [], "struct": {"inner": None, "names": None}, "points": [{"x": 4, "y": 5}], "deep": [None, {"a": None}]},
        {"lists": [[]], "struct": {"inner": {"x": None, "y": 0}, "names": []}, "points": [], "deep": [{"a": [None]}]},
    ]
    return pa.Table.from_pylist(rows * 5, schema=schema)


def maps() -> pa.Table:
    rows = [[("a", 1), ("b", None)], [], None, [("é", 3), ("e\u0301", 4)]]
    return pa.table({"map": pa.array(rows, pa.map_(pa.string(), pa.int32()))})


def prompts(count: int = 12) -> pa.Table:
    return pa.table({
        "prompt": [f"{number} + 1 =" for number in range(count)],
        "completion": [f" {number + 1}" for number in range(count)],
        "weight": pa.array([1.0 + number % 2 for number in range(count)], pa.float32()),
        "created": pa.array([datetime.datetime(2024, 1, 1 + number) for number in range(count)], pa.timestamp("us")),
        "source": ["sums"] * count,
    })


def unread() -> pa.Table:
    return pa.table({
        "text": ["a", "b"],
        "date": pa.array([datetime.date(2024, 1, 1)] * 2),
        "time": pa.array([datetime.time(1, 2)] * 2),
        "timestamp": pa.array([datetime.datetime(2024, 1, 1)] * 2),
        "decimal": pa.array([decimal.Decimal("1.25")] * 2),
        "bytes": pa.array([b"\xff\x00"] * 2),
        "fixed": pa.array([b"ab"] * 2, pa.binary(2)),
        "image": pa.array([{"bytes": b"\x89PNG", "path": "a.png"}] * 2),
        "keys": pa.array([[(1, "a")]] * 2, pa.map_(pa.int32(), pa.string())),
    })


# MARK: Lists of older writers, byte by byte


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


class Long(int):
    """A number that the format keeps in 64 bits."""


def compact(value) -> tuple[int, bytes]:
    """Type and bytes in Thrift's compact protocol: a dict is a structure by the numbers of its fields."""
    if isinstance(value, dict):
        out, last = b"", 0
        for field, content in value.items():
            kind, data = compact(content)
            out += bytes([field - last << 4 | kind]) + data
            last = field
        return 12, out + b"\0"
    if isinstance(value, list):
        parts = [compact(element) for element in value]
        head = bytes([len(parts) << 4 | parts[0][0]]) if len(parts) < 15 else (
            bytes([0xF0 | parts[0][0]]) + varint(len(parts)))
        return 9, head + b"".join(data for _, data in parts)
    if isinstance(value, str):
        return 8, varint(len(value.encode())) + value.encode()
    return 6 if isinstance(value, Long) else 5, varint(value << 1 if value >= 0 else ~value << 1 | 1)


def levels(numbers: list[int], most: int) -> bytes:
    """Runs of one number each, with their length before them."""
    if most == 0:
        return b""
    runs = b"".join(varint(1 << 1) + bytes([number]) for number in numbers)
    return struct.pack("<I", len(runs)) + runs


def page(kind: int, count: int, data: bytes, size: int | None = None, encoding: int = 0) -> bytes:
    """A page with its header: 0 data of version 1, 2 dictionary; `size` is that of the decompressed data."""
    head = {1: count, 2: encoding, 3: 3, 4: 3} if kind == 0 else {1: count, 2: encoding}
    size = len(data) if size is None else size
    return compact({1: kind, 2: size, 3: len(data), (5 if kind == 0 else 7): head})[1] + data


def assemble(path: Path, schema: list[dict], rows: int, columns: list[tuple], more: dict = {}) -> None:
    """A file of one row group.

    columns: (path, physical type, codec, values, pages); where there are no pages, those of the column before.
    """
    content, chunks, place = b"PAR1", [], 0
    for names, kind, codec, count, pages in columns:
        place = len(content) if pages else place
        content += pages
        size = Long(len(content) - place)
        chunks.append({2: Long(place), 3: {1: kind, 2: [0, 3], 3: names, 4: codec, 5: Long(count), 6: size, 7: size,
                                           9: Long(place)}})
    rows = Long(rows)
    footer = compact({1: 1, 2: schema, 3: rows, 4: [{1: chunks, 2: Long(len(content)), 3: rows}]} | more)[1]
    path.write_bytes(content + footer + struct.pack("<I", len(footer)) + b"PAR1")


def write_by_hand(path: Path, schema: list[dict], rows: int, columns: list[tuple]) -> None:
    """A file of one row group, PLAIN, uncompressed.

    columns: (path, physical type, highest levels, repetition levels, definition levels, values).
    """
    chunks = []
    for names, kind, (most_repetition, most_definition), repetitions, definitions, values in columns:
        data = levels(repetitions, most_repetition) + levels(definitions, most_definition)
        for value in values:
            data += text(value) if isinstance(value, str) else struct.pack("<i", value)
        chunks.append((names, kind, 0, len(definitions), page(0, len(definitions), data)))
    assemble(path, schema, rows, chunks)


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
INT32, BYTE_ARRAY = 1, 6
UTF8, LIST = 0, 3


def legacy_lists(path: Path) -> None:
    schema = [
        {4: "schema", 5: 6},
        # An element that is itself repeated.
        {3: OPTIONAL, 4: "two_level", 5: 1, 6: LIST}, {1: BYTE_ARRAY, 3: REPEATED, 4: "array", 6: UTF8},
        # A repeated group of two fields is the element.
        {3: OPTIONAL, 4: "pairs", 5: 1, 6: LIST}, {3: REPEATED, 4: "element", 5: 2},
        {1: INT32, 3: REQUIRED, 4: "a"}, {1: INT32, 3: OPTIONAL, 4: "b"},
        # By its name a repeated group of one field is the element.
        {3: OPTIONAL, 4: "named", 5: 1, 6: LIST}, {3: REPEATED, 4: "array", 5: 1}, {1: INT32, 3: REQUIRED, 4: "a"},
        {3: OPTIONAL, 4: "tuple", 5: 1, 6: LIST}, {3: REPEATED, 4: "tuple_tuple", 5: 1}, {1: INT32, 3: REQUIRED, 4: "a"},
        # Hive's names of the three levels.
        {3: OPTIONAL, 4: "hive", 5: 1, 6: LIST}, {3: REPEATED, 4: "bag", 5: 1},
        {1: BYTE_ARRAY, 3: OPTIONAL, 4: "array_element", 6: UTF8},
        # A repeated field without any annotation.
        {1: INT32, 3: REPEATED, 4: "bare"},
    ]
    # Three rows: two elements, an empty list, null (of `bare`: an empty list).
    write_by_hand(path, schema, 3, [
        (["two_level", "array"], BYTE_ARRAY, (1, 2), [0, 1, 0, 0], [2, 2, 1, 0], ["a", "é"]),
        (["pairs", "element", "a"], INT32, (1, 2), [0, 1, 0, 0], [2, 2, 1, 0], [1, 2]),
        (["pairs", "element", "b"], INT32, (1, 3), [0, 1, 0, 0], [3, 2, 1, 0], [3]),
        (["named", "array", "a"], INT32, (1, 2), [0, 1, 0, 0], [2, 2, 1, 0], [1, 2]),
        (["tuple", "tuple_tuple", "a"], INT32, (1, 2), [0, 1, 0, 0], [2, 2, 1, 0], [1, 2]),
        (["hive", "bag", "array_element"], BYTE_ARRAY, (1, 3), [0, 1, 0, 0], [3, 2, 1, 0], ["a"]),
        (["bare"], INT32, (1, 1), [0, 1, 0, 0], [1, 1, 0, 0], [1, 2]),
    ])


# MARK: Files made to harm


def run(count: int, number: int) -> bytes:
    return varint(count << 1) + bytes([number])


def hostile() -> None:
    one = [{4: "schema", 5: 1}, {1: INT32, 3: OPTIONAL, 4: "a"}]
    # A run of a billion nulls in some bytes.
    count = 1 << 30
    data = page(0, count, struct.pack("<I", 6) + run(count, 0))
    assemble(FOLDER / "hostile-rows.parquet", one, count, [(["a"], INT32, 0, count, data)])
    # One row, a list of five million nulls.
    count = 5_000_000
    repetitions, definitions = run(1, 0) + run(count - 1, 1), run(count, 2)
    data = page(0, count, b"".join(struct.pack("<I", len(runs)) + runs for runs in (repetitions, definitions)))
    lists = [{4: "schema", 5: 1}, {3: OPTIONAL, 4: "a", 5: 1, 6: LIST}, {3: REPEATED, 4: "list", 5: 1},
             {1: INT32, 3: OPTIONAL, 4: "element"}]
    assemble(FOLDER / "hostile-row.parquet", lists, 1, [(["a", "list", "element"], INT32, 0, count, data)])
    # Two thousand times a text of a mebibyte.
    entry = text("a" * (1 << 20))
    dictionary = page(2, 1, pa.compress(entry, "zstd", asbytes=True), size=len(entry))
    places = bytes([1]) + run(2000, 0)
    data = page(0, 2000, pa.compress(places, "zstd", asbytes=True), size=len(places), encoding=8)
    texts = [{4: "schema", 5: 1}, {1: BYTE_ARRAY, 3: REQUIRED, 4: "a", 6: UTF8}]
    assemble(FOLDER / "hostile-text.parquet", texts, 2000, [(["a"], BYTE_ARRAY, 6, 2000, dictionary + data)])
    # A page of some bytes that says it is a gibibyte, and one that holds more than it says.
    for name, codec in (("snappy", 1), ("zstd", 6)):
        data = page(0, 1, pa.compress(b"abcd" * 4, name, asbytes=True), size=1 << 30)
        assemble(FOLDER / f"hostile-{name}.parquet", one, 1, [(["a"], INT32, codec, 1, data)])
    data = page(0, 1, pa.compress(bytes(1 << 16), "zstd", asbytes=True), size=100)
    assemble(FOLDER / "hostile-more.parquet", one, 1, [(["a"], INT32, 6, 1, data)])
    # Two columns in one place.
    two = [{4: "schema", 5: 2}, one[1], one[1] | {4: "b"}]
    data = page(0, 1, levels([0], 1))
    assemble(FOLDER / "hostile-place.parquet", two, 1, [(["a"], INT32, 0, 1, data), (["b"], INT32, 0, 1, b"")])
    # Structures within structures, in the schema and in a field that nobody reads.
    deep = [{4: "schema", 5: 1}, *({3: OPTIONAL, 4: "a", 5: 1} for _ in range(99)), one[1]]
    assemble(FOLDER / "hostile-depth.parquet", deep, 1, [(["a"] * 100, INT32, 0, 1, page(0, 1, levels([0], 100)))])
    nest = {1: 0}
    for _ in range(99):
        nest = {1: nest}
    assemble(FOLDER / "hostile-thrift.parquet", one, 1, [(["a"], INT32, 0, 1, data)], more={15: nest})


# MARK: Rows as JSON


def plain(value, kind: pa.DataType):
    if value is None:
        return None
    if pa.types.is_map(kind):
        return {key: plain(item, kind.item_type) for key, item in value}
    if pa.types.is_struct(kind):
        return {key: plain(item, kind.field(key).type) for key, item in value.items()}
    if pa.types.is_list(kind):
        return [plain(item, kind.value_type) for item in value]
    return str(value) if isinstance(value, datetime.datetime) else value


def write_rows(path: Path) -> None:
    table = pq.ParquetFile(path).read()
    names = [name for name in table.schema.names if not pa.types.is_timestamp(table.schema.field(name).type)]
    lines = [json.dumps({name: plain(row[name], table.schema.field(name).type) for name in names}, ensure_ascii=False)
             for row in table.to_pylist()]
    path.with_suffix(".jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


# MARK: The files


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()

    def write(name: str, table: pa.Table, version: str, compression: str, **options) -> None:
        options = {"use_dictionary": False, "write_statistics": False, "store_schema": False} | options
        path = FOLDER / f"{name}.parquet"
        pq.write_table(table, path, data_page_version=version, compression=compression, **options)
        if not name.startswith("refused"):
            write_rows(path)

    write("plain-v1", flat(), "1.0", "none")
    write("plain-v2-snappy", flat(), "2.0", "snappy")
    write("dictionary-v1-snappy", flat(), "1.0", "snappy", use_dictionary=True)
    write("dictionary-v2-zstd", flat(), "2.0", "zstd", use_dictionary=True)
    # The dictionary is full after some values; the pages behind are PLAIN.
    write("fallback-v1-gzip", flat(), "1.0", "gzip", use_dictionary=True, dictionary_pagesize_limit=16, data_page_size=64,
          write_batch_size=4)
    packed, length, prefix, split, runs = (
        "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT", "RLE")
    delta = {"text": prefix, "flag": runs, "small": packed, "int": packed, "long": packed, "float": split, "double": split}
    write("delta-v1", flat(140), "1.0", "zstd", column_encoding=delta)
    write("delta-v2-gzip", flat(140), "2.0", "gzip", column_encoding=delta | {"text": length})
    integers = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    write("extremes-plain", extremes(), "1.0", "none")
    write("extremes-delta", extremes(), "2.0", "none", column_encoding={name: packed for name in integers} | {"half": split})
    write("extremes-split", extremes(), "1.0", "none", column_encoding={name: split for name in integers + ["half"]})
    write("messages-v1-snappy", messages(), "1.0", "snappy", use_dictionary=True)
    write("messages-v2-zstd", messages(), "2.0", "zstd", column_encoding={
        "id": packed, "messages.list.element.content": length, "messages.list.element.role": prefix})
    write("messages-pages", messages(), "2.0", "snappy", use_dictionary=True, data_page_size=16, write_batch_size=1,
          write_page_checksum=True)
    write("nested-v1", nested(), "1.0", "gzip")
    write("nested-v2", nested(), "2.0", "snappy", use_dictionary=True, row_group_size=3)
    write("map", maps(), "1.0", "snappy")
    write("row-groups", flat(30).select(["text", "long"]), "2.0", "zstd", row_group_size=7, use_dictionary=True)
    write("checksums", flat(), "1.0", "snappy", write_page_checksum=True, use_dictionary=True)
    write("empty", flat(0), "1.0", "snappy", use_dictionary=True)
    nulls = pa.table({"null": pa.nulls(9), "text": pa.nulls(9, pa.string()), "list": pa.nulls(9, pa.list_(pa.int8()))})
    write("nulls-v1", nulls, "1.0", "snappy", use_dictionary=True)
    write("nulls-v2", nulls, "2.0", "zstd", column_encoding={"text": prefix, "list.list.element": packed})
    write("prompts", prompts(), "1.0", "snappy", use_dictionary=True, write_statistics=True, store_schema=True)
    write("dialogues", dialogues(), "1.0", "snappy", use_dictionary=True, store_schema=True, row_group_size=5)
    write("refused-columns", unread(), "1.0", "none")
    one = pa.table({"text": ["a" * 100]})
    for compression in ("brotli", "lz4"):
        write(f"refused-{compression}", one, "1.0", compression)
    write("refused-nan", pa.table({"text": ["a", "b"], "weight": [1.0, float("nan")]}), "1.0", "none")
    legacy = FOLDER / "legacy-lists.parquet"
    legacy_lists(legacy)
    write_rows(legacy)
    hostile()
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.iterdir())}
    for name, size in sizes.items():
        print(f"{name}: {size} bytes")
    print(f"{len(sizes)} files, {sum(sizes.values())} bytes; pyarrow {pa.__version__}")


if __name__ == "__main__":
    main()

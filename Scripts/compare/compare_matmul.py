#!/usr/bin/env python3
"""Matrix products of accrete and of PyTorch in turn, on the same cores: GFLOP/s as medians, and their ratios.

    python Scripts/compare/compare_matmul.py [--shapes MxNxK[:TRANSPOSES] …] [--runs 3]

The shapes are 1024³ and those of SmolLM2-135M's linear layers and head at 2,048 rows, forward (NT) and backward (NN, TN), as
`accrete bench matmul` has them: packing counted, checked against the CPU first. PyTorch multiplies contiguous matrices
and transposed views of such, as its own layers do, into a given output; its time is the median over --repeats calls.
Prints a table and one JSON object.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAYERS = [(576, 576), (192, 576), (1536, 576), (576, 1536), (49152, 576)]  # out x in features
ROWS = 2048


def shapes():
    """Returns 1024³, then for each layer the product, the gradient of its input and the gradient of its weight."""
    yield "1024x1024x1024:nt"
    for out, into in LAYERS:
        yield from (f"{ROWS}x{out}x{into}:nt", f"{ROWS}x{into}x{out}:nn", f"{out}x{into}x{ROWS}:tn")


def ours(binary, wanted):
    """Returns accrete's GFLOP/s in the panel family by shape and dtype, and the measured peak."""
    command = [binary, "bench", "matmul", "--shapes", ",".join(wanted), "--json"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"compare_matmul.py: accrete ended with {result.returncode}: {result.stderr[-1000:]}")
    report = json.loads(result.stdout)
    rates = {(row["shape"], row["dtype"]): row["gflops"] for row in report["rows"] if row["family"] == "panel"}
    return rates, report["peak_gflops"]


def theirs(shape, dtype, repeats):
    """Returns the GFLOP/s of torch.matmul."""
    sizes, transposes = shape.split(":")
    m, n, k = map(int, sizes.split("x"))
    kind = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    a = torch.randn((k, m) if transposes[0] == "t" else (m, k)).to(kind)
    b = torch.randn((n, k) if transposes[1] == "t" else (k, n)).to(kind)
    a, b = (x.t() if turned == "t" else x for x, turned in zip((a, b), transposes))
    out = torch.empty(m, n, dtype=kind)
    seconds = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        torch.matmul(a, b, out=out)
        seconds.append(time.perf_counter() - start)
    return 2 * m * n * k / statistics.median(seconds[2:]) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", default=list(shapes()))
    parser.add_argument("--dtypes", nargs="+", choices=["f32", "bf16"], default=["f32", "bf16"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--accrete", default=str(ROOT / ".build/release/accrete"))
    options = parser.parse_args()
    found = {(shape, dtype): ([], []) for dtype in options.dtypes for shape in options.shapes}
    peaks = []
    for _ in range(options.runs):
        rates, peak = ours(options.accrete, options.shapes)
        peaks.append(peak)
        for (shape, dtype), (own, peer) in found.items():
            sizes, transposes = shape.split(":")
            own.append(rates[f"{sizes} {transposes.upper()}", dtype])
            peer.append(theirs(shape, dtype, options.repeats))
    peak = statistics.median(peaks)
    rows = []
    for (shape, dtype), sides in found.items():
        own, peer = map(statistics.median, sides)
        rows.append({"shape": shape, "dtype": dtype, "accrete": own, "pytorch": peer, "ratio": own / peer})
        print(f"{shape:24}{dtype:6}{own:7.0f}{peer:7.0f}{own / peer:7.2f}", file=sys.stderr)
    print(json.dumps({"pytorch": torch.__version__, "peak_gflops": peak, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()

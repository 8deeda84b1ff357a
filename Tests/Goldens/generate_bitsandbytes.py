#!/usr/bin/env python3
"""Writes Tests/Goldens/bitsandbytes/blocks.json: random weights as bitsandbytes quantises and widens them.

    pip install torch bitsandbytes
    python Tests/Goldens/generate_bitsandbytes.py

nf4: two codes a byte, the 8-bit absmax of each block of 64, the scale of each 256 of those, and their mean ("offset").
int8: signed bytes and the absmax of each vector of 64. values: every `stride`-th number, as bitsandbytes widens it.
Bytes and little-endian floats in base64.
"""
import base64
import json
import pathlib

import bitsandbytes.functional as bitsandbytes
import torch

STRIDE = 7


def text(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def main():
    generator = torch.Generator().manual_seed(11)
    # 260 blocks: a whole group of 256 and a part of one. Rows of very different sizes spread the absmaxes.
    weights = torch.randn(260, 64, generator=generator) * torch.logspace(-3, 1, 260).unsqueeze(1)
    codes, state = bitsandbytes.quantize_4bit(weights, blocksize=64, compress_statistics=True, quant_type="nf4")
    widened = bitsandbytes.dequantize_4bit(codes, state)
    assert widened.dtype == torch.float32
    nf4 = {
        "codes": text(codes), "levels": text(state.absmax), "scales": text(state.state2.absmax),
        "mean": text(state.offset.reshape(1)), "values": text(widened.flatten()[::STRIDE]),
    }
    bytes_, absmax = bitsandbytes.int8_vectorwise_quant(weights.half())[:2]
    widened = bitsandbytes.int8_vectorwise_dequant(bytes_, absmax)
    int8 = {"bytes": text(bytes_), "absmax": text(absmax), "values": text(widened.flatten()[::STRIDE])}
    golden = {"stride": STRIDE, "nf4": nf4, "int8": int8, "level_table": text(bitsandbytes.create_dynamic_map())}
    folder = pathlib.Path(__file__).parent / "bitsandbytes"
    folder.mkdir(exist_ok=True)
    (folder / "blocks.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

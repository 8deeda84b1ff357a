"""Writes quants/: blocks of every quantised type that can be read, and what the `gguf` package makes of them.

    python3 Tests/Goldens/generate_quants.py

Made with gguf 0.19.0 and numpy 2.4.6, seed 20240607. For each type: NAME.blocks, the bytes as they stand in a GGUF
file, and NAME.f32, the numbers, little-endian. Half of the blocks are quantised normal numbers, whose scales are
usual (the package does not quantise to the types whose name ends in K: theirs are random, with such scales); half are
random bytes with any finite half as scale, subnormal ones too. Q8_0.source holds the normal numbers that the first
half of Q8_0.blocks was made from.
"""

import pathlib

import gguf
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "quants"
NUMBERS = 1536
# Where the halves of a block stand, in bytes.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "F16": [0], "BF16": [0],
}


def usual_blocks(random: np.random.Generator, name: str, count: int) -> np.ndarray:
    kind = gguf.GGMLQuantizationType[name]
    block_size, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    if name.endswith("_K"):
        blocks = random.integers(0, 256, (count, block_bytes), dtype=np.uint8)
        for place in SCALES[name]:
            scales = random.uniform(0.001, 0.01, count).astype("<f2")
            blocks[:, place : place + 2] = scales.view(np.uint8).reshape(count, 2)
        return blocks
    numbers = random.standard_normal((count, block_size)).astype(np.float32)
    if name == "Q8_0":
        # A block of zeros has no scale to divide by.
        numbers[-1] = 0
        (FOLDER / f"{name}.source").write_bytes(numbers.astype("<f4").tobytes())
    blocks = gguf.quants.quantize(numbers, kind)
    return np.ascontiguousarray(blocks).view(np.uint8).reshape(count, block_bytes)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, places in SCALES.items():
        random = np.random.default_rng([20240607, *name.encode()])
        kind = gguf.GGMLQuantizationType[name]
        block_size, block_bytes = gguf.GGML_QUANT_SIZES[kind]
        count = NUMBERS // 2 // block_size
        usual = usual_blocks(random, name, count)
        wild = random.integers(0, 256, (count, block_bytes), dtype=np.uint8)
        for place in places:
            # Clearing the top exponent bit keeps infinities and NaN out: their payload is nobody's business.
            wild[:, place + 1] &= 0xBF
        # Here the scale itself is subnormal or zero.
        wild[: max(count // 4, 1), places[0] + 1] &= 0x83
        blocks = np.concatenate([usual, wild])
        numbers = gguf.quants.dequantize(blocks, kind).astype(np.float32)
        (FOLDER / f"{name}.blocks").write_bytes(blocks.tobytes())
        (FOLDER / f"{name}.f32").write_bytes(numbers.astype("<f4").tobytes())


if __name__ == "__main__":
    main()

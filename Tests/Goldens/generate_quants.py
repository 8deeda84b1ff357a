"""Writes quants/: blocks of every quantised type that can be read, and what the `gguf` package makes of them.

    python3 Tests/Goldens/generate_quants.py

Made with gguf 0.19.0 and numpy 2.4.6, seed 20240607. For each type: NAME.blocks, the bytes as they stand in a GGUF
file, and NAME.f32, the numbers, little-endian. Half of the blocks are quantised normal numbers, whose scales are
usual; half are random bytes with any finite half as scale, subnormal ones too.
"""

import pathlib

import gguf
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "quants"
BLOCKS = 24


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(20240607)
    for name in ["Q4_0", "Q4_1", "Q8_0", "F16", "BF16"]:
        kind = gguf.GGMLQuantizationType[name]
        block_size, block_bytes = gguf.GGML_QUANT_SIZES[kind]
        count = BLOCKS * 32 // block_size
        usual = gguf.quants.quantize(random.standard_normal((count, block_size)).astype(np.float32), kind)
        usual = np.ascontiguousarray(usual).view(np.uint8).reshape(count, block_bytes)
        wild = random.integers(0, 256, (count, block_bytes), dtype=np.uint8)
        scales = 2 if name == "Q4_1" else 1
        for scale in range(scales):
            # Clearing the top exponent bit keeps infinities and NaN out: their payload is nobody's business.
            wild[:, 2 * scale + 1] &= 0xBF
        # Here the scale itself is subnormal or zero.
        wild[: count // 4, 1] &= 0x83
        blocks = np.concatenate([usual, wild])
        numbers = gguf.quants.dequantize(blocks, kind).astype(np.float32)
        (FOLDER / f"{name}.blocks").write_bytes(blocks.tobytes())
        (FOLDER / f"{name}.f32").write_bytes(numbers.astype("<f4").tobytes())


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes tests/data/formats/NAME.bin: blocks of a weight format and what PyPI `gguf` decodes them to.

usage: make_format_golden.py OUTPUT_DIR      (needs numpy and the gguf package, see deps/pypi.txt)

A file is  u32 block count, the blocks, then block count x block size f32 values, all little-endian.
The blocks: uniformly random bytes (their scales include subnormal, infinite and NaN binary16 values),
blocks of all zero and all 0xFF bytes, and random bytes whose scale fields hold chosen values.
"""
import pathlib
import struct
import sys

import gguf
import numpy as np

BLOCKS = 32
# Byte offsets of the binary16 fields (scales, minima) of a block.
HALF_FIELDS = {
    "F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "IQ2_XXS": [0], "IQ2_XS": [0], "IQ3_XXS": [0], "IQ1_S": [0], "IQ4_NL": [0], "IQ3_S": [0],
    "IQ2_S": [0], "IQ4_XS": [0], "IQ1_M": [], "TQ1_0": [52], "TQ2_0": [64], "MXFP4": [], "NVFP4": [],
    "Q1_0": [0], "Q2_0": [0],
}
# zero, -0, smallest and largest subnormal, smallest normal, 1, -2, largest, infinite
HALVES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0xC000, 0x7BFF, 0x7C00]
FLOATS = ["F32", "F16", "BF16"]


def low_bits(blocks, bits, zero):
    """Q1_0 and Q2_0, which the gguf package does not decode: d, then codes, lowest bits first."""
    d = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (blocks[:, 2:, None] >> shifts) & (2 ** bits - 1)
    codes = codes.reshape(len(blocks), -1).astype(np.float32)
    return d * (2 * codes - 1 if bits == 1 else codes - zero)


LOW_BITS = {"Q1_0": (41, 18, 1), "Q2_0": (42, 18, 2)}  # id, bytes, bits


def blocks_of(name, size, rng):
    blocks = rng.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    blocks[0] = 0
    blocks[1] = 255
    for i, half in enumerate(HALVES):
        for field in HALF_FIELDS.get(name, []):
            blocks[2 + i, field:field + 2] = np.frombuffer(struct.pack("<H", half), np.uint8)
    for i in range(2 + len(HALVES), BLOCKS - 8):  # ordinary scales
        for field in HALF_FIELDS.get(name, []):
            blocks[i, field:field + 2] = np.frombuffer(np.float16(rng.normal(0, 0.05)).tobytes(), np.uint8)
    return blocks


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in FLOATS + [n for n in HALF_FIELDS if n not in FLOATS]:
        if name in LOW_BITS:
            kind, size, bits = LOW_BITS[name]
        else:
            kind = gguf.GGMLQuantizationType[name]
            _, size = gguf.GGML_QUANT_SIZES[kind]
        rng = np.random.default_rng(1000 + int(kind))
        blocks = blocks_of(name, size, rng)
        with np.errstate(all="ignore"):
            values = (low_bits(blocks, bits, 1) if name in LOW_BITS
                      else gguf.quants.dequantize(blocks, kind)).astype("<f4")
        (out / f"{name}.bin").write_bytes(
            struct.pack("<I", BLOCKS) + blocks.tobytes() + values.tobytes())
        print(name, values.size, "values")


if __name__ == "__main__":
    main()

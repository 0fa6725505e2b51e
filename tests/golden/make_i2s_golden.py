#!/usr/bin/env python3
"""Writes tests/data/formats/I2_S.bin and tests/data/kernels/I2_S.bin, in the formats of make_format_golden.py and
kernels_vs_reference.cc, with what i2s.py computes. usage: make_i2s_golden.py TESTS_DATA_DIR    (needs numpy)
"""
import pathlib
import struct
import sys

import i2s
import numpy as np


def main():
    out = pathlib.Path(sys.argv[1])
    rng = np.random.default_rng(36)
    packed = rng.integers(0, 256, 32 * 32, dtype=np.uint8)
    values = i2s.codes(packed, 32, 128).astype("<f4") - 1
    (out / "formats/I2_S.bin").write_bytes(struct.pack("<I", 32) + packed.tobytes() + values.tobytes())

    n, rows = 384, 5
    ordinary = rng.standard_normal((3, n)).astype("<f4")
    ordinary[1, 7] = 40
    extreme = rng.standard_normal((8, n)).astype("<f4")
    extreme[0] = 0
    extreme[1] *= 1e-42
    extreme[2] *= 1e-5  # below the smallest maximum
    extreme[3] = np.round(extreme[3] * 20) + np.float32(0.5)  # ties
    extreme[3, 0] = -127
    extreme[4] *= 1e36
    extreme[5] = np.where(np.arange(n) % 3 == 0, -0.75, 0.75)
    extreme[6, n // 2] = np.inf
    extreme[7, n // 2] = -np.inf
    cases = b""
    for x in (ordinary, extreme):
        packed = rng.integers(0, 256, rows * n // 4, dtype=np.uint8)
        cases += struct.pack("<III", n, rows, len(x)) + packed.tobytes() + x.tobytes()
        cases += i2s.dots(packed, rows, n, x).astype("<f4").tobytes()
    (out / "kernels/I2_S.bin").write_bytes(cases)


if __name__ == "__main__":
    main()

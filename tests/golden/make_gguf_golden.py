#!/usr/bin/env python3
"""Writes tests/data/gguf: small files by the `gguf` package (deps/pypi.txt), for the tests of our reader.

usage: make_gguf_golden.py    (numpy and gguf)

tests/gguf/file_test.cc holds the same values.
"""
import pathlib

import gguf
import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "gguf"


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def all_types():
    w = gguf.GGUFWriter(OUT / "all.gguf", "sample")
    w.add_custom_alignment(64)
    w.add_uint8("k.u8", 200)
    w.add_int8("k.i8", -5)
    w.add_uint16("k.u16", 65000)
    w.add_int16("k.i16", -30000)
    w.add_uint32("k.u32", 4000000000)
    w.add_int32("k.i32", -2000000000)
    w.add_float32("k.f32", 1.5)
    w.add_bool("k.yes", True)
    w.add_bool("k.no", False)
    w.add_string("k.text", "naïve ✓")
    w.add_uint64("k.u64", 2**63 + 1)
    w.add_int64("k.i64", -(2**62))
    w.add_float64("k.f64", 0.1)
    w.add_array("k.integers", [-1, 2, 300])
    w.add_array("k.reals", [0.5, -2.0])
    w.add_array("k.flags", [True, False, True])
    w.add_array("k.texts", ["a", "", "bc"])
    w.add_tensor("plain", np.arange(6, dtype=np.float32).reshape(2, 3))
    w.add_tensor("half", np.array([1.0, -2.0, 0.5, 65504.0], dtype=np.float16))
    blocks = gguf.quants.quantize(np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32), gguf.GGMLQuantizationType.Q8_0)
    w.add_tensor("blocks", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    w.add_tensor("cube", np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    finish(w)


def split():
    w = gguf.GGUFWriter(OUT / "split.gguf", "sample", split_max_tensors=2)
    w.add_string("k.text", "in the first part")
    for i in range(5):
        w.add_tensor(f"t{i}", np.full(4, i, dtype=np.float32))
    finish(w)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    all_types()
    split()

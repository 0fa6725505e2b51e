"""Faults of the model file that one engine is given: `-m` is the truth for both."""
import functools
import shutil

import numpy

from case import NONE, Case
from models import FOLDER, made_models, smollm2

HALF_AT = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q6_K": [208]}  # scale, minimum
BLOCK = {"Q4_0": 18, "Q4_1": 20, "Q5_1": 24, "Q8_0": 34, "Q4_K": 144, "Q6_K": 210}  # bytes


def block_scale(weights, name, row, block, by):
    """A block's binary16 scale, and minimum, times `by`."""
    def change(tensors):
        data = tensors[name]
        for at in HALF_AT[weights]:
            begin = block * BLOCK[weights] + at
            half = data[row][begin:begin + 2].copy().view(numpy.float16)
            data[row][begin:begin + 2] = (half.astype(numpy.float64) * by).astype(numpy.float16).view(numpy.uint8)
    return change


def values(name, at, change_value):
    def change(tensors):
        tensors[name][at] = change_value(tensors[name][at])
    return change


def rows(name, a, b):
    def change(tensors):
        tensors[name][[a, b]] = tensors[name][[b, a]]
    return change


def zeroed(name):
    def change(tensors):
        tensors[name][...] = 0
    return change


def transposed(name):
    def change(tensors):
        tensors[name][...] = tensors[name].T.copy()
    return change


def code(name, row, byte, bit):
    def change(tensors):
        tensors[name][row][byte] ^= bit
    return change


# name, weights of SmolLM2, the change, the operation, the causes, the engine that is given the file, the other one
DAMAGE = [
    ("a block's scale × 1.02", "Q4_1", block_scale("Q4_1", "blk.7.ffn_up.weight", 100, 2, 1.02), "ffn_up-7 MUL_MAT", NONE,
     "llama.cpp", "native"),
    ("a block's scale × 1.02", "Q8_0", block_scale("Q8_0", "blk.23.attn_k.weight", 17, 11, 1.02), "Kcur-23 MUL_MAT", NONE,
     "llama.cpp:profile=production", "native"),
    ("a block's scale × 1.02", "Q6_K", block_scale("Q6_K", "blk.15.ffn_down.weight", 300, 3, 1.02), "ffn_out-15 MUL_MAT",
     NONE, "llama.cpp", "native"),
    ("a block's other sign", "Q4_0", block_scale("Q4_0", "blk.11.attn_output.weight", 5, 9, -1), "attn_out-11 MUL_MAT", NONE,
     "llama.cpp:profile=production", "native"),
    ("a block's other sign", "Q5_1", block_scale("Q5_1", "blk.26.attn_v.weight", 99, 0, -1), "Vcur-26 MUL_MAT", NONE,
     "native", "llama.cpp"),
    ("one weight's other sign", "F16", values("blk.19.ffn_gate.weight", (77, 321), numpy.negative), "ffn_gate-19 MUL_MAT",
     NONE, "llama.cpp", "native"),
    ("one weight × 1.1", "F32", values("blk.1.attn_q.weight", (400, 13), lambda x: x * numpy.float32(1.1)),
     "Qcur-1 MUL_MAT", NONE, "llama.cpp", "native"),
    ("two rows swapped", "Q4_1", rows("blk.12.attn_q.weight", 5, 300), "Qcur-12 MUL_MAT", NONE, "llama.cpp:profile=production",
     "native"),
    ("two rows swapped", "Q4_K", rows("blk.4.ffn_down.weight", 0, 575), "ffn_out-4 MUL_MAT", NONE, "llama.cpp", "native"),
    ("two rows swapped", "BF16", rows("token_embd.weight", 198, 28), "embd GET_ROWS|inp_embd GET_ROWS", NONE, "llama.cpp",
     "native"),
    ("a code off by one", "Q4_1", code("blk.21.ffn_down.weight", 30, 10, 1), "ffn_out-21 MUL_MAT", NONE, "native",
     "llama.cpp:profile=production"),
    ("a zeroed norm", "Q4_1", zeroed("blk.9.attn_norm.weight"), "attn_norm-9 MUL", NONE, "llama.cpp", "native"),
    ("one norm weight × 1.5", "Q4_0", values("blk.5.ffn_norm.weight", 100, lambda x: x * numpy.float32(1.5)),
     "ffn_norm-5 MUL", NONE, "llama.cpp:profile=production", "native"),
    ("a square matrix transposed", "F16", transposed("blk.8.attn_output.weight"), "attn_out-8 MUL_MAT",
     frozenset(["transposed"]), "llama.cpp", "native"),
]

# key, its value, weights, the operation, the causes
METADATA = [
    ("llama.attention.layer_norm_rms_epsilon", 1e-6, "Q4_1", "norm-0 RMS_NORM", frozenset(["eps"])),
    ("llama.attention.layer_norm_rms_epsilon", 2e-5, "Q8_0", "norm-0 RMS_NORM", NONE),
    ("llama.rope.freq_base", 50000.0, "Q4_0", "Qcur-0 ROPE", frozenset(["rope-base"])),
    ("llama.rope.freq_base", 10000.0, "F16", "Qcur-0 ROPE", NONE),
]


@functools.cache
def changed(name, path, change):
    """A copy of the file in which change(tensors) has changed bytes in place."""
    import gguf
    copy = FOLDER / f"{name}.gguf"
    shutil.copyfile(path(), copy)
    reader = gguf.GGUFReader(copy, "r+")
    change({tensor.name: tensor.data for tensor in reader.tensors})
    reader.data.flush()
    return copy


@functools.cache
def with_metadata(name, path, key, number):
    copy = FOLDER / f"{name}.gguf"
    shutil.copyfile(path(), copy)
    made_models.set_f32(copy, key, number)
    return copy


def given(engine, file):
    """A function: the engine with another file than -m."""
    return lambda: engine + ("," if ":" in engine else ":") + f"model={file()}"


def cases(crossval):
    del crossval
    for i, (name, weights, change, operation, causes, engine, other) in enumerate(DAMAGE):
        path = smollm2(weights)
        file = functools.partial(changed, f"damaged-{i}", path, change)
        yield Case(name, "file", operation.split("|")[0], path, f"SmolLM2 {weights}", given(engine, file), other,
                   operation=operation, causes=causes)
    for i, (key, number, weights, operation, causes) in enumerate(METADATA):
        path = smollm2(weights)
        file = functools.partial(with_metadata, f"metadata-{i}", path, key, number)
        yield Case(f"{key.split('.', 1)[1]} = {number:g}", "file", "metadata", path, f"SmolLM2 {weights}",
                   given("llama.cpp", file), "native", operation=operation, causes=causes)

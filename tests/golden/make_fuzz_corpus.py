#!/usr/bin/env python3
"""Writes the first inputs of fuzz/corpus/{gguf,tokenizer,model,architectures,kernels}: small files, models by the `gguf` package.

usage: make_fuzz_corpus.py    (numpy and gguf)

Inputs that once crashed a target lie beside them and are not made here.
"""
import pathlib
import re
import shutil
import struct

import gguf
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
KINDS = gguf.GGMLQuantizationType
I2_S = 36  # of bitnet.cpp


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def append(path, text):
    path.write_bytes(path.read_bytes() + text.encode())


def byte_level():
    """GPT-2's spelling of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in printable]
    spelling = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(rest)}
    return [spelling[b] for b in range(256)]


def bpe(path, pre):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    tokens = [*byte_level(), "th", "the", "Ġthe", "in", "ing", "<|end|>", "<|user|>"]
    w.add_token_list(tokens)
    w.add_token_types([gguf.TokenType.NORMAL] * 261 + [gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED])
    w.add_token_merges(["t h", "th e", "Ġ the", "i n", "in g"])
    w.add_eos_token_id(261)
    finish(w)
    append(path, "the thing<|user|>is 1234 über\n\n  naïve<|end|>")


def spm(path):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model("llama")
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), "▁", "a", "b", "▁a", "ab", "▁ab", "<tag>"]
    types = ([gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.BYTE] * 256
             + [gguf.TokenType.NORMAL] * 6 + [gguf.TokenType.USER_DEFINED])
    w.add_token_list(tokens)
    w.add_token_scores([0.0] * 259 + [-6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0])
    w.add_token_types(types)
    finish(w)
    append(path, "ab a<tag> ü</s>  ab")


def model(path, kind, width, change=lambda writer: None):
    rng = np.random.default_rng(7)
    w = gguf.GGUFWriter(path, "llama")
    w.add_block_count(1)
    w.add_context_length(64)
    w.add_embedding_length(width)
    w.add_feed_forward_length(width)
    w.add_head_count(2)
    w.add_head_count_kv(1)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_tokenizer_model("none")
    change(w)

    def matrix(name, rows, cols):
        if kind == I2_S:  # which the package does not know: codes 0, 1, 2 and the scale
            codes = rng.integers(0, 3, (4, rows * cols // 4)) << [[6], [4], [2], [0]]
            data = codes.sum(axis=0).astype("<u1").tobytes() + np.float32(0.5).tobytes() + bytes(28)
            w.add_tensor(name, np.frombuffer(data, np.int8), raw_shape=(rows, cols), raw_dtype=I2_S)
            return
        values = rng.standard_normal((rows, cols)).astype(np.float32)
        w.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    matrix("token_embd.weight", 4, width)
    w.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    w.add_tensor("blk.0.attn_norm.weight", np.ones(width, dtype=np.float32))
    w.add_tensor("blk.0.ffn_norm.weight", np.ones(width, dtype=np.float32))
    matrix("blk.0.attn_q.weight", width, width)
    matrix("blk.0.attn_k.weight", width // 2, width)
    matrix("blk.0.attn_v.weight", width // 2, width)
    matrix("blk.0.attn_output.weight", width, width)
    for name in ["gate", "up", "down"]:
        matrix(f"blk.0.ffn_{name}.weight", width, width)
    finish(w)


def products(folder, formats):
    """Of each weight format: a shape, then weights of any bytes and activations of usual size."""
    rng = np.random.default_rng(11)
    for index in range(formats):
        shape = bytes([index, *rng.integers(0, 9, 3).tolist()])
        weights = rng.integers(0, 256, 1200, dtype=np.uint8).tobytes()
        (folder / f"{index:02}").write_bytes(shape + weights + rng.standard_normal(300).astype("<f4").tobytes())


def names():
    """Architectures in the order of the table."""
    table = (ROOT / "src" / "model" / "architectures.cc").read_text()
    return re.findall(r'\{\.name = "(.*?)"', table)


# What people have in the place of a model file.
FOREIGN = {
    "html": b"<!doctype html><html></html>",
    "lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4368438976\n",
    "lfs-pointer-cut": b"version https://git-lfs.github.com/spec/v1\nsize ",
    "json": b'{"error": "Invalid username or password."}',
    "text": b"Entry not found",
    "safetensors": struct.pack("<Q", 2) + b'{"a":1}',
    "safetensors-huge": struct.pack("<Q", 2**64 - 1) + b'{"a":1}',
    "ggjt": b"tjgg\3\0\0\0",
    "zip": b"PK\3\4archive/data.pkl",
    "pickle": b"\x80\2}q\0.",
    "version-1": b"GGUF\1\0\0\0",
    "big-endian": b"GGUF\0\0\0\3" + bytes(16),
}

# Keys that are not known, or not of their type, and arrays in the place of numbers.
KEYS = {
    "scaling-llama3": lambda w: w.add_string("llama.rope.scaling.type", "llama3"),
    "scaling-number": lambda w: w.add_uint32("llama.rope.scaling.type", 1),
    "not-causal": lambda w: w.add_bool("llama.attention.causal", False),
    "base-integer": lambda w: w.add_uint32("llama.rope.freq_base", 10000),
    "key-length-array": lambda w: w.add_array("llama.attention.key_length", [4]),
    "experts-array": lambda w: (w.add_expert_count(2), w.add_array("llama.expert_used_count", [1])),
    "experts-reals": lambda w: (w.add_expert_count(2), w.add_array("llama.expert_used_count", [1e30])),
}


def main():
    for name in ["gguf", "tokenizer", "model", "architectures", "kernels"]:
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for pre in ["gpt-2", "llama-bpe", "smollm"]:
        bpe(CORPUS / "tokenizer" / f"bpe-{pre}", pre)
    spm(CORPUS / "tokenizer" / "spm")
    for name, kind, width in [("f32", KINDS.F32, 8), ("f16", KINDS.F16, 8), ("q8_0", KINDS.Q8_0, 32),
                              ("q4_1", KINDS.Q4_1, 32), ("i2_s", I2_S, 128)]:
        model(CORPUS / "model" / name, kind, width)
    for name, change in KEYS.items():
        model(CORPUS / "model" / name, KINDS.F32, 8, change)
    for index in range(76):  # with experts and optional parts, where the architecture has them
        (CORPUS / "architectures" / f"{index:02}").write_bytes(bytes([index, 1, 1]))
    products(CORPUS / "kernels", 29)
    for source in ["all.gguf", "split-00002-of-00003.gguf"]:
        shutil.copy(ROOT / "tests" / "data" / "gguf" / source, CORPUS / "gguf" / source.removesuffix(".gguf"))
    whole = (CORPUS / "gguf" / "all").read_bytes()
    for name, content in {**FOREIGN, "cut": whole[:-100], "joined": whole + whole}.items():
        (CORPUS / "gguf" / name).write_bytes(content)
    # [architecture, flags, seed, then edits: 1, which key, 5: an element of an array, which, its bytes]
    for name, key, value in [("heads-of-billions", 8, 0x7FFFFFFF), ("no-heads", 8, 0), ("negative-width", 6, 2**32 - 1),
                             ("heads-that-do-not-share", 9, 3), ("a-short-array", 9, 2 + 2**63)]:
        for index, arch in enumerate(["deci", "openelm"]):
            at = names().index(arch)
            (CORPUS / "architectures" / f"{name}-{index}").write_bytes(
                bytes([at, 0, 1, 1, key, 5, 1]) + struct.pack("<Q", value))


if __name__ == "__main__":
    main()

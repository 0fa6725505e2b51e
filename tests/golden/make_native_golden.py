#!/usr/bin/env python3
"""Writes tests/data/native: tiny random models and the logits that canonical llama.cpp gives for them.

usage: make_native_golden.py CROSSVAL    (a built crossval with its llama.cpp reference; numpy and gguf)

The models are the generator's; the expected logits come from llama.cpp alone (both sides of the comparison are
llama.cpp, its rows are kept).
"""
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "native"
EMBD, HEADS, KV_HEADS, FF, LAYERS, VOCAB, HEAD = 64, 4, 2, 96, 2, 40, 16
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 33, 38, 32, 7, 39, 0, 28, 8, 4, 19, 7, 1, 6, 9, 39, 9]


def model(path, kind, tied, factors):
    rng = np.random.default_rng(7)
    w = gguf.GGUFWriter(path, "llama")
    w.add_block_count(LAYERS)
    w.add_context_length(256)
    w.add_embedding_length(EMBD)
    w.add_feed_forward_length(FF)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KV_HEADS)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_freq_base(10000.0)
    w.add_rope_dimension_count(HEAD)
    w.add_vocab_size(VOCAB)
    w.add_tokenizer_model("none")

    def matrix(name, rows, cols):
        values = (rng.standard_normal((rows, cols)) / np.sqrt(cols)).astype(np.float32)
        w.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    def vector(name, size):
        w.add_tensor(name, rng.uniform(0.5, 1.5, size).astype(np.float32))

    matrix("token_embd.weight", VOCAB, EMBD)
    vector("output_norm.weight", EMBD)
    if not tied:
        matrix("output.weight", VOCAB, EMBD)
    if factors:
        vector("rope_freqs.weight", HEAD // 2)
    for i in range(LAYERS):
        vector(f"blk.{i}.attn_norm.weight", EMBD)
        matrix(f"blk.{i}.attn_q.weight", HEADS * HEAD, EMBD)
        matrix(f"blk.{i}.attn_k.weight", KV_HEADS * HEAD, EMBD)
        matrix(f"blk.{i}.attn_v.weight", KV_HEADS * HEAD, EMBD)
        matrix(f"blk.{i}.attn_output.weight", EMBD, HEADS * HEAD)
        vector(f"blk.{i}.ffn_norm.weight", EMBD)
        matrix(f"blk.{i}.ffn_gate.weight", FF, EMBD)
        matrix(f"blk.{i}.ffn_up.weight", FF, EMBD)
        matrix(f"blk.{i}.ffn_down.weight", EMBD, FF)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    crossval = sys.argv[1]
    OUT.mkdir(parents=True, exist_ok=True)
    for name, kind, tied, factors in [("q8_0", gguf.GGMLQuantizationType.Q8_0, True, False),
                                      ("f16", gguf.GGMLQuantizationType.F16, False, True)]:
        path = OUT / f"tiny-{name}.gguf"
        model(path, kind, tied, factors)
        for kv in ["f16", "f32"]:
            with tempfile.TemporaryDirectory() as tmp:
                subprocess.run([crossval, "per-token", "-m", path, "--tokens=" + ",".join(map(str, IDS)), "--max-tokens",
                                "0", "--kv", kv, "--candidate", "llama.cpp", "--dump", tmp], check=True)
                np.load(f"{tmp}/reference.npy").astype("<f4").tofile(OUT / f"tiny-{name}-kv-{kv}.logits")
    (OUT / "ids.txt").write_text(" ".join(map(str, IDS)) + "\n")


if __name__ == "__main__":
    main()

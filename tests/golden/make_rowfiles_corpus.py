#!/usr/bin/env python3
"""Writes fuzz/corpus/rowfiles: one small file of each format, and some that are bent. usage: make_rowfiles_corpus.py (numpy, gguf)"""
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from row_files import bf16, jsonl, kl_base, llama_results, npy, npz, safetensors  # noqa: E402

if __name__ == "__main__":
    corpus = ROOT / "fuzz" / "corpus" / "rowfiles"
    rows = np.arange(6, dtype="f4").reshape(2, 3)
    base = kl_base([[1, 2, 0, 1]], rows[None, :1])
    for name, content in {"rows.npy": npy(rows), "half.npy": npy(rows.astype("f2")), "one.npy": npy(rows[0].astype("f8")),
                          "rows.npz": npz(logits=rows, ids=np.arange(2)), "base.kld": base, "cut.kld": base[:-3],
                          "cut.npy": npy(rows)[:-4], "cut.npz": npz(logits=rows)[:-30],
                          "compressed.npz": npz(True, logits=rows),
                          "rows.safetensors": safetensors(ids=np.arange(2), logits=rows),
                          "half.safetensors": safetensors(logits=("BF16", rows.shape, bf16(rows))),
                          "cut.safetensors": safetensors(logits=rows)[:-4],
                          "answers.jsonl": jsonl([[(1, -0.5), (2, -1.5)], [(0, -0.1)]]),
                          "vllm.jsonl": jsonl([[(1, -0.5), (2, -1.5)]], "vllm's token_ids"),
                          "cut.jsonl": jsonl([[(1, -0.5)]], "vllm with ids")[:-30]}.items():
        (corpus / name).write_bytes(content)
    llama_results(corpus / "results.gguf", [1, 2], rows)

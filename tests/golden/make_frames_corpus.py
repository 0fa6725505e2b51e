#!/usr/bin/env python3
"""Writes fuzz/corpus/frames, and prints what tests/protocol expects of frames and payloads.

usage: make_frames_corpus.py    (numpy and libxxhash)
"""
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from protocol import (DONE, END, ERROR, EVALUATE, HELLO, IDS, PIECES, READY, ROW, SOURCES, TENSOR, TRACE, WARNING, ALL,  # noqa: E402
                      evaluate, frame, text, trace)

CORPUS = ROOT / "fuzz" / "corpus" / "frames"


def tensor(name, op, values, width=None, heads=0, layer=0, first=0, positions=1):
    return (struct.pack("<4i2q2I", layer, 0, first, positions, width or len(values) // positions, heads, len(name),
                        len(op)) + (name + op).encode() + struct.pack(f"<{len(values)}f", *values))


SELECTED = trace([3, 1, 4], first=2, state=1, layers=(0, 4), positions=(7, 8), names=["Qcur-0", "cache_k-0"],
                 ops=["ROPE", "STATE"])
READY_TEXT = (b'{"identity": {"name": "llama.cpp", "version": "1", "faults": []}, "settings": {"n_vocab": 2, "n_ctx": 16, '
              b'"norm_eps": 1e-05, "environment": ["GGML_CPU_TILED_MM=0"], "add_bos": true}, '
              b'"capabilities": {"trace": true, "state": true}}')
SEEDS = {
    "session": [(READY, READY_TEXT), (IDS, struct.pack("<3i", 1, 2, 3)), (PIECES, text("a") + text("") + text("bc")),
                (END, b"\1"), (ROW, struct.pack("<i2f", 0, 1.5, -2)), (DONE, b"\0")],
    "requests": [(HELLO, b'{"client": "crossval", "versions": [2], "settings": {"model": "m.gguf"}}'),
                 (EVALUATE, evaluate([1, 2, 3])), (EVALUATE, evaluate([4], 3, 1)), (TRACE, trace([1, 2])),
                 (TRACE, SELECTED)],
    "traced": [(WARNING, b'{"name": "engine-warning", "message": "no pre-tokenizer"}'),
               (SOURCES, text("blk.0.attn_q.weight") + text("attn_norm-0 MUL")),
               (TENSOR, tensor("kq-0", "MUL_MAT", [1, 2, 3, 4], heads=2, positions=2)), (SOURCES, text("")),
               (TENSOR, tensor("cache_k-0", "STATE", [1, 2])), (DONE, b"\1")],
    "failed": [(ERROR, b'{"kind": "input", "what": "no model", "where": "m.gguf", "hint": "give one"}')],
    "long_text": [(SOURCES, b"\xff\xff\xff\xffab"), (TRACE, struct.pack("<iI4iI", 0, 0, *ALL, *ALL, 2**32 - 1) + text("a"))],
    "long_piece": [(PIECES, b"\xff\xff\xff\xffab")],
    "tensor_width": [(TENSOR, tensor("kq-0", "MUL_MAT", [], width=1 << 62, heads=2))],
    "wrong_types": [(READY, b'{"settings":{"n_vocab":[1],"n_ctx":1e99},"identity":7}'), (WARNING, b'{"message": 7}')],
    "unknown_values": [(EVALUATE, evaluate([1], 0, 2)), (TRACE, trace([1], state=2)), (DONE, b"\2")],
}

if __name__ == "__main__":
    for name, frames in SEEDS.items():
        (CORPUS / f"{name}.bin").write_bytes(b"".join(frame(*f) for f in frames))
    (CORPUS / "other_version.bin").write_bytes(frame(DONE, b"\0", version=1))
    for what, value in {"done": frame(DONE, b"\0"), "row": frame(ROW, struct.pack("<i2f", 5, 1.5, -2)), "hello": frame(HELLO),
                        "evaluate": evaluate([3, 1, 4], 7, 1), "trace": SELECTED,
                        "sources": SEEDS["traced"][1][1], "tensor": SEEDS["traced"][2][1],
                        "pieces": SEEDS["session"][2][1]}.items():
        print(what, value.hex())

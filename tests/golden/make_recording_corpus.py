#!/usr/bin/env python3
"""Writes fuzz/corpus/recording from docs/recording.md alone: recordings, and lists of frames for the fuzzer to check-sum.

usage: make_recording_corpus.py    (numpy and libxxhash). tests/recording reads whole.xval.
"""
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from protocol import DONE, END, EVALUATE, IDS, PIECES, READY, ROW, SOURCES, TENSOR, TRACE, WARNING, evaluate, frame, text, trace  # noqa: E402

CORPUS = ROOT / "fuzz" / "corpus" / "recording"
TOKENIZE, ASK_PIECES, IS_END, TOP_ROW, ROW_HASH, TENSOR_HASHES, RECORDING, INDEX, THE_END = 2, 3, 4, 139, 140, 141, 193, 194, 195


def described(**changes):
    choice = {"choice": "raw", "why": "given"}
    return (RECORDING, json.dumps({"format": 1, "client": "test", "top_tokens": 0, "tensors": "", "asked": [],
                                   "model": [{"path": "m.gguf", "bytes": 7, "sha256": "ab"}],
                                   "prompt": {"text": "a", "ids": [], "add_special": True, "parse_special": False,
                                              "prepend_bos": False, "bos_text": "", "form": choice, "bos": choice,
                                              "special": choice, "warnings": []}, **changes}).encode())


def ready(rows=""):
    return (READY, json.dumps({"identity": {"name": "recorded"}, "settings": {"n_vocab": 3, "n_ctx": 16, "rows": rows},
                               "capabilities": {"tokenize": True, "all_logits": True, "decode": True, "trace": True}}).encode())


def ints(*values):
    return struct.pack(f"<{len(values)}i", *values)


def row(position, *logits):
    return (ROW, struct.pack("<i3f", position, *logits))


def tensor(kind, name, op, first, positions, width, values):
    return (kind, struct.pack("<4i2q2I", 0, 0, first, positions, width, 0, len(name), len(op)) + (name + op).encode() + values)


ASKED = [(TOKENIZE, b"\1a"), (IDS, ints(2, 1))]
STEP = [(IS_END, ints(0)), (END, b"\0"), (EVALUATE, evaluate([0], 2))]
KNOWN = [(ASK_PIECES, ints(2, 1, 0)), (PIECES, text("a") + text("b") + text("c"))]
WHOLE = [described(), ready(), *ASKED, (EVALUATE, evaluate([2, 1])), row(0, 1, 2, 3), row(1, 4, 2, 3), (DONE, b"\0"),
         *STEP, row(2, 7, 8, 9), (DONE, b"\0"), *KNOWN, (TRACE, trace([2, 1, 0])), (SOURCES, text("w") + text("embd GET_ROWS")),
         tensor(TENSOR, "Qcur-0", "ROPE", 0, 3, 2, struct.pack("<6f", 1, 2, 3, 4, 5, 6)), (DONE, b"\0")]
TOP = [described(top_tokens=1), ready("top"), *ASKED, (EVALUATE, evaluate([2, 1])),
       *((TOP_ROW, struct.pack("<idif", i, 0.5, i, -0.7)) for i in range(2)), (DONE, b"\0")]
HASHES = [described(), ready("hashes"), (WARNING, b'{"name": "n", "message": "m"}'), *ASKED, (EVALUATE, evaluate([2, 1])),
          *((ROW_HASH, struct.pack("<iQi", i, 77 + i, i)) for i in range(2)), (DONE, b"\0"), (TRACE, trace([2, 1])),
          tensor(TENSOR_HASHES, "Qcur-0", "ROPE", 0, 2, 2, struct.pack("<2Q", 5, 6)), (DONE, b"\0")]


def recording(frames):
    file, index = b"", b""
    for kind, payload in frames:
        index += struct.pack("<HIQ", kind, len(payload), len(file))
        file += frame(kind, payload)
    return file + frame(INDEX, index) + frame(THE_END, struct.pack("<Q", len(file)))


def unchecked(frames):
    return b"".join(struct.pack("<HH", kind, len(payload)) + payload for kind, payload in frames)


if __name__ == "__main__":
    CORPUS.mkdir(exist_ok=True)
    for name, frames in {"whole": WHOLE, "top": TOP, "hashes": HASHES}.items():
        (CORPUS / f"{name}.xval").write_bytes(recording(frames))
        (CORPUS / f"{name}.frames").write_bytes(unchecked(frames))
    (CORPUS / "cut.xval").write_bytes(recording(WHOLE)[:-60])
    (CORPUS / "row_before_question.frames").write_bytes(unchecked([described(), ready(), row(0, 1, 2, 3)]))
    (CORPUS / "two_descriptions.frames").write_bytes(unchecked([described(), described(), ready()]))
    (CORPUS / "gap.frames").write_bytes(unchecked([described(), ready(), (EVALUATE, evaluate([1], 5))]))
    (CORPUS / "row_in_a_list.frames").write_bytes(unchecked([described(), ready("top"), (EVALUATE, evaluate([1])), row(0, 1, 2, 3)]))
    (CORPUS / "hashes_among_values.frames").write_bytes(unchecked([
        described(), ready(), (TRACE, trace([2, 1])), tensor(TENSOR_HASHES, "Qcur-0", "ROPE", 0, 2, 2, struct.pack("<2Q", 5, 6))]))
    (CORPUS / "row_in_a_list.xval").write_bytes(recording([described(), ready("top"), (EVALUATE, evaluate([1])), row(0, 1, 2, 3)]))
    (CORPUS / "other_format.frames").write_bytes(unchecked([described(format=2), ready()]))
    (CORPUS / "far_index.frames").write_bytes(unchecked([described(), ready(), (THE_END, struct.pack("<Q", 1 << 60))]))

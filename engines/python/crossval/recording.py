"""Recordings (docs/recording.md): runs in a file, read with numpy alone, and written for crossval to compare."""
from __future__ import annotations

import errno
import itertools
import json
import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Iterable, Iterator, Optional, Sequence, Union

import numpy as np

from .frames import (DONE, EVALUATE, IDS, MAGIC, PIECE_BYTES, PIECES, READY, ROW, TENSOR, TOKENIZE,
                     TRACE, VERSION, WARNING, Malformed)

TOP_ROW, ROW_HASH, TENSOR_HASHES, RECORDING, INDEX, END_OF_FILE = 139, 140, 141, 193, 194, 195
PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class RecordedTensor:
    """One tensor of one chunk: `values` is positions × width float32, or None where hashes alone were recorded."""

    name: str
    op: str
    layer: int
    occurrence: int
    first_position: int
    heads: int
    values: Optional[np.ndarray]
    hashes: Optional[np.ndarray]


@dataclass
class RecordedRun:
    """Evaluations from position 0 on. Rows are read when they are asked for."""

    ids: list[int] = field(default_factory=list)
    _rows: list[tuple[int, int, int]] = field(default_factory=list)  # type, offset and length of a payload


class Recording:
    """A recording, opened: `facts` and `ready` are its JSON, `runs` what was evaluated.

    Every frame read is checked by its CRC-32, or its XXH3-64 where the package xxhash is installed; raises Malformed.
    """

    def __init__(self, path: PathLike):
        self._file: BinaryIO = open(path, "rb")
        self.facts: dict[str, Any] = {}
        self.ready: dict[str, Any] = {}
        self.runs: list[RecordedRun] = []
        self.complete = False
        self._traces: list[list[tuple[int, int, int]]] = []
        self._checksum = None
        for kind, offset, length in self._frames():
            self._take(kind, offset, length)

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def prompt(self) -> str:
        text = self.facts["prompt"]["text"]
        return text if isinstance(text, str) else bytes(text).decode(errors="replace")

    def rows(self, run: int = 0) -> Iterator[np.ndarray]:
        """The logits of each position, float32; raises Malformed where the recording does not have them all."""
        for kind, offset, length in self.runs[run]._rows:
            if kind != ROW:
                raise Malformed("the recording has no logits: its rows are " + self.ready["settings"]["rows"])
            yield np.frombuffer(self._payload(kind, offset, length)[4:], "<f4")

    def tensors(self) -> Iterator[RecordedTensor]:
        """Those of all traces, in the engine's order."""
        for kind, offset, length in (entry for trace in self._traces for entry in trace):
            payload = self._payload(kind, offset, length)
            layer, occurrence, first, positions, width, heads, name, op = struct.unpack_from("<4i2q2I", payload)
            said, rest = payload[40:40 + name + op].decode(), payload[40 + name + op:]
            values = np.frombuffer(rest, "<f4").reshape(positions, width) if kind == TENSOR else None
            hashes = np.frombuffer(rest, "<u8") if kind == TENSOR_HASHES else None
            yield RecordedTensor(said[:name], said[name:], layer, occurrence, first, heads, values, hashes)

    def _frames(self) -> Iterator[tuple[int, int, int]]:
        size, at = os.fstat(self._file.fileno()).st_size, 0
        while at + 20 <= size:
            self._file.seek(at)
            magic, version, kind, length, _ = struct.unpack("<4sHHIQ", self._file.read(20))
            if magic != MAGIC or version != VERSION or (at == 0 and kind != RECORDING):
                raise Malformed(f"no recording: at offset {at} there is no frame of one")
            if at + 20 + length > size:
                return  # cut off
            yield kind, at + 20, length
            at += 20 + length

    def _payload(self, kind: int, offset: int, length: int) -> bytes:
        self._file.seek(offset - 20)
        head, payload = self._file.read(20), self._file.read(length)
        told, = struct.unpack("<Q", head[12:])
        if self._checksum is None:
            self._checksum = _crc if _crc(head[:12], payload) == told else _xxh3
        if self._checksum(head[:12], payload) not in (told, None):
            raise Malformed(f"the recording is damaged: the frame of type {kind} at offset {offset - 20}")
        return payload

    def _take(self, kind: int, offset: int, length: int) -> None:
        if kind in (ROW, TOP_ROW, ROW_HASH):
            self.runs[-1]._rows.append((kind, offset, length))
        elif kind in (TENSOR, TENSOR_HASHES):
            self._traces[-1].append((kind, offset, length))
        elif kind == EVALUATE:
            payload = self._payload(kind, offset, length)
            if struct.unpack_from("<i", payload)[0] == 0:
                self.runs.append(RecordedRun())
            self.runs[-1].ids += np.frombuffer(payload[8:], "<i4").tolist()
        elif kind == TRACE:
            self._traces.append([])
        elif kind == RECORDING:
            self.facts = json.loads(self._payload(kind, offset, length))
        elif kind == READY:
            self.ready = json.loads(self._payload(kind, offset, length))
        elif kind == END_OF_FILE:
            self.complete = True


def _crc(head: bytes, payload: bytes) -> Optional[int]:
    return zlib.crc32(payload, zlib.crc32(head))


def _xxh3(head: bytes, payload: bytes) -> Optional[int]:
    try:
        import xxhash
    except ImportError:
        return None  # not checked
    return int(xxhash.xxh3_64_intdigest(head + payload))


def write_recording(path: PathLike, ids: Sequence[int], rows: np.ndarray, *, name: str, prompt: str = "",
                    pieces: Sequence[str] = (), kv_type: str = "f32", settings: Optional[dict[str, Any]] = None,
                    model_sha256: Sequence[str] = (), tensors: Iterable[RecordedTensor] = (), asked: Sequence[str] = (),
                    warnings: Sequence[tuple[str, str]] = ()) -> None:
    """Writes what some engine computed as a recording that `crossval compare` and replay:FILE take.

    ids: the token ids evaluated, from position 0 on. rows: len(ids) × vocabulary, float32 logits. tensors: positions ×
    width float32 each, under llama.cpp's names (docs/tensor-names.md). asked: settings that are not held against the other
    side (docs/recording.md). warnings: name and message of what is to be said in each result. The file appears when all is in
    it; a folder, device or pipe of that name is not touched: FileExistsError.
    """
    rows = np.ascontiguousarray(rows, "<f4")
    if rows.ndim != 2 or len(rows) != len(ids) or not len(ids):
        raise ValueError(f"{rows.shape} logits for {len(ids)} ids: there must be one row per id")
    shown = iter(tensors)
    first = next(shown, None)
    said: dict[str, Any] = {"n_vocab": rows.shape[1], "n_ctx": len(ids), "kv_type_k": kv_type, "kv_type_v": kv_type,
                            "all_logits": True, **(settings or {})}
    choice = {"choice": "raw", "why": "recorded"}
    facts = {"format": 1, "client": "crossval for Python", "top_tokens": 0, "tensors": "all" if first else "",
             "asked": list(asked),
             "model": [{"path": "", "bytes": 0, "sha256": digest} for digest in model_sha256],
             "prompt": {"text": prompt, "ids": [] if prompt else list(map(int, ids)), "add_special": True,
                        "parse_special": False, "prepend_bos": False, "bos_text": "", "form": choice, "bos": choice,
                        "special": choice, "warnings": []}}
    ready = {"identity": {"name": name}, "settings": said,
             "capabilities": {"tokenize": bool(prompt), "all_logits": True, "decode": True, "trace": first is not None}}
    packed = np.ascontiguousarray(ids, "<i4").tobytes()
    whole = os.path.realpath(path)  # a symbolic link stays one
    if os.path.exists(whole) and not os.path.isfile(whole):
        raise FileExistsError(errno.EEXIST, "there is something here that is no file", whole)
    partial = whole + ".partial"
    try:
        with open(partial, "wb") as stream:
            file = _Writer(stream)
            file.put(RECORDING, json.dumps(facts).encode())
            file.put(READY, json.dumps(ready).encode())
            for warned, message in warnings:
                file.put(WARNING, json.dumps({"name": warned, "message": message}).encode())
            if prompt:
                file.put(TOKENIZE, b"\1" + prompt.encode())
                file.put(IDS, packed)
            file.put(EVALUATE, struct.pack("<iI", 0, 0) + packed)
            for position, row in enumerate(rows):
                file.put(ROW, struct.pack("<i", position) + row.tobytes())
            file.put(DONE, b"\0")
            if len(pieces):
                file.put(PIECES, packed)
                file.put(PIECE_BYTES, b"".join(struct.pack("<I", len(p.encode())) + p.encode() for p in pieces))
            if first:
                file.put(TRACE, struct.pack("<iI4iII", 0, 0, -2**31, 2**31 - 1, -2**31, 2**31 - 1, 0, 0) + packed)
                for tensor in itertools.chain([first], shown):
                    file.put(TENSOR, _tensor_payload(tensor))
                file.put(DONE, b"\0")
            file.finish()
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise
    os.replace(partial, whole)


def _tensor_payload(tensor: RecordedTensor) -> bytes:
    values = np.ascontiguousarray(tensor.values, "<f4")
    name, op = tensor.name.encode(), tensor.op.encode()
    return (struct.pack("<4i2q2I", tensor.layer, tensor.occurrence, tensor.first_position, *values.shape, tensor.heads,
                        len(name), len(op)) + name + op + values.tobytes())


class _Writer:
    def __init__(self, stream: BinaryIO):
        self._stream, self._index, self._at = stream, b"", 0

    def put(self, kind: int, payload: bytes) -> None:
        head = MAGIC + struct.pack("<HHI", VERSION, kind, len(payload))
        self._stream.write(head + struct.pack("<Q", zlib.crc32(payload, zlib.crc32(head))) + payload)
        self._index += struct.pack("<HIQ", kind, len(payload), self._at)
        self._at += 20 + len(payload)

    def finish(self) -> None:
        first = self._at
        index, self._index = self._index, b""
        self.put(INDEX, index)
        self.put(END_OF_FILE, struct.pack("<Q", first))

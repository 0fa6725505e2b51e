"""Frames of the engine protocol (docs/protocol.md): header, checksum, payload; and what requests hold."""
from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Optional

import numpy as np

MAGIC, VERSION, HELLO_VERSION = b"XVAL", 2, 1
MAX_PAYLOAD = 64 << 20  # bytes

HELLO, TOKENIZE, PIECES, IS_END, EVALUATE, TRACE, CANCEL, SHUTDOWN = range(1, 9)
READY, IDS, PIECE_BYTES, END, ROW, TENSOR, DONE, ERROR, SOURCES, WARNING = range(129, 139)


class Malformed(Exception):
    """Bytes that are no frame, or a payload that is none of its type."""


def write_frame(stream: BinaryIO, kind: int, *parts: bytes) -> None:
    """Writes one frame, with a CRC-32 as its checksum."""
    head = MAGIC + struct.pack("<HHI", VERSION, kind, sum(len(part) for part in parts))
    crc = zlib.crc32(head)
    for part in parts:
        crc = zlib.crc32(part, crc)
    stream.write(head + struct.pack("<Q", crc))
    for part in parts:
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO) -> Optional[tuple[int, bytes]]:
    """Type and payload of the next frame; None at the end of the stream. hello's checksum is another's and not read."""
    head = stream.read(20)
    if len(head) < 20:
        return None
    magic, version, kind, length, checksum = struct.unpack("<4sHHIQ", head)
    if magic != MAGIC or length > MAX_PAYLOAD or version != (HELLO_VERSION if kind == HELLO else VERSION):
        raise Malformed(f"no frame of version {VERSION}: {head!r}")
    payload = stream.read(length)
    if len(payload) < length:
        return None
    if kind != HELLO and zlib.crc32(payload, zlib.crc32(head[:12])) != checksum:
        raise Malformed(f"a damaged frame of type {kind}")
    return kind, payload


class Reader:
    """Takes values from the front of a payload."""

    def __init__(self, payload: bytes):
        self._rest = memoryview(payload)

    def take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise Malformed("a request is too short")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken.tobytes()

    def i32(self) -> int:
        return int(struct.unpack("<i", self.take(4))[0])

    def u32(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def texts(self) -> frozenset[str]:
        return frozenset(self.take(self.u32()).decode() for _ in range(self.u32()))

    def rest(self) -> bytes:
        return self.take(len(self._rest))

    def ids(self) -> np.ndarray:
        data = self.rest()
        if len(data) % 4:
            raise Malformed("a request ends in a part of an id")
        return np.frombuffer(data, "<i4").astype(np.int32)


@dataclass(frozen=True)
class Selection:
    """Which tensors a trace hands out. An empty set of names or operations leaves nothing out."""

    layers: range
    positions: range
    names: frozenset[str]
    ops: frozenset[str]

    def wants(self, name: str, op: str, layer: int) -> bool:
        return (layer in self.layers and (not self.names or name in self.names)
                and (not self.ops or op in self.ops))


def read_selection(reader: Reader) -> Selection:
    if reader.u32():
        raise Malformed("rows of the KV cache were asked for, which this engine does not claim to have")
    layers, positions = (range(reader.i32(), reader.i32()) for _ in range(2))
    return Selection(layers, positions, reader.texts(), reader.texts())

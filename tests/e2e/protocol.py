"""The engine protocol, written from docs/protocol.md alone: frames, requests, and a worker spoken to without crossval."""
import ctypes
import json
import struct
import subprocess

import numpy as np

XXHASH = ctypes.CDLL("libxxhash.so.0")
XXHASH.XXH3_64bits.restype = ctypes.c_uint64
HELLO, EVALUATE, TRACE, CANCEL, SHUTDOWN = 1, 5, 6, 7, 8
READY, IDS, PIECES, END, ROW, TENSOR, DONE, ERROR, SOURCES, WARNING = range(129, 139)
ALL = (-2**31, 2**31 - 1)


def frame(kind, payload=b"", version=None):
    head = b"XVAL" + struct.pack("<HHI", version or (1 if kind == HELLO else 2), kind, len(payload))
    return head + struct.pack("<Q", XXHASH.XXH3_64bits(head + payload, ctypes.c_size_t(len(head + payload)))) + payload


def text(value):
    return struct.pack("<I", len(value)) + value.encode()


def texts(values):
    return struct.pack("<I", len(values)) + b"".join(map(text, values))


def evaluate(ids, first=0, last=0):
    return struct.pack(f"<iI{len(ids)}i", first, last, *ids)


def trace(ids, first=0, state=0, layers=ALL, positions=ALL, names=(), ops=()):
    return (struct.pack("<iI4i", first, state, *layers, *positions) + texts(names) + texts(ops)
            + struct.pack(f"<{len(ids)}i", *ids))


class Tensor:
    """A tensor frame: `key` is (name, op, occurrence), `rows` one row of values per position."""

    def __init__(self, payload):
        self.layer, occurrence, self.first, positions, width, self.heads, name, op = struct.unpack_from("<4i2q2I", payload)
        said = payload[40:40 + name + op].decode()
        self.key = (said[:name], said[name:], occurrence)
        self.rows = np.frombuffer(payload, "<f4", offset=40 + name + op).reshape(positions, width)


class Worker:
    """One engine program. `read` counts the bytes that it sent."""

    def __init__(self, program, settings, hello=None):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.read = 0
        self.send(HELLO, json.dumps({"versions": [2], "settings": settings, **(hello or {})}).encode())
        kind, payload = self.receive()
        self.said = json.loads(payload)
        self.is_ready = kind == READY

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def send(self, kind, payload=b""):
        self.process.stdin.write(frame(kind, payload))
        self.process.stdin.flush()

    def receive(self):
        """(type, payload) of the next frame that is no warning."""
        while True:
            head = self.process.stdout.read(20)
            kind, length = struct.unpack_from("<HI", head, 6)
            payload = self.process.stdout.read(length)
            self.read += len(head) + len(payload)
            if kind != WARNING:
                return kind, payload

    def answer(self, kind, payload):
        """The frames of an answer, its last one too."""
        self.send(kind, payload)
        frames = [self.receive()]
        while frames[-1][0] not in (DONE, ERROR):
            frames.append(self.receive())
        return frames

    def rows(self, *args, **kwargs):
        """(position, logits) of each row of an evaluate request."""
        *rows, done = self.answer(EVALUATE, evaluate(*args, **kwargs))
        assert done == (DONE, b"\0"), done
        return [(struct.unpack_from("<i", row)[0], np.frombuffer(row, "<f4", offset=4)) for _, row in rows]

    def tensors(self, *args, **kwargs):
        """The tensors of a trace request."""
        *frames, done = self.answer(TRACE, trace(*args, **kwargs))
        assert done == (DONE, b"\0"), done
        return [Tensor(payload) for kind, payload in frames if kind == TENSOR]

    def close(self):
        """The exit status after a shutdown."""
        self.send(SHUTDOWN)
        return self.process.wait(timeout=300)

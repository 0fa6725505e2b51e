"""Answers crossval's requests with an engine: docs/protocol.md over standard input and output."""
from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
import traceback
from typing import Any, BinaryIO, NoReturn, Type

import numpy as np

from . import frames
from .engine import COMMON_SETTINGS, Engine, EngineError, UsageError
from .frames import Malformed, Reader
from .trace import Trace, float_rows


def serve(engine_class: Type[Engine]) -> NoReturn:
    """Serves one engine until crossval is done with it, and ends the process.

    Whatever is printed meanwhile goes to standard error: standard output carries frames alone.
    """
    stdin, out = os.fdopen(os.dup(0), "rb"), os.dup(1)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as null:
        os.dup2(null.fileno(), 0)
    server = _Server(stdin, os.fdopen(out, "wb"))
    try:
        status = server.run(engine_class)
    except BrokenPipeError:
        status = 0  # nobody listens any more
    except Malformed as problem:
        print(f"crossval: {problem}", file=sys.stderr)
        status = 2
    sys.stderr.flush()
    os._exit(status)  # threads of libraries must not keep it alive


class _Server:
    def __init__(self, stdin: BinaryIO, stdout: BinaryIO):
        self._stdout = stdout
        self._cancel = threading.Event()
        self._requests: queue.Queue[tuple[int, bytes]] = queue.Queue()
        self._ids = np.zeros(0, np.int32)  # those evaluated, from position 0
        threading.Thread(target=self._read, args=(stdin,), daemon=True).start()

    # On a thread of its own: the end of the stream and a cancel are seen in the middle of a computation.
    def _read(self, stdin: BinaryIO) -> None:
        try:
            while (frame := frames.read_frame(stdin)) is not None:
                if frame[0] == frames.CANCEL:
                    self._cancel.set()
                else:
                    self._requests.put(frame)
        except Malformed as problem:
            print(f"crossval: {problem}", file=sys.stderr, flush=True)
            os._exit(2)
        os._exit(0)

    def _send(self, kind: int, *parts: bytes) -> None:
        frames.write_frame(self._stdout, kind, *parts)

    def _send_error(self, problem: Exception) -> None:
        known = isinstance(problem, EngineError)
        if not known:
            traceback.print_exc()
        what = str(problem) if known else f"{type(problem).__name__}: {problem}"
        kind = problem.kind if isinstance(problem, EngineError) else "engine"
        self._send(frames.ERROR, json.dumps({"kind": kind, "what": what}).encode())

    def run(self, engine_class: Type[Engine]) -> int:
        kind, payload = self._requests.get()
        try:
            if kind != frames.HELLO:
                raise EngineError("the first request must be hello")
            engine = _open(engine_class, json.loads(payload))
            self._send(frames.READY, json.dumps(_ready(engine)).encode())
        except Exception as problem:
            self._send_error(problem)
            return 1
        while True:
            kind, payload = self._requests.get()
            if kind == frames.SHUTDOWN:
                return 0
            self._cancel.clear()
            try:
                self._answer(engine, kind, Reader(payload))
            except BrokenPipeError:
                raise
            except Exception as problem:
                self._ids = self._ids[:0]
                self._send_error(problem)

    def _answer(self, engine: Engine, kind: int, request: Reader) -> None:
        if kind == frames.TOKENIZE:
            flags = request.take(1)[0]
            made = engine.tokenize(request.rest(), bool(flags & 1), bool(flags & 2))
            self._send(frames.IDS, np.asarray(made, "<i4").tobytes())
        elif kind == frames.PIECES:
            pieces = [engine.piece(int(token)) for token in request.ids()]
            self._send(frames.PIECE_BYTES, *(struct.pack("<I", len(piece)) + piece for piece in pieces))
        elif kind == frames.IS_END:
            self._send(frames.END, bytes([bool(engine.is_end(request.i32()))]))
        elif kind == frames.EVALUATE:
            first, last = request.i32(), request.u32() == 1
            self._evaluate(engine, first, last, request.ids())
        elif kind == frames.TRACE:
            first, selection = request.i32(), frames.read_selection(request)
            ids = request.ids()
            given, after = self._begin(engine, first, ids)
            engine.trace(given, first, Trace(self._send, selection, first, len(ids)))
            self._finish(after)
        else:
            raise EngineError(f"a frame of type {kind} is no request")

    # What the engine gets of ids at the positions from `first` on, and all ids when they are evaluated.
    def _begin(self, engine: Engine, first: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if first not in (0, len(self._ids)):
            raise EngineError(f"evaluation at position {first} after {len(self._ids)} positions")
        if len(ids) == 0 or first + len(ids) > engine.n_ctx:
            raise UsageError(f"{first + len(ids)} positions in a context of {engine.n_ctx}")
        if ids.min() < 0 or ids.max() >= engine.n_vocab:
            raise UsageError(f"an id is not in [0, {engine.n_vocab})")
        after = np.concatenate([self._ids[:first], ids])
        self._ids = self._ids[:0]  # until it is done
        return (after if engine.stateless else ids), after

    def _evaluate(self, engine: Engine, first: int, last: bool, ids: np.ndarray) -> None:
        given, after = self._begin(engine, first, ids)
        due = len(after) - 1 if last and not engine.all_logits else first
        for row in engine.evaluate(given, first):
            if self._cancel.is_set():
                return self._send(frames.DONE, b"\1")
            values = float_rows(row).reshape(-1)
            if values.size != engine.n_vocab:
                raise EngineError(f"a row of {values.size} logits, of a vocabulary of {engine.n_vocab}")
            if due == len(after):
                raise EngineError(f"more than {len(ids)} rows")
            if not last or due == len(after) - 1:
                self._send(frames.ROW, struct.pack("<i", due), values.tobytes())
            due += 1
        if due != len(after):
            raise EngineError(f"{len(after) - due} rows too few")
        self._finish(after)

    def _finish(self, after: np.ndarray) -> None:
        self._ids = after
        self._send(frames.DONE, b"\0")


def _open(engine_class: Type[Engine], hello: dict[str, Any]) -> Engine:
    versions = hello.get("versions", [frames.HELLO_VERSION])
    if frames.VERSION not in versions:
        raise UsageError(f"crossval speaks version {' and '.join(map(str, versions))} of the engine protocol, "
                         f"this package {frames.VERSION}")
    if "crc-32" not in hello.get("checksums", []):
        raise UsageError("this crossval knows no CRC-32 (docs/protocol.md)")
    settings = dict(hello["settings"])
    for key in sorted(set(settings) - COMMON_SETTINGS - engine_class.keys):
        raise UsageError(f"there is no key \"{key}\"; there are: {', '.join(sorted(engine_class.keys)) or 'none'}")
    return engine_class(settings)


def _has(engine: Engine, method: str) -> bool:
    return getattr(type(engine), method) is not getattr(Engine, method)


def _ready(engine: Engine) -> dict[str, Any]:
    about = engine.about()
    return {"identity": {"name": engine.name, "version": engine.version, **about.get("identity", {})},
            "settings": {"model_path": engine.settings.get("model", ""), "n_vocab": engine.n_vocab,
                         "n_ctx": engine.n_ctx, "threads": engine.threads, "kv_type_k": engine.kv_type,
                         "kv_type_v": engine.kv_type, **about.get("settings", {})},
            "capabilities": {"tokenize": _has(engine, "tokenize"), "all_logits": engine.all_logits, "decode": True,
                             "trace": _has(engine, "trace")}}

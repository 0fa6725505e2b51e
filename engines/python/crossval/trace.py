"""What an engine hands its intermediate values to."""
from __future__ import annotations

import re
import struct
from collections import Counter
from typing import Any, Callable, Optional

import numpy as np

from .frames import MAX_PAYLOAD, SOURCES, TENSOR, Selection

Send = Callable[..., None]


def float_rows(values: Any) -> np.ndarray:
    """A copy of `values` as little-endian f32: an array, or a tensor of torch (detached) or of another library."""
    for step in ("detach", "float", "cpu"):  # torch
        values = getattr(values, step)() if hasattr(values, "detach") else values
    return np.array(values, dtype="<f4", order="C", copy=True)


class Trace:
    """Called with each value: `see("Qcur-0", "ROPE", q)`. What it is given is copied before it returns.

    `values` has one row for each position that is evaluated; what is behind the first axis is flattened. Names and
    operations are those of docs/tensor-names.md, the layer is read from the name. `heads` is for attention scores
    only, positions × heads × keys.
    """

    def __init__(self, send: Send, selection: Selection, first: int, count: int):
        self._send, self._selection, self._first, self._count = send, selection, first, count
        self._seen: Counter[tuple[str, str]] = Counter()

    def wants(self, name: str, op: str) -> bool:
        """Whether the value is asked for: to leave out what is expensive to show."""
        return self._selection.wants(name, op, _layer_of(name))

    def __call__(self, name: str, op: str, values: Any, *, heads: int = 0, weight: str = "",
                 inputs: Optional[list[str]] = None) -> None:
        occurrence = self._seen[name, op]
        self._seen[name, op] += 1
        if not self.wants(name, op):
            return
        rows = float_rows(values)
        if rows.size == 0 or rows.shape[0] != self._count:
            raise ValueError(f"{name} {op}: shape {rows.shape} is no row for each of {self._count} positions")
        rows = rows.reshape(self._count, -1)
        begin = max(0, self._selection.positions.start - self._first)
        end = min(self._count, self._selection.positions.stop - self._first)
        step = max(1, (MAX_PAYLOAD // 4) // max(1, 4 * rows.shape[1]))
        for at in range(begin, end, step):
            if weight or inputs:
                self._send(SOURCES, b"".join(struct.pack("<I", len(text.encode())) + text.encode()
                                             for text in [weight, *(inputs or [])]))
            part = rows[at:min(at + step, end)]
            head = struct.pack("<4i2q2I", _layer_of(name), occurrence, self._first + at, len(part), part.shape[1], heads,
                               len(name.encode()), len(op.encode()))
            self._send(TENSOR, head + name.encode() + op.encode(), part.tobytes())


def _layer_of(name: str) -> int:
    found = re.search(r"-(\d+)$", name)
    return int(found[1]) if found else -1

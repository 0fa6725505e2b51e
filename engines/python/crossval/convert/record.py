"""From arrays by their own names to a recording."""
from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Iterator, Mapping, Optional, Sequence

import numpy as np

from ..program import Failed
from ..recording import RecordedTensor, write_recording
from .dumps import Dumped, PathLike, read_dumps

#: What a dump does not say is not held against the other side; `model` and `kv_type` say it.
UNSAID = ["model", "kv-type", "flash-attention", "weight-layout", "rope", "norm-eps", "context-class", "i2s-layout",
          "activation", "device"]
IDS = "input_ids"
NUMBERS = ("float", "bfloat", "int", "uint", "bool")
SHOWN = 8  # names in a message

Arrays = dict[str, list[Dumped]]  # by name, in the order of steps and calls


@dataclass(frozen=True)
class Converted:
    """What is in the recording: tensors by their names, and which arrays are not in it, with the reason."""

    positions: int
    n_vocab: int
    tensors: list[str]
    left_out: dict[str, str]


def convert(inputs: Sequence[PathLike], out: PathLike, *, tokens: Sequence[int] = (), logits: str = "logits",
            part: str = "", kv_type: str = "", model: Optional[PathLike] = None, name: str = "dump") -> Converted:
    """Writes the recording `out` of what other tools dumped: files of torch.save, folders of them, Polygraphy's JSON.

    tokens: the ids that the dump is of, unless it has an array `input_ids`. logits: which array they are, one row a token,
    unless there is but one. part: whose arrays, where several ranks or runners wrote some. kv_type, model: what it ran with
    and on, held against the other side when they are given. name: of the engine, in results. The other arrays become
    tensors, by their own names. Raises Failed: what, where, what to do.
    """
    arrays = of_one_part(read_dumps(inputs), part)
    place = ", ".join(os.fspath(path) for path in inputs)
    ids = [int(token) for token in tokens] or ids_in(arrays, place)
    own = logits_name(arrays, logits, place)
    rows = [as_rows(array) for array in arrays[own]]
    steps = [len(values) for values in rows]
    if sum(steps) != len(ids):
        raise Failed(64, f"{sum(steps)} rows of logits for {len(ids)} tokens", place,
                     "a recording has a row per token: dump the logits of every position, and give the tokens of all")
    if len({values.shape[1] for values in rows}) != 1:
        raise Failed(5, "the steps' logits are of different widths", place)
    calls, left_out = of_all_positions({key: value for key, value in arrays.items() if key not in (own, IDS)}, steps)
    warnings = ["a dump does not say what it ran with"]
    for dtype in sorted({array.dtype for array in arrays[own]} & {"float16", "bfloat16"}):
        warnings.append(f"its logits are rounded to {dtype}")
    said = {"kv-type": kv_type, "model": model}
    try:
        write_recording(out, ids, np.concatenate(rows), name=name, kv_type=kv_type, tensors=tensors_of(arrays, calls, steps),
                        model_sha256=[sha256(model)] if model else [],
                        asked=[setting for setting in UNSAID if not said.get(setting)],
                        warnings=[("format-says-less", message) for message in warnings])
    except OSError as problem:
        raise Failed(74, f"cannot be written: {problem}", os.fspath(out)) from None
    return Converted(len(ids), rows[0].shape[1], list(calls), left_out)


def of_one_part(dumped: list[Dumped], part: str) -> Arrays:
    parts = sorted({array.part for array in dumped})
    if part not in parts and (part or len(parts) > 1):
        raise Failed(64, f"arrays of {', '.join(parts) or 'nobody'}" + (f", none of {part}" if part else ""), "",
                     "--part takes one of them: what ranks hold of a tensor is not put together")
    arrays: Arrays = defaultdict(list)
    for array in sorted(dumped, key=lambda array: (array.step, array.index)):
        if array.part == part or not part:
            arrays[array.name].append(array)
    return arrays


def ids_in(arrays: Arrays, place: str) -> list[int]:
    if IDS not in arrays:
        raise Failed(64, "it does not say of which tokens it is", place, "--tokens 1,2,3 says so, or an array input_ids")
    found = np.concatenate([array.read().reshape(-1) for array in arrays[IDS]])
    if not np.issubdtype(found.dtype, np.integer):
        raise Failed(5, f"{IDS} are {found.dtype}, no ids", place)
    return [int(token) for token in found]


def logits_name(arrays: Arrays, asked: str, place: str) -> str:
    others = [name for name in arrays if name != IDS]
    if asked in arrays:
        return asked
    if asked == "logits" and len(others) == 1:
        return others[0]
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    raise Failed(64, f"no array {asked} among {', '.join(others[:SHOWN]) or 'none'}{more}", place,
                 "--logits NAME says which they are")


def as_rows(array: Dumped) -> np.ndarray:
    """Logits as positions × vocabulary, float32: a batch of one, or a single row, may be around."""
    values = as_floats(array)
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim not in (1, 2) or not values.size:
        raise Failed(5, f"{array.name} of shape {array.shape} is no row of logits per position", array.where)
    return values.reshape(-1, values.shape[-1])


def as_floats(array: Dumped) -> np.ndarray:
    values = array.read()
    if values.dtype.kind not in "fiub":
        raise Failed(5, f"{array.name} is of {array.dtype}, no numbers", array.where)
    return np.asarray(values, "<f4")


def of_all_positions(arrays: Arrays, steps: list[int]) -> tuple[dict[str, int], dict[str, str]]:
    """How often each step computed an array of its positions, by name; and why the others are left out."""
    calls: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for name, parts in arrays.items():
        shapes = [per_position(part, steps[i * len(steps) // len(parts)]) for i, part in enumerate(parts)]
        if not parts[0].dtype.startswith(NUMBERS):
            left_out[name] = f"of {parts[0].dtype}, no numbers"
        elif len(parts) % len(steps):
            left_out[name] = f"{len(parts)} arrays for {len(steps)} steps"
        elif None in shapes:
            left_out[name] = f"of shape {parts[shapes.index(None)].shape}, which is not one of positions"
        elif len(set(shapes)) != 1:
            left_out[name] = "not of the same width each time"
        else:
            calls[name] = len(parts) // len(steps)
    return calls, left_out


def per_position(array: Dumped, positions: int) -> Optional[tuple[int, ...]]:
    """The shape of what it has for a position, around which a batch of one may be; None: it is no array of positions."""
    shape = array.shape[1:] if array.shape[:1] == (1,) and array.shape[1:2] == (positions,) else array.shape
    return shape[1:] if shape[:1] == (positions,) else None


def tensors_of(arrays: Arrays, calls: Mapping[str, int], steps: list[int]) -> Iterator[RecordedTensor]:
    """Read one by one, all steps in one."""
    for name, count in calls.items():
        for call in range(count):
            chunks = [as_floats(arrays[name][i * count + call]).reshape(positions, -1) for i, positions in enumerate(steps)]
            yield RecordedTensor(name, "", -1, call, 0, 0, np.concatenate(chunks), None)


def sha256(path: PathLike) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as problem:
        raise Failed(5, f"cannot be read: {problem.strerror}", os.fspath(path)) from None
    return digest.hexdigest()

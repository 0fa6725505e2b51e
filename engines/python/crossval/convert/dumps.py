"""Dumps: files and folders of other tools as one list of named arrays.

What a name says is read off it: `step=0___rank=0___dump_index=7___name=x___layer_id=3.pt` of SGLang's dumper, folders
`step0/rank0/dump_tensor_data` of msprobe. Files of other tools that write one tensor a file (TensorRT-LLM's and
Model-Optimizer's hooks) are called by their names.
"""
from __future__ import annotations

import functools
import os
import pathlib
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Sequence, Union

import numpy as np

from ..program import Failed
from .pickled import Stored
from .polygraphy import outputs
from .torch_file import TorchFile

PathLike = Union[str, "os.PathLike[str]"]
MAX_VALUES, MAX_DEPTH = 1_000_000, 64  # in one file, containers and numbers among them: lists may hold each other
STEPS = ("step", "forward_pass_id")  # names of the same thing in SGLang's dumper


@dataclass(frozen=True)
class Dumped:
    """One array: `step` is the forward pass it is of, `part` who computed it where several did ("rank 1", a runner)."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # of the file: numpy's name, or bfloat16
    read: Callable[[], np.ndarray]
    where: str
    step: int = 0
    part: str = ""
    index: int = 0  # order of calls within a step


def read_dumps(inputs: Sequence[PathLike]) -> list[Dumped]:
    """Everything in these files and folders; values are read when they are asked for. Raises Failed."""
    found: list[Dumped] = []
    for given in map(pathlib.Path, inputs):
        if given.is_dir():
            files = sorted(path for path in given.rglob("*") if path.suffix == ".pt")
            if not files:
                raise Failed(5, "no .pt in this folder", str(given), "give a dumper's folder, or a file of torch.save")
            for path in files:
                found += _of_file(path, path.relative_to(given), many=True)
        else:
            found += _of_file(given, pathlib.Path(given.name), many=False)
    return found


def _of_file(path: pathlib.Path, relative: pathlib.Path, many: bool) -> Iterator[Dumped]:
    """`many`: a file among others, whose name stands before those of several tensors in it."""
    if path.suffix == ".json":
        for runner, name, values in outputs(path):
            yield Dumped(name, values.shape, values.dtype.name, functools.partial(np.asarray, values), str(path), part=runner)
        return
    said = _said(relative)
    file = TorchFile(path)
    content = file.content
    if isinstance(content, dict) and set(content) == {"value", "meta"}:
        content = content["value"]
    for place, tensor in _tensors(content, file):
        name = ".".join(part for part in (said["name"] if many or not place else "", place) if part)
        dtype = "bfloat16" if tensor.storage.dtype == "bfloat16" else np.dtype(tensor.storage.dtype).name
        yield Dumped(name, tensor.shape, dtype, functools.partial(file.values, tensor), str(path), said["step"],
                     said["part"], said["index"])


def _said(relative: pathlib.Path) -> dict[str, Any]:
    """What a file's name and folders say."""
    said: dict[str, Any] = {"name": relative.stem, "step": 0, "part": "", "index": 0}
    for folder in relative.parts[:-1]:
        if step := re.fullmatch(r"step(\d+)", folder):
            said["step"] = int(step[1])
        elif rank := re.fullmatch(r"rank(\d+)", folder):
            said["part"] = f"rank {int(rank[1])}"
    pairs = [part.split("=", 1) for part in relative.stem.split("___")]
    if any(pair[0] == "name" for pair in pairs) and all(len(pair) == 2 for pair in pairs):
        keys = dict(pairs)
        number = {key: int(keys.pop(key)) for key in (*STEPS, "rank", "dump_index") if keys.get(key, "").isdecimal()}
        more = [f"{key}={value}" for key, value in keys.items() if key != "name"]
        said.update(name="___".join([keys["name"], *more]), index=number.get("dump_index", 0),
                    step=next((number[key] for key in STEPS if key in number), 0))
        if "rank" in number:
            said["part"] = f"rank {number['rank']}"
    return said


def _tensors(content: Any, file: TorchFile) -> Iterator[tuple[str, Stored]]:
    """The tensors of nested containers by their paths: a.0.b."""
    waiting, seen = [("", 0, content)], 0
    while waiting:
        place, depth, value = waiting.pop()
        seen += 1
        if seen > MAX_VALUES or depth > MAX_DEPTH:
            raise file.failed(f"more than {MAX_VALUES} values, or {MAX_DEPTH} containers in each other")
        if isinstance(value, Stored):
            yield place, value
        elif isinstance(value, (dict, list, tuple)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{place}.{key}" if place else str(key), depth + 1, inner) for key, inner in items][::-1]

"""What `polygraphy run --save-outputs` writes: JSON, an .npy file in base64 per output."""
from __future__ import annotations

import base64
import binascii
import io
import json
import math
import os
from typing import Any, Iterator

import numpy as np

from ..program import Failed


def outputs(path: "os.PathLike[str]") -> Iterator[tuple[str, str, np.ndarray]]:
    """(runner, name of the output, its values). Raises Failed."""
    def failed(what: str, hint: str = "") -> Failed:
        return Failed(5, what, os.fspath(path), hint)

    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        for runner, iterations in found["lst"]:
            if len(iterations) != 1:
                raise failed(f"{len(iterations)} iterations of {runner}, and a recording is of one",
                             "polygraphy run --iterations 1, or --load-inputs with one")
            for name, kept in iterations[0]["outputs"].items():
                yield str(runner), str(name), array_of(kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise failed(f"no outputs of Polygraphy: {type(problem).__name__}: {problem}",
                     "polygraphy run MODEL --save-outputs FILE.json writes them") from None


def array_of(kept: Any) -> np.ndarray:
    while kept["polygraphy_class"] == "LazyArray":
        kept = kept["values"]
    if kept["polygraphy_class"] != "ndarray":
        raise ValueError(f"a {kept['polygraphy_class']}, which is no array of numpy")
    try:
        return npy_array(base64.b64decode(kept["array"], validate=True))
    except binascii.Error as problem:
        raise ValueError(f"an array in no base64: {problem}") from None


def npy_array(data: bytes) -> np.ndarray:
    """The array of an .npy file, if all of it is there: numpy itself would take memory for what the header says."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError(f"{shape} of {dtype} in {len(data) - stream.tell()} bytes")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape, order="F" if fortran else "C")

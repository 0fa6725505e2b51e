"""Files of torch.save: an archive with a pickle (pickled.py) and a file of values per storage, read with numpy alone."""
from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any

import numpy as np

from ..program import Failed
from .pickled import Refused, Stored, unpickle

MAX_PICKLE = 64 << 20  # bytes: some 300,000 tensors


class TorchFile:
    """`content`: containers with `Stored` tensors in them, whose values are read when they are asked for. Raises Failed."""

    def __init__(self, path: "os.PathLike[str]"):
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:  # its directory; members are read one by one, without keeping it open
                self.members = {info.filename: info for info in archive.infolist()}
        except (zipfile.BadZipFile, OSError, ValueError) as problem:
            raise self.failed(f"no file of torch.save: {problem}", "a file of a torch before 1.6 is saved again with "
                              "torch.save; one that was cut off is incomplete") from None
        pickles = [name for name in self.members if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise self.failed(f"an archive with {len(pickles)} data.pkl where torch.save writes one")
        self.root = pickles[0].split("/")[0]
        if f"{self.root}/byteorder" in self.members and self.member("byteorder", 16) != b"little":
            raise self.failed("values in big-endian order")
        try:
            self.content: Any = unpickle(self.member("data.pkl", MAX_PICKLE))
        except Refused as problem:
            raise self.failed(str(problem), "save the tensors alone, in dicts and lists, with torch.save") from None

    def failed(self, what: str, hint: str = "") -> Failed:
        return Failed(5, what, os.fspath(self.path), hint)

    def member(self, name: str, most: int) -> bytes:
        """The bytes of one file of the archive, not compressed and not more than `most`."""
        info = self.members.get(f"{self.root}/{name}")
        if info is None:
            raise self.failed(f"the archive has no {name}")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise self.failed(f"{name} is compressed, which torch.save never does")
        if info.file_size > most:
            raise self.failed(f"{name} has {info.file_size} bytes, more than there can be")
        try:
            with open(self.path, "rb") as file:
                file.seek(info.header_offset)
                head = file.read(30)
                file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), os.SEEK_CUR)
                data = file.read(info.file_size) if info.file_size <= os.fstat(file.fileno()).st_size else b""
        except (OSError, ValueError) as problem:
            raise self.failed(f"{name} cannot be read: {problem}") from None
        if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            raise self.failed(f"{name} is damaged: its checksum is another")
        return data

    def values(self, tensor: Stored) -> np.ndarray:
        """A tensor's values as its dtype, bfloat16 as float32."""
        storage, half = tensor.storage, tensor.storage.dtype == "bfloat16"
        dtype = np.dtype("<u2" if half else storage.dtype)
        raw = self.member(f"data/{storage.key}", storage.numel * dtype.itemsize)
        if len(raw) != storage.numel * dtype.itemsize:
            raise self.failed(f"data/{storage.key} has {len(raw)} bytes for {storage.numel} values")
        if 0 in tensor.shape:
            return np.zeros(tensor.shape, "<f4" if half else dtype)
        view = np.lib.stride_tricks.as_strided(np.frombuffer(raw, dtype)[tensor.offset:], tensor.shape,
                                               [stride * dtype.itemsize for stride in tensor.strides], writeable=False)
        return (view.astype("<u4") << 16).view("<f4") if half else view

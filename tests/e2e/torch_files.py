"""Files as torch.save writes them, by Python's own pickle and zip modules: no torch, and nothing of what reads them."""
import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from unittest import mock

import numpy as np

NAMES = {"<f4": "FloatStorage", "<f8": "DoubleStorage", "<f2": "HalfStorage", "bfloat16": "BFloat16Storage",
         "<i8": "LongStorage", "<i4": "IntStorage", "<i2": "ShortStorage", "|i1": "CharStorage", "|u1": "ByteStorage",
         "|b1": "BoolStorage"}


class Tensor:
    """A view of `data`, which is a storage's bytes: sizes and strides in values, as they shall stand in the file."""

    def __init__(self, data, dtype, shape, strides, offset=0, numel=None):
        self.data, self.dtype, self.shape, self.strides, self.offset = data, dtype, shape, strides, offset
        self.numel = len(data) // (2 if dtype == "bfloat16" else np.dtype(dtype).itemsize) if numel is None else numel


def tensor(values):
    values = np.asarray(values, order="C")
    return Tensor(values.tobytes(), values.dtype.str, values.shape, tuple(s // values.itemsize for s in values.strides))


def bfloat16(values):
    """Float32 whose lower half is zero."""
    whole = tensor(np.asarray(values, "<f4"))
    return Tensor(np.frombuffer(whole.data, "<u2")[1::2].tobytes(), "bfloat16", whole.shape, whole.strides)


def torch_modules():
    """What pickle looks at when it writes a name."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in NAMES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    exec("def _rebuild_tensor_v2(*_): pass", utils.__dict__)  # with __module__ and name of its own
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


def pickled(content, protocol=2):
    """The pickle and its storages' bytes."""
    storages, modules, out = [], torch_modules(), io.BytesIO()

    class Storage:
        def __init__(self, of):
            self.said = ("storage", getattr(modules["torch"], NAMES[of.dtype]), str(len(storages)), "cpu", of.numel)
            storages.append(of.data)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.said if isinstance(value, Storage) else None

        def reducer_override(self, value):
            if isinstance(value, Tensor):
                arguments = (Storage(value), value.offset, value.shape, value.strides, False, OrderedDict())
                return modules["torch._utils"]._rebuild_tensor_v2, arguments
            return NotImplemented

    with mock.patch.dict(sys.modules, modules):
        Pickler(out, protocol).dump(content)
    return out.getvalue(), storages


def archive(path, data, storages, compression=zipfile.ZIP_STORED, byteorder=b"little"):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", data)
        file.writestr("archive/byteorder", byteorder)
        for number, values in enumerate(storages):
            file.writestr(f"archive/data/{number}", values)
        file.writestr("archive/version", b"3\n")


def save(path, content, protocol=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    archive(path, *pickled(content, protocol))

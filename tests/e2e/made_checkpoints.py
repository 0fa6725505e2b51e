"""Small Hugging Face checkpoints whose weights follow from their names, written without any library."""
import json
import pathlib
import shutil
import zlib

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "checkpoints"
DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


def weights(name, shape, dtype):
    """Values of about ±0.5 that are different everywhere and the same on every machine, as the dtype's bits."""
    x = np.arange(int(np.prod(shape)), dtype=np.uint64) * 2654435761 + zlib.crc32(name.encode())
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    values = ((x >> np.uint64(8)).astype(np.float32) / 2**24 - 0.5).reshape(shape)
    if len(shape) == 1:
        values = 1 + values / 4
    if dtype == "BF16":  # the upper half of binary32
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(DTYPES[dtype])


def write_safetensors(path, tensors):
    """tensors: name -> (dtype's name, array of its bits)."""
    header, at, data = {}, 0, []
    for name, (dtype, array) in tensors.items():
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def read_safetensors(path):
    """name -> (dtype's name, array of its bits)."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        bits = np.frombuffer(raw[8 + length + begin:8 + length + end], DTYPES[entry["dtype"]])
        tensors[name] = (entry["dtype"], bits.reshape(entry["shape"]))
    return tensors


def write(folder, config, shapes):
    """shapes: name -> [dtype's name, shape]. The tokenizer is the fixture llama's."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    write_safetensors(folder / "model.safetensors",
                      {name: (dtype, weights(name, shape, dtype)) for name, (dtype, shape) in shapes.items()})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(DATA / "llama" / name, folder)

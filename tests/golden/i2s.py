"""I2_S and the arithmetic of bitnet.cpp once more, in numpy: the independent side of the tests.

Written from the format's description (docs/bitnet.md), by reshaping whole arrays; shares nothing with src/.
"""
import struct

import numpy as np

LAYOUTS = ["x86", "arm", "x86-rows"]
TYPE = 36


def codes(packed, rows, cols, layout="x86"):
    """uint8 codes, rows x cols, of the packed bytes of a tensor."""
    packed = np.frombuffer(packed, np.uint8, rows * cols // 4)
    parts = np.stack([packed >> shift & 3 for shift in (6, 4, 2, 0)])  # 4 x bytes, first value of a byte first
    if layout == "x86-rows":
        return parts.reshape(4, rows // 4, cols).swapaxes(0, 1).reshape(rows, cols)
    size = {"x86": 32, "arm": 16}[layout]
    return parts.reshape(4, -1, size).swapaxes(0, 1).reshape(rows, cols)


def weights(data, rows, cols, layout="x86"):
    """f32 values of a whole tensor: its packed bytes, then the scale."""
    (scale,) = struct.unpack_from("<f", data, rows * cols // 4)
    return (codes(data, rows, cols, layout).astype(np.float32) - 1) * np.float32(scale)


def quantize(x):
    """One activation row: int8 codes and the f32 scale they were multiplied by."""
    largest = max(1e-5, float(np.abs(x).max()))
    scale = np.float32(127.0 / largest)
    with np.errstate(all="ignore"):
        product = x * scale
    product = np.where(np.isfinite(product), product, np.float32(0))
    return np.clip(np.rint(product), -128, 127).astype(np.int64), scale


def dots(packed, rows, cols, x):
    """positions x rows: activation rows times weights, without the tensor's scale."""
    unsigned = codes(packed, rows, cols).astype(np.int64)
    out = np.empty((len(x), rows), np.float32)
    for p, row in enumerate(x):
        q, scale = quantize(row)
        with np.errstate(all="ignore"):
            out[p] = (unsigned @ q - q.sum()).astype(np.float32) / scale
    return out


def tensors(path):
    """name -> (type id, ne, bytes from its first one on) of a GGUF file as crossval writes it."""
    data = path.read_bytes()
    count, keys = struct.unpack_from("<QQ", data, 8)
    at = 24

    def take(form):
        nonlocal at
        value = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return value if len(value) > 1 else value[0]

    def text():
        nonlocal at
        size = take("Q")
        at += size
        return data[at - size:at].decode()

    def skip(kind):
        nonlocal at
        if kind == 8:
            text()
        elif kind == 9:
            element, n = take("IQ")
            for _ in range(n):
                skip(element)
        else:
            at += {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}[kind]

    for _ in range(keys):
        text()
        skip(take("I"))
    listed = []
    for _ in range(count):
        name, dims = text(), take("I")
        ne = [take("Q") for _ in range(dims)]
        listed.append((name, ne, *take("IQ")))
    start = (at + 31) // 32 * 32
    return {name: (kind, ne, memoryview(data)[start + offset:]) for name, ne, kind, offset in listed}

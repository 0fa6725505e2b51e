"""The numpy Llama of docs/python.md with a mistake of its own making: exec:…,mistake=NAME."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "engines" / "python" / "examples"))

import crossval
from numpy_llama import NumpyLlama


class Mistaken(NumpyLlama):
    keys = frozenset({"mistake"})

    def __init__(self, settings):
        super().__init__(settings)
        self.mistake = settings["mistake"]
        if self.mistake == "eps":
            self.eps = np.float32(self.eps / 10)

    def rope(self, x):
        """Halves for pairs: value i with value i + width / 2."""
        if self.mistake != "rope":
            return super().rope(x)
        half = x.shape[2] // 2
        pairs = super().rope(np.stack([x[..., :half], x[..., half:]], -1).reshape(x.shape))
        return np.concatenate([pairs[..., ::2], pairs[..., 1::2]], -1)

    def activation(self, x):
        if self.mistake != "gelu":
            return super().activation(x)
        return x / 2 * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x * x * x)))


if __name__ == "__main__":
    crossval.serve(Mistaken)

"""A Llama in numpy, all in float32: python3 numpy_llama.py is spoken to by crossval (docs/python.md)."""
import gguf
import numpy as np

import crossval


class NumpyLlama(crossval.Engine):
    name, version, kv_type, threads, stateless = "numpy-llama", "1", "f32", 1, True

    def __init__(self, settings):
        super().__init__(settings)
        file = gguf.GGUFReader(settings["model"])
        self.w = {t.name: gguf.dequantize(t.data, t.tensor_type).astype(np.float32) for t in file.tensors}
        read = {key: field.contents() for key, field in file.fields.items() if key.startswith("llama.")}
        self.n_layer, self.eps = read["llama.block_count"], np.float32(read["llama.attention.layer_norm_rms_epsilon"])
        self.n_head, self.n_kv = read["llama.attention.head_count"], read["llama.attention.head_count_kv"]
        self.base = read.get("llama.rope.freq_base", 10000.0)
        self.n_vocab, self.n_ctx = len(self.w["token_embd.weight"]), int(settings.get("n_ctx", 2048))

    def norm(self, x):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps)

    def rope(self, x):  # n × heads × width; adjacent pairs, as GGUF files of Llama have them
        angle = np.arange(len(x))[:, None] * self.base ** (-np.arange(0, x.shape[2], 2) / x.shape[2])
        cos, sin, a, b = *(f(angle)[:, None].astype(np.float32) for f in (np.cos, np.sin)), x[..., ::2], x[..., 1::2]
        return np.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)

    def activation(self, x):
        return x / (1 + np.exp(-x))

    def attention(self, q, k, v):  # n × heads × width each
        k, v = (np.repeat(x, self.n_head // self.n_kv, 1) for x in (k, v))
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(np.float32(q.shape[2]))
        scores = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        return np.einsum("hij,jhd->ihd", scores / scores.sum(-1, keepdims=True), v).reshape(len(q), -1)

    def forward(self, ids, see):
        def show(name, op, value):
            see(name, op, value)
            return value

        def block(x, i):
            def linear(name, value, shown):
                return show(f"{shown}-{i}", "MUL_MAT", value @ self.w[f"blk.{i}.{name}.weight"].T)

            def weighed_norm(name, value):
                value = show(f"norm-{i}", "RMS_NORM", self.norm(value))
                return show(f"{name}-{i}", "MUL", value * self.w[f"blk.{i}.{name}.weight"])

            y = weighed_norm("attn_norm", x)
            q, k, v = (linear(f"attn_{c}", y, f"{c.upper()}cur").reshape(len(ids), heads, -1)
                       for c, heads in (("q", self.n_head), ("k", self.n_kv), ("v", self.n_kv)))
            q, k = show(f"Qcur-{i}", "ROPE", self.rope(q)), show(f"Kcur-{i}", "ROPE", self.rope(k))
            y = linear("attn_output", show(f"kqv_out-{i}", "CONT", self.attention(q, k, v)), "attn_out")
            x = show(f"ffn_inp-{i}", "ADD", x + y)
            y = weighed_norm("ffn_norm", x)
            y = self.activation(linear("ffn_gate", y, "ffn_gate")) * linear("ffn_up", y, "ffn_up")
            return show(f"l_out-{i}", "ADD", x + linear("ffn_down", show(f"ffn_swiglu-{i}", "GLU", y), "ffn_out"))

        x = show("embd", "GET_ROWS", self.w["token_embd.weight"][ids])
        for i in range(self.n_layer):
            x = block(x, i)
        x = show("result_norm", "MUL", show("norm", "RMS_NORM", self.norm(x)) * self.w["output_norm.weight"])
        return show("result_output", "MUL_MAT", x @ self.w.get("output.weight", self.w["token_embd.weight"]).T)

    def evaluate(self, ids, first):
        return self.forward(ids, lambda *_: None)[first:]

    def trace(self, ids, first, see):
        self.forward(ids, lambda name, op, value: see(name, op, value[first:]))


if __name__ == "__main__":
    crossval.serve(NumpyLlama)

"""mlx-lm's Llama on a GGUF file, as an engine of crossval: mlx==0.32.4 and mlx-lm==0.32.2 (deps/engines.txt).

What is judged is their code: mlx's reader of the file, its quantised matrices and fast kernels, mlx-lm's model. Of ours
are the translation of names and hyper-parameters, which mlx-lm takes from a config.json, and the taps between its
modules that show what passes there. MLX reads F32, F16, Q4_0, Q4_1 and Q8_0.
"""
import importlib.metadata
import importlib.util
import pathlib
import re
import sys
import types

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "python"))

import mlx.core as mx
import mlx.nn as nn
import numpy as np

# mlx_lm's __init__ imports transformers, which nothing here needs: the package without it.
package = types.ModuleType("mlx_lm")
package.__path__ = list(importlib.util.find_spec("mlx_lm").submodule_search_locations)
sys.modules["mlx_lm"] = package

from mlx_lm.models import cache, llama

import crossval

MODULES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
           "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
           "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
           "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
# What passes a layer's modules, in docs/tensor-names.md's words: the module, what enters it, what leaves it.
BEFORE = "what the layer before gives"
LAYER = [("input_layernorm", BEFORE, "attn_norm MUL"),
         ("self_attn.q_proj", None, "Qcur MUL_MAT"),
         ("self_attn.k_proj", None, "Kcur MUL_MAT"),
         ("self_attn.v_proj", None, "Vcur MUL_MAT"),
         ("self_attn.o_proj", "kqv_out CONT", "attn_out MUL_MAT"),
         ("post_attention_layernorm", "ffn_inp ADD", "ffn_norm MUL"),
         ("mlp.gate_proj", None, "ffn_gate MUL_MAT"),
         ("mlp.up_proj", None, "ffn_up MUL_MAT"),
         ("mlp.down_proj", "ffn_swiglu GLU", "ffn_out MUL_MAT")]
ROTATED = ["Qcur ROPE", "Kcur ROPE"]  # one module, called for each
GROUP = 32  # values that share a scale


def module_name(tensor):
    """blk.3.attn_q.weight: model.layers.3.self_attn.q_proj.weight"""
    name, kind = tensor.rsplit(".", 1)
    block = re.fullmatch(r"blk\.(\d+)\.(.*)", name)
    try:
        return (f"model.layers.{block[1]}.{MODULES[block[2]]}" if block else MODULES[name]) + "." + kind
    except KeyError:
        raise crossval.InputError(f"mlx-lm's Llama has no place for {tensor}") from None


def bits_of(weights, scales):
    return weights.shape[-1] * 32 // (scales.shape[-1] * GROUP)


class Tap(nn.Module):
    """A module in the place of another, which it calls; `show` sees what goes in and what comes out."""

    def __init__(self, inner, show):
        super().__init__()
        self.inner, self.show = inner, show

    def __call__(self, x, *args, **kwargs):
        made = self.inner(x, *args, **kwargs)
        self.show(x, made)
        return made


class MlxLlama(crossval.Engine):
    name, version, kv_type, threads = "mlx", mx.__version__, "f32", 1

    def __init__(self, settings):
        super().__init__(settings)
        mx.set_default_device(mx.cpu)
        try:
            weights, self.keys_of_file = mx.load(settings["model"], format="gguf", return_metadata=True)
        except (RuntimeError, ValueError) as problem:
            raise crossval.InputError(f"mlx cannot read it: {problem}") from None
        if self.keys_of_file.get("general.architecture") != "llama":
            raise crossval.InputError(f"a {self.keys_of_file.get('general.architecture')}, no llama")
        weights = {module_name(name): value for name, value in weights.items() if not name.startswith("rope_freqs")}
        self.n_vocab = weights["model.embed_tokens.weight"].shape[0]
        self.n_ctx = int(settings.get("n_ctx", 2048))
        self.model = self.build(weights)
        self.kv = None

    def about(self):
        return {"identity": {"build": f"mlx-lm {importlib.metadata.version('mlx-lm')}",
                             "activation_function": "silu", "activations": "f32"}}

    def number(self, key, default=None):
        value = self.keys_of_file.get("llama." + key, default)
        return value.item() if isinstance(value, mx.array) else value

    def build(self, weights):
        args = llama.ModelArgs(
            model_type="llama", hidden_size=self.number("embedding_length"), num_hidden_layers=self.number("block_count"),
            intermediate_size=self.number("feed_forward_length"), num_attention_heads=self.number("attention.head_count"),
            num_key_value_heads=self.number("attention.head_count_kv"), head_dim=self.number("attention.key_length"),
            rms_norm_eps=self.number("attention.layer_norm_rms_epsilon"), vocab_size=self.n_vocab,
            rope_theta=self.number("rope.freq_base", 10000.0), rope_traditional=True,  # rows of q and k as in the file
            tie_word_embeddings="lm_head.weight" not in weights)
        model = llama.Model(args)
        quantised = {name[:-len(".scales")] for name in weights if name.endswith(".scales")}
        bits = {name: bits_of(weights[name + ".weight"], weights[name + ".scales"]) for name in quantised}
        nn.quantize(model, group_size=GROUP, bits=4, class_predicate=lambda path, _: path in bits and {
            "group_size": GROUP, "bits": bits[path]})
        model.load_weights([(name, value if value.dtype == mx.uint32 else value.astype(mx.float32))
                            for name, value in weights.items()])
        return model

    def forward(self, ids, first):
        if first == 0:
            self.kv = cache.make_prompt_cache(self.model)
        return np.array(self.model(mx.array(ids)[None], cache=self.kv)[0])

    def evaluate(self, ids, first):
        return self.forward(ids, first)

    def trace(self, ids, first, see):
        with Taps(self.model, see):
            see("result_output", "MUL_MAT", self.forward(ids, first))


class Taps:
    """Between the modules while a trace lasts."""

    def __init__(self, model, see):
        self.model, self.see, self.taken = model, see, []

    def tap(self, parent, name, show):
        self.taken.append((parent, name, parent[name]))
        parent[name] = Tap(parent[name], show)

    def show(self, tensor, layer, values):
        """`tensor` of the table, of this layer (None: of none); values with the batch."""
        name, op = tensor.split()
        self.see(name if layer is None else f"{name}-{layer}", op, np.array(values[0]))

    def __enter__(self):
        inner = self.model.model
        for i, layer in enumerate(inner.layers):
            self.tap_layer(i, layer)

        def last_norm(x, made):
            self.show("l_out ADD", len(inner.layers) - 1, x)
            self.show("result_norm MUL", None, made)
        self.tap(inner, "norm", last_norm)

    def tap_layer(self, i, layer):
        before = ("l_out ADD", i - 1) if i else ("embd GET_ROWS", None)

        def between(enters, leaves):
            def show(x, made):
                if enters:
                    self.show(*(before if enters is BEFORE else (enters, i)), x)
                self.show(leaves, i, made)
            return show

        for path, enters, leaves in LAYER:
            *parents, name = path.split(".")
            self.tap(layer[parents[0]] if parents else layer, name, between(enters, leaves))

        rotated = iter(ROTATED)

        def rope(_, made):  # batch × heads × positions × width, queries first
            self.show(next(rotated), i, made.transpose(0, 2, 1, 3))
        self.tap(layer.self_attn, "rope", rope)

    def __exit__(self, *_):
        for parent, name, inner in self.taken:
            parent[name] = inner


if __name__ == "__main__":
    crossval.serve(MlxLlama)

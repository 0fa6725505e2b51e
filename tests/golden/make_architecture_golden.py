#!/usr/bin/env python3
"""Writes tests/data/native/arch-*: a tiny random model of each kind of architecture, and canonical llama.cpp's logits.

usage: make_architecture_golden.py CROSSVAL    (a built crossval with its llama.cpp reference; numpy and gguf)

The models are the generator's; the logits come from llama.cpp alone, as in make_native_golden.py. Between them they
have every feature that tests/native/architectures_test.cc names.
"""
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "native"
EMBD, HEADS, KV_HEADS, HEAD, FF, LAYERS, VOCAB, EXPERTS = 32, 4, 2, 8, 64, 2, 40, 4
QUANT = gguf.GGMLQuantizationType.F16
# Heads, key/value heads and width of the feed-forward network of each layer, where they differ.
SIZES = {"minicpm3": [(HEADS, HEADS, FF)] * LAYERS,
         "deci": [(4, 2, FF), (0, 0, FF), (4, 0, EMBD), (4, 4, EMBD), (2, 1, 0), (4, 1, 96)]}


class Tiny:
    """A writer that knows the sizes; seeded, so that the file is always the same."""

    def __init__(self, path, arch, seed):
        self.rng = np.random.default_rng(seed)
        self.w = gguf.GGUFWriter(path, arch)
        self.sizes = SIZES.get(arch, [])
        heads, kv_heads, ff = zip(*self.sizes) if self.sizes else (HEADS, KV_HEADS, FF)
        self.w.add_block_count(len(self.sizes) or LAYERS)
        self.w.add_context_length(256)
        self.w.add_embedding_length(EMBD)
        self.w.add_feed_forward_length(ff)
        self.w.add_head_count(heads)
        self.w.add_head_count_kv(kv_heads)
        self.w.add_layer_norm_rms_eps(1e-5)
        self.w.add_layer_norm_eps(1e-5)
        self.w.add_vocab_size(VOCAB)
        self.w.add_tokenizer_model("none")
        self.matrix("token_embd.weight", VOCAB, EMBD)

    def matrix(self, name, *shape):
        values = (self.rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)
        self.w.add_tensor(name, gguf.quants.quantize(values, QUANT), raw_dtype=QUANT)

    def vector(self, name, *shape, low=0.5, high=1.5):
        self.w.add_tensor(name, self.rng.uniform(low, high, shape).astype(np.float32))

    def bias(self, name, *shape):
        self.vector(name, *shape, low=-0.5, high=0.5)

    def norm(self, name, size=EMBD, bias=False):
        self.vector(name + ".weight", size)
        if bias:
            self.bias(name + ".bias", size)

    def linear(self, name, rows, cols, bias=False):
        self.matrix(name + ".weight", rows, cols)
        if bias:
            self.bias(name + ".bias", rows)

    def qkv(self, b, bias=False):
        self.linear(b + "attn_q", HEADS * HEAD, EMBD, bias)
        self.linear(b + "attn_k", KV_HEADS * HEAD, EMBD, bias)
        self.linear(b + "attn_v", KV_HEADS * HEAD, EMBD, bias)

    def close(self):
        self.w.write_header_to_file()
        self.w.write_kv_data_to_file()
        self.w.write_tensors_to_file()
        self.w.close()


def blocks():
    return [f"blk.{i}." for i in range(LAYERS)]


def gemma3(t):  # q/k norm, post norms, window, soft cap, query scaled before rounding, gated GELU
    t.w.add_sliding_window(8)
    t.w.add_array("gemma3.attention.sliding_window_pattern", [True, False])
    t.w.add_final_logit_softcapping(5.0)
    t.w.add_key_length(HEAD)
    t.w.add_value_length(HEAD)
    t.w.add_rope_freq_base(1e6)
    t.norm("output_norm")
    for b in blocks():
        t.norm(b + "attn_norm")
        t.qkv(b)
        t.norm(b + "attn_q_norm", HEAD)
        t.norm(b + "attn_k_norm", HEAD)
        t.linear(b + "attn_output", EMBD, HEADS * HEAD)
        t.norm(b + "post_attention_norm")
        t.norm(b + "ffn_norm")
        t.linear(b + "ffn_gate", FF, EMBD)
        t.linear(b + "ffn_up", FF, EMBD)
        t.linear(b + "ffn_down", EMBD, FF)
        t.norm(b + "post_ffw_norm")


def gptneox(t):  # fused QKV, layer norm with biases, parallel block, GELU without gate, partial RoPE
    t.w.add_parallel_residual(True)
    t.w.add_rope_dimension_count(4)
    t.norm("output_norm", bias=True)
    t.linear("output", VOCAB, EMBD)
    for b in blocks():
        t.norm(b + "attn_norm", bias=True)
        t.linear(b + "attn_qkv", (HEADS + 2 * KV_HEADS) * HEAD, EMBD, bias=True)
        t.linear(b + "attn_output", EMBD, EMBD, bias=True)
        t.norm(b + "ffn_norm", bias=True)
        t.linear(b + "ffn_up", FF, EMBD, bias=True)
        t.linear(b + "ffn_down", EMBD, FF, bias=True)


def bloom(t):  # ALiBi, norm on the embeddings, tied head
    t.norm("token_embd_norm", bias=True)
    t.norm("output_norm", bias=True)
    for b in blocks():
        t.norm(b + "attn_norm", bias=True)
        t.linear(b + "attn_qkv", (HEADS + 2 * KV_HEADS) * HEAD, EMBD, bias=True)
        t.linear(b + "attn_output", EMBD, EMBD, bias=True)
        t.norm(b + "ffn_norm", bias=True)
        t.linear(b + "ffn_up", FF, EMBD, bias=True)
        t.linear(b + "ffn_down", EMBD, FF, bias=True)


def gpt_oss(t):  # sinks, window, YaRN, experts with biases, softmax over the selected, clamped SiLU
    t.w.add_sliding_window(8)
    t.w.add_key_length(HEAD)
    t.w.add_value_length(HEAD)
    t.w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    t.w.add_rope_scaling_factor(4.0)
    t.w.add_rope_scaling_orig_ctx_len(64)
    t.w.add_expert_count(EXPERTS)
    t.w.add_expert_used_count(2)
    t.w.add_expert_feed_forward_length(EMBD)
    t.norm("output_norm")
    t.linear("output", VOCAB, EMBD)
    for b in blocks():
        t.norm(b + "attn_norm")
        t.qkv(b, bias=True)
        t.vector(b + "attn_sinks.weight", HEADS)
        t.linear(b + "attn_output", EMBD, HEADS * HEAD, bias=True)
        t.norm(b + "post_attention_norm")
        t.linear(b + "ffn_gate_inp", EXPERTS, EMBD, bias=True)
        for name, rows, cols in [("gate", EMBD, EMBD), ("up", EMBD, EMBD), ("down", EMBD, EMBD)]:
            t.matrix(f"{b}ffn_{name}_exps.weight", EXPERTS, rows, cols)
            t.bias(f"{b}ffn_{name}_exps.bias", EXPERTS, rows)


def qwen2moe(t):  # shared expert with a gate, weights that are not normalised
    t.w.add_expert_count(EXPERTS)
    t.w.add_expert_used_count(2)
    t.w.add_expert_feed_forward_length(EMBD)
    t.w.add_expert_shared_feed_forward_length(EMBD)
    t.norm("output_norm")
    t.linear("output", VOCAB, EMBD)
    for b in blocks():
        t.norm(b + "attn_norm")
        t.qkv(b, bias=True)
        t.linear(b + "attn_output", EMBD, EMBD)
        t.norm(b + "ffn_norm")
        t.linear(b + "ffn_gate_inp", EXPERTS, EMBD)
        for name in ["gate", "up", "down"]:
            t.matrix(f"{b}ffn_{name}_exps.weight", EXPERTS, EMBD, EMBD)
            t.linear(f"{b}ffn_{name}_shexp", EMBD, EMBD)
        t.vector(b + "ffn_gate_inp_shexp.weight", EMBD, low=-1.0, high=1.0)


def bitnet(t):  # norms inside attention and feed-forward network, a scale for every matrix
    t.norm("output_norm")
    for b in blocks():
        t.norm(b + "attn_norm")
        t.qkv(b)
        t.norm(b + "attn_sub_norm")
        t.linear(b + "attn_output", EMBD, EMBD)
        t.norm(b + "ffn_norm")
        t.linear(b + "ffn_gate", FF, EMBD)
        t.linear(b + "ffn_up", FF, EMBD)
        t.norm(b + "ffn_sub_norm", FF)
        t.linear(b + "ffn_down", EMBD, FF)
        for name in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]:
            t.vector(f"{b}{name}.scale", 1)


def deci(t):  # layers with other numbers of heads, without attention, with a matrix in its place, without anything
    t.norm("output_norm")
    for i, (heads, kv_heads, ff) in enumerate(t.sizes):
        b = f"blk.{i}."
        if heads:
            t.norm(b + "attn_norm")
            t.linear(b + "attn_output", EMBD, heads * HEAD)
        if kv_heads:
            t.linear(b + "attn_q", heads * HEAD, EMBD)
            t.linear(b + "attn_k", kv_heads * HEAD, EMBD)
            t.linear(b + "attn_v", kv_heads * HEAD, EMBD)
        if ff:
            t.norm(b + "ffn_norm")
            t.linear(b + "ffn_gate", ff, EMBD)
            t.linear(b + "ffn_up", ff, EMBD)
            t.linear(b + "ffn_down", EMBD, ff)


def minicpm3(t):  # latent attention, values narrower than keys, RoPE on the last values of a head with factors by length
    rank, shared, value = 16, 6, 4
    t.w.add_q_lora_rank(rank)
    t.w.add_kv_lora_rank(rank)
    t.w.add_key_length(HEAD)
    t.w.add_value_length(value)
    t.w.add_rope_dimension_count(shared)
    t.w.add_rope_scaling_orig_ctx_len(64)
    t.vector("rope_factors_long.weight", shared // 2, low=1.0, high=8.0)
    t.vector("rope_factors_short.weight", shared // 2, low=1.0, high=2.0)
    t.norm("output_norm")
    for b in blocks():
        t.norm(b + "attn_norm")
        t.linear(b + "attn_q_a", rank, EMBD)
        t.norm(b + "attn_q_a_norm", rank)
        t.linear(b + "attn_q_b", HEADS * HEAD, rank)
        t.linear(b + "attn_kv_a_mqa", rank + shared, EMBD)
        t.norm(b + "attn_kv_a_norm", rank)
        t.linear(b + "attn_kv_b", HEADS * (HEAD - shared + value), rank)
        t.linear(b + "attn_output", EMBD, HEADS * value)
        t.norm(b + "ffn_norm")
        t.linear(b + "ffn_gate", FF, EMBD)
        t.linear(b + "ffn_up", FF, EMBD)
        t.linear(b + "ffn_down", EMBD, FF)


MODELS = {"gemma3": gemma3, "gptneox": gptneox, "bloom": bloom, "gpt-oss": gpt_oss, "qwen2moe": qwen2moe,
          "bitnet": bitnet, "deci": deci, "minicpm3": minicpm3}


def main():
    crossval = sys.argv[1]
    ids = (OUT / "ids.txt").read_text().split()
    for seed, (arch, fill) in enumerate(MODELS.items()):
        path = OUT / f"arch-{arch}.gguf"
        tiny = Tiny(path, arch, seed)
        fill(tiny)
        tiny.close()
        for kv in ["f16", "f32"]:
            with tempfile.TemporaryDirectory() as tmp:
                subprocess.run([crossval, "per-token", "-m", path, "--tokens=" + ",".join(ids), "--max-tokens", "0",
                                "--kv", kv, "--candidate", "llama.cpp", "--dump", tmp], check=True)
                np.load(f"{tmp}/reference.npy").astype("<f4").tofile(OUT / f"arch-{arch}-kv-{kv}.logits")


if __name__ == "__main__":
    main()

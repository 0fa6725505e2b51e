"""What the modules of transformers compute, by llama.cpp's names (docs/tensor-names.md): data, a list per model type.

A row is a module, whether what goes in or what comes out is meant, and the name and operation of that value; layers'
modules and names are those of layer N. A product or a norm to which a bias is added comes out of its module with
the bias, added on the way: `biased` is what that is called, and the product is not shown. What no row names is not shown, and computed from what is.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    module: str
    side: str  # "in", "out"
    tensor: str  # name and operation
    biased: str = ""
    #: "queries", "keys": heads whose rows are paired as the model type says (PAIRED); "by head": heads × positions;
    #: "softmax": derived, the softmax of it.
    form: str = ""
    #: Whether the name ends with the layer's number. Where upstream forgot it, a layer is an occurrence.
    numbered: bool = True


EMBEDDING = Row("embed_tokens", "out", "embd GET_ROWS")
LAST_NORM = Row("norm", "out", "result_norm MUL", "result_norm ADD")
OUTSIDE = [EMBEDDING, LAST_NORM]

PROJECTIONS = [
    Row("self_attn.q_proj", "out", "Qcur MUL_MAT", "Qcur ADD", form="queries"),
    Row("self_attn.k_proj", "out", "Kcur MUL_MAT", "Kcur ADD", form="keys"),
    Row("self_attn.v_proj", "out", "Vcur MUL_MAT", "Vcur ADD"),
]
ATTENTION = [
    *PROJECTIONS,
    Row("self_attn.q_norm", "out", "Qcur_normed MUL"),
    Row("self_attn.k_norm", "out", "Kcur_normed MUL"),
    Row("self_attn.o_proj", "in", "kqv_out CONT"),
    Row("self_attn.o_proj", "out", "attn_out MUL_MAT", "attn_out ADD"),
]
FIRST_NORM = Row("input_layernorm", "out", "attn_norm MUL", "attn_norm ADD")
SECOND_NORM = [
    Row("post_attention_layernorm", "in", "ffn_inp ADD"),
    Row("post_attention_layernorm", "out", "ffn_norm MUL", "ffn_norm ADD"),
]
LAYER = Row("", "out", "l_out ADD")


def gated(parent: str, activation: str, product: str, biased: str) -> list[Row]:
    """A feed-forward network of three matrices."""
    return [Row(parent + "gate_proj", "out", "ffn_gate MUL_MAT", "ffn_gate_b ADD"),
            Row(parent + "up_proj", "out", "ffn_up MUL_MAT", "ffn_up_b ADD"),
            Row(parent + "down_proj", "in", activation),
            Row(parent + "down_proj", "out", product, biased)]


def plain(up: str, down: str) -> list[Row]:
    """One of two matrices with GELU between them."""
    return [Row(up, "out", "ffn_up MUL_MAT", "ffn_up_b ADD"),
            Row(down, "in", "ffn_gelu UNARY"),
            Row(down, "out", "ffn_out MUL_MAT", "ffn_out ADD")]


def experts(router: str, every: str) -> list[Row]:
    """What is inside of the experts is shown by taps.py, from their weights and what goes in."""
    return [Row(router, "out", "ffn_moe_logits MUL_MAT"),
            Row(router, "out", "ffn_moe_probs SOFT_MAX", form="softmax"),
            Row(every, "out", "ffn_moe_out ADD")]


FEED_FORWARD = gated("mlp.", "ffn_swiglu GLU", "ffn_out MUL_MAT", "ffn_out ADD")
EXPERTS = experts("mlp.gate", "mlp.experts")
SHARED_EXPERT = [
    *gated("mlp.shared_expert.", "ffn_swiglu GLU", "ffn_shexp MUL_MAT", ""),
    Row("mlp.shared_expert_gate", "out", "ffn_shexp_gate_inp MUL_MAT"),
    Row("mlp", "out", "ffn_out ADD"),
]

LLAMA = [FIRST_NORM, *ATTENTION, *SECOND_NORM, *FEED_FORWARD, LAYER]
MIXTRAL = [FIRST_NORM, *ATTENTION, *SECOND_NORM, *EXPERTS, LAYER]
GRANITE_MOE = [FIRST_NORM, *ATTENTION, *SECOND_NORM, *experts("block_sparse_moe.router", "block_sparse_moe.experts"), LAYER]
STARCODER = [FIRST_NORM, *ATTENTION, *SECOND_NORM, *plain("mlp.c_fc", "mlp.c_proj"), LAYER]

OLMO = [  # norms behind attention and feed-forward network
    *ATTENTION,
    Row("post_attention_layernorm", "out", "attn_post_norm MUL"),
    Row("mlp", "in", "ffn_inp ADD"),
    *FEED_FORWARD,
    Row("post_feedforward_layernorm", "out", "ffn_post_norm MUL", numbered=False),
    LAYER,
]

GEMMA2 = [  # norms on both sides of either
    FIRST_NORM,
    *ATTENTION,
    Row("post_attention_layernorm", "out", "attn_post_norm MUL"),
    Row("pre_feedforward_layernorm", "in", "sa_out ADD"),
    Row("pre_feedforward_layernorm", "out", "ffn_norm MUL"),
    *gated("mlp.", "ffn_geglu GLU", "ffn_out MUL_MAT", ""),
    Row("post_feedforward_layernorm", "out", "ffn_post_norm MUL", numbered=False),
    LAYER,
]
GEMMA3 = [
    FIRST_NORM,
    *PROJECTIONS,
    Row("self_attn.q_norm", "out", "Qcur_normed MUL", form="by head"),
    Row("self_attn.k_norm", "out", "Kcur_normed MUL", form="by head"),
    *GEMMA2[GEMMA2.index(ATTENTION[-2]):-2],
    Row("post_feedforward_layernorm", "out", "ffn_post_norm MUL"),
    LAYER,
]

COHERE = [FIRST_NORM, *ATTENTION, *FEED_FORWARD, LAYER]  # attention beside the feed-forward network

PHI = [
    FIRST_NORM,
    *PROJECTIONS,
    Row("self_attn.dense", "in", "kqv_out CONT"),
    *plain("mlp.fc1", "mlp.fc2"),
    LAYER,
]

GPT2 = [
    Row("ln_1", "out", "attn_norm MUL", "attn_norm ADD"),
    Row("attn.c_attn", "out", "wqkv MUL_MAT", "wqkv_b ADD"),
    Row("attn.c_proj", "in", "kqv_out CONT"),
    Row("attn.c_proj", "out", "attn_out MUL_MAT", "attn_out ADD"),
    Row("ln_2", "in", "ffn_inp ADD"),
    Row("ln_2", "out", "ffn_norm MUL", "ffn_norm ADD"),
    *plain("mlp.c_fc", "mlp.c_proj"),
    LAYER,
]

#: Of each layer, by model type. Of other model types attention is shown, the last norm and the logits.
LAYERS = {
    "llama": LLAMA, "mistral": LLAMA, "mixtral": MIXTRAL, "qwen2": LLAMA, "qwen2_moe": MIXTRAL + SHARED_EXPERT,
    "qwen3": LLAMA, "qwen3_moe": MIXTRAL, "gemma2": GEMMA2, "gemma3_text": GEMMA3, "olmo2": OLMO, "olmo3": OLMO,
    "olmoe": MIXTRAL, "granite": LLAMA, "granitemoe": GRANITE_MOE, "starcoder2": STARCODER, "stablelm": LLAMA,
    "cohere": COHERE, "smollm3": LLAMA, "gpt2": GPT2, "phi": PHI,
}

#: Outside the layers, where it is not OUTSIDE. Of models that scale their embeddings the scaled ones are seen.
GEMMA_OUTSIDE = [Row("embed_tokens", "out", "inp_scaled SCALE"), LAST_NORM]
GPT2_OUTSIDE = [
    Row("drop", "out", "inpL ADD"),
    Row("wte", "out", "embd GET_ROWS"),
    Row("wpe", "out", "pos_embd GET_ROWS"),
    Row("ln_f", "out", "result_norm MUL", "result_norm ADD"),
]
OTHER_OUTSIDE = {
    "gemma2": GEMMA_OUTSIDE, "gemma3_text": GEMMA_OUTSIDE, "granite": [LAST_NORM], "granitemoe": [LAST_NORM],
    "phi": [EMBEDDING, Row("final_layernorm", "out", "result_norm MUL", "result_norm ADD")], "gpt2": GPT2_OUTSIDE,
}

#: The last operation of all, where it is no product.
LOGITS = {"gemma2": "result_output SCALE", "granite": "result_output SCALE", "granitemoe": "result_output SCALE",
          "cohere": "result_output SCALE", "phi": "result_output ADD"}

#: Of the chosen experts, one after the other: products, activation and its product.
EXPERT_VALUES = ("ffn_moe_gate MUL_MAT_ID", "ffn_moe_up MUL_MAT_ID", "ffn_moe_swiglu GLU", "ffn_moe_down MUL_MAT_ID")

#: What enters attention and its weights, of every model type: the arguments and the second result of its function.
QUERIES, KEYS, WEIGHTS = "Qcur ROPE", "Kcur ROPE", "kq_soft_max SOFT_MAX"

#: Whose files have rows of queries and keys as neighbouring pairs, where transformers has halves.
PAIRED = {"llama", "mistral", "mixtral", "granite", "granitemoe", "smollm3"}

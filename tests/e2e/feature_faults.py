"""Planted faults in what only some architectures have, and the node at which each shows first: the operation itself, or
the next that both engines name."""
import re

SOFTMAX = "kq_soft_max SOFT_MAX"
ROPE = r"[QV]cur\w* ROPE|kq MUL_MAT"  # upstream calls openelm's rotated queries Vcur
NEXT_NORM = r"norm\w* (RMS_NORM|NORM)|norm_w MUL"
EXPECTED = {
    "layer-heads": "kq MUL_MAT", "stand-in": "ffn_inp ADD", "query-temperature": "kq MUL_MAT", "qk-norm": ROPE, "qk-norm-order": rf"{ROPE}|{NEXT_NORM}", "sub-norm": r"attn_\w*out MUL_MAT",
    "window": SOFTMAX, "soft-cap": SOFTMAX, "sink": SOFTMAX, "alibi": SOFTMAX, "score-scale": SOFTMAX,
    "wrong-expert": r"ffn_moe_(gate|up) MUL_MAT_ID", "expert-weights": "ffn_moe_weighted MUL",
    "gating": "ffn_moe_weights GET_ROWS", "selection-bias": "ffn_moe_weights GET_ROWS",
    "shared-expert": rf"l_out ADD|{NEXT_NORM}", "silu-for-relu2": r"ffn_sqr\(relu\) SQR",
    "qkv-bias": rf"{ROPE}|{NEXT_NORM}|wqkv_clamped CLAMP", "ffn-bias": r"ffn_(gelu UNARY|swiglu GLU|sqr\(relu\) SQR)",
    "norm-bias": r"wqkv MUL_MAT|[QKV]cur MUL_MAT", "norm-kind": r"attn_norm MUL|norm_w MUL|Qcur_normed MUL|wqkv MUL_MAT",
    "post-norm": r"(sa_out|ffn_inp) ADD", "embedding-norm": "norm_w MUL",
    "embedding-scale": rf"inp\w*_scaled SCALE|{NEXT_NORM}", "residual-scale": "ffn_inp ADD",
    "logit-scale": "result_output SCALE", "logit-cap": "result_output SCALE",
    "clamp": rf"{ROPE}|wqkv_clamped CLAMP", "block-order": rf"l_out ADD|{NEXT_NORM}", "rope-layers": "kq MUL_MAT",
    "rope-sections": ROPE, "rope-factors": ROPE, "window-rope": ROPE, "learned-positions": "pos_embd GET_ROWS",
    "attn-gate": r"attn_o\w* MUL_MAT", "activation": rf"ffn_(out|down|moe_down) MUL_MAT(_ID)?|ffn_act DIV|l_out ADD|{NEXT_NORM}",
    "gate-order": r"ffn_(moe_)?(gate|up) MUL_MAT(_ID)?", "tied-head": r"result_output \w+",
}

# Where a matrix has a scale, llama.cpp names its product behind the scale.
EXPECTED = {fault: re.sub(r" MUL_MAT(_ID|\(_ID\)\?)?", r"(_scaled)? MUL(_MAT\1)?", nodes)
            for fault, nodes in EXPECTED.items()}


def named(run):
    """"kq_soft_max SOFT_MAX": the node that --first-diff names, without its layer."""
    first = run.json["trace"]["first"]
    return re.sub(r"-\d+$", "", first["tensor"]) + " " + first["op"]

"""Planted faults in what only some architectures have, and the node at which each shows first: the operation itself, or
the next that both engines name."""
import re

SOFTMAX = "kq_soft_max SOFT_MAX"
ROPE = r"[QV]cur\w* ROPE|kq MUL_MAT"  # upstream calls openelm's rotated queries Vcur
NEXT_NORM = r"norm\w* (RMS_NORM|NORM)|norm_w MUL"
ACTIVATION = r"ffn_(moe_)?(\w*glu\w*|silu|gelu|relu|sqr\(relu\)|relu_sqr|gate_par) (GLU|UNARY|SQR|MUL)"
# Scores rise with each other, so that another scoring leaves the experts' order alone, but where a bias is added to them.
SCORED = "ffn_moe_weights GET_ROWS|ffn_moe_argsort ARGSORT of ffn_moe_probs_biased ADD"
EXPECTED = {
    "layer-heads": "kq MUL_MAT", "stand-in": "ffn_inp ADD", "query-temperature": "kq MUL_MAT", "qk-norm": ROPE, "qk-norm-order": rf"{ROPE}|{NEXT_NORM}", "sub-norm": r"attn_\w*out MUL_MAT",
    "window": SOFTMAX, "soft-cap": SOFTMAX, "sink": SOFTMAX, "alibi": SOFTMAX, "score-scale": SOFTMAX,
    "wrong-expert": r"ffn_moe_(gate|up) MUL_MAT_ID", "expert-weights": "ffn_moe_weighted MUL",
    "gating": SCORED, "selection-bias": "ffn_moe_argsort ARGSORT",
    "shared-expert": rf"l_out ADD|{NEXT_NORM}", "silu-for-relu2": ACTIVATION,
    "qkv-bias": rf"{ROPE}|{NEXT_NORM}|wqkv_clamped CLAMP", "ffn-bias": r"ffn_(gelu UNARY|swiglu GLU|sqr\(relu\) SQR)",
    "norm-bias": r"wqkv MUL_MAT|[QKV]cur MUL_MAT", "norm-kind": r"attn_norm MUL|norm_w MUL|Qcur_normed MUL|wqkv MUL_MAT",
    "post-norm": r"(sa_out|ffn_inp) ADD", "embedding-norm": "norm_w MUL",
    "embedding-scale": rf"inp\w*_scaled SCALE|{NEXT_NORM}", "residual-scale": "ffn_inp ADD",
    "logit-scale": "result_output SCALE", "logit-cap": "result_output SCALE",
    "clamp": rf"{ROPE}|wqkv_clamped CLAMP", "block-order": rf"ffn_(up|gate) MUL_MAT|l_out ADD|{NEXT_NORM}", "rope-layers": "kq MUL_MAT",
    "rope-sections": ROPE, "rope-factors": ROPE, "window-rope": ROPE, "learned-positions": "pos_embd GET_ROWS",
    "latent-norm": "q MUL_MAT", "latent-split": "k_states CONCAT", "attn-gate": r"attn_o\w* MUL_MAT", "activation": rf"{ACTIVATION}|ffn_(out|down|moe_down) MUL_MAT(_ID)?|ffn_act DIV|l_out ADD|{NEXT_NORM}",
    "gate-order": rf"{ACTIVATION}|{NEXT_NORM}", "tied-head": r"result_output \w+",
}

# The other mistakes of docs/mistakes.md: an architecture, options of its made model that matter, and the nodes.
NORM = "attn_norm MUL"
Q_ROPE, GATE, KQ, LOGITS = "Qcur ROPE", "ffn_gate MUL_MAT", "kq MUL_MAT", "result_output MUL_MAT"
# The sum that is left out is a node of one side; a traced position has none after it that it could see.
NOTHING = ""
FURTHER = {
    "wrong-head": ("llama", [], LOGITS), "output-bias": ("phi2", [], NOTHING),
    "eps": ("llama", [], "norm RMS_NORM"), "missing-norm-weight": ("llama", [], NORM),
    "zero-norm-weight": ("llama", [], NORM), "norm-plus-one": ("llama", [], NORM), "norm-minus-one": ("gemma", [], NORM),
    "norm-place": ("llama", [], "norm RMS_NORM|Qcur MUL_MAT"), "attn-out-bias": ("gpt2", [], "ffn_inp ADD"),
    "q-bias": ("gpt2", [], "wqkv_b ADD"), "k-bias": ("gpt2", [], "wqkv_b ADD"), "v-bias": ("gpt2", [], "wqkv_b ADD"),
    "gate-bias": ("jais", [], ACTIVATION), "up-bias": ("phi2", [], ACTIVATION), "down-bias": ("phi2", [], "l_out ADD"),
    "router-bias": ("gpt-oss", [], "ffn_moe_weights GET_ROWS"), "expert-bias": ("gpt-oss", [], ACTIVATION),
    "rope-pairing": ("llama", [], Q_ROPE), "rope-base": ("llama", [], Q_ROPE), "rope-direction": ("llama", [], Q_ROPE),
    "rope-f16": ("llama", [], Q_ROPE), "rope-scaling": ("llama", [], Q_ROPE), "position": ("llama", [], Q_ROPE),
    "rope-width": ("gptneox", ["--rope-dim", 32], Q_ROPE), "key-rope": ("llama", [], KQ),
    "gqa-map": ("llama", [], KQ), "gqa-first": ("llama", [], KQ), "gqa-next": ("llama", [], KQ),
    "mask": ("llama", [], KQ), "mask-ahead": ("llama", [], NOTHING), "window-wider": ("gemma3", [], SOFTMAX),
    "window-narrower": ("gemma3", [], SOFTMAX), "window-layers": ("gemma3", [], SOFTMAX),
    "no-score-scale": ("llama", [], SOFTMAX), "score-scale-twice": ("gemma", [], "Qcur_scaled SCALE"),
    "relu-for-relu2": ("nemotron", [], ACTIVATION), "gelu-erf": ("gemma", [], ACTIVATION),
    "gelu-quick": ("phi2", [], ACTIVATION), "activation-divisor": ("mpt", [], r"ffn_(out|down) MUL_MAT"),
    "expert-left-out": ("olmoe", [], "ffn_moe_out ADD|l_out ADD"),
    "expert-scale": ("deepseek", [], "ffn_moe_weighted MUL"), "weighed-by-bias": ("glm4moe", [], "ffn_moe_weights GET_ROWS"),
    "shared-gate": ("qwen2moe", [], "ffn_out ADD"), "attn-residual": ("llama", [], "norm RMS_NORM"),
    "ffn-residual": ("llama", [], "norm RMS_NORM"), "layers-swapped": ("llama", [], NORM),
    "layer-left-out": ("llama", [], "norm RMS_NORM"), "nan": ("llama", [], "l_out ADD"),
    "block-scale": ("llama", ["--types", "Q4_K"], GATE), "weight-bit": ("llama", ["--types", "Q6_K"], GATE),
    "weight-sign": ("llama", ["--types", "Q5_K"], GATE), "rows-swapped": ("llama", ["--types", "IQ4_XS"], GATE),
    "blocks-swapped": ("llama", ["--types", "Q8_0"], GATE), "transposed": ("llama", [], "attn_out MUL_MAT"),
    "nibble-order": ("llama", ["--types", "Q4_K"], "Qcur MUL_MAT"),
    "minimum-dropped": ("llama", ["--types", "Q5_1"], "Qcur MUL_MAT"),
    "minimum-rounded": ("llama", ["--types", "Q4_1"], "Qcur MUL_MAT"),
    "scale-dropped": ("bitnet", [], r"\w+ MUL_MAT|Qcur ROPE"),
    "kv-floats": ("llama", [], KQ), "kv-bf16": ("llama", [], KQ), "kv-codes": ("llama", [], KQ),
    "activation-floats": ("llama", ["--types", "Q8_0"], "Qcur MUL_MAT"),
    "activation-codes": ("llama", ["--types", "F16"], "Qcur MUL_MAT"),
    "activation-groups": ("llama", ["--types", "Q4_K"], "Qcur MUL_MAT"),
}
NOT_A_NUMBER = {"nan"}
# test_bitnet.py, test_token_gate.py, test_explain_rounding.py
WITHOUT_REFERENCE = {"i2s-as-qk256", "missing-bos", "kv-f16", "chunk-mask", "chunk-index"}

def scaled(nodes):
    """With a scale behind the matrices, where llama.cpp gives the product's name to what the scale makes."""
    return re.sub(r" MUL_MAT(_ID|\(_ID\)\?)?", r"(_scaled)? MUL(_MAT\1)?", nodes)


EXPECTED = {fault: scaled(nodes) for fault, nodes in EXPECTED.items()}


def named(run):
    """"kq_soft_max SOFT_MAX": the node that --first-diff names, without its layer; nothing where no node differs. Of an
    order of experts by biased scores what is ordered, too."""
    first = run.json["trace"]["first"]
    if first is None:
        return ""
    node = re.sub(r"-\d+$", "", first["tensor"]) + " " + first["op"]
    inputs = [re.sub(r"-\d+ ", " ", each["tensor"]) for each in first["inputs"]]
    biased = [name for name in inputs if name == "ffn_moe_probs_biased ADD"]
    return " of ".join([node, *biased]) if first["op"] == "ARGSORT" else node

"""Mistakes of the table (docs/mistakes.md), planted in the native engine."""
from case import LONGER, Case
from models import TOKENS, made, smollm2

# mistake, layer, weights of SmolLM2, the operation where it must show, the other engine, the guilty side
SMOLLM2 = [
    ("rope-pairing", 7, "Q8_0", "Qcur-7 ROPE", "llama.cpp", "candidate"),
    ("rope-direction", 13, "F16", "Qcur-13 ROPE", "llama.cpp:profile=production", "candidate"),
    ("rope-f16", 22, "Q4_0", "Qcur-22 ROPE", "llama.cpp:profile=production", "reference"),
    ("gqa-map", 5, "Q6_K", "kqv_out-5 CONT", "llama.cpp", "reference"),
    ("gqa-next", 28, "Q4_K", "kqv_out-28 CONT", "llama.cpp", "candidate"),
    ("mask-ahead", 18, "Q5_1", "kqv_out-18 CONT", "llama.cpp:profile=production", "candidate"),
    ("no-score-scale", 3, "BF16", "kqv_out-3 CONT", "llama.cpp", "candidate"),
    ("norm-plus-one", 25, "Q5_0", "attn_norm-25 MUL", "llama.cpp", "reference"),
    ("activation", 10, "F32", r"ffn_swiglu-10 GLU", "llama.cpp", "candidate"),
    ("rows-swapped", 16, "Q8_0", "ffn_gate-16 MUL_MAT", "llama.cpp:profile=production", "candidate"),
    ("weight-bit", 2, "Q6_K", "ffn_gate-2 MUL_MAT", "llama.cpp", "reference"),
    ("transposed", 20, "Q4_1", "attn_out-20 MUL_MAT", "llama.cpp:fa=on", "candidate"),
    ("minimum-rounded", 9, "Q4_1", "Qcur-9 MUL_MAT", "llama.cpp:profile=production", "candidate"),
    ("nibble-order", 27, "Q4_0", "Qcur-27 MUL_MAT", "llama.cpp", "candidate"),
    ("nan", 14, "Q4_1", "l_out-14 ADD", "llama.cpp", "candidate"),
    ("kv-floats", 12, "Q4_1", "kqv_out-12 CONT", "llama.cpp:profile=production", "candidate"),
    ("kv-bf16", 19, "Q8_0", "kqv_out-19 CONT", "llama.cpp", "reference"),
    ("kv-codes", 6, "F16", "kqv_out-6 CONT", "llama.cpp", "candidate"),
    ("activation-floats", 24, "Q4_K", "Qcur-24 MUL_MAT", "llama.cpp:profile=production", "candidate"),
    ("activation-groups", 15, "Q8_0", "Qcur-15 MUL_MAT", "llama.cpp", "candidate"),
    ("activation-codes", 8, "F16", "Qcur-8 MUL_MAT", "llama.cpp", "reference"),
    ("layer-left-out", 17, "Q4_1", "l_out-17 ADD|norm-1[78].* RMS_NORM|ffn_inp-17 ADD", "llama.cpp", "candidate"),
]

# mistake, architecture, formats, options, layer or -1 (all), the operation
MADE = [
    ("soft-cap", "gemma2", "Q8_0", [], 2, "kqv_out-2 CONT"),
    ("window-wider", "gemma3", "Q4_K", [], 2, "kqv_out-2 CONT"),
    ("qk-norm", "qwen3", "Q6_K", [], 3, r"Qcur-3 ROPE"),
    ("expert-weights", "qwen3moe", "Q4_K", [], 2, r"ffn_moe_weighted-2 MUL"),
    ("wrong-expert", "olmoe", "F16", [], 1, r"ffn_moe_(gate|up)-1 MUL_MAT_ID"),
    ("sub-norm", "bitnet", "TQ2_0", [], 2, r"attn_out-2 MUL_MAT"),
    ("residual-scale", "granite", "Q5_K", [], 1, "ffn_inp-1 ADD"),
    ("gelu-quick", "phi2", "Q8_0", [], 0, "ffn_gelu-0 UNARY"),
    ("norm-kind", "gpt2", "BF16", [], 3, r"attn_norm-3 MUL|norm_w-3 MUL"),
    ("alibi", "bloom", "Q8_0", [], 1, "kqv_out-1 CONT"),
    ("sink", "gpt-oss", "Q8_0", [], 2, "kqv_out-2 CONT"),
    ("k-bias", "qwen2", "IQ4_XS", ["--extras"], 2, r"Kcur-2 (ADD|ROPE)"),
]


# mistake, layer, weights of SmolLM2: of prompts in chunks of 16
IN_CHUNKS = [("chunk-mask", 9, "Q4_1"), ("chunk-index", 21, "Q8_0")]


def cases(crossval):
    for mistake, layer, weights in IN_CHUNKS:
        yield Case(f"{mistake}@{layer}", "planted", f"layer {layer}", smollm2(weights), f"SmolLM2 {weights}",
                   f"native:batch=16,fault={mistake}@{layer}", "llama.cpp", LONGER, operation=f"kqv_out-{layer} CONT",
                   causes=frozenset([mistake]))
    for mistake, layer, weights, operation, other, guilty in SMOLLM2:
        fault = f"native:fault={mistake}@{layer}"
        candidate, reference = (fault, other) if guilty == "candidate" else (other, fault)
        yield Case(f"{mistake}@{layer}", "planted", f"layer {layer}", smollm2(weights), f"SmolLM2 {weights}", candidate,
                   reference, guilty=guilty, operation=operation, causes=frozenset([mistake]))
    for mistake, arch, formats, options, layer, operation in MADE:
        yield Case(f"{mistake}@{layer}", "planted", f"layer {layer}", made(crossval, arch, formats, *options),
                   f"{arch} {formats}", f"native:fault={mistake}@{layer}", "llama.cpp", prompt=TOKENS,
                   operation=operation, causes=frozenset([mistake]))

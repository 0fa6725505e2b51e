"""llama.cpp with one place changed: what nobody has written into our own table of mistakes, or what a programmer there
would write who makes one of them."""
import functools

from case import LETTER, LONGER, NONE, Case
from foreign import Change, Tree
from models import TOKENS, made, smollm2

CACHE, GRAPH, LLAMA = "src/llama-kv-cache.cpp", "src/llama-graph.cpp", "src/models/llama.cpp"
OPS, VEC, CPU = "ggml/src/ggml-cpu/ops.cpp", "ggml/src/ggml-cpu/vec.cpp", "ggml/src/ggml-cpu/ggml-cpu.c"
X86, REPACK = "ggml/src/ggml-cpu/arch/x86/quants.c", "ggml/src/ggml-cpu/repack.cpp"

QUERY = "Qcur = ggml_rope_ext(\n                    ctx0, Qcur, inp_pos, rope_factors,\n" \
        "                    n_rot, rope_type, n_ctx_orig, freq_base, freq_scale,"
STORED = "ggml_build_forward_expand(gf, mctx_cur->cpy_k(ctx0, k_cur, k_idxs, il));\n" \
         "            ggml_build_forward_expand(gf, mctx_cur->cpy_v(ctx0, v_cur, v_idxs, il));"
AS_BF16 = "const auto as_bf16 = [&](ggml_tensor * x) { return il != 14 ? x : ggml_cast(ctx0, ggml_cast(ctx0, x, " \
          "GGML_TYPE_BF16), GGML_TYPE_F32); };\n            "
FUSED = "static void ggml_compute_forward_flash_attn_ext_f16_one_chunk("

# name, change, the model (weights of SmolLM2, or architecture and formats), the operation, the causes, and what is
# unusual: profile, settings of the worker, a longer prompt
LICENSE = ("-f", "LICENSE", "--position", "95")
FAULTS = [
    # The graph.
    ("scores × 1.01 in one layer", Change(LLAMA, "nullptr, nullptr, nullptr, kq_scale, il);", "nullptr, nullptr, nullptr, il == 11 ? 1.01f*kq_scale : kq_scale, il);"),
     "Q4_1", "kqv_out-11 CONT", NONE, {}),
    ("scores without their scale in one layer", Change(LLAMA, "nullptr, nullptr, nullptr, kq_scale, il);", "nullptr, nullptr, nullptr, il == 19 ? 1.0f : kq_scale, il);"),
     "Q8_0", "kqv_out-19 CONT", {"no-score-scale"}, {}),
    ("no residual around one attention", Change(LLAMA, "ggml_add(ctx0, cur, inpSA);", "ggml_add(ctx0, cur, il == 17 ? ggml_scale(ctx0, inpSA, 0.0f) : inpSA);"),
     "Q4_0", "ffn_inp-17 ADD", {"attn-residual"}, {}),
    ("no residual around one feed-forward network", Change(LLAMA, "cur = ggml_add(ctx0, cur, ffn_inp);", "cur = il == 6 ? cur : ggml_add(ctx0, cur, ffn_inp);"),
     "Q6_K", r"(ffn_out|l_out)-6 ADD|norm-7.* RMS_NORM", {"ffn-residual"}, {}),
    ("the residual of the block before", Change(LLAMA, "ggml_add(ctx0, cur, inpSA);", "ggml_add(ctx0, cur, il == 23 ? res->t_layer_inp[il - 1] : inpSA);"),
     "Q4_1", "ffn_inp-23 ADD", NONE, {}),
    ("half the RoPE base for one layer's queries", Change(LLAMA, QUERY, QUERY.replace("freq_base,", "il == 8 ? 0.5f*freq_base : freq_base,")),
     "Q4_1", "Qcur-8 ROPE", {"rope-base"}, {}),
    ("another RoPE base for one layer's queries", Change(LLAMA, QUERY, QUERY.replace("freq_base,", "il == 22 ? 1.1f*freq_base : freq_base,")),
     "Q5_0", "Qcur-22 ROPE", NONE, {}),
    ("queries turned twice in one layer", Change(LLAMA, "cb(Qcur, \"Qcur\", il);", "if (il == 2) Qcur = ggml_rope_ext(ctx0, Qcur, inp_pos, rope_factors, n_rot, rope_type, n_ctx_orig, freq_base, freq_scale, ext_factor, attn_factor, beta_fast, beta_slow);\n            cb(Qcur, \"Qcur\", il);"),
     "F16", "Qcur-2 ROPE", NONE, {}),
    ("gate and up in the other order in one layer", Change(GRAPH, "cur = ggml_swiglu_split(ctx0, cur, tmp);", "cur = il == 9 ? ggml_swiglu_split(ctx0, tmp, cur) : ggml_swiglu_split(ctx0, cur, tmp);"),
     "Q4_1", "ffn_swiglu-9 GLU", {"gate-order"}, {}),
    ("one layer's keys with their bias left out", Change(GRAPH, "if (layer.wk_b) {\n            Kcur", "if (layer.wk_b && il != 1) {\n            Kcur"),
     ("qwen2", "Q8_0", "--extras"), r"Kcur-1 (ADD|ROPE)", {"k-bias"}, {}),
    ("no soft cap in one layer", Change(GRAPH, "if (hparams.attn_soft_cap) {", "if (hparams.attn_soft_cap && il != 2) {"),
     ("gemma2", "Q8_0"), "kqv_out-2 CONT", {"soft-cap"}, {}),
    ("query norm with the keys' weights", Change("src/models/qwen3.cpp", "build_norm(Qcur, model.layers[il].attn_q_norm,", "build_norm(Qcur, il == 1 ? model.layers[il].attn_k_norm : model.layers[il].attn_q_norm,"),
     ("qwen3", "Q4_K"), r"Qcur_normed-1 MUL|Qcur-1 ROPE", NONE, {}),
    ("weights of experts not normalised in one layer", Change(GRAPH, "if (norm_w) {", "if (norm_w && il != 2) {"),
     ("qwen3moe", "Q8_0"), r"ffn_moe_weights\w*-2 \w+|ffn_moe_weighted-2 MUL", {"expert-weights"}, {}),
    ("one expert left out of the sum", Change(GRAPH, "for (uint32_t i = 1; i < n_expert_used_il; ++i) {\n        moe_out", "for (uint32_t i = 1; i + (il == 3) < n_expert_used_il; ++i) {\n        moe_out"),
     ("olmoe", "Q4_K"), r"ffn_moe_out-3 \w+|l_out-3 ADD|ffn_out-3 ADD", {"expert-left-out"}, {}),
    ("BitNet's norm inside the network left out", Change("src/models/bitnet.cpp", "model.layers[il].ffn_sub_norm, NULL,\n                LLM_NORM_RMS, il);", "il == 1 ? nullptr : model.layers[il].ffn_sub_norm, NULL,\n                LLM_NORM_RMS, il);"),
     ("bitnet", "TQ2_0"), r"ffn_sub_norm-1 MUL|ffn_(down|out)-1 MUL_MAT", NONE, {}),
    ("no scale of the residual in one layer", Change("src/models/granite.cpp", "if (hparams.f_residual_scale) {\n        cur = ggml_scale(ctx0, cur, hparams.f_residual_scale);", "if (hparams.f_residual_scale) {\n        cur = ggml_scale(ctx0, cur, il == 2 ? 1.0f : hparams.f_residual_scale);", 2),
     ("granite", "Q8_0"), r"(ffn_inp|ffn_out|l_out)-2 (ADD|SCALE)|norm-[23].* RMS_NORM", {"residual-scale"}, {}),
    # The cache and its mask.
    ("a query sees the next key", Change(CACHE, "if (p0 > p1) {", "if (p0 > p1 + 1) {"),
     "Q4_1", "kqv_out-0 CONT", {"mask-ahead"}, {}),
    ("a window one key wider", Change(CACHE, "llama_hparams::is_masked_swa(n_swa, swa_type, p0, p1)", "llama_hparams::is_masked_swa(n_swa, swa_type, p0, p1 - 1)"),
     ("gemma3", "Q4_K"), r"kqv_out-\d CONT", {"window-wider"}, {}),
    ("one key written over another", Change(CACHE, "data[s*sinfo.size() + i] = offs + sinfo.idxs[s][i];", "data[s*sinfo.size() + i] = offs + (sinfo.idxs[s][i] == 30 ? 29 : sinfo.idxs[s][i]);", 2),
     "Q4_1", "kqv_out-0 CONT", NONE, {"prompt": LONGER}),
    ("the last key before a chunk not seen", Change(CACHE, "if (p0 > p1) {", "if (p0 > p1 || p0 + 1 == ubatch->pos[0]) {"),
     "Q4_1", "kqv_out-0 CONT", {"chunk-mask"}, {"settings": "ubatch=16", "prompt": LONGER}),
    ("one layer's keys and values in BF16", Change(GRAPH, STORED, STORED.replace("ctx0, k_cur", "ctx0, as_bf16(k_cur)").replace("ctx0, v_cur", "ctx0, as_bf16(v_cur)").replace("ggml_build", AS_BF16 + "ggml_build", 1)),
     "Q8_0", "kqv_out-14 CONT", {"kv-bf16"}, {}),
    ("stale values at the border of a chunk", Change(CACHE, "= offs + j*kv_size + sinfo.idxs[s][i];", "= offs + j*kv_size + sinfo.idxs[s][i] + (i == 0 && sinfo.idxs[s][i] > 0 ? 1 : 0);"),
     "Q4_1", "kqv_out-0 CONT", NONE, {"settings": "ubatch=16", "prompt": LONGER}),
    # Kernels.
    ("every position off by one in RoPE", Change(OPS, "const int64_t p = pos[i2];", "const int64_t p = pos[i2] + 1;"),
     "Q8_0", "Qcur-0 ROPE", {"position"}, {}),
    ("RoPE's frequencies drift", Change(OPS, "        cache[i0 + 1] *= sin_sign;\n\n        theta *= theta_scale;\n    }\n}\n\n", "        cache[i0 + 1] *= sin_sign;\n\n        theta *= theta_scale*1.0001f;\n    }\n}\n\n"),
     "Q4_1", "Qcur-0 ROPE", NONE, {}),
    ("a norm's epsilon of 1e-6", Change(OPS, "const float scale = 1.0f/sqrtf(mean + eps);", "const float scale = 1.0f/sqrtf(mean + 1e-6f);"),
     "Q4_1", "norm-0 RMS_NORM", {"eps"}, {}),
    ("a mean over one value less", Change(OPS, "const float mean  = sum/ne00;", "const float mean  = sum/(ne00 - 1);"),
     "F16", "norm-0 RMS_NORM", NONE, {}),
    ("softmax with a sum too large", Change(OPS, "sum = 1.0/sum;\n                ggml_vec_scale_f32(ne00, dp, sum);", "sum = 1.0/(sum + 1e-3);\n                ggml_vec_scale_f32(ne00, dp, sum);"),
     "F16", "kqv_out-0 CONT", NONE, {}),
    ("ALiBi a step too steep", Change(OPS, "? powf(m0, h + 1) : powf(m1, 2*(h - n_head_log2) + 1) : 1.0f;\n\n                float * sp", "? powf(m0, h) : powf(m1, 2*(h - n_head_log2) + 1) : 1.0f;\n\n                float * sp"),
     ("bloom", "Q8_0"), "kqv_out-0 CONT", NONE, {}),
    ("the attention's sinks ignored", Change(OPS, "sum += (ggml_float) expf(sk[i02] - max);", "sum += 0.0;"),
     ("gpt-oss", "Q8_0"), "kqv_out-0 CONT", {"sink"}, {}),
    ("SiLU of 1.001 x", Change(VEC, "_mm256_mul_ps(ggml_v_silu(_mm256_loadu_ps(x + i)), _mm256_loadu_ps(g + i))", "_mm256_mul_ps(ggml_v_silu(_mm256_mul_ps(_mm256_set1_ps(1.001f), _mm256_loadu_ps(x + i))), _mm256_loadu_ps(g + i))"),
     "Q4_0", "ffn_swiglu-0 GLU", NONE, {}),
    ("a GELU of another form", Change(CPU, "ggml_table_gelu_f16[i] = GGML_CPU_FP32_TO_FP16(ggml_gelu_f32(f));", "ggml_table_gelu_f16[i] = GGML_CPU_FP32_TO_FP16(ggml_gelu_quick_f32(f));"),
     ("phi2", "Q8_0"), "ffn_gelu-0 UNARY", {"gelu-quick"}, {}),
    ("GELU with 0.0442 for 0.044715", Change(CPU, "ggml_table_gelu_f16[i] = GGML_CPU_FP32_TO_FP16(ggml_gelu_f32(f));", "ggml_table_gelu_f16[i] = GGML_CPU_FP32_TO_FP16(0.5f*f*(1.0f + tanhf(0.7978846f*f*(1.0f + 0.0442f*f*f))));"),
     ("gpt2", "F16"), "ffn_gelu-0 UNARY", NONE, {}),
    ("an expert's rows from one row further", Change(CPU, "src0_cur + ir0*nb01, 0, src1_col", "src0_cur + (id == 1 && ir0 == 7 ? 8 : ir0)*nb01, 0, src1_col"),
     ("olmoe", "Q8_0"), r"ffn_moe_(gate|up)-0 MUL_MAT_ID", NONE, {}),
    ("two lanes of a dot in the other order", Change(X86, "_mm256_loadu_si256( (const __m256i *)y[ib].qs );\n\n        const __m256 xy", "_mm256_shuffle_epi32(_mm256_loadu_si256( (const __m256i *)y[ib].qs ), 0xB4);\n\n        const __m256 xy"),
     "Q4_1", "Qcur-0 MUL_MAT", NONE, {}),
    ("minima left out of a dot", Change(X86, "summs += GGML_CPU_FP16_TO_FP32(x[ib].m) * GGML_CPU_FP16_TO_FP32(y[ib].s);\n\n        const __m256 d0v", "summs += 0.0f;\n\n        const __m256 d0v"),
     "Q4_1", "Qcur-0 MUL_MAT", {"minimum-dropped"}, {}),
    ("high and low nibbles in the other order", Change(X86, "        const __m256i qx = bytes_from_nibbles_32(x[ib].qs);\n        const __m256i qy = _mm256_loadu_si256( (", "        const __m256i nibbles = bytes_from_nibbles_32(x[ib].qs);\n        const __m256i qx = _mm256_permute2x128_si256(nibbles, nibbles, 1);\n        const __m256i qy = _mm256_loadu_si256( ("),
     "Q4_1", "Qcur-0 MUL_MAT", {"nibble-order"}, {}),
    ("activations cut off, not rounded", Change(X86, "v0 = _mm256_round_ps( v0, _MM_ROUND_NEAREST );", "v0 = _mm256_round_ps( v0, _MM_FROUND_TO_ZERO );", 2),
     "Q8_0", "Qcur-0 MUL_MAT", NONE, {}),
    ("a sub-block's scale of the next one", Change(X86, "const __m128i scale_2 = _mm_shuffle_epi8(scales, get_scale_shuffle(is + 2));\n            const __m128i scale_3 = _mm_shuffle_epi8(scales, get_scale_shuffle(is + 3));\n            is += 4;", "const __m128i scale_2 = _mm_shuffle_epi8(scales, get_scale_shuffle(is + 3));\n            const __m128i scale_3 = _mm_shuffle_epi8(scales, get_scale_shuffle(is + 3));\n            is += 4;", 2),
     "Q6_K", "ffn_out-0 MUL_MAT", NONE, {}),
    # The production build: repacked weights, fused attention.
    ("repacked: one nibble keeps its sign", Change(REPACK, "const int end = QK4_0 * 4 / blck_size_interleave;\n    const uint64_t xor_mask = 0x8888888888888888ULL;", "const int end = QK4_0 * 4 / blck_size_interleave;\n    const uint64_t xor_mask = 0x0888888888888888ULL;"),
     "Q4_0", "Qcur-0 MUL_MAT", NONE, {"profile": "production"}),
    ("repacked: rows of a group one further", Change(REPACK, "int src_id = i % 8;\n        int src_offset = (i / 8) * blck_size_interleave;\n        int dst_offset = i * blck_size_interleave;\n\n        uint64_t elems;\n        memcpy(&elems, &in[src_id].qs[src_offset], sizeof(uint64_t));\n        elems ^= xor_mask;", "int src_id = (i + 1) % 8;\n        int src_offset = (i / 8) * blck_size_interleave;\n        int dst_offset = i * blck_size_interleave;\n\n        uint64_t elems;\n        memcpy(&elems, &in[src_id].qs[src_offset], sizeof(uint64_t));\n        elems ^= xor_mask;"),
     "Q4_0", "Qcur-0 MUL_MAT", NONE, {"profile": "production", "guilty": "reference"}),
    ("fused: the sum not scaled down at a new maximum", Change(OPS, "ggml_vec_scale_f16(DV, VKQ16, ms);", ""),
     "Q4_1", "kqv_out-0 CONT", NONE, {"profile": "production"}),
    ("fused: query heads read the keys in turn", Change(OPS, "const int ik2 = iq2 / rk2;", "const int ik2 = iq2 % nek2;", 2),
     "Q4_1", "kqv_out-0 CONT", NONE, {"profile": "production", "guilty": "reference"}),
    ("fused, 64 positions: a tile's last key left out", Change(OPS, "const int kv_tile = (int)std::min((int64_t)KV_TILE_SZ, nek1 - ic);", "const int kv_tile = (int)std::min((int64_t)KV_TILE_SZ - 1, nek1 - ic);"),
     "Q4_1", "kqv_out-0 CONT", NONE, {"profile": "production", "prompt": LICENSE}),
]


@functools.cache
def tree(profile):
    return Tree(profile)


def engine(change, profile, settings):
    """A function: the changed llama.cpp's name."""
    def named():
        parts = [f"worker={tree(profile).worker(change)}", f"profile={profile}", *([settings] if settings else [])]
        return "llama.cpp:" + ",".join(parts)
    return named


def cases(crossval):
    for name, change, model, operation, causes, unusual in FAULTS:
        profile = unusual.get("profile", "canonical")
        faulty = engine(change, profile, unusual.get("settings"))
        guilty = unusual.get("guilty", "candidate")
        path = smollm2(model) if isinstance(model, str) else made(crossval, *model)
        prompt = unusual.get("prompt", LETTER if isinstance(model, str) else TOKENS)
        candidate, reference = (faulty, "native") if guilty == "candidate" else ("native", faulty)
        yield Case(name, "foreign", f"{change.file.split('/')[-1]}, {profile}", path,
                   f"SmolLM2 {model}" if isinstance(model, str) else " ".join(model[:2]), candidate, reference, prompt, guilty,
                   operation, frozenset(causes))

// Results as a run would give them, written by hand.
#pragma once

#include <limits>
#include <string>

#include "results/comparison.h"

namespace crossval::testing {

inline EngineInfo native_engine() {
  EngineInfo info;
  info.identity = {.name = "native",
                   .version = "0.1.0",
                   .commit = "9272ab6",
                   .build = "g++ 12.2.0 -ffp-contract=off",
                   .isa = "avx2",
                   .libm = "glibc 2.36",
                   .profile = "",
                   .activations = "Q8_1 for Q4_1",
                   .activation_function = "silu",
                   .api = "",
                   .faults = {}};
  info.settings.model_path = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
  info.settings.model_description = "llama, 30 layers, 135M parameters, Q4_1";
  info.settings.n_vocab = 49152;
  info.settings.n_ctx = 2048;
  info.settings.n_ctx_train = 8192;
  info.settings.n_batch = 512;
  info.settings.n_ubatch = 512;
  info.settings.threads = 1;
  info.settings.all_logits = true;
  info.settings.kv_type_k = info.settings.kv_type_v = "f16";
  info.settings.flash_attention = "off";
  info.settings.rope = "base 100000 scale 1";
  info.settings.norm_eps = 1e-5;
  info.capabilities = {true, true, true, true, true};
  return info;
}

inline EngineInfo llama_engine() {
  EngineInfo info = native_engine();
  info.identity = {.name = "llama.cpp",
                   .version = "0.3.36",
                   .commit = "0c1e57098",
                   .build = "g++ 12.2.0",
                   .isa = "avx2+fma+f16c",
                   .libm = "glibc 2.36",
                   .profile = "canonical",
                   .activations = "",
                   .activation_function = "silu",
                   .api = "llama_memory (since July 2025)",
                   .faults = {}};
  return info;
}

inline PositionResult identical_position(int32_t at, const std::string& piece,
                                         bool decode = false) {
  PositionResult position;
  position.position = at;
  position.id = 100 + at;
  position.piece = piece;
  position.decode = decode;
  position.passed = true;
  position.metrics.identical = true;
  position.metrics.cosine = position.metrics.centred_cosine = 1;
  position.metrics.candidate_argmax = position.metrics.reference_argmax = 7;
  position.metrics.top10_overlap = 10;
  position.metrics.reference_margin = 1.5;
  return position;
}

inline PositionResult differing_position(int32_t at, const std::string& piece, double cosine,
                                         bool passed) {
  PositionResult position = identical_position(at, piece);
  position.passed = passed;
  RowMetrics& m = position.metrics;
  m.identical = false;
  m.cosine = m.centred_cosine = cosine;
  m.l2 = 12.5;
  m.relative_l2 = 0.0123;
  m.max_abs_diff = 0.75;
  m.max_abs_token = 42;
  m.kl = 0.00321;
  m.kl_reverse = 0.00322;
  m.top10_overlap = 8;
  return position;
}

/// A prompt of `prompt` tokens and `steps` decode steps, every bit the same.
inline Comparison identical_comparison(int32_t prompt, int32_t steps) {
  Comparison comparison;
  comparison.candidate = native_engine();
  comparison.reference = llama_engine();
  comparison.requirement = Requirement::bits;
  comparison.max_tokens = steps;
  const ModelPart file = {comparison.candidate.settings.model_path, 98765432, {}};
  comparison.models = {true, "one file", {file}, {file}};
  comparison.prompt = {.text = "Dear Ana,\nthe parcel came.",
                       .form = "raw",
                       .form_why = "text was given",
                       .bos = "not added",
                       .bos_why = "the model file asks for none",
                       .special = "not parsed",
                       .special_why = "raw text"};
  for (int32_t i = 0; i < prompt + steps; ++i) {
    comparison.positions.push_back(
        identical_position(i, i == 1 ? "\n" : " word" + std::to_string(i), i >= prompt));
    if (i < prompt) comparison.tokens.push_back(100 + i);
  }
  comparison.prompt_positions = prompt;
  comparison.decode_steps = steps;
  comparison.identical_rows = prompt + steps;
  comparison.passing_cos_tol = 1;
  comparison.verdict = Verdict::identical;
  comparison.seconds = 1.25;
  return comparison;
}

/// 40 positions; 20 on fails, 30 is the worst and its argmax differs.
inline Comparison diverged_comparison() {
  Comparison comparison = identical_comparison(40, 2);
  comparison.requirement = Requirement::cosine;
  comparison.candidate.identity.faults = {"rope-pairing"};
  for (int32_t i = 20; i < 42; ++i) {
    auto& position = comparison.positions[static_cast<size_t>(i)];
    const bool decode = position.decode;
    position = differing_position(i, position.piece, i == 30 ? 0.51 : 0.98, false);
    position.decode = decode;
  }
  comparison.positions[30].metrics.candidate_argmax = 8;
  comparison.identical_rows = 20;
  comparison.argmax_flips = 1;
  comparison.first_divergence = 20;
  comparison.worst = 30;
  comparison.passing_cos_tol = 0.51;
  comparison.max_absolute_diff = 0.75;
  comparison.verdict = Verdict::diverged;
  comparison.trace = TraceComparison{
      .tensors_compared = 12,
      .only_candidate = {},
      .only_reference = {"norm-0"},
      .differs = true,
      .first = {.tensor = "Qcur-0",
                .op = "ROPE",
                .occurrence = 0,
                .layer = 0,
                .position = 20,
                .element = 3,
                .width = 576,
                .candidate = 0.5F,
                .reference = -0.25F,
                .differing = 22000,
                .compared = 23040,
                .max_abs_diff = 3.25,
                .last_equal = "Vcur-0 MUL_MAT",
                .inputs = {{"Qcur-0 MUL_MAT", true, true}, {"inp_pos", false, false}},
                .weight = "rope_freqs.weight",
                .same_weight = {}}};
  return comparison;
}

inline Comparison unhealthy_comparison() {
  Comparison comparison = identical_comparison(3, 0);
  comparison.positions[1].healthy = false;
  comparison.positions[1].passed = false;
  comparison.positions[1].metrics.cosine = std::numeric_limits<double>::quiet_NaN();
  comparison.positions[1].metrics.relative_l2 = std::numeric_limits<double>::infinity();
  comparison.health = {{"nan", Side::candidate, 1, 17, "first NaN at token 17 of 49152"}};
  NonFiniteOrigin origin;
  origin.position = 1;
  origin.found = true;
  origin.tensor = "ffn_moe_down-3";
  origin.op = "MUL_MAT_ID";
  origin.layer = 3;
  origin.element = 580;
  origin.width = 1152;
  origin.value = std::numeric_limits<float>::quiet_NaN();
  origin.inputs = {{"ffn_moe_swiglu-3 GLU", true, true, 2.5},
                   {"ffn_moe_topk-3 VIEW", false, true, 0}};
  origin.before = "ffn_moe_weights_norm-3 DIV";
  origin.weight = "blk.3.ffn_down_exps.weight";
  origin.weight_read = true;
  origin.bad_weight = NonFiniteWeight{.tensor = "blk.3.ffn_down_exps.weight",
                                      .expert = 5,
                                      .row = 4,
                                      .column = 64,
                                      .block = 2,
                                      .value = origin.value};
  NonFiniteOrigin healthy;
  healthy.side = Side::reference;
  healthy.position = 1;
  comparison.origins = {origin, healthy};
  comparison.identical_rows = 2;
  comparison.passing_cos_tol.reset();
  comparison.max_absolute_diff = std::numeric_limits<double>::quiet_NaN();
  comparison.verdict = Verdict::unhealthy;
  return comparison;
}

inline Comparison mismatched_comparison() {
  Comparison comparison = identical_comparison(0, 0);
  comparison.gates_open = false;
  comparison.passing_cos_tol.reset();
  comparison.identical_rows = 0;
  TokenMismatch mismatch;
  mismatch.index = 2;
  mismatch.text_offset = 9;
  mismatch.place = "…Dear Ana >|< , the parcel…";
  mismatch.hunks = {{2, 3, 2, 4}};
  mismatch.cause = {"pre-tokenizer-digits", "the candidate splits digits one by one",
                    "\"2\" \"0\" beside \"20\""};
  mismatch.causes = {{"pre-tokenizer-digits", 1}};
  mismatch.candidate_window = {{1, 411, " Ana", {4, 8}, false}, {2, 34, "20", {8, 10}, true}};
  mismatch.reference_window = {
      {1, 411, " Ana", {4, 8}, false}, {2, 34, "2", {8, 9}, true}, {3, 32, "0\xff", {9, 10}, true}};
  comparison.mismatch = mismatch;
  comparison.verdict = Verdict::tokens_differ;
  return comparison;
}

/// The same, with both engines on the candidate's ids; position 2 passes without being identical.
inline Comparison overruled_comparison() {
  Comparison comparison = identical_comparison(3, 1);
  comparison.requirement = Requirement::cosine;
  comparison.on_token_mismatch = OnTokenMismatch::use_candidate;
  comparison.mismatch = mismatched_comparison().mismatch;
  comparison.positions[2] = differing_position(2, "20", 0.99995, true);
  comparison.identical_rows = 3;
  comparison.worst = 2;
  comparison.passing_cos_tol = 0.99995;
  comparison.max_absolute_diff = 0.75;
  comparison.verdict = Verdict::tokens_differ;
  return comparison;
}

inline Comparison refused_comparison() {
  Comparison comparison = identical_comparison(0, 0);
  comparison.gates_open = false;
  comparison.passing_cos_tol.reset();
  comparison.identical_rows = 0;
  comparison.settings = {
      {"kv-type", "f32", "f16", SettingWeight::refused, "keys and values are rounded differently"},
      {"threads", "2", "1", SettingWeight::recorded, "changes no number"},
      {"norm-eps", "1e-06", "1e-05", SettingWeight::asked, "norms divide by something else"}};
  comparison.warnings = {{"bos-missing", "the model file asks for a BOS"}};
  comparison.verdict = Verdict::settings_differ;
  return comparison;
}

}  // namespace crossval::testing

#include "identity.h"

#include <ggml-backend.h>
#include <gnu/libc-version.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "environment.h"
#include "gguf_facts.h"
#include "log.h"

namespace crossval_llama {
namespace {

using Json = nlohmann::ordered_json;

// "AVX2 F16C FMA" out of "CPU : SSE3 = 1 | AVX2 = 1 | …".
std::string instruction_sets() {
  std::string rest = llama_print_system_info();
  std::string names;
  for (size_t at = rest.find(" = 1"); at != std::string::npos; at = rest.find(" = 1", at + 1)) {
    const size_t begin = rest.find_last_of(" |", at - 1) + 1;
    names += (names.empty() ? "" : " ") + rest.substr(begin, at - begin);
  }
  return names;
}

std::string metadata(const llama_model* model, const std::string& key) {
  std::string value(256, '\0');
  const int32_t length = llama_model_meta_val_str(model, key.c_str(), value.data(), value.size());
  if (length < 0) return {};
  value.resize(std::min(value.size() - 1, static_cast<size_t>(length)));
  return value;
}

std::string description(const llama_model* model) {
  std::string text(256, '\0');
  const int32_t length = llama_model_desc(model, text.data(), text.size());
  text.resize(std::min(text.size() - 1, static_cast<size_t>(std::max(0, length))));
  return text;
}

double norm_eps(const llama_model* model) {
  const std::string architecture = metadata(model, "general.architecture");
  for (const char* key : {".attention.layer_norm_rms_epsilon", ".attention.layer_norm_epsilon"}) {
    const std::string value = metadata(model, architecture + key);
    // As the float that llama.cpp computes with.
    if (!value.empty()) return std::strtof(value.c_str(), nullptr);
  }
  return 0.0;
}

// Devices that hold matrices: "cpu", "cpu, CUDA0".
std::string devices(const GraphFacts& graph) {
  std::set<std::string> names;
  for (const ggml_tensor* matrix : graph.matrices) names.insert(era::device_of(matrix));
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "cpu" : text;
}

// "as stored", or "CPU_REPACK for q4_0 (210 of 211 matrices)".
std::string weight_layout(const GraphFacts& graph) {
  std::map<std::string, std::set<std::string>> types;
  std::map<std::string, size_t> matrices;
  for (const ggml_tensor* matrix : graph.matrices) {
    const std::string how = era::rearranged(matrix);
    if (how.empty()) continue;
    types[how].insert(ggml_type_name(matrix->type));
    ++matrices[how];
  }
  std::string text;
  for (const auto& [how, names] : types) {
    text += (text.empty() ? "" : "; ") + how + " for ";
    bool first = true;
    for (const std::string& name : names) {
      text += (first ? "" : ", ") + name;
      first = false;
    }
    text += " (" + std::to_string(matrices[how]) + " of " + std::to_string(graph.matrices.size()) +
            " matrices)";
  }
  return text.empty() ? "as stored" : text;
}

// "CPU_Mapped: 61 matrices": what holds them.
std::vector<std::string> weight_buffers(const GraphFacts& graph) {
  std::map<std::string, size_t> matrices;
  for (const ggml_tensor* matrix : graph.matrices) {
    ++matrices[ggml_backend_buffer_name(matrix->buffer)];
  }
  std::vector<std::string> all;
  all.reserve(matrices.size());
  for (const auto& [buffer, count] : matrices) {
    all.push_back(buffer + ": " + std::to_string(count) + (count == 1 ? " matrix" : " matrices"));
  }
  return all;
}

// What changes the bits though it should not.
Json not_invariant_to(const GraphFacts& graph, const llama_context* context) {
  const bool canonical = build_profile() == "canonical" && !graph.flash_attention &&
                         weight_layout(graph) == "as stored";
  if (canonical) return Json::array();
  Json names = {"threads", "micro-batch"};
  // Batches end where a micro-batch ends.
  if (llama_n_batch(context) % llama_n_ubatch(context) != 0) names.push_back("batch");
  return names;
}

std::string profile(const Options& options) {
  const std::string built = build_profile();
  return options.profile == built ? built : built + ", " + options.profile + " settings";
}

// Scale and base in llama.cpp's own digits; "base 100000.0" reads "base 100000".
std::string rope() {
  std::string base = logged_value("freq_base");
  if (base.ends_with(".0")) base.resize(base.size() - 2);
  return base.empty() ? "" : "base " + base + " scale " + logged_value("freq_scale");
}

std::string context_class(const GgufFacts& file, const llama_context* context) {
  if (!file.long_rope_factors) return {};
  const auto original = std::strtoul(logged_value("n_ctx_orig_yarn").c_str(), nullptr, 10);
  return llama_n_ctx(context) > original ? "long" : "short";
}

Json settings(const Options& options, Session& session, const GgufFacts& file) {
  const llama_model* model = session.model();
  llama_context* context = session.context();
  Json s = {{"model_path", options.model},
            {"model_description", description(model)},
            {"n_vocab", era::n_tokens(session.vocab())},
            {"n_ctx_train", era::n_ctx_train(model)},
            {"device", devices(session.graph())},
            {"add_bos", era::adds_bos(session.vocab())},
            {"add_eos", era::adds_eos(session.vocab())},
            {"environment", relevant_environment()}};
  if (context == nullptr) return s;
  s["n_ctx"] = session.n_ctx();
  s["n_ctx_learned"] = session.graph().learned_positions;
  s["n_batch"] = llama_n_batch(context);
  s["n_ubatch"] = llama_n_ubatch(context);
  s["threads"] = era::n_threads(context);
  s["all_logits"] = true;  // every batch asks for them, and every row is checked to be there
  s["kv_type_k"] = logged_between(" K (", ")");
  s["kv_type_v"] = logged_between(" V (", ")");
  s["flash_attention"] = session.graph().flash_attention ? "on" : "off";
  s["weight_layout"] = weight_layout(session.graph());
  s["weight_buffers"] = weight_buffers(session.graph());
  s["rope"] = rope();
  s["norm_eps"] = norm_eps(model);
  s["context_class"] = context_class(file, context);
#if defined(__x86_64__)
  // On ARM it depends on the version (docs/bitnet.md).
  if (file.i2_s && std::string_view(LLAMA_CPP_PROJECT) == "bitnet.cpp") {
    s["i2s_layout"] = "x86";
    s["i2s_layout_why"] = "which bitnet.cpp's kernels read here, whatever wrote the file";
  }
#endif
  s["not_invariant_to"] = not_invariant_to(session.graph(), context);
  return s;
}

}  // namespace

std::string build_profile() { return CROSSVAL_PROFILE; }

void warn_about_settings(const Options& options, const Session& session) {
  if (options.profile != build_profile()) {
    warn("profile-on-build",
         options.canonical()
             ? "profile=canonical on a build of your own: it runs without flash attention and "
               "rearranged weights unless fa= and repack= say otherwise, on the CPU alone, with "
               "GGML_CPU_TILED_MM=0 and GGML_NO_IQ_PANEL=1; its kernels stay as they were compiled"
             : "profile=production on a build of your own keeps it on the CPU unless device= or "
               "ngl= say otherwise; else it changes nothing: llama.cpp's own defaults are in force "
               "without it");
  }
  if (session.context() == nullptr) return;
  const GraphFacts& graph = session.graph();
  if (options.repack == true && weight_layout(graph) == "as stored") {
    warn("repack-without-effect",
         "repack=on changes nothing: this build rearranges no weight of "
         "this model");
  }
  if (options.flash_attention == FlashAttention::on && !graph.flash_attention) {
    warn("fa-without-effect",
         "fa=on changes nothing: this llama.cpp computes this model without flash attention");
  }
}

std::string describe(const Options& options, Session& session) {
  const GgufFacts file = read_gguf_facts(options.model);
  const bool evaluates = session.context() != nullptr;
  std::string commit = LLAMA_CPP_COMMIT;
  if (commit.empty()) commit = era::commit();
  const Json ready = {{"identity",
                       {{"name", LLAMA_CPP_PROJECT},
                        {"version", era::version()},
                        {"commit", commit},
                        {"build", LLAMA_CPP_BUILT_BY},
                        {"isa", instruction_sets()},
                        {"libm", std::string("glibc ") + gnu_get_libc_version()},
                        {"profile", profile(options)},
                        {"activations", file.activations},
                        {"activation_function", session.graph().activation_function},
                        {"api", era::kApi},
                        {"faults", Json::array()}}},
                      {"settings", settings(options, session, file)},
                      {"capabilities",
                       {{"tokenize", llama_vocab_type(session.vocab()) != LLAMA_VOCAB_TYPE_NONE},
                        {"all_logits", evaluates},
                        {"decode", evaluates},
                        {"trace", evaluates},
                        {"state", evaluates && session.shows_state()}}}};
  return ready.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace crossval_llama

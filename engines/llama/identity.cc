#include "identity.h"

#include <gnu/libc-version.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

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

// "disabled", "enabled" or, where llama.cpp was to decide, what it decided.
std::string flash_attention() {
  const std::string asked = logged_value("flash_attn");
  if (asked == "disabled" || asked == "0") return "off";
  if (asked == "enabled" || asked == "1") return "on";
  if (was_logged("Flash Attention not supported") ||
      was_logged("Flash Attention was auto, set to disabled"))
    return "off";
  if (was_logged("Flash Attention enabled") ||
      was_logged("Flash Attention was auto, set to enabled"))
    return "on";
  return "unknown";
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
            {"device", session.device_name()},
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
  s["flash_attention"] = flash_attention();
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
  s["not_invariant_to"] = Json::array();
  if (build_profile() != "canonical") s["not_invariant_to"] = {"threads", "batch", "micro-batch"};
  return s;
}

}  // namespace

std::string build_profile() { return CROSSVAL_PROFILE; }

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
                        {"profile", build_profile()},
                        {"activations", file.activations},
                        {"activation_function", session.graph().activation_function},
                        {"api", era::kApi},
                        {"faults", Json::array()}}},
                      {"settings", settings(options, session, file)},
                      {"capabilities",
                       {{"tokenize", llama_vocab_type(session.vocab()) != LLAMA_VOCAB_TYPE_NONE},
                        {"all_logits", evaluates},
                        {"decode", evaluates},
                        {"trace", evaluates}}}};
  return ready.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace crossval_llama

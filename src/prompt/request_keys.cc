#include "prompt/request_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrompt[] = {"messages", "tools", "documents", "chat_template_kwargs",
                                        "add_generation_prompt"};

// OpenAI's, and what llama.cpp's server, vLLM and ollama take beside them.
constexpr std::string_view kSampling[] = {"temperature",
                                          "top_p",
                                          "top_k",
                                          "min_p",
                                          "typical_p",
                                          "tfs_z",
                                          "top_a",
                                          "top_n_sigma",
                                          "n",
                                          "best_of",
                                          "max_tokens",
                                          "max_completion_tokens",
                                          "min_tokens",
                                          "n_predict",
                                          "stop",
                                          "stop_token_ids",
                                          "include_stop_str_in_output",
                                          "ignore_eos",
                                          "seed",
                                          "presence_penalty",
                                          "frequency_penalty",
                                          "repetition_penalty",
                                          "repeat_penalty",
                                          "repeat_last_n",
                                          "length_penalty",
                                          "logit_bias",
                                          "logprobs",
                                          "top_logprobs",
                                          "prompt_logprobs",
                                          "n_probs",
                                          "mirostat",
                                          "mirostat_tau",
                                          "mirostat_eta",
                                          "dynatemp_range",
                                          "dynatemp_exponent",
                                          "xtc_probability",
                                          "xtc_threshold",
                                          "dry_multiplier",
                                          "dry_base",
                                          "dry_allowed_length",
                                          "dry_penalty_last_n",
                                          "dry_sequence_breakers",
                                          "samplers",
                                          "use_beam_search",
                                          "grammar",
                                          "tool_choice",
                                          "parallel_tool_calls",
                                          "response_format",
                                          "options"};

constexpr std::string_view kTransport[] = {"model",
                                           "stream",
                                           "stream_options",
                                           "user",
                                           "metadata",
                                           "store",
                                           "service_tier",
                                           "keep_alive",
                                           "safety_identifier",
                                           "prompt_cache_key",
                                           "cache_prompt",
                                           "id_slot",
                                           "timings_per_token",
                                           "return_tokens",
                                           "return_progress",
                                           "post_sampling_probs",
                                           "request_id",
                                           "priority",
                                           "skip_special_tokens",
                                           "spaces_between_special_tokens",
                                           "continue_final_message"};

template <size_t N>
bool is_one_of(std::string_view key, const std::string_view (&keys)[N]) {
  return std::ranges::find(keys, key) != std::end(keys);
}

}  // namespace

RequestKey classify_request_key(std::string_view key) {
  if (is_one_of(key, kPrompt)) return RequestKey::prompt;
  if (is_one_of(key, kSampling)) return RequestKey::sampling;
  if (is_one_of(key, kTransport)) return RequestKey::transport;
  return RequestKey::unknown;
}

std::string objection_to(std::string_view key, const Json& value) {
  if (value.is_null()) return {};
  if (key == "tool_choice" && value == "none") {
    return R"("tool_choice": "none" hides the tools in some servers and not in others; leave out )"
           R"("tools", or this key)";
  }
  if (key == "response_format" && !(value.is_object() && value.value("type", Json()) == "text")) {
    return R"(some servers write "response_format" into the prompt; write it into a message, or )"
           "leave it out";
  }
  if (key == "continue_final_message" && value != false) {
    return R"("continue_final_message" cuts a template's text; give that text with an engine's )"
           "prompt=FILE";
  }
  if (key == "functions" || key == "function_call") {
    return '"' + std::string(key) + R"(" is of an interface that is gone; write "tools")";
  }
  if (key == "chat_template") {
    return R"(give the "chat_template" as a file, with --prompt-template FILE.jinja)";
  }
  for (const std::string_view name :
       {"reasoning_effort", "reasoning", "enable_thinking", "thinking", "think", "verbosity"}) {
    if (key != name) continue;
    return '"' + std::string(key) +
           R"(" reaches the templates of servers in different ways; write what yours hands on into )"
           R"("chat_template_kwargs")";
  }
  if (classify_request_key(key) == RequestKey::unknown) {
    return "unknown key \"" + std::string(key) + "\"; leave it out if it changes no prompt";
  }
  return {};
}

bool is_own_variable(std::string_view name) {
  constexpr std::string_view kOwn[] = {
      "messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"};
  return is_one_of(name, kOwn);
}

}  // namespace crossval

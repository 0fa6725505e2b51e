#include "options.h"

#include <charconv>
#include <functional>
#include <string_view>

#include "failure.h"

namespace crossval_llama {
namespace {

int64_t number(const std::string& key, const std::string& value, int64_t low, int64_t high) {
  int64_t parsed = 0;
  const char* end = value.data() + value.size();
  const auto result = std::from_chars(value.data(), end, parsed);
  if (result.ec != std::errc() || result.ptr != end || parsed < low || parsed > high) {
    throw Failure("usage", key + "=" + value + " is no number in [" + std::to_string(low) + ", " +
                               std::to_string(high) + "]");
  }
  return parsed;
}

FlashAttention flash_attention(const std::string& key, const std::string& value) {
  if (value == "off") return FlashAttention::off;
  if (value == "on") return FlashAttention::on;
  if (value == "auto") return FlashAttention::automatic;
  throw Failure("usage", key + "=" + value + ": it is on, off or auto");
}

bool choice(const std::string& key, const std::string& value, std::string_view no,
            std::string_view yes) {
  if (value != no && value != yes) {
    throw Failure("usage",
                  key + "=" + value + ": it is " + std::string(no) + " or " + std::string(yes));
  }
  return value == yes;
}

}  // namespace

Options parse_options(const std::map<std::string, std::string>& settings,
                      const std::string& build_profile) {
  Options options;
  options.profile = build_profile;
  const std::map<std::string, std::function<void(const std::string&, const std::string&)>> known = {
      {"model", [&](const auto&, const auto& v) { options.model = v; }},
      {"profile", [&](const auto&, const auto& v) { options.profile = v; }},
      {"n_ctx",
       [&](const auto& k, const auto& v) {
         options.n_ctx = static_cast<uint32_t>(number(k, v, 1, 1 << 24));
       }},
      {"n_batch",
       [&](const auto& k, const auto& v) {
         options.n_batch = static_cast<uint32_t>(number(k, v, 1, 1 << 16));
       }},
      {"threads",
       [&](const auto& k, const auto& v) {
         options.threads = static_cast<int32_t>(number(k, v, 1, 512));
       }},
      {"n_ubatch",
       [&](const auto& k, const auto& v) {
         options.n_ubatch = static_cast<uint32_t>(number(k, v, 1, 1 << 16));
       }},
      {"kv", [&](const auto&, const auto& v) { options.kv_k = options.kv_v = v; }},
      {"kv-k", [&](const auto&, const auto& v) { options.kv_k = v; }},  // after "kv": sorted
      {"kv-v", [&](const auto&, const auto& v) { options.kv_v = v; }},
      {"fa",
       [&](const auto& k, const auto& v) { options.flash_attention = flash_attention(k, v); }},
      {"repack", [&](const auto& k, const auto& v) { options.repack = choice(k, v, "off", "on"); }},
      {"device", [&](const auto&, const auto& v) { options.device = v; }},
      {"ngl", [&](const auto& k,
                  const auto& v) { options.ngl = static_cast<int32_t>(number(k, v, 0, 1 << 16)); }},
      {"tokens_only",
       [&](const auto& k, const auto& v) { options.tokens_only = choice(k, v, "0", "1"); }},
  };
  for (const auto& [key, value] : settings) {
    const auto found = known.find(key);
    if (found == known.end()) {
      std::string names;
      for (const auto& [name, set] : known) names += (names.empty() ? "" : ", ") + name;
      throw Failure("usage", "llama.cpp has no setting \"" + key + "\"", "It has: " + names + ".");
    }
    found->second(key, value);
  }
  // What a tree of the user's own amounts to is not known: it may run with either one's settings.
  const std::string_view built = build_profile;
  const bool fits =
      options.profile == built ||
      (built == "as-built" && (options.profile == "canonical" || options.profile == "production"));
  if (!fits) {
    throw Failure("usage", "profile=" + options.profile + ": this worker was built for profile " +
                               std::string(built));
  }
  if (options.model.empty()) throw Failure("usage", "no model was given");
  return options;
}

}  // namespace crossval_llama

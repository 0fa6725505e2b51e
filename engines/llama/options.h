// The settings that crossval sends in hello.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace crossval_llama {

enum class FlashAttention { off, on, automatic };

/// What is not given is the profile's: the canonical settings, or llama.cpp's own defaults.
struct Options {
  std::string model;
  std::string profile;            // "canonical", "production", "as-built"
  std::optional<uint32_t> n_ctx;  // kDefaultContext
  std::optional<uint32_t> n_batch, n_ubatch;
  int32_t threads = 1;
  std::string kv_k = "f16", kv_v = "f16";  // ggml's names
  std::optional<FlashAttention> flash_attention;
  std::optional<bool> repack;  // weights rearranged while they are loaded
  std::string device;          // of ggml's names, or "cpu"
  std::optional<int32_t> ngl;  // layers on the device
  bool tokens_only = false;    // load the vocabulary alone

  bool canonical() const { return profile == "canonical"; }
  /// A build of the user's own runs where it would by itself; what crossval has built, on the CPU.
  bool cpu_only() const {
    return device == "cpu" || (device.empty() && !ngl && profile != "as-built");
  }
};

inline constexpr uint32_t kDefaultContext = 2048;

/// The profile is the build's unless another is asked for. Throws Failure (usage): unknown key,
/// value out of range, a profile that this build is not, no model.
Options parse_options(const std::map<std::string, std::string>& settings,
                      const std::string& build_profile);

}  // namespace crossval_llama

// The settings that crossval sends in hello.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace crossval_llama {

struct Options {
  std::string model;
  std::string profile;
  uint32_t n_ctx = 2048;
  uint32_t n_batch = 512;
  int32_t threads = 1;
  bool kv_f32 = false;
  std::string device;          // of ggml's names; empty: CPU, unless ngl is given
  std::optional<int32_t> ngl;  // layers on the device
  bool tokens_only = false;    // load the vocabulary alone

  /// Upstream's own defaults instead of the canonical settings.
  bool production() const { return profile == "production"; }
  bool cpu_only() const { return device.empty() && !ngl; }
};

/// The profile is the build's unless another is asked for. Throws Failure (usage): unknown key,
/// value out of range, a profile that this build is not, no model.
Options parse_options(const std::map<std::string, std::string>& settings,
                      const std::string& build_profile);

}  // namespace crossval_llama

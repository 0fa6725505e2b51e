// The settings that crossval sends in hello.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace crossval_llama {

struct Options {
  std::string model;
  bool production = false;  // profile=production: upstream's own defaults
  uint32_t n_ctx = 2048;
  uint32_t n_batch = 512;
  int32_t threads = 1;
  bool kv_f32 = false;
  std::string device;          // of ggml's names; empty: CPU, unless ngl is given
  std::optional<int32_t> ngl;  // layers on the device
  bool tokens_only = false;    // load the vocabulary alone

  bool cpu_only() const { return device.empty() && !ngl; }
};

/// Throws Failure (usage): unknown key, value out of range, no model.
Options parse_options(const std::map<std::string, std::string>& settings);

}  // namespace crossval_llama

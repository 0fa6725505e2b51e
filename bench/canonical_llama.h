// Canonical llama.cpp inside this process, as the worker runs it: CPU only, no repacked weights, no
// flash attention, logits at every position.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

struct llama_context;
struct llama_model;

namespace crossval {

class CanonicalLlama {
 public:
  /// Ends the program when the file does not load.
  CanonicalLlama(const std::string& model_path, int threads, int64_t n_ctx, int64_t n_batch);

  /// Evaluates ids at positions first, first + 1, …; first == 0 starts over. `row` is called once
  /// per position.
  void evaluate(std::span<const int32_t> ids, int32_t first,
                const std::function<void(std::span<const float>)>& row);

 private:
  std::unique_ptr<llama_model, void (*)(llama_model*)> model_;
  std::unique_ptr<llama_context, void (*)(llama_context*)> context_;
  int64_t n_batch_;
  size_t n_vocab_;
};

}  // namespace crossval

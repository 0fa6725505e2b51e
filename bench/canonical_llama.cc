#include "canonical_llama.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "llama.h"

namespace crossval {
namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "engines_bench: llama.cpp: %s\n", what.c_str());
  std::exit(1);
}

llama_model* load(const std::string& path) {
  static const bool ready = [] {
    // The tiled kernels have another order of sums.
    setenv("GGML_CPU_TILED_MM", "0", 1);  // NOLINT(concurrency-mt-unsafe): before any thread
    llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    llama_backend_init();
    return true;
  }();
  static_cast<void>(ready);
  ggml_backend_dev_t no_devices[] = {nullptr};
  llama_model_params params = llama_model_default_params();
  params.devices = no_devices;
  params.n_gpu_layers = 0;
  params.use_extra_bufts = false;
  return llama_model_load_from_file(path.c_str(), params);
}

}  // namespace

CanonicalLlama::CanonicalLlama(const std::string& model_path, int threads, int64_t n_ctx,
                               int64_t n_batch)
    : model_(load(model_path), llama_model_free),
      context_(nullptr, llama_free),
      n_batch_(n_batch),
      n_vocab_(0) {
  if (model_ == nullptr) give_up("cannot load " + model_path);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(n_ctx);
  params.n_batch = params.n_ubatch = static_cast<uint32_t>(n_batch);
  params.n_threads = params.n_threads_batch = threads;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  context_.reset(llama_init_from_model(model_.get(), params));
  if (context_ == nullptr) give_up("no context for " + model_path);
  n_vocab_ = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model_.get())));
}

void CanonicalLlama::evaluate(std::span<const int32_t> ids, int32_t first,
                              const std::function<void(std::span<const float>)>& row) {
  if (first == 0) llama_memory_clear(llama_get_memory(context_.get()), false);
  for (size_t at = 0; at < ids.size(); at += static_cast<size_t>(n_batch_)) {
    const auto chunk = ids.subspan(at, std::min(ids.size() - at, static_cast<size_t>(n_batch_)));
    std::vector<int32_t> tokens(chunk.begin(), chunk.end());
    std::vector<llama_pos> positions;
    positions.reserve(chunk.size());
    std::vector<int32_t> sequence_counts(chunk.size(), 1);
    llama_seq_id sequence = 0;
    std::vector<llama_seq_id*> sequences(chunk.size(), &sequence);
    std::vector<int8_t> logits(chunk.size(), 1);
    for (size_t i = 0; i < chunk.size(); ++i)
      positions.push_back(first + static_cast<llama_pos>(at + i));
    llama_batch batch{static_cast<int32_t>(chunk.size()),
                      tokens.data(),
                      nullptr,
                      positions.data(),
                      sequence_counts.data(),
                      sequences.data(),
                      logits.data()};
    if (llama_decode(context_.get(), batch) != 0) give_up("llama_decode failed");
    for (size_t i = 0; i < chunk.size(); ++i)
      row({llama_get_logits_ith(context_.get(), static_cast<int32_t>(i)), n_vocab_});
  }
}

}  // namespace crossval

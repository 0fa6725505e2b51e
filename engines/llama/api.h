// llama.cpp's objects, each freed when its owner goes. What differs between its eras is behind one
// set of names, crossval_llama::era, chosen by what the tree's headers declare (era.cmake).
#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>

// clang-format off
#include LLAMA_CPP_ERA
// clang-format on

namespace crossval_llama {

struct Backend {
  Backend() {
    era::load_backends();
    llama_backend_init();
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  ~Backend() { llama_backend_free(); }
};

struct Free {
  void operator()(llama_model* model) const { era::free(model); }
  void operator()(llama_context* context) const { llama_free(context); }
  void operator()(gguf_context* file) const { gguf_free(file); }
};
using Model = std::unique_ptr<llama_model, Free>;
using Context = std::unique_ptr<llama_context, Free>;
using GgufContext = std::unique_ptr<gguf_context, Free>;

// Of one sequence.
class Batch {
 public:
  explicit Batch(int32_t capacity) : batch_(llama_batch_init(capacity, 0, 1)) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { llama_batch_free(batch_); }

  void clear() { batch_.n_tokens = 0; }
  void add(llama_token id, llama_pos position, bool logits) {
    const int32_t i = batch_.n_tokens++;
    batch_.token[i] = id;
    batch_.pos[i] = position;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = 0;
    batch_.logits[i] = logits ? 1 : 0;
  }
  const llama_batch& get() const { return batch_; }

 private:
  llama_batch batch_;
};

}  // namespace crossval_llama

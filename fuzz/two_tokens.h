// Two tokens through a model file that lies in memory, by the native engine.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "native/engine.h"

namespace crossval {

/// Whether the model loads and both tokens give a row. Traps where rows are missing or of another
/// width than the vocabulary.
inline bool runs_two_tokens(std::span<const std::byte> bytes) {
  const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (file < 0 || ::write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    __builtin_trap();
  const auto engine = make_native_engine(
      {.model_path = "/proc/self/fd/" + std::to_string(file), .n_ctx = 8, .n_batch = 2});
  ::close(file);
  if (!engine) return false;
  const auto n_vocab = static_cast<size_t>((*engine)->info().settings.n_vocab);
  const std::vector<TokenId> ids = {0, (*engine)->info().settings.n_vocab - 1};
  int rows = 0;
  const auto done = (*engine)->evaluate({.ids = ids}, [&](int32_t, const Row& row) {
    if (row.logits.size() != n_vocab) __builtin_trap();
    ++rows;
    return true;
  });
  if (done && rows != 2) __builtin_trap();
  return done.has_value();
}

}  // namespace crossval

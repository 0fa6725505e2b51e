// Whole model files: loading, and two tokens through whatever loads.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "native/engine.h"

namespace {

void run(const std::string& path) {
  const auto engine = crossval::make_native_engine({.model_path = path, .n_ctx = 8, .n_batch = 2});
  if (!engine) return;
  const auto n_vocab = static_cast<size_t>((*engine)->info().settings.n_vocab);
  const std::vector<crossval::TokenId> ids = {0, (*engine)->info().settings.n_vocab - 1};
  int rows = 0;
  const auto done = (*engine)->evaluate(ids, 0, [&](int32_t, std::span<const float> row) {
    if (row.size() != n_vocab) __builtin_trap();
    ++rows;
    return true;
  });
  if (done && rows != 2) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (file < 0) __builtin_trap();
  if (::write(file, data, size) == static_cast<ssize_t>(size)) {
    run("/proc/self/fd/" + std::to_string(file));
  }
  ::close(file);
  return 0;
}

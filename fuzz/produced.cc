// Files of produced tokens: whatever is taken has prompts, and tokens behind them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "session/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossval;
  const auto produced =
      parse_produced({reinterpret_cast<const char*>(data), size}, "produced.json");
  if (!produced) return 0;
  size_t tokens = 0;
  for (const ProducedSample& sample : produced->samples) {
    if (sample.prompt.empty()) __builtin_trap();
    for (const auto& output : sample.outputs) tokens += output.size();
  }
  if (tokens == 0) __builtin_trap();
  return 0;
}

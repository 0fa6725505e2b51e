// Whole model files: loading, and two tokens through whatever loads.
#include "two_tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)crossval::runs_two_tokens(std::as_bytes(std::span(data, size)));
  return 0;
}

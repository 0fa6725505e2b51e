#include "environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace crossval_llama {

void set_canonical_environment() {
  // From some count of rows on these kernels sum in another order than the one-row kernels.
  ::setenv("GGML_CPU_TILED_MM", "0", 1);
  ::setenv("GGML_NO_IQ_PANEL", "1", 1);
}

std::vector<std::string> relevant_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    // GLIBC_TUNABLES chooses among the variants of powf, cosf, sinf, expf.
    for (const std::string_view prefix : {"GGML_", "LLAMA_", "OMP_", "GLIBC_TUNABLES="}) {
      if (text.starts_with(prefix) && !text.starts_with("LLAMA_CPP_")) variables.emplace_back(text);
    }
  }
  std::sort(variables.begin(), variables.end());
  return variables;
}

}  // namespace crossval_llama

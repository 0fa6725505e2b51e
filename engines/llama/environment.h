// Environment variables that change llama.cpp's numbers.
#pragma once

#include <string>
#include <vector>

namespace crossval_llama {

/// Sets what the canonical profile needs. Call before anything of ggml runs.
void set_canonical_environment();

/// "GGML_CPU_TILED_MM=0", …: what is set and could matter, sorted.
std::vector<std::string> relevant_environment();

}  // namespace crossval_llama

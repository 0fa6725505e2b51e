// What the model file's header tells: the arithmetic of its products and its rope factors.
#pragma once

#include <string>

namespace crossval_llama {

struct GgufFacts {
  std::string activations;  // "q8_1 for q4_1; q8_0 for q5_0, q8_0"
  bool long_rope_factors = false;
  bool i2_s = false;  // bitnet.cpp's ternary weights
};

GgufFacts read_gguf_facts(const std::string& path);

}  // namespace crossval_llama

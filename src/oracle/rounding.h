// What the oracle rounds. Everything else is computed in double.
#pragma once

#include <cstdint>

namespace crossval {

/// Of a product's activations, before they meet the weights.
enum class ProductRounding : uint8_t {
  none,
  declared,  // to the weight format's partner (quant/format.h): 8-bit codes for quantised weights
  f16,
  bf16,
};

/// Of attention.
enum class AttentionRounding : uint8_t {
  none,
  keys_values_f16,  // keys and values are kept in binary16
  all_f16,          // queries and probabilities are rounded to it as well, before their products
};

/// Of GELU.
enum class GeluRounding : uint8_t {
  none,
  f16,  // from binary16 to binary16: a table in llama.cpp
};

struct Rounding {
  ProductRounding product = ProductRounding::none;
  AttentionRounding attention = AttentionRounding::none;
  GeluRounding gelu = GeluRounding::none;
};

/// What canonical llama.cpp declares: the formats' partners, a cache in binary16, GELU's table.
constexpr Rounding kDeclared{ProductRounding::declared, AttentionRounding::all_f16,
                             GeluRounding::f16};

}  // namespace crossval

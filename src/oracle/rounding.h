// What the oracle rounds. Everything else is computed in double.
#pragma once

#include <compare>
#include <cstdint>

namespace crossval {

/// Of a product's activations, before they meet the weights.
enum class ProductRounding : uint8_t {
  none,
  declared,  // to the weight format's partner (quant/format.h): 8-bit codes for quantised weights
  f16,
  bf16,
};

/// What values are rounded to.
enum class Grid : uint8_t { none, f16, bf16 };

/// To binary32, to the grid and back.
double rounded(double x, Grid grid);

/// Blocks of 32 codes in which a cache may be kept; values lie in the formats of that name.
enum class CacheCodes : uint8_t { none, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl };

/// Of attention.
struct AttentionRounding {
  Grid grid = Grid::none;  // keys and values that are not coded are kept in it
  bool queries = false;    // queries are rounded to it before their products
  bool weights = false;    // weights are, after the softmax
  bool sums = false;       // the running sum of weighted values is, key after key
  /// Queries meet coded keys in Q8_0, or Q8_1 where those have minima. explain/cache_codes.h has
  /// what is coded.
  CacheCodes key_codes = CacheCodes::none, value_codes = CacheCodes::none;
  bool turned = false;  // what is coded was turned by a Hadamard matrix before

  auto operator<=>(const AttentionRounding&) const = default;

  static const AttentionRounding none;
  static const AttentionRounding cache_f16;
  static const AttentionRounding all_f16;   // llama.cpp without flash attention
  static const AttentionRounding sums_f16;  // its flash attention, chunks of less than 64 positions
  static const AttentionRounding all_bf16;
  static const AttentionRounding queries_bf16;
};
inline constexpr AttentionRounding AttentionRounding::none{};
inline constexpr AttentionRounding AttentionRounding::cache_f16{Grid::f16};
inline constexpr AttentionRounding AttentionRounding::all_f16{Grid::f16, true, true};
inline constexpr AttentionRounding AttentionRounding::sums_f16{Grid::f16, true, false, true};
inline constexpr AttentionRounding AttentionRounding::all_bf16{Grid::bf16, true, true};
inline constexpr AttentionRounding AttentionRounding::queries_bf16{Grid::bf16, true};

/// Of GELU.
enum class GeluRounding : uint8_t {
  none,
  f16,  // from binary16 to binary16: a table in llama.cpp
};

struct Rounding {
  ProductRounding product = ProductRounding::none;
  AttentionRounding attention{};
  GeluRounding gelu = GeluRounding::none;
};

/// What canonical llama.cpp declares: the formats' partners, a cache in binary16, GELU's table.
constexpr Rounding kDeclared{ProductRounding::declared, AttentionRounding::all_f16,
                             GeluRounding::f16};

}  // namespace crossval

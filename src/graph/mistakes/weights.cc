// Weights that are damaged or read in another way than they were written. Damage is one matrix's,
// by default the feed-forward network's gate of the middle layer; what is misread, every matrix's
// of its format.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "base/float16.h"
#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"
#include "quant/block_fields.h"

namespace crossval {
namespace {

/// The matrices of a product: one, or as many as there are experts, one behind the other.
struct Matrices {
  Matrix* matrix = nullptr;
  int64_t count = 0;
};
Matrices matrices_of(Op& op) {
  if (auto* product = std::get_if<MatMul>(&op.action)) return {&product->matrix, 1};
  if (auto* product = std::get_if<ExpertMatMul>(&op.action))
    return {&product->experts.matrix, product->experts.count};
  return {};
}

/// bend(matrix, bytes) on a copy of each; whether any byte changed.
template <class Bend>
bool bend_bytes(Graph& graph, Op& op, const Bend& bend) {
  const auto [matrix, count] = matrices_of(op);
  const int64_t size = matrix->rows * matrix->row_bytes();
  std::vector<std::byte> bytes(matrix->data, matrix->data + count * size);
  for (int64_t i = 0; i < count; ++i)
    bend(*matrix, reinterpret_cast<uint8_t*>(bytes.data() + i * size));
  if (std::equal(bytes.begin(), bytes.end(), matrix->data)) return false;
  matrix->data = own(graph, std::move(bytes));
  return true;
}

/// The matrices become plain floats, which bend(matrix, block, values) has changed: for what no
/// block of the format can say. `values` are all of a matrix.
template <class Bend>
void bend_values(Graph& graph, Op& op, const Bend& bend) {
  const auto [matrix, count] = matrices_of(op);
  const int64_t size = matrix->rows * matrix->cols;
  std::vector<float> values(static_cast<size_t>(count * size));
  for (int64_t i = 0; i < count; ++i) {
    Matrix one = *matrix;
    one.data += i * matrix->rows * matrix->row_bytes();
    bend(one, values.data() + i * size);
  }
  const auto bytes = std::as_bytes(std::span(values));
  *matrix = {&weight_format(WeightType::f32),
             own(graph, {bytes.begin(), bytes.end()}),
             matrix->rows,
             matrix->cols,
             1.0F,
             matrix->name};
}

/// bend(op) on every product in scope.
template <class Bend>
bool bend_all(Graph& graph, const Scope& scope, const Bend& bend) {
  bool changed = false;
  for (Op& op : graph.ops)
    if (matrices_of(op).matrix != nullptr && concerns(scope, op)) changed |= bend(op);
  return changed;
}

/// On one.
template <class Bend>
bool bend_one(Graph& graph, const Scope& scope, const Bend& bend) {
  const Scope one = or_layer(scope, layers_of(graph) / 2);
  for (const Role role : {Role::ffn_gate, Role::ffn_up, Role::expert_gate, Role::expert_up}) {
    const Scope here = or_role(one, role);
    for (Op& op : graph.ops)
      if (matrices_of(op).matrix != nullptr && concerns(here, op)) return bend(op);
  }
  return false;
}

const BlockField* field(const Matrix& matrix, std::initializer_list<FieldKind> kinds) {
  for (const BlockField& field : block_fields(matrix.format->type))
    if (std::ranges::find(kinds, field.kind) != kinds.end()) return &field;
  return nullptr;
}
const BlockField* field(const Matrix& matrix, std::string_view name) {
  for (const BlockField& field : block_fields(matrix.format->type))
    if (field.name == name) return &field;
  return nullptr;
}

/// The first block of the row in the middle.
uint8_t* some_block(const Matrix& matrix, uint8_t* bytes) {
  return bytes + matrix.rows / 2 * matrix.row_bytes();
}

uint32_t scaled_half(uint32_t bits, float by) {
  return f32_to_f16(f16_to_f32(static_cast<uint16_t>(bits)) * by);
}

void scale_block(const Matrix& matrix, uint8_t* bytes) {
  uint8_t* block = some_block(matrix, bytes);
  if (const BlockField* exponent = field(matrix, "exponent"); exponent != nullptr)  // plain floats
    return exponent->set(block, 0, exponent->get(block, 0) + 2);
  const BlockField* scale = field(matrix, {FieldKind::half, FieldKind::e8m0, FieldKind::ue4m3});
  if (scale == nullptr) return;
  const uint32_t bits = scale->get(block, 0);
  if (scale->kind == FieldKind::half) return scale->set(block, 0, scaled_half(bits, 4.0F));
  const uint32_t step = scale->kind == FieldKind::e8m0 ? 2 : 2 << 3;  // of the exponent
  scale->set(block, 0, std::min(bits + step, (1U << scale->bits) - 3));
}
bool block_scale(Graph& graph, const Scope& scope) {
  return bend_one(graph, scope, [&](Op& op) {
    Matrix& matrix = *matrices_of(op).matrix;
    if (matrix.format->type == WeightType::i2_s) return set(matrix.scale, matrix.scale * 4.0F);
    return bend_bytes(graph, op, scale_block);
  });
}

bool weight_bit(Graph& graph, const Scope& scope) {
  return bend_one(graph, scope, [&](Op& op) {
    return bend_bytes(graph, op, [](const Matrix& matrix, uint8_t* bytes) {
      // The middle byte of a block holds codes in every block format; of a plain value it holds
      // mantissa.
      some_block(matrix, bytes)[matrix.format->block_bytes / 2] ^= 0x04U;
    });
  });
}

bool weight_sign(Graph& graph, const Scope& scope) {
  return bend_one(graph, scope, [&](Op& op) {
    return bend_bytes(graph, op, [](const Matrix& matrix, uint8_t* bytes) {
      uint8_t* block = some_block(matrix, bytes);
      if (const BlockField* sign = field(matrix, "sign"); sign != nullptr)
        return sign->set(block, 0, sign->get(block, 0) ^ 1U);
      if (const BlockField* scale = field(matrix, {FieldKind::half}); scale != nullptr)
        scale->set(block, 0, scale->get(block, 0) ^ 0x8000U);
    });
  });
}

bool rows_swapped(Graph& graph, const Scope& scope) {
  return bend_one(graph, scope, [&](Op& op) {
    return bend_bytes(graph, op, [](const Matrix& matrix, uint8_t* bytes) {
      if (matrix.rows < 2) return;
      uint8_t* row = bytes + (matrix.rows / 2 - 1) * matrix.row_bytes();
      std::swap_ranges(row, row + matrix.row_bytes(), row + matrix.row_bytes());
    });
  });
}

bool blocks_swapped(Graph& graph, const Scope& scope) {
  return bend_one(graph, scope, [&](Op& op) {
    return bend_bytes(graph, op, [](const Matrix& matrix, uint8_t* bytes) {
      const int64_t size = matrix.format->block_bytes;
      if (matrix.row_bytes() < 2 * size) return;
      uint8_t* block = some_block(matrix, bytes);
      std::swap_ranges(block, block + size, block + size);
    });
  });
}

/// Of a format without blocks: it stays one of that format, and so do its products.
void transpose_in_place(const Matrix& matrix, uint8_t* bytes) {
  const int64_t size = matrix.format->block_bytes;
  for (int64_t r = 0; r < matrix.rows; ++r) {
    for (int64_t c = 0; c < r; ++c) {
      uint8_t* element = bytes + (r * matrix.cols + c) * size;
      std::swap_ranges(element, element + size, bytes + (c * matrix.cols + r) * size);
    }
  }
}

bool transposed(Graph& graph, const Scope& scope) {
  return bend_one(graph, or_role(scope, Role::attn_out), [&](Op& op) {
    if (matrices_of(op).matrix->rows != matrices_of(op).matrix->cols) return false;
    if (matrices_of(op).matrix->format->block_elements == 1)
      return bend_bytes(graph, op, transpose_in_place);
    bend_values(graph, op, [](const Matrix& matrix, float* values) {
      const int64_t n = matrix.rows;
      for (int64_t r = 0; r < n; ++r) matrix.decode_row(r, values + r * n);
      for (int64_t r = 0; r < n; ++r)
        for (int64_t c = 0; c < r; ++c) std::swap(values[r * n + c], values[c * n + r]);
    });
    return true;
  });
}

/// change(field, block) on each block of the matrices in scope that have such a field.
template <class Change>
bool misread_blocks(Graph& graph, const Scope& scope, std::initializer_list<FieldKind> kinds,
                    const Change& change) {
  return bend_all(graph, scope, [&](Op& op) {
    const BlockField* misread = field(*matrices_of(op).matrix, kinds);
    if (misread == nullptr || matrices_of(op).matrix->format->type == WeightType::i2_s)
      return false;
    return bend_bytes(graph, op, [&](const Matrix& matrix, uint8_t* bytes) {
      const int64_t size = matrix.rows * matrix.row_bytes();
      for (int64_t at = 0; at < size; at += matrix.format->block_bytes)
        change(*misread, bytes + at);
    });
  });
}

/// Of codes of four bits: which shares an element's byte.
int byte_mate(const BlockField& codes, int element) {
  const int bit = codes.place(element, 0) ^ 4;
  for (int other = 0; other < codes.count; ++other)
    if (codes.place(other, 0) == bit) return other;
  return element;
}
bool nibble_order(Graph& graph, const Scope& scope) {
  return misread_blocks(graph, scope, {FieldKind::code}, [](const BlockField& codes, uint8_t* b) {
    if (codes.bits != 4) return;
    const int step = byte_mate(codes, 0);
    for (int e = 0; e < codes.count; ++e) {
      if (e % (2 * step) >= step) continue;
      const uint32_t low = codes.get(b, e);
      codes.set(b, e, codes.get(b, e + step));
      codes.set(b, e + step, low);
    }
  });
}

bool minimum_dropped(Graph& graph, const Scope& scope) {
  return misread_blocks(graph, scope, {FieldKind::half_min},
                        [](const BlockField& minimum, uint8_t* b) { minimum.set(b, 0, 0); });
}

/// Blocks of d · code + m, m rounded to a multiple of d, half away from zero, of which a zero point
/// of four bits keeps the lowest: as OpenVINO GenAI 2026.4 reads them.
/// No block can: their products are those of plain floats.
bool minimum_rounded(Graph& graph, const Scope& scope) {
  return bend_all(graph, scope, [&](Op& op) {
    if (matrices_of(op).matrix->format->type != WeightType::q4_1) return false;
    bend_values(graph, op, [](const Matrix& matrix, float* values) {
      const std::span<const BlockField> fields = block_fields(WeightType::q4_1);  // d, m, codes
      const auto half = [](uint32_t bits) { return f16_to_f32(static_cast<uint16_t>(bits)); };
      const int64_t blocks = matrix.rows * matrix.cols / matrix.format->block_elements;
      for (int64_t i = 0; i < blocks; ++i) {
        const auto* block =
            reinterpret_cast<const uint8_t*>(matrix.data) + i * matrix.format->block_bytes;
        const float d = half(fields[0].get(block, 0));
        const float m = half(fields[1].get(block, 0));
        constexpr float kMost = 1 << 20;
        const float steps = d == 0.0F ? 0.0F : std::clamp(std::round(-m / d), -kMost, kMost);
        const auto zero = static_cast<float>(static_cast<int32_t>(steps) & 15);
        for (int e = 0; e < fields[2].count; ++e)
          *values++ = d * (static_cast<float>(fields[2].get(block, e)) - zero);
      }
    });
    return true;
  });
}

bool scale_dropped(Graph& graph, const Scope& scope) {
  const bool inside =
      bend_all(graph, scope, [](Op& op) { return set(matrices_of(op).matrix->scale, 1.0F); });
  const bool behind = leave_out_if(graph, scope, [](const Op& op) {
    const auto* weigh = std::get_if<Weigh>(&op.action);
    return std::holds_alternative<ExpertScale>(op.action) ||
           (weigh != nullptr && weigh->by.name.ends_with(".scale"));
  });
  return inside || behind;
}

/// Codes in the order of their values, lowest bits first, no scale. The product is that of plain
/// floats.
bool i2s_as_qk256(Graph& graph, const Scope& scope) {
  return bend_all(graph, scope, [&](Op& op) {
    if (matrices_of(op).matrix->format->type != WeightType::i2_s) return false;
    bend_values(graph, op, [](const Matrix& matrix, float* values) {
      constexpr std::array kValues = {-2.0F, -1.0F, 1.0F, 2.0F};
      for (int64_t i = 0; i < matrix.rows * matrix.cols; ++i)
        values[i] = kValues[std::to_integer<size_t>(matrix.data[i / 4]) >> (2 * (i % 4)) & 3U];
    });
    return true;
  });
}

constexpr Mistake kMistakes[] = {
    {"block-scale", "the scale of one weight block times four (FFN gate, middle layer)",
     "a scale of the blocks of that matrix", block_scale},
    {"weight-bit", "one bit of one weight flipped (FFN gate, middle layer)", "weights", weight_bit},
    {"weight-sign", "one weight block with the other sign (FFN gate, middle layer)",
     "a signed scale of the blocks of that matrix", weight_sign},
    {"rows-swapped", "two rows of a matrix in the other order (FFN gate, middle layer)",
     "two rows in that matrix", rows_swapped},
    {"blocks-swapped", "two blocks of a row in the other order (FFN gate, middle layer)",
     "two blocks in a row of that matrix", blocks_swapped},
    {"transposed", "a square matrix transposed (attention's output, middle layer)",
     "a square output projection of the attention", transposed},
    {"nibble-order", "the two codes of a byte in the other order", "weights of four bits",
     nibble_order},
    {"minimum-dropped", "weight blocks without their minima", "weight blocks with minima",
     minimum_dropped},
    {"minimum-rounded", "minima of Q4_1 blocks rounded to the low four bits of a zero point",
     "Q4_1 weights", minimum_rounded},
    {"scale-dropped", "matrices without the scale that stands beside them",
     "a scale beside a matrix", scale_dropped},
    {"i2s-as-qk256", "I2_S weights read as BitNet-rs does: codes -2, -1, 1, 2, no scale",
     "I2_S weights", i2s_as_qk256},
};

}  // namespace

std::span<const Mistake> weight_mistakes() { return kMistakes; }

}  // namespace crossval

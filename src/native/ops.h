// The operations between the products, each on whole rows. docs/arithmetic.md defines their bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/hparams.h"
#include "model/weights.h"

namespace crossval {

/// Root-mean-square norm of one row of n values: squares summed one by one in double. `weight` and
/// `bias` may be null: then the plain normalised row. out may be x.
void rms_norm(const float* x, const float* weight, const float* bias, float eps, int64_t n,
              float* out);

/// Norm to mean zero and variance one: the sum in double, squares of differences in groups of
/// eight. The rest as above.
void layer_norm(const float* x, const float* weight, const float* bias, float eps, int64_t n,
                float* out);

/// out[i] += x[i]
void add(float* out, const float* x, int64_t n);

/// x[i] = min(max(x[i], -limit), limit); nothing for a limit of 0.
void clamp(float* x, int64_t n, float limit);

/// x[i] = cap · tanh(x[i] / cap), the quotient as a product with 1/cap; nothing for a cap of 0.
void soft_cap(float* x, int64_t n, float cap);

float sigmoid(float x);

/// Splits rows of sum(widths) values into one buffer per width.
void split_columns(const std::vector<float>& rows, std::span<const int64_t> widths,
                   std::span<std::vector<float>* const> parts);

/// Every row of x divided by `by`, element by element.
void divide_rows(std::vector<float>& x, const Vector& by);

/// Row p of y (width values) times sigmoid(gate[p]), computed as silu(g) / g.
void gate_rows(const std::vector<float>& gate, int64_t width, std::vector<float>& y);

/// x times sigmoid or softplus of gate; each gate value covers x.size() / gate.size() values.
void gate_heads(AttnGate kind, const std::vector<float>& gate, std::vector<float>& x);

/// What a key at distance d adds to the score of head h is -d · slopes[h]: empty without ALiBi
/// (arXiv 2108.12409).
std::vector<float> alibi_slopes(float max_bias, int64_t n_head);

/// cos and sin of every pair's angle at one position: table[2i] and table[2i+1], i < n_rot / 2.
/// `factors` (n_rot / 2 values) divide the angles; may be null.
void rope_table(const Rope& rope, const float* factors, int64_t position, float* table);

/// Rotates the first n_rot values of one head in place.
void rope_rotate(const float* table, int64_t n_rot, RopePairs pairs, float* head);

}  // namespace crossval

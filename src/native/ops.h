// The operations between the products, each on whole rows. docs/arithmetic.md defines their bits.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace crossval {

/// One row of n values to root mean square 1: squares summed one by one in double. out may be x.
void rms_norm(const float* x, float eps, int64_t n, float* out);

/// To mean 0 and variance 1: the sum in double, squares of differences in groups of eight. out may
/// be x.
void layer_norm(const float* x, float eps, int64_t n, float* out);

/// out[i] += x[i]
void add(float* out, const float* x, int64_t n);

/// x[i] *= by
void scale(float* x, int64_t n, float by);

/// x[i] *= by[i mod size], and the same with a quotient; n is a multiple of size.
void multiply(float* x, const float* by, int64_t size, int64_t n);
void divide(float* x, const float* by, int64_t size, int64_t n);

/// x[i] = min(max(x[i], -limit), limit); nothing for a limit of 0.
void clamp(float* x, int64_t n, float limit);

/// x[i] = cap · tanh(x[i] / cap), the quotient as a product with 1/cap; nothing for a cap of 0.
void soft_cap(float* x, int64_t n, float cap);

float sigmoid(float x);

/// What a gate that computed g multiplies with.
float gate_value(GateKind kind, float g);

/// 1 + temperature · log(1 + floor(position / length)), in upstream's types.
float query_temperature(float temperature, int64_t length, int64_t position);

/// What a key at distance d adds to the score of head h is -d · slopes[h]: empty without ALiBi
/// (arXiv 2108.12409).
std::vector<float> alibi_slopes(float max_bias, int64_t n_head);

/// cos and sin of every pair's angle at one position: table[2i] and table[2i+1], i < n_rot / 2.
/// `factors` (n_rot / 2 values) divide the angles; may be null.
void rope_table(const Rope& rope, const float* factors, int64_t position, float* table);

/// Rotates the first n_rot values of one head in place.
void rope_rotate(const float* table, int64_t n_rot, RopePairs pairs, float* head);

}  // namespace crossval

// RoPE (arXiv 2104.09864) with YaRN's scaling (arXiv 2309.00071) in double.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace crossval {

struct PairAngle {
  double angle = 0;      // radians that a pair turns by
  double magnitude = 1;  // that it is multiplied by
};

/// Of each of the n_rot / 2 pairs at a position.
std::vector<PairAngle> pair_angles(const Rotate& rotate, int64_t position);

/// Turns the pairs of the rope.n_rot values from `head` on, in place.
void turn(const Rotate& rotate, const std::vector<PairAngle>& angles, double* head);

}  // namespace crossval

#include "floor/sequential_test.h"

#include <cmath>

namespace crossval {
namespace {

constexpr double kPrior = 0.5;  // c: one over the variance of the means that are expected

}  // namespace

void SequentialTest::add(double value) {
  const double x = value - bound_;
  n_ += 1;
  sum_ += x;
  squares_ += x * x;
  if (side_ == BoundSide::unknown && evidence() >= 1 / error_rate_) {
    side_ = sum_ > 0 ? BoundSide::above : BoundSide::below;
  }
}

double SequentialTest::evidence() const {
  if (!(squares_ > 0)) return 1;  // nothing, or values on the bound alone: it may be the mean
  const double explained = sum_ * sum_ / (n_ + kPrior) / squares_;  // below 1
  return std::sqrt(kPrior / (n_ + kPrior)) * std::pow(1 - explained, -n_ / 2);
}

}  // namespace crossval

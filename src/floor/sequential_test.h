// Is the mean of a series above or below a bound? Asked after each value, and not wrong more often
// for being asked so often.
#pragma once

#include <cstdint>

namespace crossval {

enum class BoundSide : uint8_t { unknown, below, above };

/// A sequential t test: the values are independent and normal, their variance is unknown.
///
/// The evidence against the bound is the likelihood ratio of the series under a mixture of other
/// means (their distance from the bound in standard deviations is normal with variance 2), the
/// scale integrated out, to the series at the bound: with n values x about the bound,
/// V = Σx², S = Σx and c = 1/2, √(c/(n+c)) · (V / (V − S²/(n+c)))^(n/2). At the bound it is a
/// martingale that begins at 1, so it ever exceeds 1/α with probability α at most (Ville); with the
/// mean on one side of the bound, it says the other side no more often than that. (T. L. Lai 1976;
/// H. Wang and A. Ramdas, Anytime-valid t-tests, 2024.)
class SequentialTest {
 public:
  SequentialTest(double bound, double error_rate) : bound_(bound), error_rate_(error_rate) {}

  void add(double value);
  /// Keeps what was known first.
  BoundSide side() const { return side_; }
  /// 1 at the beginning; it is known when this exceeds 1 / error_rate.
  double evidence() const;

 private:
  double bound_, error_rate_;
  double n_ = 0, sum_ = 0, squares_ = 0;
  BoundSide side_ = BoundSide::unknown;
};

}  // namespace crossval

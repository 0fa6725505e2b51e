#include "gate/health.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace crossval {
namespace {

constexpr uint32_t kExponent = 0x7F800000U;  // all ones: Inf or NaN
constexpr uint32_t kMagnitude = 0x7FFFFFFFU;

// Bits of a whole row, gathered with integer operations only so that the compiler vectorises it.
struct RowBits {
  uint32_t magnitude = 0;   // OR of all values without their signs
  uint32_t unlike = 0;      // OR of the differences from the first value
  uint32_t not_finite = 0;  // 1 when some value is
};

RowBits scan(std::span<const float> row) {
  RowBits bits;
  const uint32_t first = std::bit_cast<uint32_t>(row[0]);
  for (const float value : row) {
    const uint32_t x = std::bit_cast<uint32_t>(value);
    bits.magnitude |= x & kMagnitude;
    bits.unlike |= x ^ first;
    bits.not_finite |= (x & kExponent) == kExponent ? 1U : 0U;
  }
  return bits;
}

HealthFinding describe_not_finite(Side side, int32_t position, std::span<const float> row) {
  int64_t nans = 0, infinities = 0, first_nan = -1, first_infinity = -1;
  for (size_t i = 0; i < row.size(); ++i) {
    if (std::isnan(row[i]) && nans++ == 0) first_nan = static_cast<int64_t>(i);
    if (std::isinf(row[i]) && infinities++ == 0) first_infinity = static_cast<int64_t>(i);
  }
  if (nans > 0) {
    return {
        "nan", side, position, static_cast<int32_t>(first_nan),
        fmt::format("{} of {} logits are NaN, the first at token {}", nans, row.size(), first_nan)};
  }
  return {"infinite", side, position, static_cast<int32_t>(first_infinity),
          fmt::format("{} of {} logits are infinite, the first at token {}", infinities, row.size(),
                      first_infinity)};
}

std::optional<HealthFinding> check_logits(Side side, int32_t position, std::span<const float> row,
                                          int32_t n_vocab) {
  if (std::ssize(row) != n_vocab || row.empty()) {
    return HealthFinding{"wrong-width", side, position, -1,
                         fmt::format("{} logits for a vocabulary of {}", row.size(), n_vocab)};
  }
  const RowBits bits = scan(row);
  if (bits.not_finite != 0) return describe_not_finite(side, position, row);
  if (bits.magnitude == 0) {
    return HealthFinding{"all-zero", side, position, -1,
                         fmt::format("all {} logits are zero", row.size())};
  }
  if (bits.unlike == 0 && row.size() > 1) {
    return HealthFinding{"constant", side, position, -1,
                         fmt::format("all {} logits are {}", row.size(), row[0])};
  }
  return std::nullopt;
}

constexpr double kMostProbability =
    1 + 1e-3;  // of all tokens together: log-probabilities are rounded

std::optional<HealthFinding> check_top(Side side, int32_t position, const TopRow& row,
                                       int32_t n_vocab) {
  const auto finding = [&](const char* name, int32_t token, std::string detail) {
    return HealthFinding{name, side, position, token, std::move(detail)};
  };
  if (row.tokens.empty()) return finding("no-tokens", -1, "not one token is listed");
  std::set<int32_t> seen;
  double sum = std::isnan(row.rest) ? 0 : row.rest;
  for (const auto& [id, log_p] : row.tokens) {
    if (std::isnan(log_p))
      return finding("nan", id, fmt::format("the log-probability of token {} is NaN", id));
    if (std::isinf(log_p))
      return finding("infinite", id,
                     fmt::format("the log-probability of token {} is {}", id, log_p));
    if (id < 0 || id >= n_vocab) {
      return finding("outside-vocabulary", id,
                     fmt::format("token {} of a vocabulary of {}", id, n_vocab));
    }
    if (!seen.insert(id).second)
      return finding("duplicate-token", id, fmt::format("token {} is listed twice", id));
    sum += std::exp(double{log_p});
  }
  if (sum <= kMostProbability) return std::nullopt;
  return finding("not-a-distribution", -1,
                 fmt::format("the probabilities of the {} tokens listed sum to {:.6g}",
                             row.tokens.size(), sum));
}

}  // namespace

std::optional<HealthFinding> check_row(Side side, int32_t position, const Row& row,
                                       int32_t n_vocab) {
  switch (row.content) {
    case RowContent::top:
      return check_top(side, position, *row.top, n_vocab);
    case RowContent::hashes:
      if (row.hash.argmax >= 0) return std::nullopt;
      return HealthFinding{"not-finite", side, position, -1,
                           "some logit is NaN or infinite, by the hash of the row"};
    case RowContent::logits:
      break;
  }
  return check_logits(side, position, row.logits, n_vocab);
}

tl::unexpected<Error> unhealthy_logits(const HealthFinding& finding, std::string where) {
  return fail(ExitCode::unhealthy,
              fmt::format("logits that no working engine gives at position {}: {}",
                          finding.position, finding.detail),
              std::move(where));
}

}  // namespace crossval

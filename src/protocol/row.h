// What an engine says of the token that follows a position: every logit, the most likely tokens
// alone, or a hash that knows the row again.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace crossval {

/// What the rows of an engine are, all of them alike (EngineSettings::rows).
enum class RowContent : uint8_t { logits, top, hashes };

/// How that is called in an engine's self-description: "" for all logits, which most engines have.
inline constexpr std::string_view kTopRows = "top", kHashedRows = "hashes";

struct TopToken {
  int32_t id = 0;
  float log_probability = 0;  // natural logarithm, of the softmax over the whole vocabulary

  bool operator==(const TopToken&) const = default;
};

/// The most likely tokens of a position. What is not listed stays unknown: it is never filled up.
struct TopRow {
  std::vector<TopToken> tokens;  // the most likely first
  /// Probability of all others together; NaN: not told.
  double rest = std::numeric_limits<double>::quiet_NaN();
};

/// Knows a row again, without its values.
struct RowHash {
  uint64_t hash = 0;    // hash_of (row_hash.h)
  int32_t argmax = -1;  // the highest logit, the lowest of equals; -1: some value is not finite
};

/// One row, viewed: valid during the call that hands it out. Exactly one of the three is there.
struct Row {
  // Engines hand out what they have.
  Row(std::span<const float> all) : logits(all) {}     // NOLINT(google-explicit-constructor)
  Row(const std::vector<float>& all) : logits(all) {}  // NOLINT(google-explicit-constructor)
  Row(const TopRow& row)
      : content(RowContent::top), top(&row) {}  // NOLINT(google-explicit-constructor)
  Row(RowHash row)
      : content(RowContent::hashes), hash(row) {}  // NOLINT(google-explicit-constructor)

  RowContent content = RowContent::logits;
  std::span<const float> logits{};  // n_vocab
  const TopRow* top = nullptr;
  RowHash hash{};
};

}  // namespace crossval

// What an engine says of the token that follows a position.
#pragma once

#include <span>
#include <vector>

#include "engine/info.h"
#include "protocol/row.h"

namespace crossval {

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

/// The most likely token, the lowest of equals; -1: of an empty row, or of a hash that does not
/// tell.
int32_t most_likely(const Row& row);

}  // namespace crossval

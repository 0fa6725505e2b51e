// A row that is kept: from an engine's sink, or out of the frame in which it came.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/row.h"
#include "protocol/frame.h"

namespace crossval {

class StoredRow {
 public:
  /// Copies it in.
  void store(const Row& row);

  /// Takes it out of the payload of a row_frame. False when that is not what its type demands.
  bool parse(protocol::FrameType type, protocol::Bytes payload, int32_t n_vocab, int32_t& position);

  /// Views this object, until it stores another.
  Row view() const;

 private:
  RowContent content_ = RowContent::logits;
  std::vector<float> logits_;
  TopRow top_;
  RowHash hash_;
};

/// The frames in which an engine of that content sends a row and a tensor.
protocol::FrameType row_frame(RowContent content);
protocol::FrameType tensor_frame(RowContent content);

}  // namespace crossval

#include "engine/stored_row.h"

#include "protocol/answers.h"

namespace crossval {

using protocol::FrameType;

void StoredRow::store(const Row& row) {
  content_ = row.content;
  logits_.assign(row.logits.begin(), row.logits.end());
  if (row.top != nullptr) top_ = *row.top;
  hash_ = row.hash;
}

bool StoredRow::parse(FrameType type, protocol::Bytes payload, int32_t n_vocab, int32_t& position) {
  if (type == FrameType::top_row) {
    content_ = RowContent::top;
    return protocol::parse_top_row(payload, position, top_);
  }
  if (type == FrameType::row_hash) {
    content_ = RowContent::hashes;
    return protocol::parse_row_hash(payload, position, hash_);
  }
  content_ = RowContent::logits;
  return protocol::parse_row(payload, n_vocab, position, logits_);
}

Row StoredRow::view() const {
  if (content_ == RowContent::top) return top_;
  return content_ == RowContent::hashes ? Row(hash_) : Row(logits_);
}

FrameType row_frame(RowContent content) {
  switch (content) {
    case RowContent::top:
      return FrameType::top_row;
    case RowContent::hashes:
      return FrameType::row_hash;
    case RowContent::logits:
      break;
  }
  return FrameType::row;
}

FrameType tensor_frame(RowContent content) {
  return content == RowContent::hashes ? FrameType::tensor_hashes : FrameType::tensor;
}

}  // namespace crossval

#include "protocol/answers.h"

#include <algorithm>

#include "protocol/frame.h"

namespace crossval {

std::string label_of(std::string_view name, std::string_view op, int32_t occurrence) {
  std::string label(name);
  (label += ' ') += op;
  return occurrence == 0 ? label : label + " #" + std::to_string(occurrence + 1);
}

}  // namespace crossval

namespace crossval::protocol {

PayloadWriter payload_of(const std::vector<std::string>& pieces) {
  PayloadWriter payload;
  for (const std::string& piece : pieces) payload.put_text(piece);
  return payload;
}

PayloadWriter sources_of(const TraceTensor& tensor) {
  PayloadWriter payload;
  payload.put_text(tensor.weight);
  for (const std::string& input : tensor.inputs) payload.put_text(input);
  return payload;
}

PayloadWriter head_of(const TraceTensor& tensor) {
  PayloadWriter payload;
  payload.put(tensor.layer)
      .put(tensor.occurrence)
      .put(tensor.first_position)
      .put(tensor.positions)
      .put(tensor.width)
      .put(tensor.heads)
      .put(static_cast<uint32_t>(tensor.name.size()))
      .put(static_cast<uint32_t>(tensor.op.size()))
      .put(std::string_view(tensor.name))
      .put(std::string_view(tensor.op));
  return payload;
}

PayloadWriter payload_of(int32_t position, const TopRow& row) {
  PayloadWriter payload;
  payload.put(position).put(row.rest);
  for (const TopToken& token : row.tokens) payload.put(token.id).put(token.log_probability);
  return payload;
}

PayloadWriter payload_of(int32_t position, const RowHash& row) {
  PayloadWriter payload;
  payload.put(position).put(row.hash).put(row.argmax);
  return payload;
}

bool parse_ids(Bytes payload, std::vector<int32_t>& ids) {
  return PayloadReader(payload).get_rest(payload.size() / sizeof(int32_t), ids);
}

bool parse_pieces(Bytes payload, size_t count, std::vector<std::string>& pieces) {
  PayloadReader reader(payload);
  pieces.clear();
  for (size_t i = 0; i < count; ++i) {
    if (!reader.get_text(pieces.emplace_back())) return false;
  }
  return reader.left() == 0;
}

bool parse_flag(Bytes payload, bool& flag) {
  PayloadReader reader(payload);
  uint8_t value = 0;
  if (!reader.get(value) || reader.left() != 0 || value > 1) return false;
  flag = value == 1;
  return true;
}

bool parse_sources(Bytes payload, TraceTensor& tensor) {
  PayloadReader reader(payload);
  if (!reader.get_text(tensor.weight)) return false;
  tensor.inputs.clear();
  while (reader.left() > 0) {
    if (!reader.get_text(tensor.inputs.emplace_back())) return false;
  }
  return true;
}

bool parse_row(Bytes payload, int32_t n_vocab, int32_t& position, std::vector<float>& row) {
  PayloadReader reader(payload);
  return reader.get(position) && reader.get_rest(static_cast<uint64_t>(n_vocab), row);
}

bool parse_top_row(Bytes payload, int32_t& position, TopRow& row) {
  PayloadReader reader(payload);
  if (!reader.get(position) || !reader.get(row.rest)) return false;
  constexpr size_t kToken = sizeof(int32_t) + sizeof(float);
  if (reader.left() % kToken != 0) return false;
  row.tokens.resize(reader.left() / kToken);
  return std::ranges::all_of(row.tokens, [&](TopToken& token) {
    return reader.get(token.id) && reader.get(token.log_probability);
  });
}

bool parse_row_hash(Bytes payload, int32_t& position, RowHash& row) {
  PayloadReader reader(payload);
  return reader.get(position) && reader.get(row.hash) && reader.get(row.argmax) &&
         reader.left() == 0;
}

namespace {

// All but the values.
bool parse_head(PayloadReader& reader, int32_t end, TraceTensor& tensor) {
  uint32_t name = 0;
  uint32_t op = 0;
  const bool whole = reader.get(tensor.layer) && reader.get(tensor.occurrence) &&
                     reader.get(tensor.first_position) && reader.get(tensor.positions) &&
                     reader.get(tensor.width) && reader.get(tensor.heads) && reader.get(name) &&
                     reader.get(op) && reader.get_text(name, tensor.name) &&
                     reader.get_text(op, tensor.op);
  if (!whole || tensor.positions < 1 || tensor.first_position < 0 ||
      tensor.positions > end - tensor.first_position) {
    return false;
  }
  // The bound keeps the product below from overflowing.
  if (tensor.width < 1 || tensor.width > kMaxPayload || tensor.heads < 0) return false;
  return tensor.heads == 0 || tensor.width % tensor.heads == 0;
}

}  // namespace

bool parse_tensor(Bytes payload, int32_t end, TraceTensor& tensor, std::vector<float>& values) {
  PayloadReader reader(payload);
  if (!parse_head(reader, end, tensor)) return false;
  if (!reader.get_rest(
          static_cast<uint64_t>(tensor.positions) * static_cast<uint64_t>(tensor.width), values)) {
    return false;
  }
  tensor.data = values;
  tensor.hashes = {};
  return true;
}

bool parse_tensor_hashes(Bytes payload, int32_t end, TraceTensor& tensor,
                         std::vector<uint64_t>& hashes) {
  PayloadReader reader(payload);
  if (!parse_head(reader, end, tensor)) return false;
  if (!reader.get_rest(static_cast<uint64_t>(tensor.positions), hashes)) return false;
  tensor.data = {};
  tensor.hashes = hashes;
  return true;
}

}  // namespace crossval::protocol

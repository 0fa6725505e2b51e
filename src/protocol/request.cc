#include "protocol/request.h"

namespace crossval::protocol {
namespace {

constexpr uint32_t kState = 1;  // flag of a trace request

void put(PayloadWriter& payload, const Range& range) { payload.put(range.first).put(range.end); }

void put(PayloadWriter& payload, const std::vector<std::string>& texts) {
  payload.put(static_cast<uint32_t>(texts.size()));
  for (const std::string& text : texts) payload.put_text(text);
}

bool get(PayloadReader& reader, Range& range) {
  return reader.get(range.first) && reader.get(range.end);
}

bool get(PayloadReader& reader, std::vector<std::string>& texts) {
  uint32_t count = 0;
  if (!reader.get(count)) return false;
  texts.clear();
  for (uint32_t i = 0; i < count; ++i) {  // memory grows with what is there, not with what is said
    if (!reader.get_text(texts.emplace_back())) return false;
  }
  return true;
}

bool get_ids(PayloadReader& reader, std::vector<int32_t>& ids, std::span<const int32_t>& view) {
  if (!reader.get_rest(reader.left() / sizeof(int32_t), ids)) return false;
  view = ids;
  return true;
}

}  // namespace

PayloadWriter head_of(const EvaluateRequest& request) {
  PayloadWriter payload;
  payload.put(request.first).put(static_cast<uint32_t>(request.rows));
  return payload;
}

PayloadWriter head_of(const TraceRequest& request) {
  const Selection& selection = request.selection;
  PayloadWriter payload;
  payload.put(request.first).put(selection.state ? kState : 0U);
  put(payload, selection.layers);
  put(payload, selection.positions);
  put(payload, selection.names);
  put(payload, selection.ops);
  return payload;
}

bool parse(Bytes payload, EvaluateRequest& request, std::vector<int32_t>& ids) {
  PayloadReader reader(payload);
  uint32_t rows = 0;
  if (!reader.get(request.first) || !reader.get(rows) || rows > 1) return false;
  request.rows = static_cast<Rows>(rows);
  return get_ids(reader, ids, request.ids);
}

bool parse(Bytes payload, TraceRequest& request, std::vector<int32_t>& ids) {
  PayloadReader reader(payload);
  Selection& selection = request.selection;
  uint32_t flags = 0;
  if (!reader.get(request.first) || !reader.get(flags) || flags > kState) return false;
  selection.state = flags == kState;
  return get(reader, selection.layers) && get(reader, selection.positions) &&
         get(reader, selection.names) && get(reader, selection.ops) &&
         get_ids(reader, ids, request.ids);
}

PayloadWriter payload_of(Outcome outcome) {
  PayloadWriter payload;
  payload.put(static_cast<uint8_t>(outcome));
  return payload;
}

bool parse(Bytes payload, Outcome& outcome) {
  PayloadReader reader(payload);
  uint8_t value = 0;
  if (!reader.get(value) || reader.left() != 0 || value > 1) return false;
  outcome = static_cast<Outcome>(value);
  return true;
}

}  // namespace crossval::protocol

// A stream of frames as an engine or crossval might send them, and every answer and every request
// that a payload may be.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/info_json.h"
#include "protocol/answers.h"
#include "protocol/frame.h"
#include "protocol/payload.h"
#include "protocol/request.h"

namespace {

using namespace crossval;

void read_answer(protocol::Bytes payload) {
  std::vector<int32_t> ids;
  std::vector<std::string> pieces;
  std::vector<float> values;
  bool flag = false;
  int32_t position = 0;
  TraceTensor tensor;
  protocol::parse_ids(payload, ids);
  protocol::parse_pieces(payload, 3, pieces);
  protocol::parse_flag(payload, flag);
  protocol::parse_row(payload, 2, position, values);
  protocol::parse_sources(payload, tensor);
  if (protocol::parse_tensor(payload, 8, tensor, values) &&
      tensor.data.size() != static_cast<size_t>(tensor.positions * tensor.width)) {
    __builtin_trap();
  }
  const auto text = protocol::PayloadReader(payload).rest_text();
  (void)parse_engine_info(text);
  (void)parse_engine_error(text);
  (void)parse_engine_warning(text);
}

// What a worker reads: a request that was understood is put together as it came.
template <class Request>
void read_request(protocol::Bytes payload) {
  Request request;
  std::vector<int32_t> ids;
  if (!protocol::parse(payload, request, ids)) return;
  protocol::PayloadWriter again = protocol::head_of(request);
  again.put(protocol::bytes_of(std::span<const int32_t>(ids)));
  if (!std::ranges::equal(again.bytes(), payload)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  protocol::Bytes rest = std::as_bytes(std::span(data, size));
  while (rest.size() >= protocol::kHeaderBytes) {
    protocol::HeaderBytes bytes{};
    std::copy_n(rest.begin(), bytes.size(), bytes.begin());
    rest = rest.subspan(bytes.size());
    protocol::Header header;
    if (protocol::read_header(bytes, header) != protocol::HeaderProblem::none) break;
    if (header.length > rest.size()) break;
    const protocol::Bytes payload = rest.first(header.length);
    rest = rest.subspan(header.length);
    protocol::checksum_matches(bytes, payload);
    read_answer(payload);  // whatever the checksum says: the fuzzer cannot guess one
    read_request<EvaluateRequest>(payload);
    read_request<TraceRequest>(payload);
    Outcome outcome{};
    protocol::parse(payload, outcome);
  }
  return 0;
}

// What an engine is asked, logits rows or the tensors on the way to them, how it ends, and how that
// travels. Both ends compile this: a selection means the same to crossval and to a worker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/payload.h"

namespace crossval {

/// Whole numbers from `first` up to but not including `end`; as it comes, all of them.
struct Range {
  int32_t first = std::numeric_limits<int32_t>::min();
  int32_t end = std::numeric_limits<int32_t>::max();

  bool contains(int32_t i) const { return first <= i && i < end; }
  bool empty() const { return first >= end; }
  /// What both have.
  Range within(const Range& other) const {
    return {std::max(first, other.first), std::min(end, other.end)};
  }
};

/// The operation of rows of the KV cache as they are stored, which no operation of the graph made:
/// tensors "cache_k-N" and "cache_v-N" of layer N.
inline constexpr std::string_view kStateOp = "STATE";

/// Which tensors a trace hands out, and which of their positions. An empty list, like a range left
/// as it is, leaves nothing out: as it comes a selection wants the whole graph, and no state.
struct Selection {
  std::vector<std::string> names{};  // with layer suffix: "Qcur-0"
  std::vector<std::string> ops{};    // "ROPE"
  Range layers{};                    // −1: outside the layers
  Range positions{};
  /// The KV cache too, when all is evaluated: rows of any position in it, of earlier requests also.
  bool state = false;

  bool wants(std::string_view name, std::string_view op, int32_t layer) const {
    const auto listed = [](const std::vector<std::string>& list, std::string_view text) {
      return list.empty() || std::ranges::find(list, text) != list.end();
    };
    return layers.contains(layer) && listed(names, name) && listed(ops, op) &&
           (state || op != kStateOp);
  }
};

/// Of which ids logits are handed out.
enum class Rows : uint8_t { all, last };

/// Token ids at the positions first, first + 1, … `first` is 0, which starts over, or the number of
/// positions evaluated so far, which goes on. The ids are viewed.
struct EvaluateRequest {
  std::span<const int32_t> ids;
  int32_t first = 0;
  Rows rows = Rows::all;
};

/// The same computation, looked into.
struct TraceRequest {
  std::span<const int32_t> ids;
  int32_t first = 0;
  Selection selection{};
};

/// How an evaluation or a trace ended.
enum class Outcome : uint8_t {
  complete,  // every id is evaluated
  stopped,   // a sink, or who holds the engine's stop token, did not want to hear the rest
};

namespace protocol {

/// The payload of an evaluate or a trace frame up to the ids, which end it.
PayloadWriter head_of(const EvaluateRequest& request);
PayloadWriter head_of(const TraceRequest& request);

/// False when the payload is not exactly that; `request.ids` views `ids`.
bool parse(Bytes payload, EvaluateRequest& request, std::vector<int32_t>& ids);
bool parse(Bytes payload, TraceRequest& request, std::vector<int32_t>& ids);

/// The payload of a done frame.
PayloadWriter payload_of(Outcome outcome);
bool parse(Bytes payload, Outcome& outcome);

}  // namespace protocol
}  // namespace crossval

#include "native/value_buffers.h"

#include <algorithm>
#include <numeric>
#include <variant>

#include "graph/last_uses.h"

namespace crossval {

bool works_in_place(const Action& action) {
  return !std::holds_alternative<EmbedTokens>(action) &&
         !std::holds_alternative<EmbedPositions>(action) &&
         !std::holds_alternative<MatMul>(action) && !std::holds_alternative<Columns>(action) &&
         !std::holds_alternative<JoinHeads>(action) && !std::holds_alternative<Attend>(action) &&
         !std::holds_alternative<ChooseExperts>(action) &&
         !std::holds_alternative<ExpertMatMul>(action) &&
         !std::holds_alternative<SumExperts>(action) && !std::holds_alternative<Roll>(action);
}

ValueBuffers::ValueBuffers(const Graph& graph) : buffer_of_(graph.widths.size()) {
  const std::vector<size_t> last = last_uses(graph);
  const std::vector<bool> body = made_before_head(graph);  // the head is computed repeatedly
  std::vector<size_t> free;
  const auto buffer_for = [&](int64_t width, bool head) {
    // The narrowest that is wide enough, or else the widest.
    const auto worse = [&](size_t a, size_t b) {
      const bool a_fits = widths_[a] >= width;
      const bool b_fits = widths_[b] >= width;
      if (a_fits != b_fits) return b_fits;
      return a_fits ? widths_[a] > widths_[b] : widths_[a] < widths_[b];
    };
    const auto best = std::ranges::max_element(free, worse);
    if (head || best == free.end()) {
      widths_.push_back(width);
      of_head_.push_back(head);
      return widths_.size() - 1;
    }
    const size_t buffer = *best;
    free.erase(best);
    widths_[buffer] = std::max(widths_[buffer], width);
    return buffer;
  };
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const bool head = i >= graph.head;
    const auto out = static_cast<size_t>(op.output);
    std::vector<ValueId> ending = op.inputs;  // read here for the last time
    std::ranges::sort(ending);
    ending.erase(std::unique(ending.begin(), ending.end()), ending.end());
    std::erase_if(ending, [&](ValueId v) {
      return last[static_cast<size_t>(v)] != i || (head && body[static_cast<size_t>(v)]);
    });
    const bool in_place = works_in_place(op.action) && !op.inputs.empty() &&
                          std::ranges::find(ending, op.inputs.front()) != ending.end() &&
                          std::ranges::count(op.inputs, op.inputs.front()) == 1 &&
                          graph.width(op.inputs.front()) == graph.width(op.output);
    buffer_of_[out] =
        in_place ? index(op.inputs.front()) : buffer_for(graph.width(op.output), head);
    for (const ValueId v : ending)
      if (!head && index(v) != buffer_of_[out]) free.push_back(index(v));
    if (!head && last[out] == i) free.push_back(buffer_of_[out]);
  }
  buffers_.resize(widths_.size());
}

void ValueBuffers::reserve(int64_t positions, int64_t head_positions) {
  for (size_t b = 0; b < buffers_.size(); ++b) {
    const auto size = static_cast<size_t>(widths_[b] * (of_head_[b] ? head_positions : positions));
    if (buffers_[b].size() < size) {
      buffers_[b] = {};  // not both at once
      buffers_[b].resize(size);
    }
  }
}

int64_t ValueBuffers::width() const {
  return std::accumulate(widths_.begin(), widths_.end(), int64_t{0});
}

}  // namespace crossval
